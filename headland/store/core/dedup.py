"""Deduplication of a batch against stored samples: pure functions on columns of (series id, time, value)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headland.store.port import Index, Times, Values

Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]

#: Takes samples by series id and time; returns the positions of those stored already, and the stored values.
Lookup = Callable[[Index, Times], tuple[Positions, Values]]


@dataclass(frozen=True, slots=True)
class DedupResult:
    """Masks of the new samples and of those that contradict a stored one; the others are duplicates."""

    accepted: Mask
    conflicting: Mask


def deduplicate(sid: Index, time_ms: Times, value: Values, surely_new: Mask, look_up: Lookup) -> DedupResult:
    """Return which samples are new or conflicting: the stored value wins, else the first in the batch.

    `look_up` is called only for samples that are not `surely_new`, and once for each (series, time).
    """
    count = len(sid)
    first = find_firsts(sid, time_ms)
    nothing = np.zeros(count, np.bool_)
    if first is None and surely_new.all():
        return DedupResult(np.ones(count, np.bool_), nothing)
    is_first = np.ones(count, np.bool_) if first is None else first == np.arange(count)
    uncertain = np.flatnonzero(is_first & ~surely_new)
    reference, stored = value.copy(), nothing.copy()
    if len(uncertain):
        positions, values = look_up(sid[uncertain], time_ms[uncertain])
        reference[uncertain[positions]] = values
        stored[uncertain[positions]] = True
    if first is not None:
        reference = reference[first]
    accepted = is_first & ~stored
    return DedupResult(accepted, ~accepted & (value != reference))


def find_firsts(sid: Index, time_ms: Times) -> Positions | None:
    """Return for each sample the first position of its series and time; None where all are different."""
    starts, ends = find_runs(sid, time_ms)
    order = np.lexsort((time_ms[starts], sid[starts]))
    earlier, later = order[:-1], order[1:]
    apart = (sid[starts[later]] != sid[starts[earlier]]) | (time_ms[starts[later]] > time_ms[ends[earlier]])
    if apart.all():
        return None
    order = np.lexsort((time_ms, sid))
    is_head = np.ones(len(sid), np.bool_)
    is_head[1:] = (np.diff(sid[order]) != 0) | (np.diff(time_ms[order]) != 0)
    if is_head.all():
        return None
    first = np.empty(len(sid), np.intp)
    first[order] = order[is_head][np.cumsum(is_head) - 1]
    return first


def find_runs(sid: Index, time_ms: Times) -> tuple[Positions, Positions]:
    """Return the first and last positions of the runs of one series in strictly increasing time."""
    if not len(sid):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    breaks = np.flatnonzero((sid[1:] != sid[:-1]) | (time_ms[1:] <= time_ms[:-1]))
    return np.concatenate(([0], breaks + 1)), np.append(breaks, len(sid) - 1)


def find_order(sid: Index, time_ms: Times) -> Positions | None:
    """Return the positions of different samples by series and time; None where they are in that order.

    Quick where they are in long runs of it, in whatever order these are.
    """
    starts, ends = find_runs(sid, time_ms)
    order = np.lexsort((time_ms[starts], sid[starts]))
    starts, ends = starts[order], ends[order]
    apart = (sid[starts[1:]] != sid[starts[:-1]]) | (time_ms[starts[1:]] > time_ms[ends[:-1]])
    if not apart.all():
        return np.lexsort((time_ms, sid))
    if (starts[1:] > starts[:-1]).all():
        return None
    lengths = ends - starts + 1
    places = np.cumsum(lengths) - lengths
    positions: Positions = np.arange(len(sid)) + np.repeat(starts - places, lengths)
    return positions


def find_newest(sid: Index, time_ms: Times) -> Positions:
    """Return the position of each series' newest sample."""
    _, ends = find_runs(sid, time_ms)
    ends = ends[np.lexsort((time_ms[ends], sid[ends]))]
    is_last = np.ones(len(ends), np.bool_)
    is_last[:-1] = sid[ends[1:]] != sid[ends[:-1]]
    return ends[is_last]


def split_windows(time_ms: Times, gap_ms: int, most: int) -> list[tuple[int, int]]:
    """Return at most `most` closed windows around all times, split at the widest gaps above `gap_ms`."""
    times = np.sort(time_ms)
    gaps = np.diff(times)
    cuts = np.flatnonzero(gaps > gap_ms)
    if len(cuts) >= most:
        cuts = np.sort(cuts[np.argsort(gaps[cuts])[len(cuts) - most + 1 :]])
    lows = times[np.concatenate(([0], cuts + 1))].tolist()
    highs = times[np.append(cuts, len(times) - 1)].tolist()
    return list(zip(lows, highs, strict=True))
