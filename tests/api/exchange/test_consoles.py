"""Uploads of weather consoles to an address of their own, through the API and a real ingest into a store."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote_plus

import httpx
import pytest

from tests.api.exchange.posting import Writer, told

pytestmark = pytest.mark.services("mosquitto")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PASSKEY = "34271334ED1FADA6D8B988B14267E55D"
#: 2026-09-21 14:13:20 UTC.
TIME_MS = 1_790_000_000_000
#: An upload of a GW1100 with probes in the soil, field by field as such consoles send it.
UPLOAD: dict[str, object] = {
    "PASSKEY": PASSKEY,
    "stationtype": "GW1100A_V2.3.1",
    "runtime": 188738,
    "dateutc": "2026-09-21 14:13:20",
    "tempinf": "78.80",
    "humidityin": 53,
    "baromrelin": "29.921",
    "baromabsin": "27.885",
    "tempf": "14.0",
    "humidity": 34,
    "winddir": 289,
    "windspeedmph": "10.0",
    "windgustmph": "22.37",
    "solarradiation": "530.62",
    "dailyrainin": "0.250",
    "soilmoisture1": 42,
    "soilmoisture2": 7,
    "soilbatt1": "1.5",
    "leafwetness_ch1": 14,
    "wh65batt": 1,
    "freq": "868M",
    "model": "GW1100A",
}


def encode(fields: dict[str, object]) -> str:
    return "&".join(f"{name}={quote_plus(str(value))}" for name, value in fields.items())


def post(writer: Writer, path: str, **changed: Any) -> httpx.Response:
    fields = {name: value for name, value in {**UPLOAD, **changed}.items() if value is not None}
    return writer.send("POST", path, content=encode(fields), headers=FORM)


def values(writer: Writer) -> dict[str, float]:
    return {channel: value for _, channel, _, value in writer.stored()}


def test_an_upload_is_stored_once_in_the_units_of_its_channels(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    assert told(post(writer, path), "stored", "duplicate", "unmapped") == (200, 16, 0, [])
    assert told(post(writer, path), "stored", "duplicate") == (200, 0, 16)
    assert {time_ms for _, _, time_ms, _ in writer.stored()} == {TIME_MS}
    assert len({device for device, _, _, _ in writer.stored()}) == 1
    assert values(writer) == {
        name: pytest.approx(value, rel=1e-7)
        for name, value in {
            "air_temperature_degc": 26.0,
            "relative_humidity_pct": 53,
            "sea_level_pressure_hpa": 29.921 * 33.86389,
            "static_pressure_hpa": 27.885 * 33.86389,
            "outside_temperature_degc": -10.0,
            "outside_humidity_pct": 34,
            "wind_from_deg": 289,
            "wind_speed_m_s": 4.4704,
            "wind_gust_m_s": 22.37 * 1609.344 / 3600,
            "global_radiation_w_m2": 530.62,
            "daily_rain_mm": 6.35,
            "substrate_moisture_pct:1": 42,
            "substrate_moisture_pct:2": 7,
            "soil_sensor_battery_v:1": 1.5,
            "leaf_wetness_pct:1": 14,
            "wh65_battery_low_on": 1,
        }.items()
    }


def test_the_query_of_a_get_is_an_upload_as_well(writer: Writer) -> None:
    path = writer.make_address("south field", "ecowitt")
    query = encode(
        {
            "ID": "KCASANFR5",
            "PASSWORD": "not-ours",
            "action": "updateraw",
            "dateutc": "2026-09-21 14:13:20",
            "tempf": "-9999",
            "temp2f": 50,
            "soiltempf": 68,
            "soilmoisture": 31,
            "windgustmph_10m": 10,
            "softwaretype": "AMBWeatherV4.0.2",
        }
    )
    assert writer.send("HEAD", f"{path}?{query}").status_code == 405
    assert told(writer.send("GET", f"{path}?{query}"), "stored", "unmapped") == (200, 4, [])
    assert told(writer.send("GET", f"{path}?{query}"), "stored", "duplicate") == (200, 0, 4)
    assert sorted((device, channel, value) for device, channel, _, value in writer.stored()) == [
        ("wunderground.KCASANFR5", "outside_temperature_degc:2", pytest.approx(10)),
        ("wunderground.KCASANFR5", "soil_temperature_degc", pytest.approx(20)),
        ("wunderground.KCASANFR5", "substrate_moisture_pct", 31),
        ("wunderground.KCASANFR5", "wind_gust_10_min_m_s", pytest.approx(4.4704)),
    ]


def test_now_is_the_time_of_receipt_and_the_same_upload_at_once_is_the_same(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    first, again = (post(writer, path, dateutc="now") for _ in range(2))
    assert (told(first, "duplicate"), told(again, "stored")) == ((200, 0), (200, 0))
    assert first.json()["received_ms"] == again.json()["received_ms"]
    assert {time_ms for _, _, time_ms, _ in writer.stored()} == {first.json()["received_ms"]}
    other = post(writer, path, dateutc="now", tempf=15)
    assert other.json()["received_ms"] > first.json()["received_ms"]
    for _ in range(20):
        writer.send("GET", path)
    late = post(writer, path, dateutc="now", tempf=15)
    assert late.json()["received_ms"] > other.json()["received_ms"]


def test_a_field_that_nothing_is_known_of_is_told_and_its_neighbours_are_stored(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    answer = post(writer, path, soilad1=120, vpd="0.1", tempf="warm")
    assert told(answer, "stored") == (200, 15)
    assert answer.json()["unmapped"] == [
        "tempf (warm): it is no number",
        "soilad1 (120): no channel is known for it",
        "vpd (0.1): no channel is known for it",
    ]
    mapped = writer.send(
        "POST",
        path,
        content=encode({**UPLOAD, "tf_ch1": 68}),
        headers=FORM,
        params={"channel": "soil_temperature_degc:1,degF,tf_ch1"},
    )
    assert mapped.status_code == 200
    assert values(writer)["soil_temperature_degc:1"] == pytest.approx(20)


@pytest.mark.parametrize(
    ("changed", "reason", "word"),
    [
        ({"PASSKEY": None}, "wrong_shape", "neither PASSKEY nor ID"),
        ({"dateutc": "yesterday"}, "bad_time", "yesterday"),
        (dict.fromkeys(set(UPLOAD) - {"PASSKEY", "dateutc", "model"}), "unknown_channel", "no number"),
    ],
)
def test_what_cannot_be_stored_is_kept_with_its_cause_and_without_secrets(
    writer: Writer, changed: dict[str, Any], reason: str, word: str
) -> None:
    path = writer.make_address("north field", "ecowitt")
    answer = post(writer, path, PASSWORD="not-ours", **changed)
    assert answer.status_code == 400, answer.text
    assert [each["reason"] for each in answer.json()["errors"]] == [reason]
    assert word in answer.json()["detail"]
    (kept,) = writer.quarantined()
    assert kept["reason"] == reason
    detail = writer.send("GET", f"/v1/quarantine/{kept['id']}", headers=writer.manager).json()
    content = f"{detail}\n{base64.b64decode(detail['payload_base64']).decode()}"
    assert "PASSWORD=&" in f"{content}&"
    assert not any(secret in content for secret in (PASSKEY, "not-ours", path.rpartition("/")[2]))


def test_an_address_writes_the_samples_of_its_sender_and_opens_nothing_else(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    address = path.rpartition("/")[2]
    assert post(writer, path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 401
    assert post(writer, path.replace("ecowitt", "chirpstack")).status_code == 401
    for secret in (address, f"ecowitt-{address}"):
        headers = {"Authorization": f"Bearer {secret}"}
        assert writer.send("GET", "/v1/devices", headers=headers).status_code == 401
        assert writer.send("POST", "/v1/session", json={"key": secret}).status_code == 401
    # Nor does a key open an address that is none.
    assert writer.send("POST", "/v1/samples/ecowitt/x", headers={**FORM, **writer.manager}).status_code == 404
    assert writer.send("POST", f"{path[:-2]}", headers={**FORM, **writer.manager}).status_code == 404
    assert writer.stored() == []


def test_an_address_is_told_once_and_ends_when_it_is_revoked(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    address = path.rpartition("/")[2]
    assert post(writer, path).status_code == 200
    keys = writer.send("GET", "/v1/keys", headers=writer.manager)
    (item,) = (each for each in keys.json()["items"] if each["sender"] == "ecowitt")
    assert (item["name"], item["prefix"]) == ("north field", f"ecowitt-{address.partition('.')[0]}")
    audit = writer.send("GET", "/v1/audit", headers=writer.manager)
    secret = address.partition(".")[2]
    assert secret not in keys.text + audit.text
    assert writer.send("DELETE", f"/v1/keys/{item['id']}", headers=writer.manager).status_code == 204
    assert post(writer, path).status_code == 401


def test_no_address_writes_about_the_device_of_another(writer: Writer) -> None:
    first, second = (writer.make_address(name, "ecowitt") for name in ("one", "two"))
    assert post(writer, first).status_code == 200
    answer = post(writer, second, dateutc="2026-09-21 14:14:20")
    assert (answer.status_code, [each["reason"] for each in answer.json()["errors"]]) == (400, ["wrong_identity"])
    assert {time_ms for _, _, time_ms, _ in writer.stored()} == {TIME_MS}


def test_an_upload_that_is_too_large_is_refused(writer: Writer) -> None:
    path = writer.make_address("north field", "ecowitt")
    assert post(writer, path, model="x" * 140_000).status_code == 413
    assert post(writer, path, **{f"unknown{number}": 1 for number in range(600)}).status_code == 400


def test_a_shelly_is_stored_once_and_repeated_at_once_is_the_same(writer: Writer) -> None:
    path = writer.make_address("tent", "shelly")
    url = f"{path}?id=B8D61A8B17CC&tC=19.8&rh=42.2&channel=battery_voltage_v,V,V&V=2.9"
    first, again = (writer.send("GET", url) for _ in range(2))
    assert told(first, "stored", "unmapped") == (200, 3, [])
    assert (told(again, "stored", "duplicate"), again.json()["received_ms"]) == (
        (200, 0, 3),
        first.json()["received_ms"],
    )
    assert values(writer) == {"air_temperature_degc": 19.8, "relative_humidity_pct": 42.2, "battery_voltage_v": 2.9}
    assert writer.send("GET", url.replace("/shelly/", "/ecowitt/")).status_code == 401
    assert writer.send("GET", f"{path}?tC=19.8").status_code == 400
    assert len(writer.quarantined()) == 1


def test_a_weatherlink_and_json_by_a_map_are_stored_once(writer: Writer) -> None:
    record = {"data_structure_type": 1, "txid": 1, "temp": 50, "hum": 40}
    conditions = {"data": {"did": "001D0A700002", "ts": TIME_MS // 1000, "conditions": [record]}, "error": None}
    weatherlink = writer.make_address("roof", "weatherlink")
    assert [told(writer.send("POST", weatherlink, json=conditions), "stored") for _ in range(2)] == [(200, 2), (200, 0)]
    by_map = writer.make_address("script", "json")
    parameters = {"device": "bed-1", "channel": "soil_temperature_degc,degF,t", "time": "at", "time_format": "unix_ms"}
    for stored in (1, 0):
        answer = writer.send("POST", by_map, json={"t": 68, "at": TIME_MS, "x": 1}, params=parameters)
        assert told(answer, "stored", "unmapped") == (200, stored, ["x (1): no channel is known for it"])
    assert sorted(writer.stored()) == [
        ("bed-1", "soil_temperature_degc", TIME_MS, pytest.approx(20)),
        ("weatherlink.001D0A700002-1", "outside_humidity_pct", TIME_MS, 40),
        ("weatherlink.001D0A700002-1", "outside_temperature_degc", TIME_MS, pytest.approx(10)),
    ]
    assert writer.send("POST", by_map, json={}, params={"channel": "x"}).status_code == 422
    assert writer.send("POST", by_map, content="x", headers=FORM, params=parameters).status_code == 415
    assert (
        writer.send(
            "POST", by_map, content="{", headers={"Content-Type": "application/json"}, params=parameters
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    "order",
    [
        {"sender": "senml"},
        {"sender": "senml", "scope": "admin"},
        {"sender": "nobody", "scope": "samples"},
        {"sender": "ecowitt", "scope": "admin"},
        {"sender": "ecowitt", "scope": "read"},
    ],
)
def test_an_address_that_would_be_none_is_not_made(writer: Writer, order: dict[str, str]) -> None:
    answer = writer.send("POST", "/v1/keys", json={"name": "x", "scope": "write", **order}, headers=writer.manager)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:headland:problem:unknown-sender")
