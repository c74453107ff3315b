from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from firmware_sim.greenhouse.place import CHONGQING, JURONG, WUHAN, HouseSite
from firmware_sim.greenhouse.weather import Weather, clear_sky_w_m2, solar_time
from headland.agronomy.house_model.outside import Outside

CHINA = timezone(timedelta(hours=8))


def at(*date: int) -> int:
    return round(datetime(*date, tzinfo=CHINA).timestamp() * 1000)  # type: ignore[misc,arg-type]  # parts of a date


@pytest.mark.parametrize(
    ("month", "day", "mj_m2"),
    # Clear sky of Jurong by pvlib's Ineichen model with turbidity 3.
    [(1, 15, 13.28), (6, 21, 30.19), (12, 21, 12.09)],
)
def test_a_clear_day_has_about_its_published_sum_of_light(month: int, day: int, mj_m2: float) -> None:
    total = 0.0
    for minute in range(0, 1440, 5):
        solar_h, day_of_year = solar_time(at(2025, month, day) + minute * 60_000, 119.17)
        total += clear_sky_w_m2(31.95, day_of_year, solar_h) * 300 / 1e6
    assert total == pytest.approx(mj_m2, rel=0.1)


@pytest.mark.parametrize(
    ("longitude", "latitude", "date", "rise", "set_"),
    # By the solar position algorithm (with refraction).
    [
        (114.35, 30.55, (2025, 6, 21), (5, 21), (19, 28)),
        (119.17, 31.95, (2025, 1, 15), (7, 4), (17, 22)),
    ],
)
def test_the_sun_rises_and_sets_when_it_does(
    longitude: float, latitude: float, date: tuple[int, ...], rise: tuple[int, int], set_: tuple[int, int]
) -> None:
    light = []
    for minute in range(1440):
        solar_h, day_of_year = solar_time(at(*date) + minute * 60_000, longitude)
        if clear_sky_w_m2(latitude, day_of_year, solar_h) > 0:
            light.append(minute)
    assert light[0] == pytest.approx(rise[0] * 60 + rise[1], abs=12)
    assert light[-1] == pytest.approx(set_[0] * 60 + set_[1], abs=12)


def test_the_weather_of_a_seed_is_the_same_whenever_it_is_asked() -> None:
    one, other = Weather(WUHAN, 7), Weather(WUHAN, 7)
    times = [at(2026, 11, 24) + minute * 600_000 for minute in range(50)]
    assert [one.at(time) for time in times] == [other.at(time) for time in reversed(times)][::-1]
    assert Weather(WUHAN, 8).at(times[3]) != one.at(times[3])


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def every_two_hours(place: HouseSite, days: int) -> list[Outside]:
    """Return the weather of the first days of a year."""
    weather = Weather(place, 1)
    return [weather.at(at(2026, 1, 1) + hour * 3_600_000) for hour in range(0, days * 24, 2)]


@pytest.mark.long
@pytest.mark.parametrize("place", [WUHAN, CHONGQING, JURONG], ids=lambda place: place.site)
def test_a_year_outside_has_the_temperatures_and_the_rain_of_its_place(place: HouseSite) -> None:
    everything = every_two_hours(place, 365)
    # Long-term figures of the region: year and January in degC, rain in mm.
    annual, january, least_mm, most_mm = {
        "wuhan": (17.0, 4.0, 1000, 1500),
        "chongqing": (17.0, 7.5, 900, 1450),
        "jurong": (15.8, 3.0, 850, 1300),
    }[place.site]
    assert mean([hour.temperature_degc for hour in everything]) == pytest.approx(annual, abs=1.5)
    assert mean([hour.temperature_degc for hour in everything[: 31 * 12]]) == pytest.approx(january, abs=2.0)
    assert least_mm < 2 * sum(hour.rain_mm_h for hour in everything) < most_mm
    assert all(-15 < hour.temperature_degc < 46 for hour in everything)
    assert all(0 < hour.humidity_pct <= 98 and 0 <= hour.radiation_w_m2 < 1100 for hour in everything)
    assert all(0 < hour.wind_m_s < 20 for hour in everything)


@pytest.mark.parametrize("place", [WUHAN, CHONGQING, JURONG], ids=lambda place: place.site)
def test_chongqing_is_dull_and_calm_in_winter(place: HouseSite) -> None:
    january = every_two_hours(place, 31)
    january_mj_m2 = 0.0864 * mean([hour.radiation_w_m2 for hour in january])
    wind_m_s = mean([hour.wind_m_s for hour in january])
    if place is CHONGQING:
        assert january_mj_m2 < 6
        assert 0.5 < wind_m_s < 1.5
    else:
        assert 6.5 < january_mj_m2 < 11
        assert wind_m_s > 1.5


def test_a_frost_night_comes_when_it_was_asked_for_in_winter_only() -> None:
    weather = Weather(WUHAN, 1, frost_every_days=3)

    def coldest(*date: int) -> list[float]:
        nights = [at(*date) + day * 86_400_000 for day in range(9)]
        return [min(weather.at(night + hour * 1_800_000).temperature_degc for hour in range(16)) for night in nights]

    winter = coldest(2026, 11, 20)
    assert sum(night < -2.5 for night in winter) == 3
    assert sum(night > 0 for night in winter) >= 4
    assert min(coldest(2026, 7, 1)) > 10


def test_the_night_is_dark() -> None:
    assert Weather(WUHAN, 1).at(at(2026, 11, 24, 23)).radiation_w_m2 == 0
