"""Meaning of the stamps of hourly samples, found from light at stamps at which the sun is down."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.cadence import fill_by_cadence
from headland.agronomy.series.stamps import Stamp, observe_stamp
from headland.agronomy.series.time_grid import STEP_MS, Periods

HOUR_MS = 3_600_000
#: 2026-03-10 and forty days of hours at Fallon, Nevada.
HOURS_MS = 1_773_100_800_000 + np.arange(40 * 24) * HOUR_MS
PLACE = (39.4575, -118.77388)


def light(time_ms: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    sine = np.maximum(np.sin(np.radians(elevation_deg(time_ms, *PLACE))), 0.0)
    return np.asarray(cloud * 1000.0 * sine**1.2)


def stored(stamp: Stamp, shift_ms: int = 0) -> np.ndarray:
    """What a logger stores: an instant, or the mean of sixty minutes; with broken clouds and an offset of -2 W/m2."""
    cloud = np.random.default_rng(5).uniform(0.3, 1.0, len(HOURS_MS))
    minutes = {"instant": [0], "before": list(range(-60, 0)), "after": list(range(60))}[stamp]
    courses = [light(HOURS_MS + shift_ms + minute * 60_000, cloud) for minute in minutes]
    return np.asarray(np.mean(courses, axis=0) - 2.0)


def elevations() -> tuple[np.ndarray, ...]:
    return tuple(elevation_deg(HOURS_MS + shift, *PLACE) for shift in (0, -HOUR_MS, HOUR_MS))


@pytest.mark.parametrize("stamp", ["instant", "before", "after"])
def test_light_at_dark_stamps_tells_what_a_logger_stores(stamp: Stamp) -> None:
    found, n = observe_stamp(stored(stamp), *elevations())
    assert (found, n >= 10) == (stamp, True)


def test_a_clock_that_is_an_hour_off_is_no_convention() -> None:
    for shift_ms in (-HOUR_MS, HOUR_MS):
        assert observe_stamp(stored("instant", shift_ms), *elevations())[0] is None


def test_few_stamps_tell_nothing() -> None:
    few = slice(0, 48)
    assert observe_stamp(stored("before")[few], *(each[few] for each in elevations()))[0] is None


@pytest.mark.parametrize(("stamp", "first"), [("before", 1), ("after", 0)])
def test_a_mean_is_that_of_each_step_of_its_hour(stamp: Stamp, first: int) -> None:
    periods = Periods(0, np.array([0, 48], np.int64))
    time_ms = np.arange(-2, 7, dtype=np.int64) * HOUR_MS - (1 if stamp == "before" else 0)
    value = np.array([9.0, 8.0, 1.0, 5.0, 2.0, 7.0, 3.0, 8.0, 9.0])
    wide = Periods(-2 * HOUR_MS, np.array([0, 96], np.int64))
    grid = fill_by_cadence(wide, time_ms, value, time_ms, None, stamp)[0][24:72]
    by_hour = grid.reshape(4, 12)
    assert by_hour.mean(axis=1).tolist() == value[2 + first : 6 + first].tolist()
    assert by_hour.std() > 0.0
    assert by_hour.std(axis=1).max() == 0.0
    assert len(grid) == periods.steps
    assert STEP_MS == 300_000
