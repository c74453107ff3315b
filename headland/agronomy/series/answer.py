"""The shape of every analytic answer, and how much of a window a set of samples speaks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values

#: A sample speaks for the time within this many expected intervals of it: one lost sample or a jittering clock leaves
#: no hole, three in a row do.
REACH_INTERVALS: Final = 2.0

INSUFFICIENT_DATA: Final = "insufficient_data"

#: QARTOD "missing": what an answer made of no samples is worth.
MISSING: Final = 9


@dataclass(frozen=True, slots=True)
class Method:
    """How a number was made: a stable id, a version that changes with the arithmetic, and the published source."""

    id: str
    version: int
    source: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One number and all that is needed to judge it.

    value
        The number in `unit`; None where it would be a guess, and then `reason` says why.
    window
        (start_ms, end_ms), half-open, epoch milliseconds.
    n
        How many samples it is made of.
    coverage
        The share 0..1 of what should be known that is known; the method says of what.
    quality
        The worst QARTOD flag among the samples used (1 good, 2 not evaluated); 9 where none were.
    inputs
        The channels it is made of.
    evidence
        What kind of fact it rests on (`measured`, `measured_flow`, `pump_pwm`); None without a value.
    low, high
        The smallest and the largest value within the window, where that has a meaning.
    """

    value: float | None
    unit: str
    window: tuple[int, int]
    n: int
    coverage: float
    quality: int
    method: Method
    inputs: tuple[str, ...]
    evidence: str | None = None
    reason: str | None = None
    low: float | None = None
    high: float | None = None


def expected_interval_s(time_ms: Times, told_s: float | None) -> float:
    """Return how far apart samples should be [s]: as the descriptor told, else the median of what came."""
    if told_s is not None and told_s > 0.0:
        return told_s
    if len(time_ms) < 2:
        return 1.0
    return max(float(np.median(np.diff(time_ms))) / 1000.0, 0.001)


def share_out_s(time_ms: Times, start_ms: int, end_ms: int, reach_s: float) -> Values:
    """Return for each sample how much of [start_ms, end_ms) it speaks for [s]; `time_ms` ascends within the window.

    Each instant belongs to the sample nearest to it, and to none that is further than `reach_s` away. The sum over
    the window's length is the coverage; as weights the shares make a mean that uneven sampling does not bias.
    """
    time = time_ms.astype(np.float64)
    if len(time) == 0:
        return np.empty(0)
    middles = (time[1:] + time[:-1]) / 2.0
    reach_ms = reach_s * 1000.0
    first = np.maximum(np.concatenate(([float(start_ms)], middles)), time - reach_ms)
    last = np.minimum(np.concatenate((middles, [float(end_ms)])), time + reach_ms)
    return np.asarray(np.maximum(np.minimum(last, end_ms) - np.maximum(first, start_ms), 0.0) / 1000.0)


def share_of_window(shares_s: Values, start_ms: int, end_ms: int) -> float:
    """Return the coverage 0..1 that shares of a window add up to; an empty window is not covered."""
    if end_ms <= start_ms:
        return 0.0
    return min(float(np.sum(shares_s)) * 1000.0 / (end_ms - start_ms), 1.0)
