"""Simulated greenhouse of compartments: weather, climate, controller and sensors, stepped together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from firmware_sim.core.noise import Noise, Wander
from firmware_sim.greenhouse.scenarios import HouseScenario
from firmware_sim.greenhouse.sensors import STATION, SensorArray
from firmware_sim.greenhouse.true_climate import true_climate
from firmware_sim.greenhouse.weather import Weather, WeatherSource
from firmware_sim.protocols.readings import Readings
from headland.agronomy.house_model import climate_model, controller
from headland.agronomy.house_model.compartment import structure_of
from headland.agronomy.house_model.moist_air import Numbers
from headland.agronomy.house_model.openings import light_w_m2
from headland.agronomy.house_model.outside import Outside
from headland.agronomy.house_model.state import Actuators
from headland.agronomy.house_model.sun_on_wall import south_w_m2
from headland.errors import SettingsError

STEP_MS: Final = 1000
#: Simulated time before the start, which brings the climate into a plausible state.
_SPIN_UP_S: Final = 8 * 3600
#: The same where a wall and the soil store the heat of a day.
_SLAB_SPIN_UP_S: Final = 24 * 3600
#: The longest step in which the controller's loops and the climate are stable.
STABLE_STEP_S: Final = 60.0
#: Resolution of the tipping-bucket rain gauge.
_BUCKET_MM: Final = 0.2
_REPORTED: Final = ("heating_power_w_m2", "screen_closed_pct", "fogging_pct", "lamp_power_w_m2")


class Compartments:
    """Advances by `step_ms`; the same seed, scenario, weather, start and step give the same readings.

    Longer steps than a second make seasons affordable. A step longer than `STABLE_STEP_S` is made of the fewest equal
    ones that are not, each with its own weather and control: `steps_within` says how many.
    """

    def __init__(
        self,
        scenario: HouseScenario,
        seed: int,
        start_ms: int,
        weather: WeatherSource | None = None,
        step_ms: int = STEP_MS,
    ) -> None:
        self._scenario = scenario
        if step_ms < 1:
            raise SettingsError(f"A step of {step_ms} ms is not possible: give 1 ms or more.")
        self._step_ms, self._step_s = step_ms, step_ms / 1000
        self.steps_within = math.ceil(self._step_s / STABLE_STEP_S)
        self._structure = structure_of(scenario.compartments)
        self._weather = weather or Weather(scenario.place, seed, scenario.frost_every_days)
        self.sensors = SensorArray(scenario.sensors, self.units, seed, scenario.planted)
        self._station = SensorArray(STATION, 1, seed + 1)
        noise = Noise(seed, 11)
        #: Relative variation of the edge's and the roof's difference to the middle.
        self._wander = tuple(Wander(noise, 0.15, 1800.0, self._step_s) for _ in range(2))
        #: What somebody sets by hand: returns the targets at an instant in place of the controller's.
        self.by_hand: Callable[[int, Actuators], Actuators] | None = None
        self.time_ms = start_ms - start_ms % step_ms
        self._measured_ms = self.time_ms - step_ms
        self._spin_up()
        self._rain_mm = 0.0
        self._measure()

    @property
    def units(self) -> int:
        """Number of compartments."""
        return len(self._scenario.compartments)

    def step(self, *, measures: bool = True) -> None:
        """Advance by one step, and measure unless nobody reads it."""
        for wander in self._wander:
            wander.step()
        for part in range(1, self.steps_within + 1):
            self._advance(self.time_ms + self._step_ms * part // self.steps_within, self._step_s / self.steps_within)
            self._rain_mm += self.outside.rain_mm_h * self._step_s / self.steps_within / 3600.0
        self.time_ms += self._step_ms
        if measures:
            self._measure()

    def readings(self, unit: int) -> Readings:
        """Return the readings of a compartment's sensors, its controller and the weather station."""
        channels = [kind.channel for kind in self.sensors.kinds]
        values = {**dict(zip(channels, self._read[unit - 1].tolist(), strict=True)), **self._outside_read}
        values |= {name: float(self.truth[name][unit - 1]) for name in _REPORTED}
        return {name: None if math.isnan(value) else value for name, value in values.items()}

    def _spin_up(self) -> None:
        before_s = _SLAB_SPIN_UP_S if self._structure.north_wall_ratio.any() else _SPIN_UP_S
        times = range(self.time_ms - before_s * 1000, self.time_ms + 1, int(STABLE_STEP_S * 1000))
        self.outside = self._weather.at(times[0])
        self.climate = climate_model.start_climate(self._structure, self.outside)
        self.actuators = climate_model.start_actuators(self._structure)
        for time_ms in times:
            self._advance(time_ms, STABLE_STEP_S)

    def _advance(self, time_ms: int, step_s: float) -> None:
        self.outside = self._weather_at(time_ms)
        clock_h = self._scenario.place.clock_h(time_ms)
        target = controller.control(self._structure, self.climate, self.actuators, self.outside, clock_h)
        if self.by_hand is not None:
            target = self.by_hand(time_ms, target)
        self.actuators = controller.move(self.actuators, target, step_s)
        self.climate, self.fluxes = climate_model.step(
            self._structure, self.climate, self.actuators, self.outside, step_s
        )

    def _weather_at(self, time_ms: int) -> Outside:
        """Return the weather, with the light on a north wall where one is."""
        outside = self._weather.at(time_ms)
        if not self._structure.north_wall_ratio.any():
            return outside
        place = self._scenario.place
        light = south_w_m2(time_ms, place.latitude_deg, place.longitude_deg, outside.radiation_w_m2)
        return replace(outside, south_w_m2=light)

    def _measure(self) -> None:
        """Compute the true values and the sensor readings of this instant."""
        since_s, self._measured_ms = (self.time_ms - self._measured_ms) / 1000, self.time_ms
        wander = self._wander[0].value, self._wander[1].value
        self.truth: dict[str, Numbers] = true_climate(
            self._structure, self.climate, self.actuators, self.fluxes, self.outside, wander
        )
        truth = np.stack([self.truth[kind.channel] for kind in self.sensors.kinds], axis=1)
        inside_w_m2 = light_w_m2(self._structure, self.actuators, self.outside)
        self._read = self.sensors.measure(truth, inside_w_m2, self.time_ms, since_s)
        station = np.array([[float(self.truth[kind.channel][0]) for kind in STATION]])
        read = self._station.measure(station, inside_w_m2[:1], self.time_ms, since_s)
        self._outside_read = {kind.channel: float(value) for kind, value in zip(STATION, read[0], strict=True)}
        # Without rounding the binary fraction would appear as 0.6000000000000001 mm.
        self._outside_read["rain_total_mm"] = round(self._rain_mm // _BUCKET_MM * _BUCKET_MM, 1)
