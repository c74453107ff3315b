"""Faults of a sensor, and how large they must be to matter, by quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Times, Values
from headland.agronomy.series.sensor_health import LIMITS

#: The kinds. A stuck sensor reports its own noise about one value; an alternating one two values in turn. Noise is
#: scatter that the sensor did not have, spikes are lone values. A step, a drift and a gain change its relation to the
#: others.
STUCK, ALTERNATING, NOISE, SPIKES = "stuck", "alternating", "noise", "spike"
STEP, DRIFT, GAIN = "step", "drift", "gain"
#: Kinds whose samples tell nothing about the air; of the others they are doubtful.
LEFT_OUT: Final = frozenset((STUCK, ALTERNATING, NOISE, SPIKES))

Samples = tuple[Times, Values]


_PAR, _OUTSIDE_PAR, _RADIATION = "par_umol_m2_s", "outside_par_umol_m2_s", "global_radiation_w_m2"
_PIPE, _LAMP, _HEATING = "pipe_temperature_degc", "lamp_power_pct", "heating_power_w_m2"
_VENT, SCREEN = "vent_open_pct", "screen_closed_pct"
LIGHT: Final = frozenset((_PAR, _OUTSIDE_PAR, _RADIATION))
#: Channels that explain others and are not judged, and those that act for hours.
EXPLAIN: Final = (_OUTSIDE_PAR, _PIPE, _VENT, SCREEN, _LAMP, _HEATING)
#: Of these, what changes the air within minutes: pipes and vents move all day.
SUDDEN: Final = frozenset((SCREEN, _LAMP))
LASTING: Final = frozenset((*LIGHT, "outside_temperature_degc", _PIPE, _LAMP, _HEATING))


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


def _sizes_of(quantity: str, spike: float) -> FaultSizes:
    """Return the sizes of a quantity by its spike that is one beyond doubt; gas, wind and light have wider ones."""
    scale = {"co2_ppm": 400.0, "wind_speed_m_s": 15.0}.get(quantity, 200.0 if quantity in LIGHT else spike)
    return FaultSizes(0.03 * scale, 0.4 * scale, 0.3 * scale, 0.02 * scale)


#: The quantities that are judged: a pipe rests for weeks, and a gauge counts.
SIZES: Final[dict[str, FaultSizes]] = {
    quantity: _sizes_of(quantity, limits.spike)
    for quantity, limits in LIMITS.items()
    if quantity != _PIPE and not quantity.endswith("_total_mm")
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a channel: kind, since when, until when, at which of its samples, how large, and how sure.

    `size` is in the quantity's unit: the noise, the difference of the two values, the height, the slope a day; for a
    gain the share by which it reads more. `chance` is from 0 to 1. `beside` names the channel of the same quantity
    that shows it, "" where the days before and the other quantities do.
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
