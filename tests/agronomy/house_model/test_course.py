from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from headland.agronomy.house_model import course as courses
from headland.agronomy.house_model.compartment import Compartment
from headland.agronomy.house_model.course import HouseCourse, HousePlace, OutdoorHours, run_courses
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.structures import BRICK_WALL, EARTH_WALL, FILM_MULTISPAN
from headland.units_of_time import HOUR_MS

PLACE = HousePlace(36.86, 118.74, 8.0)
#: Noon in Shouguang on 12 January 2027; the weather begins half a day before.
NOON_MS = int(datetime(2027, 1, 12, 4, tzinfo=UTC).timestamp() * 1000)


def winter(hours: int = 36) -> OutdoorHours:
    clock = (np.arange(hours) + 0.5) % 24
    sun = np.maximum(0.0, 480 * np.sin(np.pi * (clock - 7.5) / 9.5)) * ((clock > 7.5) & (clock < 17))
    degc = -2 + 5 * np.cos(2 * np.pi * (clock - 14.5) / 24)
    return OutdoorHours(NOON_MS - 12 * HOUR_MS, degc, np.full(hours, 60.0), sun, np.full(hours, 2.0))


def test_the_same_setting_twice_differs_in_nothing_and_both_begin_alike() -> None:
    course = run_courses(EARTH_WALL, EARTH_WALL, winter(18), PLACE, NOON_MS)
    np.testing.assert_array_equal(course.air_degc[:, 0], course.air_degc[:, 1])
    assert (course.time_ms[0], course.time_ms[-1] < NOON_MS + 6 * HOUR_MS) == (NOON_MS, True)


@pytest.mark.long
def test_a_quilt_that_lies_late_makes_a_colder_night_and_leaves_the_day_before_it_alone() -> None:
    course = run_courses(EARTH_WALL, replace(EARTH_WALL, quilt_close_h=18.5), winter(), PLACE, NOON_MS)
    lowest = course.air_degc.min(axis=0)
    assert 0.1 < lowest[0] - lowest[1] < 3
    before = course.time_ms < NOON_MS + 4.4 * HOUR_MS
    np.testing.assert_array_equal(course.air_degc[before, 0], course.air_degc[before, 1])


@pytest.mark.long
def test_vents_that_open_later_make_a_warmer_noon_and_a_screen_closed_early_a_warmer_evening() -> None:
    weather = winter(24)
    hot = replace(weather, temperature_degc=weather.temperature_degc + 20)
    # Moist air does not open them here.
    by_heat = replace(FILM_MULTISPAN, vent_above_pct=300.0)
    vents = run_courses(by_heat, replace(by_heat, vent_above_degc=32.0), hot, PLACE, NOON_MS)
    assert vents.air_degc[:, 1].max() > vents.air_degc[:, 0].max() + 0.5
    screened = replace(FILM_MULTISPAN, screen_saving=0.5, heating_max_w_m2=0.0)
    screen = run_courses(screened, replace(screened, screen_close_h=15.0), weather, PLACE, NOON_MS)
    evening = at_hour(screen, 4.5)
    assert evening[1] > evening[0] + 0.2


def at_hour(course: HouseCourse, after_noon_h: float) -> list[float]:
    return [float(np.interp(NOON_MS + after_noon_h * HOUR_MS, course.time_ms, course.air_degc[:, at])) for at in (0, 1)]


@pytest.mark.long
@pytest.mark.parametrize(
    ("house", "changed"), [(BRICK_WALL, {"vent_above_degc": 20.0}), (FILM_MULTISPAN, {"night_degc": 14.0})]
)
def test_its_steps_make_the_lowest_temperature_of_steps_of_a_minute(
    house: Compartment[float], changed: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lowest() -> Numbers:
        course = run_courses(house, replace(house, **changed), mild, PLACE, NOON_MS)
        return np.asarray(course.air_degc.min(axis=0))

    mild = replace(winter(), temperature_degc=winter().temperature_degc + 9)
    told = lowest()
    monkeypatch.setattr(courses, "STEP_MS", 60_000)
    monkeypatch.setattr(courses, "RUN_IN_STEP_MS", 60_000)
    np.testing.assert_allclose(told, lowest(), atol=0.05)
