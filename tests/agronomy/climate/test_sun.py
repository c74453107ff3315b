"""Sunrise, sunset and elevation against pvlib's SPA."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from headland.agronomy.climate.sun import elevation_deg, find_daylight, is_day
from headland.units_of_time import DAY_MS

CHINA = timezone(timedelta(hours=8))
PLACES = {"jurong": (31.95, 119.17), "wuhan": (30.55, 114.35), "chongqing": (29.56, 106.55)}
#: Place, date, sunrise and sunset in China's time, true elevation at 12:00 [deg]; pvlib 0.16.1 (SPA), which gives
#: the events of the date in UTC: in China the sunrise is the next morning's.
SPA = (
    ("jurong", "2025-01-15", "07:03:51", "17:21:33", 90.0 - 53.124271),
    ("jurong", "2025-03-20", "06:06:05", "18:14:40", 90.0 - 32.135452),
    ("jurong", "2025-06-21", "04:58:03", "19:12:22", 90.0 - 8.5863963),
    ("jurong", "2025-09-23", "05:52:39", "17:58:55", 90.0 - 32.124286),
    ("jurong", "2025-12-21", "07:00:02", "17:03:07", 90.0 - 55.390385),
    ("wuhan", "2025-01-15", "07:20:11", "17:43:48", 90.0 - 52.205358),
    ("wuhan", "2025-06-21", "05:20:52", "19:28:07", 90.0 - 8.9450937),
    ("wuhan", "2025-12-21", "07:15:57", "17:25:46", 90.0 - 54.215438),
    ("chongqing", "2025-01-15", "07:49:22", "18:17:03", 90.0 - 52.881959),
)


def ms(date: str, clock: str) -> int:
    return round(datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=CHINA).timestamp() * 1000)


@pytest.mark.parametrize(("place", "date", "sunrise", "sunset", "noon_deg"), SPA)
def test_the_sun_rises_and_sets_within_twenty_seconds_of_spa(
    place: str, date: str, sunrise: str, sunset: str, noon_deg: float
) -> None:
    noon_ms = ms(date, "12:00:00")
    found, next_day = (find_daylight(at, *PLACES[place]) for at in (noon_ms, noon_ms + DAY_MS))
    assert next_day.sunrise_ms == pytest.approx(ms(date, sunrise) + DAY_MS, abs=20_000)
    assert found.sunset_ms == pytest.approx(ms(date, sunset), abs=20_000)
    assert float(elevation_deg(ms(date, "12:00:00"), *PLACES[place])) == pytest.approx(noon_deg, abs=0.02)


@pytest.mark.parametrize("away_h", [-8, -3, 0, 3, 8])
def test_any_instant_of_the_day_finds_the_same_sunrise(away_h: int) -> None:
    noon_ms = ms("2025-03-20", "12:00:00")
    found, other = (find_daylight(at, *PLACES["jurong"]) for at in (noon_ms, noon_ms + away_h * 3_600_000))
    assert other.sunrise_ms == pytest.approx(found.sunrise_ms, abs=1000)


def test_day_begins_at_sunrise_and_ends_at_sunset() -> None:
    place = PLACES["wuhan"]
    found = find_daylight(ms("2025-06-21", "12:00:00"), *place)
    assert found.sunrise_ms is not None
    assert found.sunset_ms is not None
    edges = [found.sunrise_ms - 90_000, found.sunrise_ms + 90_000, found.sunset_ms - 90_000, found.sunset_ms + 90_000]
    assert is_day(edges, *place).tolist() == [False, True, True, False]
    assert found.length_s / 3600 == pytest.approx(14.1210, abs=0.02)


def test_the_polar_day_has_no_sunset_and_the_polar_night_no_sunrise() -> None:
    summer = find_daylight(ms("2025-06-21", "12:00:00"), 75.0, 120.0)
    winter = find_daylight(ms("2025-12-21", "12:00:00"), 75.0, 120.0)
    assert (summer.sunrise_ms, summer.length_s) == (None, 86_400.0)
    assert (winter.sunrise_ms, winter.length_s) == (None, 0.0)
