"""Sensors of soil probes: what they are expected to read, and the errors of balance and readings.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: table 19, what soils hold; a loam's TAW is 130 to 180 mm/m, +- 10 % as one error.
.. [2] Brouwer, Prins, Heibloem (1989), FAO Irrigation Water Management, Training Manual 4, annex I (not re-read): of
   the water that reaches a field, crops can use 60 % with surface irrigation, 75 % with sprinklers, 90 % with drippers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Final

from headland.agronomy.series.arrays import Values, require

#: The error of irrigation that a meter counted, its losses declared, as a share: the meter's, and how even it is.
_METERED: Final = 0.12
#: The further error of what a person wrote down: hours times a pump's nominal flow.
_WRITTEN: Final = 0.2
#: The further error of losses that nobody declared: up to 40 % is lost, [2].
_LOST: Final = 0.2


def irrigation_error(*, is_metered: bool, knows_losses: bool) -> float:
    """Return the standard error of the irrigation of a season as a share of it."""
    return hypot(_METERED, 0.0 if is_metered else _WRITTEN, 0.0 if knows_losses else _LOST)


@dataclass(frozen=True, slots=True)
class StatedErrors:
    """Standard errors of balance and readings, as shares of the quantity, before anything is learnt from readings.

    crop, rain, irrigation, soil
        Of the crop's evapotranspiration, which lasts `crop_days`, of measured rain, of recorded irrigation, of the
        water that the soil holds.
    event
        Of one rain or irrigation, beside that of all of them.
    surface
        Of what evaporates from the surface layer until it is dry, in logarithms: its middle is half of the tables'.
    from_below
        How far short roots draw on the soil below them: the root zone then lacks as much as all of the profile.
    steepness, reach
        Of the fall of the roots' uptake with depth, and of their reach.
    start
        Of the first day's depletion, as a share of the water that the soil holds.
    places
        How far places of a field part from it, as a share of the ensemble's own width.
    layers, sensor_place
        Of what a layer lacks, the same for all probes over `layer_m` [m], and of a sensor's small volume against its
        layer, both as shares of volume and lasting `layer_days`.
    full_layer
        What is left of `layers` where a layer is full: a soil that drained holds its field capacity, whatever the
        roots do. All of it is there from `dry_layer` on, which the layer lacks as a share of volume.
    reading_days
        How long the error of a reading lasts.
    """

    crop: float = 0.3
    crop_days: float = 20.0
    rain: float = 0.08
    irrigation: float = _METERED
    event: float = 0.10
    soil: float = 0.10
    surface: float = 1.2
    from_below: float = 1.0
    steepness: float = 0.4
    reach: float = 0.15
    start: float = 0.15
    places: float = 0.6
    layers: float = 0.02
    full_layer: float = 0.2
    dry_layer: float = 0.06
    sensor_place: float = 0.01
    layer_days: float = 40.0
    layer_m: float = 0.15
    reading_days: float = 5.0


@dataclass(frozen=True, slots=True)
class SensorPrior:
    """What a sensor is expected to read at field capacity, and how its reading falls, with standard errors.

    `field_capacity_error` has a part `shared_error` that all sensors of the field have in common: what nobody knows of
    the soil. `per_share` is how much the reading falls when the soil loses all of its volume in water, in the reading's
    unit: 100 for per cent of volume. `gain_error` is its standard error as a share. `error` is the standard error of
    one reading, of the sensor and of what a small volume tells of the layer.
    """

    field_capacity: float
    field_capacity_error: float
    error: float
    per_share: float = 100.0
    gain_error: float = 0.12
    shared_error: float = 0.0

    def __post_init__(self) -> None:
        """Refuse errors that are not positive, and a reading that does not change, with ValueError."""
        for name in ("field_capacity_error", "error", "gain_error"):
            require(name, getattr(self, name), above=0.0)
        require("shared_error", self.shared_error, 0.0, self.field_capacity_error)
        require("the change of the reading", abs(self.per_share), above=0.0)


@dataclass(frozen=True, slots=True)
class SoilSensor:
    """A sensor of a probe at a depth [m] with its readings at the end of each day, NaN where there is none."""

    probe: str
    depth_m: float
    reading: Values
    prior: SensorPrior
