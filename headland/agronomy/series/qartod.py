"""Tests of stored samples after QARTOD: each gives a flag a sample, and the worst flag counts.

U.S. IOOS (2020), Manual for Real-Time Quality Control of In-situ Temperature and Salinity Data, version 2.1: tests 4
(gross range), 6 (spike), 7 (rate of change), 8 (flat line). QualityFlags: 1 good, 2 not evaluated, 3 suspect, 4 fail,
9 missing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.series.arrays import QualityFlags, Times, Values
from headland.units_of_time import DAY_MS

GOOD: Final = 1
UNKNOWN: Final = 2
SUSPECT: Final = 3
FAIL: Final = 4
MISSING: Final = 9


def check_range(value: Values, fail: tuple[float, float], suspect: tuple[float, float] | None = None) -> QualityFlags:
    """Return fail outside what a sensor can say, suspect outside what is usual there; ranges include their ends."""
    flags = _good(value)
    if suspect is not None:
        flags[(value < suspect[0]) | (value > suspect[1])] = SUSPECT
    flags[(value < fail[0]) | (value > fail[1])] = FAIL
    return _with_missing(flags, value)


def check_spike(value: Values, suspect: float, fail: float) -> QualityFlags:
    """Return suspect and fail by how far a sample stands off the mean of its two neighbours.

    Beside a missing neighbour, and at the ends, it is not evaluated.
    """
    flags = np.full(len(value), UNKNOWN, np.uint8)
    if len(value) > 2:
        off = np.abs(value[1:-1] - (value[:-2] + value[2:]) / 2.0)
        flags[1:-1] = np.where(
            np.isnan(off), UNKNOWN, np.where(off > fail, FAIL, np.where(off > suspect, SUSPECT, GOOD))
        )
    return _with_missing(flags, value)


def check_rate(time_ms: Times, value: Values, suspect_1_s: float) -> QualityFlags:
    """Return suspect where a sample differs from the one before by more than so much a second.

    Where the one before is missing, and at the start, it is good: nothing speaks against it.
    """
    flags = _good(value)
    if len(value) > 1:
        rate = np.abs(np.diff(value)) / np.maximum(np.diff(time_ms) / 1000.0, 1e-3)
        flags[1:][rate > suspect_1_s] = SUSPECT
    return _with_missing(flags, value)


def check_flat_line(
    time_ms: Times, value: Values, *, suspect_s: float, fail_s: float, tolerance: float
) -> QualityFlags:
    """Return suspect and fail where all samples of the last so many seconds lie within `tolerance` of one another.

    A missing sample breaks a line. Times in order.
    """
    flags = _good(value)
    for limit_s, flag in ((suspect_s, SUSPECT), (fail_s, FAIL)):
        first = np.searchsorted(time_ms, time_ms - limit_s * 1000.0, side="left")
        whole = time_ms - time_ms[0] >= limit_s * 1000.0 if len(time_ms) else np.empty(0, np.bool_)
        spread = _spread_since(value, first)
        flags[whole & (spread < tolerance)] = flag
    return _with_missing(flags, value)


def check_twin(value: Values, twin: Values, suspect: float, fail: float) -> QualityFlags:
    """Return suspect and fail by how far a sample stands off its twin's at the same time; not evaluated without one."""
    off = np.abs(value - twin)
    flags = np.where(np.isnan(off), UNKNOWN, np.where(off > fail, FAIL, np.where(off > suspect, SUSPECT, GOOD)))
    return _with_missing(flags.astype(np.uint8), value)


def find_drift(time_ms: Times, value: Values, twin: Values) -> tuple[float, float] | None:
    """Return how a sensor runs away from its twin [unit a day] and the standard error of that; None for under 30 pairs.

    Least squares over the difference; a steady offset is calibration, not drift. The error takes neighbouring
    differences for dependent: n is reduced by their correlation (Bayley and Hammersley 1946).
    """
    off = value - twin
    known = np.isfinite(off)
    if known.sum() < 30:
        return None
    days, off = time_ms[known] / DAY_MS, off[known]
    days = days - days.mean()
    spread = float((days**2).sum())
    if spread == 0.0:
        return None
    slope = float((days * off).sum()) / spread
    rest = off - off.mean() - slope * days
    power = float((rest**2).sum())
    like = float(np.clip((rest[1:] * rest[:-1]).sum() / power, 0.0, 0.99)) if power > 0.0 else 0.0
    count = max(len(off) * (1.0 - like) / (1.0 + like), 3.0)
    return slope, float(np.sqrt(power / len(off) / spread * len(off) / max(count - 2.0, 1.0)))


def worst_of(flags: list[QualityFlags]) -> QualityFlags:
    """Return the worst flag of each sample: missing, then fail, suspect, good; not evaluated only where all are."""
    rank = np.array([0, 2, 1, 3, 4, 0, 0, 0, 0, 5], np.uint8)
    stacked = np.stack(flags)
    found: QualityFlags = np.take_along_axis(stacked, rank[stacked].argmax(axis=0)[None], 0)[0]
    return found


def _spread_since(value: Values, first: NDArray[np.int64]) -> Values:
    """Return the span of values from `first[i]` to i, NaN where one of them is.

    By maxima and minima over windows of 1, 2, 4, ... samples: any window is the union of two of those.
    """
    length = np.arange(1, len(value) + 1) - first
    spread = np.full(len(value), np.nan)
    highest, lowest, size = value, value, 1
    while len(highest):
        ours = np.flatnonzero((length >= size) & (length < 2 * size))
        left, right = first[ours], ours - size + 1
        spread[ours] = np.maximum(highest[left], highest[right]) - np.minimum(lowest[left], lowest[right])
        highest = np.maximum(highest[:-size], highest[size:])
        lowest = np.minimum(lowest[:-size], lowest[size:])
        size *= 2
    return spread


def _good(value: Values) -> QualityFlags:
    return np.full(len(value), GOOD, np.uint8)


def _with_missing(flags: QualityFlags, value: Values) -> QualityFlags:
    flags[~np.isfinite(value)] = MISSING
    return flags
