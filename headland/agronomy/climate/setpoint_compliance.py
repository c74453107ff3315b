"""Compliance with set points, movement of actuators, and uniformity over a floor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from headland.agronomy.series.arrays import Times, Values, require


@dataclass(frozen=True, slots=True)
class Compliance:
    """Compliance of a value with its set point; errors in the value's unit, None where nothing could be compared.

    in_band
        The share of the time within the band.
    mean_error, p95_error
        The mean of value - set point, and the size that it was below for 95 % of the time.
    error_hours
        The integral of the error's size [unit h].
    overshoot
        The largest excess beyond a new set point, on the far side of the step; 0 without a step.
    hours
        The time compared.
    """

    in_band: float | None
    mean_error: float | None
    p95_error: float | None
    error_hours: float
    overshoot: float
    hours: float


def measure_compliance(value: Values, setpoint: Values, weight_s: Values, band: float) -> Compliance:
    """Return the compliance of samples with their set points within `band` [0..]; `weight_s` are their durations."""
    require("band", band, 0.0)
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
    """Return the largest excess of a value beyond a new set point, until the next step."""
    steps = np.flatnonzero(np.diff(setpoint) != 0.0) + 1
    most = 0.0
    for start, end in pairwise([*steps.tolist(), len(value)]):
        direction = np.sign(setpoint[start] - value[start - 1])
        if direction:
            most = max(most, float((direction * (value[start:end] - setpoint[start])).max()))
    return most


def find_rises(value: Values, setpoint: Values, band: float) -> list[tuple[int, int | None]]:
    """Return the samples at which the set point stepped by more than `band`, and after how many the value reached it.

    None where it was not before the next step, the end, or an unknown sample. Samples are equally far apart.
    """
    steps = np.flatnonzero(np.abs(np.diff(setpoint)) > band) + 1
    inside, known = np.abs(value - setpoint) <= band, np.isfinite(value) & np.isfinite(setpoint)
    rises: list[tuple[int, int | None]] = []
    for start, end in pairwise([*steps.tolist(), len(value)]):
        stop = np.flatnonzero(inside[start:end] | ~known[start:end])
        reached = len(stop) > 0 and bool(known[start + int(stop[0])])
        rises.append((start, int(stop[0]) if reached else None))
    return rises


def find_recoveries(value: Values, setpoint: Values, band: float) -> list[tuple[int, int]]:
    """Return when a value left the band of a constant set point, and after how many samples it returned.

    Departures that begin or end with a step of the set point, an unknown sample or the data are left out.
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
    """Return the total movement of an actuator, in its unit, and its changes of direction; NaN is left out."""
    known = position[np.isfinite(position)]
    moves = np.diff(known)
    moves = moves[moves != 0.0]
    return float(np.abs(moves).sum()), int(np.count_nonzero(np.diff(np.sign(moves)) != 0))


@dataclass(frozen=True, slots=True)
class ClimateUniformity:
    """Uniformity of values over a floor: coefficient of variation (n - 1) [%], span, two coefficients of irrigation.

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


def measure_uniformity(value: Values) -> ClimateUniformity | None:
    """Return the uniformity of values at several places at one time; None for fewer than two, or a mean of 0 or below.

    Relative figures are meaningful only for a quantity with a true zero: water, light, carbon dioxide, not degC.
    """
    known = np.sort(value[np.isfinite(value)])
    if len(known) < 2 or known.mean() <= 0.0:
        return None
    mean = float(known.mean())
    quarter = len(known) / 4.0
    weights = np.clip(quarter - np.arange(len(known)), 0.0, 1.0)
    return ClimateUniformity(
        mean=mean,
        cv_pct=100.0 * float(known.std(ddof=1)) / mean,
        span=float(known[-1] - known[0]),
        christiansen_pct=100.0 * (1.0 - float(np.abs(known - mean).mean()) / mean),
        lowest_quarter=float((known * weights).sum() / quarter) / mean,
    )


def find_place_bias(time_ms: Times, values: Values, *, least_share: float = 0.5) -> Values:
    """Return the difference of each place from the median of all at the same time; `values` has (places, samples).

    The median removes the course of the day. NaN for a place with less than `least_share` of the samples.
    """
    if values.shape[0] < 3 or len(time_ms) == 0:
        return np.full(values.shape[0], np.nan)
    known = np.isfinite(values)
    enough = known.sum(axis=0) >= 3
    together = np.where(enough[None], values, np.nan)
    middle = np.full(values.shape[1], np.nan)
    middle[enough] = np.nanmedian(together[:, enough], axis=0)
    off = together - middle
    bias = np.full(values.shape[0], np.nan)
    often = np.isfinite(off).sum(axis=1) >= least_share * values.shape[1]
    if often.any():
        bias[often] = np.nanmedian(off[often], axis=1)
    return bias
