"""Drift of product by wind while it falls: droplets by their class, granules by their fall, with its uncertainty.

Droplets leave with the air that the rotors push down, and fall through it at their terminal velocity:

    shift = wind * height / (downwash + terminal velocity of the class's median droplet)

Sources
-------
.. [1] ANSI/ASABE S572 (droplet classes). The standard compares a nozzle with reference nozzles and gives no diameters;
       the median diameters here are in the ranges that extension services print beside its classes.
.. [2] Gunn and Kinzer (1949), J. Meteorol. 6, 243-248: terminal velocity of water droplets in still air at sea level.
.. [3] Leishman (2006), Principles of Helicopter Aerodynamics, 2nd ed., eq 2.14: induced velocity in hover,
       sqrt(T / (2 rho A)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.series.arrays import Times, Values, require, within

#: Granules of 2 to 4 mm fall at 7 to 9 m/s (reference values for prilled urea).
GRANULE_FALL_M_S: Final = 8.0
#: The median droplet of each class of [1] [um].
MEDIAN_DROPLET_UM: Final[Mapping[str, float]] = MappingProxyType({
    "extremely_fine": 50.0, "very_fine": 85.0, "fine": 170.0, "medium": 290.0, "coarse": 370.0, "very_coarse": 450.0,
    "extremely_coarse": 580.0, "ultra_coarse": 700.0,
})  # fmt: skip
#: The class where none is declared: what most labels ask for. Its shift is uncertain by the spread of all classes.
USUAL_CLASS: Final = "medium"
#: [2]: diameters [um] and velocities [m/s]; below the first by the square of the diameter (Stokes).
_DIAMETER_UM: Final = np.array([0.0, 25.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 900.0, 1000.0])
_VELOCITY_M_S: Final = np.array([0.0, 0.019, 0.075, 0.27, 0.72, 1.17, 1.62, 2.06, 2.47, 2.87, 3.27, 3.67, 4.03])
#: [3] for the loads of a disc of agricultural multirotors from 35 to 100 kg, 100 to 200 N/m2: 6.4 to 9 m/s.
DOWNWASH_M_S: Final = 8.5
#: The share of the shift by which downwash and class, known or assumed, leave it uncertain: a standard deviation.
_CLASS_KNOWN, _CLASS_ASSUMED = 0.2, 0.3
_GRANULES_UNCERTAIN: Final = 0.15
#: From the feeder's gate to the disc's rim, of spreaders of this class [s].
_CHUTE_S: Final = 0.3
_GRAVITY_M_S2: Final = 9.81
#: Wind and height that are assumed where they are not measured: how far product may then have drifted. A label permits
#: up to 15 km/h, and multirotors spray from 2 to 4 m.
_ASSUMED_WIND_M_S, _ASSUMED_HEIGHT_M = 2.0, 3.0


@dataclass(frozen=True, slots=True)
class WindDrift:
    """Wind and time of fall of product: columns of equal length, empty where unknown or irrelevant.

    `fall_s` is the time for which the wind carries the product. `uncertain_share` is the standard deviation of the
    shift as a share of it, `uncertain_m` the one in any direction where wind or height is not known; `basis` says
    which.
    """

    time_ms: Times
    wind_m_s: Values
    from_deg: Values
    fall_s: Values
    uncertain_share: float = 0.0
    uncertain_m: float = 0.0
    basis: str = "none"

    @property
    def is_known(self) -> bool:
        """Whether the wind and the fall are known at least once."""
        return len(self.time_ms) > 0

    def shift_m(self, time_ms: Times) -> tuple[Values, Values]:
        """Return how far product of each instant drifts east and north; 0 where wind or height is unknown."""
        if not self.is_known:
            return np.zeros(len(time_ms)), np.zeros(len(time_ms))
        towards = np.radians(self.from_deg + 180.0)
        far_m = self.wind_m_s * self.fall_s
        east, north = (np.interp(time_ms, self.time_ms, far_m * part(towards)) for part in (np.sin, np.cos))
        return np.asarray(east), np.asarray(north)


def terminal_velocity_m_s(diameter_um: ArrayLike) -> Values:
    """Return the terminal velocity of water droplets of `diameter_um` [um, 0..1000] in still air [m/s]; [2]."""
    return np.asarray(np.interp(within(diameter_um, 0.0, 1000.0), _DIAMETER_UM, _VELOCITY_M_S))


def droplet_fall_m_s(droplet_class: str | None) -> float:
    """Return how fast droplets of a class of [1] come down under a multirotor [m/s]; the usual class for None.

    Raises ValueError for an unknown class.
    """
    name = droplet_class or USUAL_CLASS
    if name not in MEDIAN_DROPLET_UM:
        raise ValueError(f"a droplet class is one of {', '.join(MEDIAN_DROPLET_UM)}")
    return DOWNWASH_M_S + float(terminal_velocity_m_s(MEDIAN_DROPLET_UM[name]))


def granule_drift(time_ms: Times, wind_m_s: Values, from_deg: Values, height_m: Values) -> WindDrift:
    """Return the drift of granules that fall from `height_m` above the ground; unknown without samples."""
    if not len(time_ms):
        return _unknown(GRANULE_FALL_M_S)
    fall_s = np.maximum(height_m, 0.0) / GRANULE_FALL_M_S
    return WindDrift(time_ms, wind_m_s, from_deg, fall_s, _GRANULES_UNCERTAIN, 0.0, "granules")


def granule_landing_s(height_m: float) -> float:
    """Return by how much behind the feeder a granule from `height_m` [m, 0..] is on its machine's track [s].

    Through the chute, and while it falls: it keeps the machine's speed with a time constant of its terminal velocity
    over gravity, so that it lands so far ahead as if it had left so much later.
    """
    require("height_m", height_m, 0.0)
    constant_s = GRANULE_FALL_M_S / _GRAVITY_M_S2
    return _CHUTE_S + constant_s * (1.0 - math.exp(-height_m / GRANULE_FALL_M_S / constant_s))


def droplet_drift(
    time_ms: Times, wind_m_s: Values, from_deg: Values, height_m: Values, droplet_class: str | None
) -> WindDrift:
    """Return the drift of droplets sprayed by a multirotor at `height_m` above the ground; unknown without samples."""
    fall_m_s = droplet_fall_m_s(droplet_class)
    if not len(time_ms):
        return _unknown(fall_m_s)
    basis, share = ("usual_class", _CLASS_ASSUMED) if droplet_class is None else ("droplet_class", _CLASS_KNOWN)
    return WindDrift(time_ms, wind_m_s, from_deg, np.maximum(height_m, 0.0) / fall_m_s, share, 0.0, basis)


def _unknown(fall_m_s: float) -> WindDrift:
    empty = np.empty(0)
    far_m = _ASSUMED_WIND_M_S * _ASSUMED_HEIGHT_M / fall_m_s
    return WindDrift(np.empty(0, np.int64), empty, empty, empty, 0.0, far_m, "not_known")


def rate_uncertainty(rate: Values, cell_m: float, drift: WindDrift, mean_shift_m: tuple[float, float]) -> Values:
    """Return the standard deviation of each cell's rate by that of the drift, to first order; in the rate's unit.

    `rate` (rows, columns) has 0 where nothing landed. It is the slope of the rate over the ground times the deviation
    of the shift, along the wind where that is known, else in any direction.
    """
    known = np.nan_to_num(rate)
    if min(known.shape) < 2:
        return np.zeros(known.shape)
    north, east = np.gradient(known, cell_m)
    if drift.uncertain_m:
        return np.asarray(np.hypot(east, north) * drift.uncertain_m / np.sqrt(2.0))
    along = east * mean_shift_m[0] + north * mean_shift_m[1]
    return np.asarray(np.abs(along) * drift.uncertain_share)
