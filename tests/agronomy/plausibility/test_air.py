from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.plausibility.usual import USUAL
from headland.agronomy.series.finding import SensorFinding
from headland.agronomy.series.sensor_health import check_channel
from headland.contract.units import UNITS, factors_of

STEP_MS, DAY_MS = 300_000, 86_400_000
#: 15 January 2026.
TIME_MS = 1_768_435_200_000 + STEP_MS * np.arange(2 * 288, dtype=np.int64)
DAY = np.sin(2 * np.pi * TIME_MS / DAY_MS)
WARM, COOL, HUMIDITY = 20.0 + 4.0 * DAY, 8.0 + 6.0 * DAY, 75.0 - 12.0 * DAY
HENAN = SunPlace(34.7, 113.6, 100.0, 8.0)
AIR, RH, OUTSIDE = "air_temperature_degc", "relative_humidity_pct", "outside_temperature_degc"


def judge(
    samples: dict[str, np.ndarray], place: SunPlace | None = None, *, indoors: bool = True
) -> dict[str, SensorFinding]:
    return judge_samples({name: (TIME_MS, value) for name, value in samples.items()}, place, indoors=indoors)


def fahrenheit(degc: np.ndarray) -> np.ndarray:
    return 1.8 * degc + 32.0


@pytest.mark.parametrize("air", [WARM, COOL, 38.0 + 12.0 * DAY, -12.0 + 6.0 * DAY], ids=["warm", "cool", "hot", "cold"])
def test_the_air_of_a_house_in_degc_is_not_named(air: np.ndarray) -> None:
    assert judge({AIR: air}) == {}
    assert judge({AIR: air, RH: np.where(air > 30.0, 25.0, HUMIDITY)}) == {}


@pytest.mark.parametrize("place", [None, HENAN], ids=["nowhere", "placed"])
@pytest.mark.parametrize("air", [WARM, COOL], ids=["warm", "cool"])
def test_a_house_in_fahrenheit_is_left_out_with_its_range_in_degc(air: np.ndarray, place: SunPlace | None) -> None:
    found = judge({AIR: fahrenheit(air), RH: HUMIDITY}, place)
    assert set(found) == {AIR}
    told = found[AIR]
    assert (told.test, told.cause, told.left_out) == ("unit_fahrenheit", "unit_fahrenheit", True)
    assert told.chance is not None
    assert told.chance > 0.7
    assert float(told.facts["low_right"]) == pytest.approx(np.quantile(air, 0.02), abs=0.1)
    assert (check_channel(AIR, TIME_MS, fahrenheit(air), None, told)[0] == 4).all()


def test_a_house_colder_than_freezing_in_fahrenheit_is_known_by_the_air_outside() -> None:
    frost = 6.0 + 5.0 * DAY
    outside = judge({AIR: fahrenheit(frost), RH: HUMIDITY, OUTSIDE: -8.0 + 4.0 * DAY}, HENAN)
    assert outside[AIR].cause == "unit_fahrenheit"


@pytest.mark.parametrize(
    ("cause", "reported"),
    [("unit_kelvin", WARM + 273.15), ("unit_tenths", 10.0 * WARM), ("unit_hundredths", 100.0 * WARM)],
)
def test_other_units_of_temperature_are_named(cause: str, reported: np.ndarray) -> None:
    found = judge({AIR: reported, RH: HUMIDITY})
    assert {channel: finding.cause for channel, finding in found.items()} == {AIR: cause}
    assert found[AIR].mend is not None


@pytest.mark.parametrize("channel", ["relative_humidity_pct", "outside_humidity_pct"])
def test_humidity_as_a_share_of_one_is_left_out(channel: str) -> None:
    found = judge({channel: HUMIDITY / 100.0})
    assert (found[channel].test, found[channel].cause, found[channel].left_out) == (
        "unit_fraction",
        "unit_fraction",
        True,
    )


def test_temperature_and_humidity_that_are_exchanged_are_both_left_out() -> None:
    found = judge({AIR: HUMIDITY, RH: WARM})
    assert {each.cause for each in found.values()} == {"channels_swapped"}
    assert set(found) == {AIR, RH}
    assert found[AIR].facts == {"first": AIR, "second": RH}


def test_air_inside_and_outside_that_are_exchanged_are_both_left_out() -> None:
    found = judge({AIR: -2.0 + 3.0 * DAY, RH: HUMIDITY, OUTSIDE: WARM}, HENAN)
    assert {each.cause for each in found.values()} == {"channels_swapped"}


def test_a_station_in_fahrenheit_is_known_by_the_season() -> None:
    frost = judge({AIR: -12.0 + 7.0 * DAY, RH: HUMIDITY}, replace(HENAN, latitude_deg=44.0), indoors=False)
    assert frost == {}
    winter = 6.0 + 8.0 * DAY
    assert judge({AIR: winter, RH: HUMIDITY}, HENAN, indoors=False) == {}
    assert judge({AIR: fahrenheit(winter), RH: HUMIDITY}, HENAN, indoors=False)[AIR].cause == "unit_fahrenheit"


def test_a_cold_thermometer_in_fahrenheit_is_found_beside_another() -> None:
    found = judge({AIR: COOL - 6.0, f"{AIR}:1": fahrenheit(COOL - 6.0) + 0.3})
    assert {channel: each.cause for channel, each in found.items()} == {f"{AIR}:1": "unit_fahrenheit"}


def test_hours_on_end_of_heat_are_doubted_and_a_closed_house_at_noon_is_not() -> None:
    noon = np.linspace(41.0, 48.0, 60)
    assert judge_samples({AIR: (TIME_MS[:60], noon)}, None, indoors=True) == {}
    told = judge_samples({AIR: (TIME_MS[:60], noon + 6.0)}, None, indoors=True)[AIR]
    assert (told.test, told.flag, told.left_out) == ("unit_fahrenheit", 3, False)


def test_carbon_dioxide_in_per_cent_and_wind_in_km_h_are_named() -> None:
    found = judge({"co2_ppm": 0.045 + 0.005 * DAY, "wind_speed_m_s": 30.0 + 20.0 * DAY})
    assert {channel: each.cause for channel, each in found.items()} == {
        "co2_ppm": "unit_percent", "wind_speed_m_s": "unit_km_h",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "symbol", "into"),
    [
        ("unit_fahrenheit", "degF", "degC"),
        ("unit_kelvin", "K", "degC"),
        ("unit_km_h", "km/h", "m/s"),
        ("unit_mph", "mph", "m/s"),
    ],
)
def test_a_unit_converts_as_in_the_catalogue(cause: str, symbol: str, into: str) -> None:
    unit = next(unit for _, units in USUAL.values() for unit in units if unit.cause == cause)
    assert (unit.gain, unit.offset) == pytest.approx(factors_of(UNITS[symbol])[into])
