"""Scatter of a channel as on none of its days before: noise, and lone values that stand out from both neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from headland.agronomy.sensor_faults.climate import doubt_of_spikes
from headland.agronomy.sensor_faults.course import Course, rolling
from headland.agronomy.sensor_faults.fault import NOISE, SIZES, SPIKES, Fault, quantity_of
from headland.agronomy.sensor_faults.own_course import LEAST_DAYS, fault_at, runs_of
from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Days before that are looked at.
_DAYS_BEFORE: Final = 14
#: Times the most noise of the days before, and the blocks in a row for which it lasts.
_NOISE_RATIO, _NOISE_BLOCKS = 3.0, 3
#: The correlation of short swings from which on they are the climate's, and the fewest samples that tell it.
_SWING_TOGETHER, _LEAST_SHARED = 0.4, 30
#: Times the most lone values in two days of the days before, and the fewest of them.
_SPIKE_RATIO, _LEAST_SPIKES = 3.0, 4
#: Times the middle step of the samples about it, this many before and behind, by which a value is lone.
_LONE_RATIO, _ABOUT = 4.0, 8
_SPIKE_NEAR_MS: Final = 40 * MINUTE_MS


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
    for block in range(LEAST_DAYS * day, n):
        # A scatter below the floor is none, whatever the days before were.
        if not (smooth[block] > floor or quiet[block] > floor):
            continue
        most = _most_before(usual, block, day, near)
        by_hour = smooth[block] / max(most, floor / _NOISE_RATIO)
        past_quiet = usual_quiet[max(block - _DAYS_BEFORE * day, 0) : block - day + 1]
        past_quiet = past_quiet[np.isfinite(past_quiet)]
        by_day = 0.0
        if len(past_quiet) >= (LEAST_DAYS - 2) * day:
            by_day = quiet[block] / max(past_quiet.max(), floor / _NOISE_RATIO)
        ratio[block] = np.nan_to_num(max(by_hour, by_day))
        if by_day >= _NOISE_RATIO:
            for each in range(block - day + 1, block):
                beyond[each] |= smooth[each] > 1.3 * max(_most_before(usual, each, day, near), floor)
        if ratio[block] >= _NOISE_RATIO:
            beyond[block] = True
            usual[block] = usual_quiet[block] = np.nan
    faults = []
    for start, end in runs_of(_joined(beyond, day // 2)):
        if end - start < _NOISE_BLOCKS:
            continue
        blocks = np.zeros(n, np.bool_)
        blocks[max(start - 1, 0) : end] = True
        at = course.samples_in(blocks)
        if any(_swings_with(course, at, other) for other in others):
            continue
        size = float(np.nanmedian(course.noise[start:end]))
        top = float(np.quantile(ratio[start:end], 0.75)) / _NOISE_RATIO
        faults.append(fault_at(channel, NOISE, course, at, size, max(top, 1.0)))
    return faults


def _most_before(usual: Values, block: int, day: int, near: int) -> float:
    """Return the most of the days before at about a time of day; infinite where they are too few."""
    days = np.arange(1, min(_DAYS_BEFORE, (block - near) // day) + 1)
    past = usual[block - days[:, None] * day + np.arange(-near, near + 1)]
    known = np.isfinite(past)
    return float(past[known].max()) if known.any(axis=1).sum() >= LEAST_DAYS else np.inf


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
            when - start >= LEAST_DAYS * DAY_MS + span_ms
        )
        if not told.any():
            continue
        first = int(np.argmax(told))
        chosen = at[max(first - int(within[first]) + 1, 0) :]
        evidence = float(np.max(within[told] / (_SPIKE_RATIO * np.maximum(most[told], 1))))
        evidence /= doubt_of_spikes(channel, course, chosen)
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
    return [fault_at(channel, SPIKES, course, at, float(np.median(off[at])), evidence)]


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
