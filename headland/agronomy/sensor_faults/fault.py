"""Faults of a sensor, and how large they must be to matter, by quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Times, Values

#: The kinds. A stuck sensor reports its own noise about one value; an alternating one two values in turn. Noise is scatter
#: that the sensor did not have, spikes are lone values. A step, a drift and a gain change its relation to the others.
STUCK, ALTERNATING, NOISE, SPIKES = "stuck", "alternating", "noise", "spike"
STEP, DRIFT, GAIN = "step", "drift", "gain"
#: Kinds whose samples tell nothing about the air; of the others they are doubtful.
LEFT_OUT: Final = frozenset((STUCK, ALTERNATING, NOISE, SPIKES))

Samples = tuple[Times, Values]


@dataclass(frozen=True, slots=True)
class FaultSizes:
    """The smallest faults of a quantity that are told, in its unit: smaller ones change no answer.

    noise
        Scatter of single samples, standard deviation.
    spike, step
        Height of a lone value, and of a lasting step.
    drift_a_day
        Slope.
    """

    noise: float
    spike: float
    step: float
    drift_a_day: float


_AIR: Final = FaultSizes(0.15, 2.0, 1.5, 0.1)
_HUMIDITY: Final = FaultSizes(0.8, 8.0, 6.0, 0.5)
_LIGHT: Final = FaultSizes(8.0, 150.0, 30.0, 4.0)
SIZES: Final[dict[str, FaultSizes]] = {
    "air_temperature_degc": _AIR,
    "leaf_temperature_degc": FaultSizes(0.3, 4.0, 2.0, 0.15),
    "cover_temperature_degc": FaultSizes(0.5, 5.0, 3.0, 0.2),
    "soil_temperature_degc": _AIR,
    "outside_temperature_degc": FaultSizes(0.2, 3.0, 3.0, 0.2),
    "relative_humidity_pct": _HUMIDITY,
    "outside_humidity_pct": FaultSizes(1.0, 10.0, 10.0, 0.8),
    "co2_ppm": FaultSizes(10.0, 150.0, 100.0, 6.0),
    "par_umol_m2_s": _LIGHT,
    "global_radiation_w_m2": _LIGHT,
    "wind_speed_m_s": FaultSizes(0.4, 8.0, 3.0, 0.3),
}
LIGHT: Final = frozenset(("par_umol_m2_s", "global_radiation_w_m2", "outside_par_umol_m2_s"))


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a channel: kind, since when, until when, at which of its samples, how large, and how sure.

    `size` is in the quantity's unit: the noise, the difference of the two values, the height, the slope a day; for a gain
    the factor. `chance` is from 0 to 1. `beside` names the channel that shows it, "" where the days before do.
    """

    channel: str
    kind: str
    start_ms: int
    end_ms: int
    at: Counts
    size: float
    chance: float
    beside: str = ""


def quantity_of(channel: str) -> str:
    """Return the quantity of a channel, which may have a device before and an instance behind: `d/co2_ppm:1`."""
    return channel.rpartition("/")[2].partition(":")[0]


def chance_of(ratio: float) -> float:
    """Return how sure a fault is whose evidence is `ratio` times the least that is told; 1 and more."""
    return round(float(1.0 - 0.25 * np.exp(-(ratio - 1.0))), 2)
