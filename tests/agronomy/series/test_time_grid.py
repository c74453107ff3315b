"""The grid of five minutes: means, gaps, and sums over periods of different lengths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.series.time_grid import (
    STEP_MS,
    average,
    count_true,
    fill_gaps,
    highest,
    hours_of,
    longest_run,
    lowest,
    make_periods,
    mean_by_step,
    sum_up,
)

NAN = np.nan
HOUR_MS = 3_600_000


def test_periods_have_their_own_lengths_as_days_of_a_clock_change() -> None:
    periods = make_periods([0, 23 * HOUR_MS], 48 * HOUR_MS)
    assert periods.lengths.tolist() == [276, 300]
    assert periods.window(0) == (0, 23 * HOUR_MS)
    assert periods.window(1) == (23 * HOUR_MS, 48 * HOUR_MS)


def test_a_window_off_the_grid_is_widened_to_whole_steps() -> None:
    periods = make_periods([STEP_MS + 1], 2 * STEP_MS + 1)
    assert periods.window(0) == (STEP_MS, 3 * STEP_MS)


def test_a_step_is_the_mean_of_its_samples_and_unknown_without_any() -> None:
    periods = make_periods([0], 4 * STEP_MS)
    time_ms = np.array([-1, 0, 1000, STEP_MS, 3 * STEP_MS, 4 * STEP_MS])
    value, count = mean_by_step(periods, time_ms, np.array([9.0, 1.0, 3.0, NAN, 5.0, 9.0]))
    np.testing.assert_array_equal(value, [2.0, NAN, NAN, 5.0])
    assert count.tolist() == [2, 0, 0, 1]


def test_a_short_gap_is_interpolated_and_a_long_one_remains() -> None:
    value = np.array([NAN, 1.0, NAN, NAN, 4.0, NAN, NAN, NAN, 8.0, NAN])
    np.testing.assert_allclose(fill_gaps(value), [NAN, 1, 2, 3, 4, NAN, NAN, NAN, 8, NAN])


def test_what_is_unknown_counts_for_nothing_in_sums_and_extremes() -> None:
    periods = make_periods([0, 2 * STEP_MS, 4 * STEP_MS], 6 * STEP_MS)
    value = np.array([1.0, NAN, 3.0, 5.0, NAN, NAN])
    np.testing.assert_array_equal(sum_up(periods, value), [1, 8, 0])
    np.testing.assert_array_equal(average(periods, value), [1, 4, NAN])
    np.testing.assert_array_equal(lowest(periods, value), [1, 3, NAN])
    np.testing.assert_array_equal(highest(periods, value), [1, 5, NAN])
    assert hours_of(np.array([12])) == pytest.approx(1.0)


@given(st.lists(st.booleans(), min_size=8, max_size=40), st.integers(1, 7))
def test_the_longest_run_equals_a_search_over_every_step(flags: list[bool], cut: int) -> None:
    periods = make_periods([0, cut * STEP_MS], len(flags) * STEP_MS)
    parts = ("".join("x" if flag else "." for flag in part) for part in (flags[:cut], flags[cut:]))
    wanted = [max(len(run) for run in part.split(".")) for part in parts]
    assert longest_run(periods, np.array(flags)).tolist() == wanted
    assert count_true(periods, np.array(flags)).tolist() == [sum(flags[:cut]), sum(flags[cut:])]
