"""Faults in a channel's own course: it stands still, alternates, scatters or has spikes as on none of its days before.

What a day may look like is taken from the days before it, at least five, at the same time of day where that matters: no
limit is set for a climate that was never seen, and a channel without these days has no finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.course import Course, of_known, rolling
from headland.agronomy.sensor_faults.fault import (
    ALTERNATING,
    LIGHT,
    NOISE,
    SIZES,
    SPIKES,
    STUCK,
    Fault,
    chance_of,
    quantity_of,
)  # fmt: skip
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.series.sensor_health import LIMITS
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Days before that are looked at, and those that are needed.
_DAYS_BEFORE, _LEAST_DAYS = 14, 5
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
#: Times the most noise of the days before, and the blocks in a row for which it lasts.
_NOISE_RATIO, _NOISE_BLOCKS = 3.0, 3
#: The correlation of short swings from which on they are the climate's, and the fewest samples that tell it.
_SWING_TOGETHER, _LEAST_SHARED = 0.4, 30
#: Times the most lone values in two days of the days before, and the fewest of them.
_SPIKE_RATIO, _LEAST_SPIKES = 3.0, 4
#: Edges of clouds are lone values of light: so much less sure are those.
_OF_CLOUDS: Final = 1.4
#: Times the middle step of the samples about it, this many before and behind, by which a value is lone.
_LONE_RATIO, _ABOUT = 4.0, 8
_SPIKE_NEAR_MS: Final = 40 * MINUTE_MS


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
    usual, least = span.copy(), _LEAST_DAYS * course.a_day - width
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
    for start, end in _runs(hit):
        blocks = np.zeros(len(hit), np.bool_)
        blocks[max(start - width + 1, 0) : end] = True
        at = course.samples_in(blocks)
        gap = _two_values(course.value[at])
        kind, size = (STUCK, float(np.std(course.value[at]))) if gap is None else (ALTERNATING, gap)
        faults.append(_fault(channel, kind, course, at, size, float(np.median(ratio[start:end]))))
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
    for start, end in _runs(hit):
        long[start:end] = end - start >= _LEAST_DAYS * course.a_day and is_uneven
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
    for start, end in _runs(hit):
        blocks = np.zeros(len(hit), np.bool_)
        blocks[start - width + 1 : end] = True
        at = course.samples_in(blocks)
        gap = _two_values(course.value[at])
        faults.append(_fault(channel, ALTERNATING, course, at, gap or float(np.ptp(course.value[at])), 3.0))
    return faults


def find_noise(channel: str, course: Course, others: Sequence[Course]) -> list[Fault]:
    """Return where the samples of a channel scatter as at no such time of the days before, and no others do.

    Compared are the noise at a time of day with the most of the days before at about that time, and the quiet hours of
    24 h with the quiet hours of the days before: added noise shows there first. A climate that swings, as about a vent
    that hunts, shows in several channels at once.
    """
    floor = SIZES[quantity_of(channel)].noise
    day, near = course.a_day, max(3 * HOUR_MS // course.block_ms, 1)
    smooth, quiet = _quantile(rolling(course.noise, 3), 0.5), _quantile(rolling(course.noise, day), 0.25)
    n = len(smooth)
    beyond, ratio = np.zeros(n, np.bool_), np.zeros(n)
    # Block by block: what was found counts no more as a day before.
    usual, usual_quiet = smooth.copy(), quiet.copy()
    for block in range(_LEAST_DAYS * day, n):
        # A scatter below the floor is none, whatever the days before were.
        if not (smooth[block] > floor or quiet[block] > floor):
            continue
        most = _most_before(usual, block, day, near)
        by_hour = smooth[block] / max(most, floor / _NOISE_RATIO)
        past_quiet = usual_quiet[max(block - _DAYS_BEFORE * day, 0) : block - day + 1]
        past_quiet = past_quiet[np.isfinite(past_quiet)]
        by_day = 0.0
        if len(past_quiet) >= (_LEAST_DAYS - 2) * day:
            by_day = quiet[block] / max(past_quiet.max(), floor / _NOISE_RATIO)
        ratio[block] = np.nan_to_num(max(by_hour, by_day))
        if by_day >= _NOISE_RATIO:
            for each in range(block - day + 1, block):
                beyond[each] |= smooth[each] > 1.3 * max(_most_before(usual, each, day, near), floor)
        if ratio[block] >= _NOISE_RATIO:
            beyond[block] = True
            usual[block] = usual_quiet[block] = np.nan
    faults = []
    for start, end in _runs(_joined(beyond, day // 2)):
        if end - start < _NOISE_BLOCKS:
            continue
        blocks = np.zeros(n, np.bool_)
        blocks[max(start - 1, 0) : end] = True
        at = course.samples_in(blocks)
        if any(_swings_with(course, at, other) for other in others):
            continue
        size = float(np.nanmedian(course.noise[start:end]))
        top = float(np.quantile(ratio[start:end], 0.75)) / _NOISE_RATIO
        faults.append(_fault(channel, NOISE, course, at, size, max(top, 1.0)))
    return faults


def _most_before(usual: Values, block: int, day: int, near: int) -> float:
    """Return the most of the days before at about a time of day; infinite where they are too few."""
    days = np.arange(1, min(_DAYS_BEFORE, (block - near) // day) + 1)
    past = usual[block - days[:, None] * day + np.arange(-near, near + 1)]
    known = np.isfinite(past)
    return float(past[known].max()) if known.any(axis=1).sum() >= _LEAST_DAYS else np.inf


def _swings_with(course: Course, at: Counts, other: Course) -> bool:
    """Return whether the short swings of some samples are also those of another channel."""
    time_ms = course.time_ms[at]
    inside = (other.time_ms[:1] <= time_ms) & (time_ms <= other.time_ms[-1:])
    if inside.sum() < _LEAST_SHARED:
        return False
    own, beside = (np.diff(each, 2) for each in (course.value[at], np.interp(time_ms, other.time_ms, other.value)))
    if own.std() == 0.0 or beside.std() == 0.0:
        return False
    return bool(abs(np.corrcoef(own, beside)[0, 1]) >= _SWING_TOGETHER)


def find_spikes(channel: str, course: Course, others: Sequence[Course]) -> list[Fault]:
    """Return lone values that stand out from both sides, where they come more often than on any of the days before.

    Counted are those above some heights, in two days each; with one in another channel at the same time, it is none.
    """
    off = _lone(course)
    floor = SIZES[quantity_of(channel)].spike
    large = np.flatnonzero(off >= floor)
    if len(large) < _LEAST_SPIKES:
        return []
    start, span_ms = int(course.time_ms[0]), 2 * DAY_MS
    best: tuple[float, Counts] | None = None
    for height in floor * 1.4 ** np.arange(6):
        at = np.flatnonzero(off >= height)
        if len(at) < _LEAST_SPIKES:
            break
        when = course.time_ms[at]
        within = np.arange(len(at)) - np.searchsorted(when, when - span_ms) + 1
        # Those of the days before, not of the two that are counted; without enough days before, none is told.
        earlier = np.searchsorted(when, when - span_ms, "right")
        most = np.maximum.accumulate(np.append(0, within))[earlier]
        told = (within >= np.maximum(_LEAST_SPIKES, _SPIKE_RATIO * most)) & (
            when - start >= _LEAST_DAYS * DAY_MS + span_ms
        )
        if not told.any():
            continue
        first = int(np.argmax(told))
        chosen = at[max(first - int(within[first]) + 1, 0) :]
        evidence = float(np.max(within[told] / (_SPIKE_RATIO * np.maximum(most[told], 1))))
        evidence /= _OF_CLOUDS if quantity_of(channel) in LIGHT else 1.0
        if best is None or evidence > best[0]:
            best = (evidence, chosen)
    if best is None:
        return []
    evidence, at = best
    beside = np.zeros(len(at), np.bool_)
    for other in others:
        lone = _lone(other)
        level = max(8.0 * float(np.nanmedian(other.noise)), 4.0 * other.resolution)
        where = np.clip(np.searchsorted(other.time_ms, course.time_ms[at]), 1, len(lone) - 2)
        beside |= np.maximum.reduce([lone[where - 1], lone[where], lone[where + 1]]) >= level
    if beside.mean() > 0.5:
        return []
    return [_fault(channel, SPIKES, course, at, float(np.median(off[at])), evidence)]


def _lone(course: Course) -> Values:
    """Return by how much each sample stands out from both of its neighbours, on one side; 0 where it does not."""
    time_ms, value = course.time_ms, course.value
    off = np.zeros(len(value))
    left, right = value[1:-1] - value[:-2], value[1:-1] - value[2:]
    alone = (left * right > 0.0) & (time_ms[2:] - time_ms[:-2] <= _SPIKE_NEAR_MS)
    off[1:-1] = np.where(alone, np.minimum(np.abs(left), np.abs(right)), 0.0)
    # Among values that swing as much, none is alone.
    steps = np.pad(np.abs(np.diff(value)), (_ABOUT, _ABOUT + 1), mode="edge")
    at = np.flatnonzero(off)
    about = np.median(np.lib.stride_tricks.sliding_window_view(steps, 2 * _ABOUT)[at], axis=1)
    off[at] = np.where(off[at] >= _LONE_RATIO * about, off[at], 0.0)
    return off


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


def _fault(channel: str, kind: str, course: Course, at: Counts, size: float, ratio: float) -> Fault:
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


def _quantile(windows: Values, share: float) -> Values:
    """Return a quantile of each window, one of its values; NaN where fewer than 60 % are known."""
    known = np.isfinite(windows).sum(axis=1)
    at = np.minimum((share * known).astype(np.int64), windows.shape[1] - 1)
    found = np.sort(windows, axis=1)[np.arange(len(windows)), at]
    return np.where(known >= 0.6 * windows.shape[1], found, np.nan)


def _joined(hit: Mask, gap: int) -> Mask:
    """Return a mask with the gaps between its runs closed that are no longer than `gap`."""
    joined = hit.copy()
    at = np.flatnonzero(hit)
    for left, right in zip(at[:-1].tolist(), at[1:].tolist(), strict=True):
        if right - left <= gap + 1:
            joined[left:right] = True
    return joined


def _runs(hit: Mask) -> list[tuple[int, int]]:
    """Return the runs of a mask as [start, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], hit, [False])).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
