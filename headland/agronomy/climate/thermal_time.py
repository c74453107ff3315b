"""Warmth over time: day and night means, degree days by named methods, hours beyond a threshold; in degC.

Sources
-------
.. [1] McMaster and Wilhelm (1997), Agric. For. Meteorol. 87, 291-300: the two readings of the average method.
.. [2] Baskerville and Emin (1969), Ecology 50, 514-517: single sine.
.. [3] Allen (1976), Environ. Entomol. 5, 388-396: double sine.
.. [4] UC IPM: degree-days, upper threshold methods (horizontal, intermediate, vertical cutoff).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Mask, Times, Values
from headland.units_of_time import HOUR_MS

Cutoff = Literal["horizontal", "intermediate", "vertical"]


def degree_days_average(low_degc: ArrayLike, high_degc: ArrayLike, base_degc: float) -> Values:
    """Return (low + high) / 2 above the base, 0 below it [degC d]; [1] method 1."""
    low, high = _pair(low_degc, high_degc)
    return np.asarray(np.maximum((low + high) / 2.0 - base_degc, 0.0))


def degree_days_clamped(
    low_degc: ArrayLike, high_degc: ArrayLike, base_degc: float, upper_degc: float = np.inf
) -> Values:
    """Return the mean of low and high, first brought between base and upper, above the base [degC d]; [1] method 2."""
    low, high = (np.clip(each, base_degc, upper_degc) for each in _pair(low_degc, high_degc))
    return np.asarray((low + high) / 2.0 - base_degc)


def degree_days_sine(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    base_degc: float,
    upper_degc: float | None = None,
    *,
    cutoff: Cutoff = "horizontal",
) -> Values:
    """Return the area under a sine between low and high, above the base [degC d]; [2].

    Above `upper_degc` development goes on at its rate (horizontal), slows as much as it rose (intermediate) or stops
    (vertical); [4].
    """
    low, high = _pair(low_degc, high_degc)
    above = _sine_above(low, high, base_degc)
    if upper_degc is None:
        return above
    beyond = _sine_above(low, high, upper_degc)
    if cutoff == "horizontal":
        return np.asarray(above - beyond)
    if cutoff == "intermediate":
        return np.asarray(np.maximum(above - 2.0 * beyond, 0.0))
    return np.asarray(above - beyond - (upper_degc - base_degc) * _share_above(low, high, upper_degc))


def degree_days_double_sine(
    low_degc: ArrayLike,
    high_degc: ArrayLike,
    next_low_degc: ArrayLike,
    base_degc: float,
    upper_degc: float | None = None,
    *,
    cutoff: Cutoff = "horizontal",
) -> Values:
    """Return half of a sine from the day's low and half of one to the next day's [degC d]; [3], cutoffs as [4]."""
    halves = [
        degree_days_sine(low, high_degc, base_degc, upper_degc, cutoff=cutoff) for low in (low_degc, next_low_degc)
    ]
    return np.asarray((halves[0] + halves[1]) / 2.0)


#: The methods by the name that an answer carries: low, high and next low of a day, base and upper threshold, cutoff.
METHODS: Final[dict[str, Callable[[Values, Values, Values, float, float | None, Cutoff], Values]]] = {
    "average": lambda low, high, _next, base, _upper, _cutoff: degree_days_average(low, high, base),
    "average_clamped": lambda low, high, _next, base, upper, _cutoff: degree_days_clamped(
        low, high, base, np.inf if upper is None else upper
    ),
    "single_sine": lambda low, high, _next, base, upper, cutoff: degree_days_sine(
        low, high, base, upper, cutoff=cutoff
    ),
    "double_sine": lambda low, high, following, base, upper, cutoff: degree_days_double_sine(
        low, high, following, base, upper, cutoff=cutoff
    ),
}


def hours_beyond(
    time_ms: Times, temperature_degc: Values, threshold_degc: float, *, above: bool, max_gap_s: float
) -> tuple[float, float]:
    """Return the hours beyond a threshold, and the degree-hours [degC h], of a line through the samples.

    Where the line crosses the threshold between two samples, the part beyond counts. Samples further apart than
    `max_gap_s`, or NaN, leave a hole.
    """
    known = np.isfinite(temperature_degc)
    hours = time_ms[known] / HOUR_MS
    excess = temperature_degc[known] - threshold_degc
    excess = excess if above else -excess
    first, last, steps = excess[:-1], excess[1:], np.diff(hours)
    joined = steps * 3600.0 <= max_gap_s
    top, bottom = np.maximum(first, last), np.minimum(first, last)
    span = np.where(top > bottom, top - bottom, 1.0)
    share = np.where(bottom >= 0.0, np.where(top > 0.0, 1.0, 0.0), np.clip(top, 0.0, None) / span)
    area = np.where(bottom >= 0.0, (top + bottom) / 2.0, np.clip(top, 0.0, None) * share / 2.0)
    return float((share * steps)[joined].sum()), float((area * steps)[joined].sum())


def day_and_night_means(
    temperature_degc: Values, weight_s: Values, by_day: Mask
) -> tuple[float | None, float | None, float | None]:
    """Return the weighted means by day and by night and their difference, DIF [degC]; None where there is nothing.

    `weight_s` is the time that each sample speaks for, `by_day` whether the sun (or a lamp) was up at it.
    """
    means = [_mean(temperature_degc, weight_s, part & np.isfinite(temperature_degc)) for part in (by_day, ~by_day)]
    day, night = means
    return day, night, None if day is None or night is None else day - night


def _mean(value: Values, weight: Values, part: Mask) -> float | None:
    total = float(weight[part].sum())
    return float((value[part] * weight[part]).sum() / total) if total > 0.0 else None


def _pair(low_degc: ArrayLike, high_degc: ArrayLike) -> tuple[Values, Values]:
    """Return both as arrays; a low above its high is no day, so NaN."""
    low, high = np.broadcast_arrays(np.asarray(low_degc, np.float64), np.asarray(high_degc, np.float64))
    impossible = low > high
    return np.where(impossible, np.nan, low), np.where(impossible, np.nan, high)


def _sine_above(low: Values, high: Values, level: float) -> Values:
    """Return the day's mean height of the sine above a level; [2] eq 3."""
    amplitude, mean = (high - low) / 2.0, (high + low) / 2.0
    angle = np.arcsin(_relative(level, mean, amplitude))
    crossing = ((mean - level) * (np.pi / 2.0 - angle) + amplitude * np.cos(angle)) / np.pi
    return np.asarray(np.where(low >= level, mean - level, np.where(high <= level, 0.0 * mean, crossing)))


def _share_above(low: Values, high: Values, level: float) -> Values:
    """Return the share of the day that the sine is above a level."""
    angle = np.arcsin(_relative(level, (high + low) / 2.0, (high - low) / 2.0))
    share = (np.pi / 2.0 - angle) / np.pi
    return np.asarray(np.where(low >= level, 1.0 + 0.0 * low, np.where(high <= level, 0.0 * high, share)))


def _relative(level: float, mean: Values, amplitude: Values) -> Values:
    """Return where a level lies in the sine, -1 at its low to 1 at its high."""
    return np.asarray(np.clip((level - mean) / np.where(amplitude > 1e-9, amplitude, 1.0), -1.0, 1.0))
