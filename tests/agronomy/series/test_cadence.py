"""Gaps between samples: which ones the cadence of a channel explains, declared or observed."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.series.arrays import Times
from headland.agronomy.series.cadence import fill_by_cadence
from headland.agronomy.series.time_grid import make_periods
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

RANDOM = np.random.default_rng(18)
#: A day with a day before and after it.
WIDE = make_periods([-DAY_MS], 2 * DAY_MS)
DAY = slice(288, 576)


def every(minutes: float, first_ms: int = -DAY_MS, end_ms: int = 2 * DAY_MS) -> Times:
    return np.arange(first_ms, end_ms, round(minutes * MINUTE_MS), dtype=np.int64)


def coverage(time_ms: Times, declared_s: float | None = None, *, used: Times | None = None) -> float:
    usable = time_ms if used is None else used
    value, _ = fill_by_cadence(WIDE, usable, np.sin(usable / DAY_MS), time_ms, declared_s)
    return float(np.isfinite(value[DAY]).mean())


@pytest.mark.parametrize("minutes", [0.5, 1, 4, 5, 6, 7, 10, 13, 15, 20, 25, 30, 45, 60, 61])
@pytest.mark.parametrize("declared", ["rightly", "not", "too fast"])
def test_nothing_is_missing_between_samples_that_come_in_time(minutes: float, declared: str) -> None:
    declared_s = {"rightly": 60.0 * minutes, "not": None, "too fast": 30.0}[declared]
    assert coverage(every(minutes) + 17_000, declared_s) == 1.0


def test_samples_that_are_late_or_irregular_leave_no_hole() -> None:
    late = every(60) + np.sort(RANDOM.integers(0, 9 * MINUTE_MS, 72))
    assert coverage(late) == 1.0
    irregular = np.cumsum(RANDOM.uniform(20.0, 40.0, 140) * MINUTE_MS).astype(np.int64) - DAY_MS
    assert coverage(irregular) == 1.0
    assert coverage(irregular, 1800.0) == 1.0


@pytest.mark.parametrize("declared_s", [None, 3600.0])
def test_a_hole_is_the_time_of_the_lost_samples(declared_s: float | None) -> None:
    hourly = every(60)
    without_two = hourly[(hourly != 10 * HOUR_MS) & (hourly != 11 * HOUR_MS)]
    # From 9:30 to 11:30, but for steps at both ends.
    assert coverage(without_two, declared_s) == pytest.approx(22 / 24, abs=0.01)
    without_one = hourly[hourly != 10 * HOUR_MS]
    assert coverage(without_one, declared_s) == pytest.approx(23 / 24, abs=0.02)
    # A sample that was not usable is lost, too.
    assert coverage(hourly, declared_s, used=without_two) == coverage(without_two, declared_s)


def test_a_device_may_change_its_cadence_and_a_gap_stays_a_gap() -> None:
    changing = np.concatenate((every(5, end_ms=12 * HOUR_MS), every(60, 12 * HOUR_MS)))
    assert coverage(changing) == 1.0
    holed = changing[(changing <= 5 * HOUR_MS) | (changing >= 8 * HOUR_MS)]
    assert coverage(holed) == pytest.approx(21 / 24, abs=0.01)
    assert coverage(changing[::-1] * -1 + DAY_MS) == 1.0


def test_two_samples_tell_no_cadence_and_lost_ones_are_judged_by_the_declared() -> None:
    assert coverage(np.array([10 * HOUR_MS, 11 * HOUR_MS])) < 0.01
    assert coverage(np.array([10 * HOUR_MS, 11 * HOUR_MS]), 3600.0) == pytest.approx(2 / 24, abs=0.01)
    lossy = every(5)[RANDOM.random(864) > 0.9]
    assert coverage(lossy, 300.0) < 0.2


def test_samples_slower_than_an_hour_explain_nothing() -> None:
    assert coverage(every(120)) < 0.05
    assert coverage(every(120), 7200.0) < 0.05


def test_steps_between_samples_have_the_interval_that_explains_them() -> None:
    time_ms = every(30)
    value, interval_ms = fill_by_cadence(WIDE, time_ms, time_ms / HOUR_MS, time_ms)
    assert interval_ms is not None
    np.testing.assert_allclose(interval_ms[DAY][:7], [0.0, *[1_800_000.0] * 5, 0.0])
    np.testing.assert_allclose(value[DAY][:7], np.arange(7) / 12.0, atol=1e-9)
    assert fill_by_cadence(WIDE, every(5), np.zeros(864), every(5))[1] is None
