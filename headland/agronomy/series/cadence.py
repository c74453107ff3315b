"""Cadence of a channel: the interval between its samples, declared or observed, and the gaps that it explains.

A station that samples once an hour misses nothing between two samples; a sensor that samples once a minute and is
silent for an hour does. Coverage is therefore counted against the interval that holds around each gap: a gap of up to
one and a half intervals is no gap, a longer one remains, and only half an interval on each side of it is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Times, Values
from headland.agronomy.series.stamps import Stamp, mean_of_gap, near_samples
from headland.agronomy.series.time_grid import STEP_MS, Periods, fill_gaps, mean_by_step
from headland.units_of_time import HOUR_MS

#: The slowest interval of samples that any answer is computed from, an hour with a tenth of it for clocks: slower ones
SLOWEST_MS: Final = 11 * HOUR_MS // 10
#: The longest gap that is no gap, in intervals: a late sample leaves none, a lost one does.
MOST_INTERVALS: Final = 1.5
#: The neighbouring gaps on each side from which an interval is observed, and the fewest of them that tell one.
_NEIGHBOURS: Final = 5
_LEAST_NEIGHBOURS: Final = 2
#: Neighbours are regular when so many of them are within so much of their median.
_REGULAR_SHARE: Final = 0.8
_REGULAR_WITHIN: Final = 0.2


def expected_intervals_ms(time_ms: Times, at: Counts, declared_s: float | None = None) -> Values:
    """Return the interval [ms] that holds at gaps `at`, gap i being from sample i to i + 1; NaN where none is known.

    The interval is observed on each side of the gap, the larger one holds, so that a device may change its cadence.
    A declared interval holds too, unless the samples come regularly at a slower one.
    """
    gaps = np.diff(time_ms).astype(np.float64)
    sides = (_beside(gaps, at, before=True), _beside(gaps, at, before=False))
    if declared_s is None:
        return np.fmax(*(np.where(count >= _LEAST_NEIGHBOURS, middle, np.nan) for middle, _, count in sides))
    regular = [np.where((count >= _LEAST_NEIGHBOURS) & same, middle, np.nan) for middle, same, count in sides]
    return np.fmax(1000.0 * declared_s, np.fmax(*regular))


def fill_by_cadence(
    periods: Periods,
    time_ms: Times,
    value: Values,
    all_ms: Times,
    declared_s: float | None = None,
    stamp: Stamp = "instant",
) -> tuple[Values, Values | None]:
    """Return the value of each step of a grid, and the interval [ms] that explains each step without a sample.

    `time_ms` and `value` are the usable samples, `all_ms` the instants of all, which tell the cadence; both ascend.
    The interval is 0 at steps that need none, and NaN where none is known; None where no step needs one. `stamp` is
    what the stamps mean: a mean is that of each step of its interval.
    """
    use = np.isfinite(value)
    time_ms, value = time_ms[use], value[use]
    if not len(time_ms):
        return np.full(periods.steps, np.nan), None
    grid = fill_gaps(mean_by_step(periods, time_ms, value)[0])
    known = np.flatnonzero(np.isfinite(grid))
    if len(known) == periods.steps or not len(known) or len(all_ms) < _LEAST_NEIGHBOURS:
        return grid, None
    return _explain(periods, grid, known, time_ms, all_ms, declared_s, stamp)


def _explain(
    periods: Periods,
    grid: Values,
    known: Counts,
    time_ms: Times,
    all_ms: Times,
    declared_s: float | None,
    stamp: Stamp,
) -> tuple[Values, Values]:
    """Fill the gaps that the cadence explains, and half an interval on each side of those that it does not."""
    # A gap is from a known step to the next; the first and the last one have one known end.
    bounds = np.concatenate(([-1], known, [periods.steps]))
    wide = np.diff(bounds) > 1
    first, end = bounds[:-1][wide], bounds[1:][wide]
    # The last sample before the gap, and the first one after it.
    before = np.searchsorted(time_ms, periods.start_ms + STEP_MS * (first + 1)) - 1
    after = np.searchsorted(time_ms, periods.start_ms + STEP_MS * end)
    is_inner = (first >= 0) & (end < periods.steps)
    at = np.searchsorted(all_ms, time_ms[np.maximum(before, 0)], "right") - 1
    interval = expected_intervals_ms(all_ms, np.clip(at, 0, len(all_ms) - 2), declared_s)
    length_ms = time_ms[np.minimum(after, len(time_ms) - 1)] - time_ms[np.maximum(before, 0)]
    is_slow = interval > SLOWEST_MS
    is_bridged = is_inner & ~is_slow & (length_ms <= MOST_INTERVALS * interval)
    beside = np.where(is_slow | np.isnan(interval), 0.0, interval / STEP_MS)
    gap = np.repeat(np.arange(len(first)), end - first - 1)
    steps = np.flatnonzero(~np.isfinite(grid))
    filled, intervals = grid.copy(), np.zeros(periods.steps)
    intervals[steps] = interval[gap]
    low, high = grid[np.maximum(first, 0)], grid[np.minimum(end, periods.steps - 1)]
    share = (steps - first[gap]) / (end - first)[gap]
    near_low, near_high = near_samples(stamp, steps - first[gap], end[gap] - steps, beside[gap])
    near_low &= (first >= 0)[gap]
    near_high &= (end < periods.steps)[gap]
    between = mean_of_gap(stamp, low[gap], high[gap], share)
    filled[steps] = np.select((is_bridged[gap], near_low, near_high), (between, low[gap], high[gap]), np.nan)
    return filled, intervals


def _beside(gaps: Values, at: Counts, *, before: bool) -> tuple[Values, Mask, Counts]:
    """Return the median of the gaps on one side of some, whether those are regular, and how many there are."""
    padded = np.concatenate((np.full(_NEIGHBOURS, np.nan), gaps, np.full(_NEIGHBOURS, np.nan)))
    first = at if before else at + _NEIGHBOURS + 1
    rows = padded[first[:, None] + np.arange(_NEIGHBOURS)]
    count = np.count_nonzero(np.isfinite(rows), axis=1)
    ordered = np.sort(rows, axis=1)
    # NaN is sorted to the end: the median of the others, of an even number the smaller.
    middle = ordered[np.arange(len(rows)), np.maximum(count - 1, 0) // 2]
    near = np.count_nonzero(np.abs(rows - middle[:, None]) <= _REGULAR_WITHIN * middle[:, None], axis=1)
    return middle, near >= _REGULAR_SHARE * np.maximum(count, 1), count
