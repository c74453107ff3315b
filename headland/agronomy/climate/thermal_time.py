"""Temperature sums: degree days by named methods and winter chill by named models.

Sources
-------
.. [1] McMaster and Wilhelm (1997), Agric. For. Meteorol. 87, 291-300: the two readings of the average method.
.. [2] Baskerville and Emin (1969), Ecology 50, 514-517: single sine.
.. [3] Allen (1976), Environ. Entomol. 5, 388-396: double sine.
.. [4] UC IPM: degree-days, upper threshold methods (horizontal, intermediate, vertical cutoff).
.. [5] Richardson, Seeley and Walker (1974), HortScience 9, 331-332: Utah units.
.. [6] Fishman, Erez and Couvillon (1987), J. Theor. Biol. 124, 473-483 and 126, 309-321: the dynamic model.
.. [7] Luedeling, Zhang, Luedeling and Girvetz (2009), Agric. Ecosyst. Environ. 133, 23-31: the constants as extracted
       from Erez and Fishman's own program; the same as in the R package chillR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, SUM_BAR, Index, precomputed_index
from headland.agronomy.series.time_grid import Periods, average, count_true, sum_up

Cutoff = Literal["horizontal", "intermediate", "vertical"]


def degree_days_average(
    low_degc: ArrayLike, high_degc: ArrayLike, base_degc: float, upper_degc: float = np.inf
) -> Values:
    """Return (low + high) / 2, at most the upper threshold, above the base, 0 below it [degC d]; [1] method 1."""
    low, high = _pair(low_degc, high_degc)
    return np.asarray(np.maximum(np.minimum((low + high) / 2.0, upper_degc) - base_degc, 0.0))


def degree_days_clamped(
    low_degc: ArrayLike, high_degc: ArrayLike, base_degc: float, upper_degc: float = np.inf
) -> Values:
    """Return the mean of low and high, each limited to base and upper, above the base [degC d]; [1] method 2."""
    low, high = (np.clip(extreme, base_degc, upper_degc) for extreme in _pair(low_degc, high_degc))
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

    Above `upper_degc` development continues at its rate (horizontal), slows as much as it rose (intermediate) or stops
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


#: The methods by their names in answers: low, high and next low of a day, base and upper threshold, cutoff.
METHODS: Final[dict[str, Callable[[Values, Values, Values, float, float | None, Cutoff], Values]]] = {
    "average": lambda low, high, _next, base, upper, _cutoff: degree_days_average(
        low, high, base, np.inf if upper is None else upper
    ),
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


def _pair(low_degc: ArrayLike, high_degc: ArrayLike) -> tuple[Values, Values]:
    """Return both as arrays, NaN for a day whose low is above its high."""
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


_UTAH_EDGES_DEGC: Final = np.array([1.4, 2.4, 9.1, 12.4, 15.9, 18.0])
_UTAH_UNITS: Final = np.array([0.0, 0.5, 1.0, 0.5, 0.0, -0.5, -1.0])

#: [7]: energies over the gas constant [K], rates [1/h], slope and the temperature of transition [K].
_E0, _E1, _A0, _A1, _SLOPE, _TRANSITION_K = 4153.5, 12888.8, 139_500.0, 2.567e18, 1.6, 277.0
#: The offset to kelvin that the model was fitted with; 273.15 gives up to 2 % other portions.
FITTED_OFFSET_K: Final = 273.0


def utah_by_hour(temperature_degc: Values) -> Values:
    """Return the Utah chill units of each hourly temperature, NaN where it is not known; [5]."""
    units = _UTAH_UNITS[np.searchsorted(_UTAH_EDGES_DEGC, temperature_degc, side="left")]
    return np.where(np.isfinite(temperature_degc), units, np.nan)


def portions_by_hour(temperature_degc: Values, *, offset_k: float = FITTED_OFFSET_K) -> Values:
    """Return the chill portions up to each hour; NaN from the first unknown hour on; [6] with the constants of [7].

    The first hour begins with nothing accumulated, as in the authors' own program; a later start gives other portions,
    because the model counts in whole steps and remembers.
    """
    kelvin = temperature_degc + offset_k
    transition = np.exp(_SLOPE * _TRANSITION_K * (kelvin - _TRANSITION_K) / kelvin)
    fixed_share = transition / (1.0 + transition)
    level = _A0 / _A1 * np.exp((_E1 - _E0) / kelvin)
    retained = np.exp(-_A1 * np.exp(-_E1 / kelvin))
    gathered = np.zeros(len(kelvin))
    intermediate, portions = 0.0, 0.0
    rows = zip(level[1:].tolist(), retained[1:].tolist(), fixed_share[1:].tolist(), strict=True)
    for at, (target, retention, share) in enumerate(rows, 1):
        intermediate = target - (target - intermediate) * retention
        if intermediate >= 1.0:
            portions += share * intermediate
            intermediate *= 1.0 - share
        gathered[at] = portions
    unknown = np.flatnonzero(~np.isfinite(kelvin))
    gathered[unknown[0] if len(unknown) else len(kelvin) :] = np.nan
    return gathered


#: The band of plain chill hours [degC], both ends included.
CHILL_DEGC: Final = (0.0, 7.2)
_HOURLY: Final = "of hourly means of half an hour or more"


def chill_indices(days: Periods, hours: Periods, channel: str, temperature_degc: Values) -> list[Index]:
    """Return the chill of each day; `days` are in hours, `hours` and `temperature_degc` in steps of one grid."""
    enough = count_true(hours, np.isfinite(temperature_degc)) >= MEAN_BAR * hours.lengths
    hourly = np.where(enough, average(hours, temperature_degc), np.nan)
    known = count_true(days, np.isfinite(hourly))
    coverage = known / days.lengths
    low, high = CHILL_DEGC
    portions = portions_by_hour(hourly)[days.edges[1:] - 1]
    since = np.cumsum(known) / np.cumsum(days.lengths)
    utah = f"Richardson, Seeley and Walker (1974), Utah, {_HOURLY}; warm hours take units away; from 90 % on"
    dynamic = (
        f"Fishman et al. (1987), constants of Luedeling et al. (2009, Agric. Ecosyst. Environ. 133), 0 degC = "
        f"{FITTED_OFFSET_K:g} K, gathered since "
        f"the first day asked for, {_HOURLY}; every hour must be known"
    )
    plain = f"hours from {low:g} to {high:g} degC {_HOURLY}; from 90 % on"
    cold = count_true(days, (hourly >= low) & (hourly <= high)).astype(np.float64)
    columns = (
        ("chill_hours", "h", plain, cold, coverage, SUM_BAR),
        ("chill_units", "1", utah, sum_up(days, utah_by_hour(hourly)), coverage, SUM_BAR),
        ("chill_portions_since", "1", dynamic, portions, since, 1.0),
    )
    chill = [
        precomputed_index(name, unit, Method(name, 1, rule), (channel,), value, share, known, bar)
        for name, unit, rule, value, share, bar in columns
    ]
    # The portions are those of all days up to each: another first day gives another number for another window.
    ends_ms = [hours.window(last)[1] for last in (days.edges[1:] - 1).tolist()]
    return [*chill[:-1], replace(chill[-1], windows=tuple((hours.start_ms, end_ms) for end_ms in ends_ms))]
