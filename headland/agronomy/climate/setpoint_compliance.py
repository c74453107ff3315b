"""How well a climate kept to its set points, what that cost, and how even it was over the floor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from headland.agronomy.series.arrays import Times, Values


@dataclass(frozen=True, slots=True)
class Compliance:
    """How a value kept to its set point; errors in the value's unit, None where there was nothing to compare.

    in_band
        The share of the time within the band.
    mean_error, p95_error
        The mean of value - set point, and what its size stayed below for 95 % of the time.
    error_hours
        The integral of the error's size [unit h].
    overshoot
        The most by which it went beyond the set point, on the side away from where it came after a step; 0 without one.
    hours
        The time compared.
    """

    in_band: float | None
    mean_error: float | None
    p95_error: float | None
    error_hours: float
    overshoot: float
    hours: float


def judge_setpoint(value: Values, setpoint: Values, weight_s: Values, band: float) -> Compliance:
    """Return how samples kept to the set points at their times; `weight_s` is the time each speaks for, `band` >= 0."""
    known = np.isfinite(value) & np.isfinite(setpoint) & (weight_s > 0.0)
    error, weight = (value - setpoint)[known], weight_s[known]
    seconds = float(weight.sum())
    if seconds == 0.0:
        return Compliance(None, None, None, 0.0, 0.0, 0.0)
    size = np.abs(error)
    order = np.argsort(size)
    below = np.cumsum(weight[order]) / seconds
    return Compliance(
        in_band=float(weight[size <= band].sum()) / seconds,
        mean_error=float((error * weight).sum()) / seconds,
        p95_error=float(size[order][np.searchsorted(below, 0.95)]),
        error_hours=float((size * weight).sum()) / 3600.0,
        overshoot=_overshoot(value[known], setpoint[known]),
        hours=seconds / 3600.0,
    )


def _overshoot(value: Values, setpoint: Values) -> float:
    """Return the most a value went beyond a set point that had stepped, until the next step."""
    steps = np.flatnonzero(np.diff(setpoint) != 0.0) + 1
    most = 0.0
    for start, end in pairwise([*steps.tolist(), len(value)]):
        direction = np.sign(setpoint[start] - value[start - 1])
        if direction:
            most = max(most, float((direction * (value[start:end] - setpoint[start])).max()))
    return most


def find_rises(value: Values, setpoint: Values, band: float) -> list[tuple[int, int | None]]:
    """Return at which samples the set point stepped by more than `band`, and after how many the value was within it.

    None where it was not before the next step, the end, or a sample that nobody knows. Samples lie equally far apart.
    """
    steps = np.flatnonzero(np.abs(np.diff(setpoint)) > band) + 1
    inside, known = np.abs(value - setpoint) <= band, np.isfinite(value) & np.isfinite(setpoint)
    found: list[tuple[int, int | None]] = []
    for start, end in pairwise([*steps.tolist(), len(value)]):
        stop = np.flatnonzero(inside[start:end] | ~known[start:end])
        reached = len(stop) > 0 and bool(known[start + int(stop[0])])
        found.append((start, int(stop[0]) if reached else None))
    return found


def find_recoveries(value: Values, setpoint: Values, band: float) -> list[tuple[int, int]]:
    """Return when a value left the band of a set point that stood still, and after how many samples it was back.

    What began or ended with a step of the set point, with a sample that nobody knows or with the data is left out.
    """
    known = np.isfinite(value) & np.isfinite(setpoint)
    outside = known & (np.abs(value - setpoint) > band)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], outside, [False])).astype(np.int8)))
    moved = np.concatenate(([False], np.diff(setpoint) != 0.0))
    return [
        (first, end - first)
        for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if first > 0 and end < len(value) and known[first - 1] and known[end] and not moved[first : end + 1].any()
    ]


def actuator_travel(position: Values) -> tuple[float, int]:
    """Return how far an actuator moved in all, in its unit, and how often it turned around; NaN is left out."""
    known = position[np.isfinite(position)]
    moves = np.diff(known)
    moves = moves[moves != 0.0]
    return float(np.abs(moves).sum()), int(np.count_nonzero(np.diff(np.sign(moves)) != 0))


@dataclass(frozen=True, slots=True)
class Uniformity:
    """How even values over a floor are: coefficient of variation (n - 1) [%], span, and two coefficients of irrigation.

    christiansen_pct
        100 (1 - mean deviation / mean); Christiansen (1942).
    lowest_quarter
        The mean of the lowest quarter over the mean, the quarter's edge interpolated; SCS (1972).
    """

    mean: float
    cv_pct: float
    span: float
    christiansen_pct: float
    lowest_quarter: float


def judge_uniformity(value: Values) -> Uniformity | None:
    """Return how even values at different places at one time are; None for fewer than two, or a mean of 0 or below.

    Relative figures mean something only for a quantity with a true zero: water, light, carbon dioxide - not degC.
    """
    known = np.sort(value[np.isfinite(value)])
    if len(known) < 2 or known.mean() <= 0.0:
        return None
    mean = float(known.mean())
    quarter = len(known) / 4.0
    weights = np.clip(quarter - np.arange(len(known)), 0.0, 1.0)
    return Uniformity(
        mean=mean,
        cv_pct=100.0 * float(known.std(ddof=1)) / mean,
        span=float(known[-1] - known[0]),
        christiansen_pct=100.0 * (1.0 - float(np.abs(known - mean).mean()) / mean),
        lowest_quarter=float((known * weights).sum() / quarter) / mean,
    )


def find_place_bias(time_ms: Times, values: Values, *, least_share: float = 0.5) -> Values:
    """Return how each place stands off the median of all at the same time, over the whole span; (places, samples).

    The median takes the day's course out of it. NaN for a place with less than `least_share` of the samples.
    """
    if values.shape[0] < 3 or len(time_ms) == 0:
        return np.full(values.shape[0], np.nan)
    known = np.isfinite(values)
    enough = known.sum(axis=0) >= 3
    together = np.where(enough[None], values, np.nan)
    middle = np.full(values.shape[1], np.nan)
    middle[enough] = np.nanmedian(together[:, enough], axis=0)
    off = together - middle
    found = np.full(values.shape[0], np.nan)
    often = np.isfinite(off).sum(axis=1) >= least_share * values.shape[1]
    if often.any():
        found[often] = np.nanmedian(off[often], axis=1)
    return found
