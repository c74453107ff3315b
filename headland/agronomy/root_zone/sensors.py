"""Sensors of soil probes: what they are expected to read, for what soil they stand, and the errors of the balance.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: table 19 for soils, p. 163 for the uptake of roots by depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values, require

#: How much of the lowest sensor's depletion the soil below it has, down to the roots' end.
_BELOW_LOWEST: Final = 0.75


@dataclass(frozen=True, slots=True)
class StatedErrors:
    """Standard errors of the balance, as shares of the quantity, and how long those of the crop last [days].

    crop, rain, irrigation, soil
        Of the crop's evapotranspiration, of measured rain, of recorded irrigation, of the water that the soil holds.
    event
        Of one rain or irrigation, beside that of all of them.
    surface
        Of what evaporates from the surface layer until it is dry.
    places
        Of the depletion between places of a field, as a share of the water that the soil holds.
    start
        Of the first day's depletion, as a share of the water that the soil holds.
    lasting_days
        How long the error of a reading lasts: so many days tell together what one independent reading tells.
    """

    crop: float = 0.2
    crop_days: float = 40.0
    rain: float = 0.08
    irrigation: float = 0.12
    event: float = 0.10
    soil: float = 0.15
    surface: float = 0.35
    places: float = 0.06
    start: float = 0.15
    lasting_days: float = 3.0


@dataclass(frozen=True, slots=True)
class SensorPrior:
    """What a sensor is expected to read at field capacity, and how its reading falls, with standard errors.

    `per_share` is how much the reading falls when the soil loses all of its volume in water, in the reading's unit: 100
    for per cent of volume. `gain_error` is its standard error as a share. `error` is the standard error of one reading,
    of the sensor and of what a small volume tells of the layer.
    """

    field_capacity: float
    field_capacity_error: float
    error: float
    per_share: float = 100.0
    gain_error: float = 0.12

    def __post_init__(self) -> None:
        """Refuse errors that are not positive, and a reading that does not change, with ValueError."""
        for name in ("field_capacity_error", "error", "gain_error"):
            require(name, getattr(self, name), above=0.0)
        require("the change of the reading", abs(self.per_share), above=0.0)


@dataclass(frozen=True, slots=True)
class SoilSensor:
    """A sensor of a probe at a depth [m] with its readings at the end of each day, NaN where there is none."""

    probe: str
    depth_m: float
    reading: Values
    prior: SensorPrior


def layers_of_sensors(depths_m: Sequence[float], deepest_m: float) -> Values:
    """Return the thickness of soil [m] that each sensor stands for, down to the deepest roots.

    Each stands for the soil up to halfway to its neighbours, the highest up to the surface. Below the lowest one the
    depletion falls off to half of its own at the roots' end, as roots do (FAO-56 p. 163: 40, 30, 20, 10 % of the uptake
    by quarters), so that this soil counts three quarters. Sensors below the roots stand for nothing.
    """
    order = np.argsort(depths_m)
    depths = np.asarray(depths_m, np.float64)[order]
    edges = np.concatenate(([0.0], (depths[:-1] + depths[1:]) / 2.0, [depths[-1]]))
    thick = np.clip(np.minimum(edges[1:], deepest_m) - edges[:-1], 0.0, None)
    thick[-1] += _BELOW_LOWEST * max(deepest_m - float(depths[-1]), 0.0)
    by_sensor = np.empty(len(depths))
    by_sensor[order] = thick
    return by_sensor
