"""Drift of product by wind while it falls: droplets by their class, granules by their fall, with its uncertainty.

    shift = wind * time for which the wind carries the product

For droplets that time follows from the fall of their class's median droplet below the rotors (`droplet_fall`), for
granules it is the height over their velocity. Nothing here is taken from the simulator that maps are compared with.

Sources
-------
.. [1] ANSI/ASABE S572 (droplet classes). The standard compares a nozzle with reference nozzles and gives no diameters;
       the median diameters here are in the ranges that extension services print beside its classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from headland.agronomy.application.drift_tail import DriftTail, tail_of
from headland.agronomy.application.droplet_fall import follow_droplet
from headland.agronomy.series.arrays import Times, Values, require

#: Granules of 2 to 4 mm fall at 7 to 9 m/s (reference values for prilled urea).
GRANULE_FALL_M_S: Final = 8.0
#: The median droplet of each class of [1] [um].
MEDIAN_DROPLET_UM: Final[Mapping[str, float]] = MappingProxyType({
    "extremely_fine": 50.0, "very_fine": 85.0, "fine": 170.0, "medium": 290.0, "coarse": 370.0, "very_coarse": 450.0,
    "extremely_coarse": 580.0, "ultra_coarse": 700.0,
})  # fmt: skip
#: The class where none is declared: what most labels ask for. Its shift is uncertain by the spread of all classes.
USUAL_CLASS: Final = "medium"
#: The standard deviation of the shift as a share of it, with the class known or assumed. Half of the range that each
#: input leaves open at 3 m: the disc's load 16 %, the place in the jet 16 %, the speed from the nozzle 15 %, the
#: ground's effect 7 %; not knowing the class 10 %.
_CLASS_KNOWN, _CLASS_ASSUMED = 0.28, 0.3
_GRANULES_UNCERTAIN: Final = 0.15
#: The basis of a drift of granules.
GRANULES: Final = "granules"
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
    which. `tail` is what goes farther than the shift; None of granules, and where the wind is not known.
    """

    time_ms: Times
    wind_m_s: Values
    from_deg: Values
    fall_s: Values
    uncertain_share: float = 0.0
    uncertain_m: float = 0.0
    basis: str = "none"
    tail: DriftTail | None = None

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


def droplet_carried_s(height_m: ArrayLike, droplet_class: str | None) -> Values:
    """Return for how long the wind carries droplets of a class of [1] from `height_m` to the ground [s].

    Of the usual class for None; a height below 0 counts as 0, one above 20 m as 20 m. Raises ValueError for an unknown
    class.
    """
    name = droplet_class or USUAL_CLASS
    if name not in MEDIAN_DROPLET_UM:
        raise ValueError(f"a droplet class is one of {', '.join(MEDIAN_DROPLET_UM)}")
    fall = follow_droplet(MEDIAN_DROPLET_UM[name])
    return np.asarray(np.interp(np.asarray(height_m, np.float64), fall.depth_m, fall.carried_s))


def granule_drift(time_ms: Times, wind_m_s: Values, from_deg: Values, height_m: Values) -> WindDrift:
    """Return the drift of granules that fall from `height_m` above the ground; unknown without samples."""
    if not len(time_ms):
        return _unknown(_ASSUMED_HEIGHT_M / GRANULE_FALL_M_S)
    fall_s = np.maximum(height_m, 0.0) / GRANULE_FALL_M_S
    return WindDrift(time_ms, wind_m_s, from_deg, fall_s, _GRANULES_UNCERTAIN, 0.0, GRANULES)


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
    if not len(time_ms):
        return _unknown(float(droplet_carried_s(_ASSUMED_HEIGHT_M, droplet_class)))
    basis, share = ("usual_class", _CLASS_ASSUMED) if droplet_class is None else ("droplet_class", _CLASS_KNOWN)
    carried_s = droplet_carried_s(height_m, droplet_class)
    tail = tail_of(droplet_class or USUAL_CLASS, wind_m_s, from_deg, height_m)
    return WindDrift(time_ms, wind_m_s, from_deg, carried_s, share, 0.0, basis, tail)


def _unknown(carried_s: float) -> WindDrift:
    empty = np.empty(0)
    far_m = _ASSUMED_WIND_M_S * carried_s
    return WindDrift(np.empty(0, np.int64), empty, empty, empty, 0.0, far_m, "not_known")
