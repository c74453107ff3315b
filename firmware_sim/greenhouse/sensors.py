"""Sensors of compartments and their errors. Pure except for the random stream."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from headland.agronomy.house_model.moist_air import Numbers
from headland.units_of_time import DAY_MS, HOUR_MS

#: Inside radiation at which an unshielded sensor has its full radiation error.
_RADIATION_W_M2: Final = 600.0


@dataclass(frozen=True, slots=True)
class SensorKind:
    """Errors of a kind of sensor: standard deviations of bias and daily drift between sensors, and of noise.

    `radiation` is the error at 600 W/m2. `spikes` and `dropouts` are shares of the samples.
    """

    channel: str
    bias: float = 0.0
    drift_per_day: float = 0.0
    noise: float = 0.0
    lag_s: float = 0.0
    quantum: float = 0.0
    radiation: float = 0.0
    spikes: float = 0.0
    spike_size: float = 0.0
    dropouts: float = 0.0
    low: float = -math.inf
    high: float = math.inf


#: Sensors of a compartment: twelve, as on farms.
FIELD: Final = (
    SensorKind("air_temperature_degc", 0.10, 0.002, 0.05, 60, 0.01, spikes=1e-5, spike_size=15),
    SensorKind("relative_humidity_pct", 1.2, 0.02, 0.4, 90, 0.01, low=0, high=100),
    SensorKind("co2_ppm", 15, 0.3, 8, 120, 1, dropouts=1e-4, low=0),
    SensorKind("par_umol_m2_s", 0.5, 0.0, 2.0, 1, 1, low=0),
    SensorKind("leaf_temperature_degc", 0.15, 0.002, 0.08, 20, 0.01),
    SensorKind("soil_temperature_degc", 0.10, 0.0005, 0.02, 180, 0.01),
    SensorKind("substrate_moisture_pct", 1.0, 0.005, 0.1, 60, 0.1, dropouts=2e-5, low=0, high=100),
    SensorKind("cover_temperature_degc", 0.15, 0.001, 0.05, 60, 0.01),
    SensorKind("air_temperature_degc:1", 0.15, 0.003, 0.06, 90, 0.01),
    SensorKind("relative_humidity_pct:1", 1.5, 0.03, 0.5, 120, 0.01, low=0, high=100),
    SensorKind("air_temperature_degc:2", 0.15, 0.003, 0.06, 60, 0.01, radiation=2.5),
    SensorKind("vent_open_pct", 0.0, 0.0, 0.2, 0, 0.1, low=0, high=100),
)
#: The same with noise only, to show the physics.
CLEAN: Final = (
    SensorKind("air_temperature_degc", noise=0.03),
    SensorKind("relative_humidity_pct", noise=0.2, low=0, high=100),
    SensorKind("co2_ppm", noise=4, low=0),
    SensorKind("par_umol_m2_s", noise=1, low=0),
    SensorKind("leaf_temperature_degc", noise=0.05),
    SensorKind("soil_temperature_degc", noise=0.02),
    SensorKind("substrate_moisture_pct", noise=0.1, low=0, high=100),
    SensorKind("cover_temperature_degc", noise=0.05),
    SensorKind("air_temperature_degc:1", noise=0.03),
    SensorKind("relative_humidity_pct:1", noise=0.2, low=0, high=100),
    SensorKind("air_temperature_degc:2", noise=0.03),
    SensorKind("vent_open_pct"),
)
#: Weather station of a farm.
STATION: Final = (
    SensorKind("outside_temperature_degc", noise=0.05),
    SensorKind("outside_humidity_pct", noise=0.3, low=0, high=100),
    SensorKind("global_radiation_w_m2", noise=1.5, low=0),
    SensorKind("wind_speed_m_s", noise=0.05, low=0),
)


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """A planted sensor fault that starts `after_h` hours after the start: stuck at its value, or without values."""

    unit: int
    channel: str
    kind: Literal["stuck", "dead"]
    after_h: float = 1.0


class SensorArray:
    """Sensors of several compartments: `measure` converts true values to readings, both units by sensors.

    The same seed gives the same errors, step by step.
    """

    def __init__(
        self, kinds: Sequence[SensorKind], units: int, seed: int, planted: Sequence[PlantedFault] = ()
    ) -> None:
        self.kinds = tuple(kinds)
        self._random = np.random.default_rng((seed, 41))
        shape = (units, len(self.kinds))
        self.bias = self._random.standard_normal(shape) * self._each("bias")
        self.drift_per_day = self._random.standard_normal(shape) * self._each("drift_per_day")
        self._noise, self._lag_s = self._each("noise"), self._each("lag_s")
        self._quantum, self._radiation = self._each("quantum"), self._each("radiation")
        self._spikes, self._spike_size = self._each("spikes"), self._each("spike_size")
        self._dropouts = self._each("dropouts")
        self._low, self._high = self._each("low"), self._each("high")
        self._planted = tuple(planted)
        self._start_ms: int | None = None
        self._lagged: Numbers | None = None
        self._stuck_values: dict[int, float] = {}

    def measure(self, truth: Numbers, inside_w_m2: Numbers, time_ms: int, step_s: float) -> Numbers:
        """Return the readings of an instant, NaN for a missing value; call it once per step, in order."""
        if self._start_ms is None or self._lagged is None:
            self._start_ms, self._lagged = time_ms, truth
        keep = np.where(self._lag_s > 0, np.exp(-step_s / np.maximum(self._lag_s, 1e-9)), 0.0)
        self._lagged = truth + keep * (self._lagged - truth)
        days = (time_ms - self._start_ms) / DAY_MS
        read = self._lagged + self.bias + self.drift_per_day * days
        read = read + self._noise * self._random.standard_normal(truth.shape)
        read += self._radiation * inside_w_m2[:, None] / _RADIATION_W_M2
        chance = self._random.random(truth.shape)
        read = np.where(chance < self._spikes, read + self._spike_size, read)
        read = np.clip(read, self._low, self._high)
        step = np.where(self._quantum > 0, self._quantum, 1.0)
        read = np.where(self._quantum > 0, np.round(read / step) * step, read)
        read = np.where(1 - chance <= self._dropouts, np.nan, read)
        return self._with_planted(read, time_ms)

    def _with_planted(self, read: Numbers, time_ms: int) -> Numbers:
        channels = [kind.channel for kind in self.kinds]
        for index, fault in enumerate(self._planted):
            if fault.unit > read.shape[0] or time_ms < (self._start_ms or 0) + fault.after_h * HOUR_MS:
                continue
            place = fault.unit - 1, channels.index(fault.channel)
            value = math.nan if fault.kind == "dead" else float(read[place])
            read[place] = self._stuck_values.setdefault(index, value)
        return read

    def _each(self, field: str) -> Numbers:
        return np.array([getattr(kind, field) for kind in self.kinds], float)
