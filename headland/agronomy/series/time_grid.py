"""Samples on a grid of equal steps, and their sums and means over hours, days or other periods.

A grid begins on a whole step of epoch time, so that the grids of all devices match and every local hour and day (zones
are quarters of an hour apart) begins on a step. A step's value is the mean of its samples, NaN without samples; gaps of
a few steps are interpolated, longer ones remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Times, Values
from headland.units_of_time import HOUR_MS

#: Five minutes: the interval of climate computers, and shorter than any response of a crop.
STEP_MS: Final = 300_000
#: The longest gap that is interpolated: one late or lost sample leaves no gap, a quarter of an hour's silence does.
MOST_FILLED: Final = 2


@dataclass(frozen=True)
class Periods:
    """Consecutive periods of a grid: period i has the steps from `edges[i]` to before `edges[i + 1]`, none is empty."""

    start_ms: int
    edges: Counts

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def steps(self) -> int:
        """The number of steps."""
        return int(self.edges[-1])

    @cached_property
    def time_ms(self) -> Times:
        """The beginning of every step."""
        return self.start_ms + STEP_MS * np.arange(self.steps, dtype=np.int64)

    @cached_property
    def lengths(self) -> Counts:
        """The steps of each period."""
        return np.diff(self.edges)

    @cached_property
    def length(self) -> int | None:
        """The number of steps of each period if all have the same, else None: equal periods fold faster."""
        lengths = self.lengths
        return int(lengths[0]) if len(lengths) and (lengths == lengths[0]).all() else None

    def window(self, index: int) -> tuple[int, int]:
        """Return [start_ms, end_ms) of a period."""
        return (
            self.start_ms + STEP_MS * int(self.edges[index]),
            self.start_ms + STEP_MS * int(self.edges[index + 1]),
        )


def make_periods(starts_ms: list[int], end_ms: int) -> Periods:
    """Return periods that begin at `starts_ms`, ascending, the last of which ends at `end_ms`; ends go to whole steps.

    A period shorter than a step is left out.
    """
    edges_ms = np.array([*starts_ms, end_ms], np.int64)
    first = int(edges_ms[0] // STEP_MS)
    edges = np.unique(edges_ms[:-1] // STEP_MS - first)
    last = -(-int(edges_ms[-1]) // STEP_MS) - first
    return Periods(first * STEP_MS, np.unique(np.append(edges, max(last, int(edges[-1]) + 1))))


def mean_by_step(periods: Periods, time_ms: Times, value: Values) -> tuple[Values, Counts]:
    """Return the mean of each step's samples, NaN without any, and how many there were; NaN samples are none."""
    whole = len(time_ms) == periods.steps and time_ms[0] // STEP_MS * STEP_MS == periods.start_ms
    if whole and (np.diff(time_ms) == STEP_MS).all():
        # One sample a step, as climate computers store them: the mean is the sample.
        return value, np.isfinite(value).astype(np.int64)
    at = (time_ms - periods.start_ms) // STEP_MS
    fit = (at >= 0) & (at < periods.steps) & np.isfinite(value)
    at = at[fit]
    count = np.bincount(at, minlength=periods.steps)
    total = np.bincount(at, value[fit], periods.steps)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), count


def fill_gaps(value: Values, most_steps: int = MOST_FILLED) -> Values:
    """Return the values with gaps of at most `most_steps` filled by linear interpolation."""
    known = np.flatnonzero(np.isfinite(value))
    if len(known) < 2 or len(known) == len(value):
        return value
    gap = np.diff(known) - 1
    short = (gap > 0) & (gap <= most_steps)
    if not short.any():
        return value
    filled = value.copy()
    before, size = known[:-1][short], gap[short]
    low, rise = value[before], value[before + size + 1] - value[before]
    for step in range(1, most_steps + 1):
        within = size >= step
        filled[(before + step)[within]] = (low + rise * step / (size + 1))[within]
    return filled


def count_true(periods: Periods, flag: Mask) -> Counts:
    """Return the number of steps of each period in which a flag is true."""
    if periods.length is not None:
        return np.asarray(np.count_nonzero(flag.reshape(-1, periods.length), axis=1), np.int64)
    return np.asarray(np.add.reduceat(flag, periods.edges[:-1], dtype=np.int64))


def sum_up(periods: Periods, value: Values) -> Values:
    """Return the sum over each period; NaN counts as 0."""
    return _fold(np.add, periods, np.where(np.isnan(value), 0.0, value))


def average(periods: Periods, value: Values) -> Values:
    """Return the mean of the known steps of each period, NaN where none is."""
    known = count_true(periods, np.isfinite(value))
    return np.where(known > 0, sum_up(periods, value) / np.maximum(known, 1), np.nan)


def lowest(periods: Periods, value: Values) -> Values:
    """Return the smallest known value of each period, NaN where there is none."""
    return _fold(np.fmin, periods, value)


def highest(periods: Periods, value: Values) -> Values:
    """Return the largest known value of each period, NaN where there is none."""
    return _fold(np.fmax, periods, value)


def longest_run(periods: Periods, flag: Mask) -> Counts:
    """Return the longest run of steps within each period in which a flag is true."""
    at = np.arange(len(flag), dtype=np.int64)
    # The last step at which the flag was false, or the one before the period: a run starts after it.
    begin = np.repeat(periods.edges[:-1], periods.lengths) - 1
    broken = np.maximum(np.maximum.accumulate(np.where(flag, np.int64(-1), at)), begin)
    return np.asarray(np.maximum.reduceat(np.where(flag, at - broken, 0), periods.edges[:-1]))


def hours_of(steps: Counts | Values) -> Values:
    """Return steps as hours."""
    return np.asarray(steps * (STEP_MS / HOUR_MS))


def _fold(with_ufunc: np.ufunc, periods: Periods, value: Values) -> Values:
    if periods.length is not None:
        return np.asarray(with_ufunc.reduce(value.reshape(-1, periods.length), axis=1))
    return np.asarray(with_ufunc.reduceat(value, periods.edges[:-1]))
