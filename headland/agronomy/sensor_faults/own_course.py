"""Faults in a channel's own course: it stands still, or alternates between two values, as on none of its days before.

What a day may look like is taken from the days before it, at least five, at the same time of day where that matters: no
limit is set for a climate that was never seen, and a channel without these days has no finding.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.course import Course, of_known, rolling
from headland.agronomy.sensor_faults.fault import (
    ALTERNATING,
    SIZES,
    STUCK,
    Fault,
    chance_of,
    quantity_of,
)  # fmt: skip
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.sensor_health import LIMITS
from headland.units_of_time import HOUR_MS

#: Days before that are needed.
LEAST_DAYS: Final = 5
#: The window in which a channel must move [h]: in it is the sunrise or the sunset of any day but of a polar night.
_STILL_H: Final = 18
#: The fewest blocks of a window.
_LEAST_BLOCKS: Final = 6
#: A window whose means span less than this share of the least span of the days before stands still; with means that
#: vary as the mean of white noise does (F below `_WHITE_F`), a larger one.
_STILL_SHARE, _WHITE_SHARE, _WHITE_F = 0.12, 0.5, 3.0
#: The most scatter of a still channel, as a share of the least span of the days before.
_MOST_SCATTER: Final = 0.25
#: The span of a channel that never moved, as a share of the smallest step that matters: no air is so even for days.
_NEVER_SHARE, _NEVER_EVEN, _SOIL = 0.2, ("_temperature_degc", "humidity_pct"), "soil_temperature_degc"
#: The share of the usual span that another channel must have in that time.
_OTHERS_MOVE: Final = 0.3
#: Two values: the window [h], the most of the variance that is left about them, the fewest changes a sample, the least
#: share of samples at each.
_TWO_VALUES_H, _LEFT_OF_TWO, _CHANGES, _AT_EACH = 12, 0.02, 0.15, 0.15
#: The highest and lowest values of blocks stay within this share of their difference.
_STAY: Final = 0.25


def moves_of(channel: str, course: Course) -> Values:
    """Return for each block the span of the means in the window that ends there, as a share of its usual one.

    A channel that never spans half of a step that matters does not move.
    """
    span = _span(course.mean, _blocks(course, _STILL_H))
    usual = float(np.nanmedian(span)) if np.isfinite(span).any() else np.inf
    return span / max(usual, 0.5 * SIZES[quantity_of(channel)].step)


def find_still(channel: str, course: Course, others_moved: Values) -> list[Fault]:
    """Return where a channel stands still but for its noise; `others_moved` is the largest move of others by block."""
    width = _blocks(course, _STILL_H)
    span, means, within = (
        _span(course.mean, width),
        rolling(course.mean, width),
        _mean(rolling(course.spread**2, width)),
    )
    known = np.isfinite(means).sum(axis=1) >= width - 1
    per_block = _mean(rolling(np.maximum(course.count, 1).astype(np.float64), width))
    white = _variance(means) < _WHITE_F * within / np.maximum(per_block, 1.0)
    share = np.where(white, _WHITE_SHARE, _STILL_SHARE)
    moved = known & (others_moved >= _OTHERS_MOVE) & ~_at_end(channel, means)
    hit, ratio = np.zeros(len(span), np.bool_), np.zeros(len(span))
    usual, least = span.copy(), LEAST_DAYS * course.a_day - width
    resolution = 3.0 * max(course.resolution, 1e-6)
    # What was found counts no more as a day before, and what scatters as widely as it moves on calm days is not still.
    for block in np.flatnonzero(moved & (span < share * np.nanmax(span, initial=0.0))).tolist():
        past = usual[: max(block - width + 1, 0)]
        past = past[np.isfinite(past)]
        if len(past) < least or past.min() <= resolution:
            continue
        before = float(past.min())
        ratio[block] = share[block] * before / max(float(span[block]), 1e-9)
        hit[block] = ratio[block] > 1.0 and np.sqrt(within[block]) < _MOST_SCATTER * before
        usual[block] = np.nan if hit[block] else usual[block]
    if not hit.any():
        hit = _never_moved(channel, course, span, moved & white)
        ratio[hit] = 2.0
    faults = []
    for start, end in runs_of(hit):
        blocks = np.zeros(len(hit), np.bool_)
        blocks[max(start - width + 1, 0) : end] = True
        at = course.samples_in(blocks)
        gap = _two_values(course.value[at])
        kind, size = (STUCK, float(np.std(course.value[at]))) if gap is None else (ALTERNATING, gap)
        faults.append(fault_at(channel, kind, course, at, size, float(np.median(ratio[start:end]))))
    return faults


def _at_end(channel: str, means: Values) -> Mask:
    """Return the windows at the upper end of the range where it may be constant for longer: saturated air."""
    limits = LIMITS.get(quantity_of(channel))
    if limits is None or limits.limit_s <= limits.flat_s:
        return np.zeros(len(means), np.bool_)
    return np.asarray(_mean(means) > limits.flat_to)


def _never_moved(channel: str, course: Course, span: Values, still: Mask) -> Mask:
    """Return the blocks of days without any move where there is no other day: the fault is older than the samples."""
    quantity = quantity_of(channel)
    is_uneven = quantity.endswith(_NEVER_EVEN) and quantity != _SOIL
    hit = still & (span < _NEVER_SHARE * SIZES[quantity].step)
    long = np.zeros(len(hit), np.bool_)
    for start, end in runs_of(hit):
        long[start:end] = end - start >= LEAST_DAYS * course.a_day and is_uneven
    return long


def find_two_values(channel: str, course: Course) -> list[Fault]:
    """Return where a channel alternates between two values that are further apart than it resolves."""
    width = _blocks(course, _TWO_VALUES_H)
    high, low = course.high, course.low
    windows = [
        of_known(rolling(column, width), width, high=is_high) for column in (high, low) for is_high in (True, False)
    ]
    # The highest and the lowest of each block are the two values: over the window they stay where they are.
    gap_seen = windows[0] - windows[3]
    stay = np.maximum(windows[0] - windows[1], windows[2] - windows[3]) <= _STAY * gap_seen
    hit = np.zeros(len(course.mean), np.bool_)
    for block in np.flatnonzero(stay & (gap_seen > 0.0)).tolist():
        value = course.value[int(course.first[block - width + 1]) : int(course.first[block + 1])]
        if (gap := _two_values(value)) is not None:
            hit[block] = gap > 3.0 * course.resolution or gap > SIZES[quantity_of(channel)].step
    faults = []
    for start, end in runs_of(hit):
        blocks = np.zeros(len(hit), np.bool_)
        blocks[start - width + 1 : end] = True
        at = course.samples_in(blocks)
        gap = _two_values(course.value[at])
        faults.append(fault_at(channel, ALTERNATING, course, at, gap or float(np.ptp(course.value[at])), 3.0))
    return faults


def _two_values(value: Values) -> float | None:
    """Return the difference of two values that a channel takes in turn, or None."""
    low, high = np.quantile(value, (0.05, 0.95))
    if high <= low:
        return None
    up = value > 0.5 * (low + high)
    share = float(up.mean())
    if not _AT_EACH <= share <= 1.0 - _AT_EACH or np.mean(up[1:] != up[:-1]) < _CHANGES:
        return None
    a, b = value[~up], value[up]
    left = (a.var() * len(a) + b.var() * len(b)) / len(value)
    return float(b.mean() - a.mean()) if left <= _LEFT_OF_TWO * value.var() else None


def fault_at(channel: str, kind: str, course: Course, at: Counts, size: float, ratio: float) -> Fault:
    """Return a fault at some samples of a channel, with evidence of `ratio` times the least that is told."""
    times = course.time_ms[at]
    return Fault(channel, kind, int(times[0]), int(times[-1]), at, size, chance_of(ratio))


def _blocks(course: Course, hours: int) -> int:
    return max(hours * HOUR_MS // course.block_ms, _LEAST_BLOCKS)


def _span(mean: Values, width: int) -> Values:
    windows = rolling(mean, width)
    return of_known(windows, width - 1, high=True) - of_known(windows, width - 1, high=False)


def _mean(windows: Values) -> Values:
    known = np.isfinite(windows)
    return np.asarray(np.where(known, windows, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))


def _variance(windows: Values) -> Values:
    middle = _mean(windows)[:, None]
    return _mean((windows - middle) ** 2)


def runs_of(hit: Mask) -> list[tuple[int, int]]:
    """Return the runs of a mask as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hit, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
