"""Winter chill from hourly temperatures: hours, Utah units and dynamic portions.

Sources
-------
.. [1] Richardson, Seeley and Walker (1974), HortScience 9, 331-332: Utah units.
.. [2] Fishman, Erez and Couvillon (1987), J. Theor. Biol. 124, 473-483 and 126, 309-321: the dynamic model.
.. [3] Luedeling et al. (2009), Int. J. Biometeorol. 53, 411-422: its constants as used today.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values

_UTAH_EDGES_DEGC: Final = np.array([1.4, 2.4, 9.1, 12.4, 15.9, 18.0])
_UTAH_UNITS: Final = np.array([0.0, 0.5, 1.0, 0.5, 0.0, -0.5, -1.0])

#: [3] table 2: energies over the gas constant [K], rates [1/h], slope and the temperature of transition [K].
_E0, _E1, _A0, _A1, _SLOPE, _TRANSITION_K = 4153.5, 12888.8, 139_500.0, 2.567e18, 1.6, 277.0
#: The offset to kelvin that the model was fitted with; 273.15 gives up to 2 % other portions.
FITTED_OFFSET_K: Final = 273.0


def chill_hours(temperature_degc: Values, low_degc: float = 0.0, high_degc: float = 7.2) -> int:
    """Return how many of the hourly temperatures lie from `low_degc` to `high_degc`, both included."""
    return int(np.count_nonzero((temperature_degc >= low_degc) & (temperature_degc <= high_degc)))


def utah_units(temperature_degc: Values) -> float:
    """Return the Utah chill units of hourly temperatures; warm hours take units away; [1]. NaN counts as nothing."""
    return float(np.nansum(utah_by_hour(temperature_degc)))


def utah_by_hour(temperature_degc: Values) -> Values:
    """Return the Utah chill units of each hourly temperature, NaN where it is not known; [1]."""
    units = _UTAH_UNITS[np.searchsorted(_UTAH_EDGES_DEGC, temperature_degc, side="left")]
    return np.where(np.isfinite(temperature_degc), units, np.nan)


def chill_portions(temperature_degc: Values, *, offset_k: float = FITTED_OFFSET_K) -> float:
    """Return the chill portions of hourly temperatures without a hole; [2] with the constants of [3].

    The first hour begins with nothing accumulated, as in the authors' own program; a later start gives other portions,
    for the model counts in whole steps. Raises ValueError for NaN: the model remembers, so an hour that is missing
    spoils all that follow.
    """
    if not np.isfinite(temperature_degc).all():
        raise ValueError("chill portions need every hour: fill the holes from another sensor or begin anew after them")
    return float(portions_by_hour(temperature_degc, offset_k=offset_k)[-1]) if len(temperature_degc) else 0.0


def portions_by_hour(temperature_degc: Values, *, offset_k: float = FITTED_OFFSET_K) -> Values:
    """Return the portions gathered up to each hour; NaN from the first hour on that is not known."""
    kelvin = temperature_degc + offset_k
    transition = np.exp(_SLOPE * _TRANSITION_K * (kelvin - _TRANSITION_K) / kelvin)
    fixed_share = transition / (1.0 + transition)
    level = _A0 / _A1 * np.exp((_E1 - _E0) / kelvin)
    kept = np.exp(-_A1 * np.exp(-_E1 / kelvin))
    found = np.zeros(len(kelvin))
    intermediate, portions = 0.0, 0.0
    rows = zip(level[1:].tolist(), kept[1:].tolist(), fixed_share[1:].tolist(), strict=True)
    for at, (target, keep, share) in enumerate(rows, 1):
        intermediate = target - (target - intermediate) * keep
        if intermediate >= 1.0:
            portions += share * intermediate
            intermediate *= 1.0 - share
        found[at] = portions
    unknown = np.flatnonzero(~np.isfinite(kelvin))
    found[unknown[0] if len(unknown) else len(kelvin) :] = np.nan
    return found
