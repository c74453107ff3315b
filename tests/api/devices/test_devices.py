from collections.abc import Mapping
from typing import Any

import httpx
import numpy as np
import pytest

from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, WEATHER, fill_farm, write_series
from tests.api.server import body_of, own_app, serve

Params = Mapping[str, Any]


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    return body_of(client.get(path, params=params))


def test_devices_are_listed_with_site_and_time_of_the_newest_sample(client: httpx.Client) -> None:
    answer = get(client, "/v1/devices")
    assert answer["next"] is None
    assert [item["id"] for item in answer["items"]] == [HOUSE, DRONE, WEATHER]
    house = answer["items"][0]
    assert (house["kind"], house["name"], house["site"]) == ("greenhouse", "番茄一号棚", "home")
    assert house["last_seen_ms"] == NOW_MS - 1000


def test_simulated_devices_are_marked(client: httpx.Client) -> None:
    assert [item["simulated"] for item in get(client, "/v1/devices")["items"]] == [False, True, False]
    assert get(client, f"/v1/devices/{DRONE}/latest")["simulated"] is True
    assert get(client, f"/v1/devices/{DRONE}/series", channel="pump_on")["simulated"] is True


def test_pages_of_devices_follow_one_another(client: httpx.Client) -> None:
    first = get(client, "/v1/devices", limit=2)
    second = get(client, "/v1/devices", limit=2, cursor=first["next"])
    assert [item["id"] for item in first["items"] + second["items"]] == [HOUSE, DRONE, WEATHER]
    assert second["next"] is None


def test_another_organisation_is_not_visible(client: httpx.Client) -> None:
    for path in ("/v1/devices/gh-9", "/v1/devices/gh-9/latest", "/v1/greenhouses/gh-9/climate"):
        assert client.get(path).status_code == 404
    assert "gh-9" not in client.get("/v1/latest").text


def test_a_device_has_its_channels_with_unit_and_meaning(client: httpx.Client) -> None:
    channels = get(client, f"/v1/devices/{HOUSE}")["channels"]
    assert channels["air_temperature_degc"] == {
        "unit": "degC",
        "meaning": "air temperature",
        "interval_s": 1.0,
        "sensor": "SHT85",
    }
    assert "leaf_temperature_degc" in channels


def test_the_latest_value_of_each_channel_has_time_unit_and_quality(client: httpx.Client) -> None:
    channels = get(client, f"/v1/devices/{HOUSE}/latest")["channels"]
    assert channels["co2_ppm"] == {
        "value": 639.9,
        "time_ms": NOW_MS - 1000,
        "unit": "ppm",
        "quality": 1,
        "simulated": False,
        "freshness": "current",
        "late_after_s": 600.0,
        "silent_after_s": 900.0,
    }


def test_the_latest_values_of_all_devices_come_at_once(client: httpx.Client) -> None:
    items = get(client, "/v1/latest")["items"]
    assert [item["device"] for item in items] == [HOUSE, DRONE, WEATHER]
    assert items[0] == get(client, f"/v1/devices/{HOUSE}/latest")


def test_a_series_is_columns_over_one_time_axis(client: httpx.Client) -> None:
    answer = get(
        client,
        f"/v1/devices/{HOUSE}/series",
        channel=["co2_ppm", "air_temperature_degc"],
        start=START_MS + 99_000,
        end=START_MS + 102_000,
    )
    assert answer["time_ms"] == [START_MS + 1000 * s for s in (99, 100, 101)]
    assert answer["channels"]["co2_ppm"] == [609.9, 610.0, 610.1]
    # The sample of second 100 failed its check, so it is no temperature.
    assert answer["channels"]["air_temperature_degc"] == [25.0, None, 25.0]
    assert answer["units"] == {"co2_ppm": "ppm", "air_temperature_degc": "degC"}
    assert answer["aggregation"] is None


def test_a_window_is_half_open_and_may_be_iso_8601(client: httpx.Client) -> None:
    # 1795507200000 is 2026-11-24T08:00:00Z.
    path = f"/v1/devices/{HOUSE}/series"
    in_utc = get(client, path, channel="co2_ppm", start="2026-11-24T08:00:00Z", end="2026-11-24T08:00:02Z")
    in_china = get(client, path, channel="co2_ppm", start="2026-11-24T16:00:00+08:00", end="2026-11-24T16:00:02+08:00")
    assert in_utc == in_china
    assert in_utc["time_ms"] == [START_MS, START_MS + 1000]
    unescaped = client.get(f"{path}?channel=co2_ppm&start=2026-11-24T16:00:00+08:00&end=2026-11-24T16:00:02+08:00")
    assert unescaped.json() == in_utc


def test_many_samples_are_returned_as_marked_means(client: httpx.Client) -> None:
    answer = get(client, f"/v1/devices/{HOUSE}/series", channel="co2_ppm", start=START_MS, end=NOW_MS, max_points=4)
    assert answer["aggregation"] == {"method": "mean", "step_ms": 100_000, "time": "bucket_start"}
    assert answer["time_ms"] == [START_MS + 100_000 * k for k in range(4)]
    assert answer["channels"]["co2_ppm"] == pytest.approx([604.95, 614.95, 624.95, 634.95])


def test_a_window_of_decades_spends_its_rows_on_the_data(client: httpx.Client) -> None:
    answer = get(client, f"/v1/devices/{HOUSE}/series", channel="co2_ppm", start=0, max_points=4)
    assert answer["time_ms"][0] == START_MS
    assert len(answer["time_ms"]) == 4


def test_a_channel_without_samples_is_a_column_of_nulls(client: httpx.Client) -> None:
    answer = get(client, f"/v1/devices/{HOUSE}/series", channel=["leaf_temperature_degc", "co2_ppm"], max_points=400)
    assert set(answer["channels"]["leaf_temperature_degc"]) == {None}
    assert len(answer["channels"]["leaf_temperature_degc"]) == len(answer["time_ms"]) == 400


def test_events_come_in_pages_that_never_split_an_instant(client: httpx.Client) -> None:
    path = f"/v1/devices/{DRONE}/events"
    seen: list[tuple[int, str]] = []
    page = get(client, path, start=START_MS, end=NOW_MS, limit=1)
    while True:
        seen += [(item["time_ms"] - START_MS, item["data"]["mode"]) for item in page["items"]]
        if page["next"] is None:
            break
        page = get(client, path, start=START_MS, end=NOW_MS, limit=1, cursor=page["next"])
    assert seen == [(0, "GUIDED"), (5000, "AUTO"), (5000, "LOITER"), (390_000, "RTL")]
    assert get(client, path, start=START_MS, end=NOW_MS)["next"] is None
    assert get(client, path, start=START_MS, end=NOW_MS)["items"][0]["simulated"] is True


def test_conflicts_are_listed_in_pages_with_the_stored_and_the_later_value() -> None:
    store = fill_farm()
    seconds = START_MS + 1000 * np.arange(2)
    for value in (30.0, 31.0):
        columns = {"air_temperature_degc": np.full(2, value)}
        write_series(store, OWN, "home", "greenhouse", HOUSE, seconds, columns)
    with serve(own_app(store)) as client:
        path = f"/v1/devices/{HOUSE}/conflicts"
        first = get(client, path, start=START_MS, end=NOW_MS, limit=1)
        second = get(client, path, start=START_MS, end=NOW_MS, cursor=first["next"])
        outside = get(client, path, start=START_MS + 2000, end=NOW_MS)
    assert [(conflict["stored"], conflict["value"], conflict["unit"]) for conflict in first["items"]] == [
        (25.0, 30.0, "degC"),
        (25.0, 31.0, "degC"),
    ]
    assert (second["next"], len(second["items"]), outside["items"]) == (None, 2, [])


def test_an_answer_that_has_not_changed_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get("/v1/latest")
    again = client.get("/v1/latest", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_big_answers_are_compressed(client: httpx.Client) -> None:
    response = client.get(f"/v1/devices/{HOUSE}/series", params={"channel": "co2_ppm"})
    assert response.headers["content-encoding"] == "gzip"
