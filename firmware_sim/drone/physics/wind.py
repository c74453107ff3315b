"""Wind over a field: mean, gusts and turbulence."""

from __future__ import annotations

import math
from typing import Final

from firmware_sim.core.noise import Noise, Wander
from firmware_sim.drone.field_model import FieldScenario

#: Standard deviation of the turbulence as a share of the mean, a few metres above a field.
_INTENSITY: Final = 0.24
_EDDY_S: Final = 1.5
_RISE_S: Final = 1.0
#: Time constant with which the position controller compensates a steady wind.
_COMPENSATION_S: Final = 4.0
#: Acceleration by drag per m/s of air speed.
_DRAG_PER_S: Final = 0.25


class Wind:
    """Wind velocity in m/s east and north, stepped in time since power-up."""

    def __init__(self, scenario: FieldScenario, noise: Noise, step_s: float) -> None:
        self._scenario = scenario
        self._step_s = step_s
        to_rad = math.radians(scenario.wind_from_deg + 180)
        self._to = (math.sin(to_rad), math.cos(to_rad))
        self._eddies = [Wander(noise, _INTENSITY, _EDDY_S, step_s) for _ in range(2)]
        self.mean_m_s = scenario.wind_m_s
        self.east_m_s = self._to[0] * self.mean_m_s
        self.north_m_s = self._to[1] * self.mean_m_s
        self._compensated = (self.east_m_s, self.north_m_s)

    @property
    def from_deg(self) -> float:
        """Direction that the wind comes from, clockwise from true north."""
        return math.degrees(math.atan2(-self.east_m_s, -self.north_m_s)) % 360

    @property
    def speed_m_s(self) -> float:
        """Current wind speed."""
        return math.hypot(self.east_m_s, self.north_m_s)

    def step(self, since_power_up_s: float) -> None:
        """Advance by one step."""
        target_m_s = max(
            [
                gust.wind_m_s
                for gust in self._scenario.gusts
                if gust.start_s <= since_power_up_s < gust.start_s + gust.length_s
            ],
            default=self._scenario.wind_m_s,
        )
        self.mean_m_s += (target_m_s - self.mean_m_s) * self._step_s / _RISE_S
        east, north = (eddy.step() * self._scenario.wind_m_s for eddy in self._eddies)
        self.east_m_s = self._to[0] * self.mean_m_s + east
        self.north_m_s = self._to[1] * self.mean_m_s + north
        share = self._step_s / _COMPENSATION_S
        self._compensated = (
            self._compensated[0] + (self.east_m_s - self._compensated[0]) * share,
            self._compensated[1] + (self.north_m_s - self._compensated[1]) * share,
        )

    def push_m_s2(self) -> tuple[float, float]:
        """Return the acceleration east and north that the vehicle does not compensate yet."""
        return (
            _DRAG_PER_S * (self.east_m_s - self._compensated[0]),
            _DRAG_PER_S * (self.north_m_s - self._compensated[1]),
        )

    def drag_m_s2(self, east_m_s: float, north_m_s: float) -> tuple[float, float]:
        """Return the acceleration that a vehicle of this velocity must compensate."""
        return _DRAG_PER_S * (self._compensated[0] - east_m_s), _DRAG_PER_S * (self._compensated[1] - north_m_s)
