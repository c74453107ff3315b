"""Uploads of weather consoles, read by the fields of their protocols."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.posts.weather_consoles import read_weather_console
from headland.contract.refusals import Reason
from headland.errors import SettingsError

#: Uploads as their owners published them: a WH2650 (pa3hcm.nl), a GW2000A and an EasyWeather (tests of aioecowitt).
WH2650 = (
    b"PASSKEY=307826236D0133E06009CE7FAFBBAFC4&stationtype=WH2650A_V1.6.8&dateutc=2021-12-24+11:31:57&tempinf=66.0"
    b"&humidityin=51&baromrelin=29.565&baromabsin=29.565&tempf=47.8&humidity=91&winddir=261&windspeedmph=8.95"
    b"&windgustmph=14.76&maxdailygust=21.70&solarradiation=57.25&uv=0&rainratein=0.000&eventrainin=0.071"
    b"&hourlyrainin=0.000&dailyrainin=0.012&weeklyrainin=0.110&monthlyrainin=1.421&yearlyrainin=24.256"
    b"&totalrainin=24.256&temp1f=49.46&humidity1=98&temp2f=63.50&humidity2=51&wh65batt=0&wh25batt=0&batt1=0&batt2=0"
    b"&freq=868M&model=WH2650"
)
GW2000A = {
    "PASSKEY": "345544D8EAF42E1B8824A86D8250D5A3",
    "stationtype": "GW2000A_V2.1.5",
    "dateutc": "2022-07-15 15:26:14",
    "rrain_piezo": "0.000",
    "yrain_piezo": "1.000",
    "leak_ch1": "0",
    "leakbatt1": "5",
    "leafwetness_ch1": "14",
    "leaf_batt1": "1.78",
    "ws90cap_volt": "5.4",
    "ws90_ver": "119",
    "wh90batt": "2.74",
}


def test_every_number_of_a_published_upload_is_stored_or_told() -> None:
    posted = read_weather_console(WH2650, ())
    values = {each.name: each.value for each in posted.records}
    assert {each.time_s for each in posted.records} == {1_640_345_517.0}
    assert list(posted.unmapped) == ["rainratein (0.000): no channel is known for it"]
    # Five fields are about the console, and one is told.
    assert len(values) == WH2650.count(b"=") - 5 - 1
    assert values["outside_temperature_degc"] == pytest.approx((47.8 - 32) / 1.8)
    assert values["air_temperature_degc"] == pytest.approx((66 - 32) / 1.8)
    assert values["air_temperature_degc:2"] == pytest.approx((63.5 - 32) / 1.8)
    assert values["wind_speed_m_s"] == pytest.approx(8.95 * 1609.344 / 3600)
    assert values["rain_total_mm"] == pytest.approx(24.256 * 25.4)
    assert values["static_pressure_hpa"] == pytest.approx(29.565 * 33.86389)


def test_levels_and_volts_of_batteries_have_channels_of_their_own() -> None:
    posted = read_weather_console(urlencode(GW2000A).encode(), ())
    assert {each.name: each.value for each in posted.records} == {
        "piezo_yearly_rain_mm": pytest.approx(25.4),
        "leak_on:1": 0,
        "leak_sensor_battery_count:1": 5,
        "leaf_wetness_pct:1": 14,
        "leaf_sensor_battery_v:1": 1.78,
        "ws90_capacitor_v": 5.4,
        "wh90_battery_v": 2.74,
    }


def test_a_device_is_not_named_by_the_secret_of_the_console() -> None:
    first, second = (read_weather_console(f"PASSKEY={key}&tempf=50".encode(), ()) for key in ("A" * 32, "B" * 32))
    assert first.device != second.device
    assert "AAA" not in str(first)


def test_an_address_may_map_a_field_that_is_known() -> None:
    posted = read_weather_console(b"PASSKEY=1&yearlyrainin=1", ["rain_total_mm,in,yearlyrainin"])
    assert {each.name: each.value for each in posted.records} == {"rain_total_mm": pytest.approx(25.4)}
    with pytest.raises(SettingsError):
        read_weather_console(b"PASSKEY=1&tempf=1", ["rain_total_mm,degC,tempf"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", Reason.WRONG_SHAPE),
        (b"tempf=50", Reason.WRONG_SHAPE),
        (b"PASSKEY=1&tempf=50&tempf=51", Reason.WRONG_SHAPE),
        (b"PASSKEY=1&dateutc=2026-13-01+00:00:00&tempf=50", Reason.BAD_TIME),
        (b"PASSKEY=1&dateutc=now", Reason.UNKNOWN_CHANNEL),
        ("PASSKEY=1&tempf=50".encode("utf-16"), Reason.WRONG_SHAPE),
        (b"PASSKEY=1&" + b"&".join(b"a%d=1" % number for number in range(600)), Reason.WRONG_SHAPE),
    ],
)
def test_what_cannot_be_read_is_refused(text: bytes, reason: Reason) -> None:
    posted = read_weather_console(text, ())
    assert (list(posted.records), [each.reason for each in posted.refused]) == ([], [reason])


@given(st.dictionaries(st.sampled_from(["PASSKEY", "ID", "dateutc", "tempf", "humidity1", "x"]), st.text(max_size=12)))
def test_nothing_that_is_posted_raises(form: dict[str, str]) -> None:
    posted = read_weather_console(urlencode(form, errors="replace").encode(), ())
    assert not (posted.records and posted.refused)
