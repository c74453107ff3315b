"""Time intervals as arrays of shape (k, 2): [start, end) in epoch milliseconds, sorted and disjoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Times

Intervals = NDArray[np.float64]


def no_time() -> Intervals:
    """Return the empty set."""
    return np.empty((0, 2))


def bridge(time_ms: Times, max_gap_s: float) -> Intervals:
    """Return the intervals between neighbouring samples that are at most `max_gap_s` apart; `time_ms` ascends."""
    if len(time_ms) < 2:
        return no_time()
    time = time_ms.astype(np.float64)
    joined = np.diff(time) <= max_gap_s * 1000.0
    edges = np.diff(np.concatenate(([False], joined, [False])).astype(np.int8))
    return np.column_stack((time[np.flatnonzero(edges == 1)], time[np.flatnonzero(edges == -1)]))


def intersect(a: Intervals, b: Intervals) -> Intervals:
    """Return the time in both."""
    return _where_depth(a, b, at_least=2)


def union(a: Intervals, b: Intervals) -> Intervals:
    """Return the time in either."""
    return _where_depth(a, b, at_least=1)


def subtract(a: Intervals, b: Intervals) -> Intervals:
    """Return the time in `a` and not in `b`."""
    if len(a) == 0:
        return a
    holes = np.concatenate(([-np.inf], b.ravel(), [np.inf])).reshape(-1, 2)
    return intersect(a, holes)


def clip(intervals: Intervals, start_ms: float, end_ms: float) -> Intervals:
    """Return the part within [start_ms, end_ms)."""
    return intersect(intervals, np.array([[start_ms, end_ms]], dtype=np.float64))


def total_s(intervals: Intervals) -> float:
    """Return the summed length [s]."""
    return float(np.sum(intervals[:, 1] - intervals[:, 0])) / 1000.0


def within_s(intervals: Intervals, start_ms: float, end_ms: float) -> float:
    """Return the length of the part within [start_ms, end_ms) [s], start_ms <= end_ms."""
    inside = np.clip(intervals, start_ms, end_ms)
    return float(np.sum(inside[:, 1] - inside[:, 0])) / 1000.0


def _where_depth(a: Intervals, b: Intervals, at_least: int) -> Intervals:
    """Return the time that is in at least that many sets; touching intervals join."""
    both = np.concatenate((a, b))
    if len(both) == 0:
        return no_time()
    edges = np.unique(both)
    depth = np.zeros(len(edges), dtype=np.int64)
    np.add.at(depth, np.searchsorted(edges, both[:, 0]), 1)
    np.add.at(depth, np.searchsorted(edges, both[:, 1]), -1)
    is_inside = np.cumsum(depth)[:-1] >= at_least
    steps = np.diff(np.concatenate(([False], is_inside, [False])).astype(np.int8))
    return np.column_stack((edges[np.flatnonzero(steps == 1)], edges[np.flatnonzero(steps == -1)]))
