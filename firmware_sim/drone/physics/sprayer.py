"""Sprayer: pump, tank, nozzles, flow meter and level sensor.

The true flow lags the pump's demand, is biased and noisy, and stops when the nozzles' check valves close.
"""

from __future__ import annotations

from firmware_sim.core.noise import Noise, Wander
from firmware_sim.drone.field_model import SprayerPlan

_LAG_S = 0.5
#: Pressure falls fast after the pump stops: the check valves close after about a sixth of a second.
_RELEASE_S = 0.08
_VALVE_OPENS_L_MIN = 0.5
_VALVE_CLOSES_L_MIN = 0.4
_FLOW_NOISE = 0.03
_METER_GAIN = 1.004
_METER_NOISE = 0.01
_REFILL_L_S = 1.5


class Sprayer:
    """State of a sprayer; volumes in litres, flows in L/min."""

    unit = "L"

    def __init__(self, plan: SprayerPlan, noise: Noise, step_s: float) -> None:
        self.plan = plan
        self._noise = noise
        self._wander = Wander(noise, _FLOW_NOISE, 1.0, step_s)
        self._step_s = step_s
        self._valve_open = False
        self._pressure_l_min = 0.0
        self.tank_l = plan.tank_l
        self.flow_l_min = 0.0
        self.applied_l = 0.0
        self.metered_l = 0.0
        self.metered_l_min = 0.0

    @property
    def left(self) -> float:
        """Litres left in the tank."""
        return self.tank_l

    @property
    def applied(self) -> float:
        """Litres that have left the machine."""
        return self.applied_l

    @property
    def flowing(self) -> bool:
        """Whether there is a flow at the nozzles."""
        return self.flow_l_min > 0

    @property
    def load_kg(self) -> float:
        """Mass of the tank's contents."""
        return self.tank_l * self.plan.kg_per_l

    def step(self, pump: float, _spinner: float) -> None:
        """Advance by one step at 0 to 1 of the pump's maximum speed."""
        steady = pump * self.plan.pump_max_l_min * (1 + self.plan.flow_bias) * (1 + self._wander.step())
        lag_s = _LAG_S if pump > 0 else _RELEASE_S
        self._pressure_l_min += (steady - self._pressure_l_min) * min(1.0, self._step_s / lag_s)
        self._valve_open = self._pressure_l_min > (_VALVE_CLOSES_L_MIN if self._valve_open else _VALVE_OPENS_L_MIN)
        litres = self._pressure_l_min * self._step_s / 60 if self._valve_open else 0.0
        litres = min(litres, self.tank_l)
        self.tank_l -= litres
        self.applied_l += litres
        self.flow_l_min = litres * 60 / self._step_s
        self._meter()

    def refill(self) -> bool:
        """Fill for one step; return whether the tank is full."""
        self.tank_l = min(self.plan.tank_l, self.tank_l + _REFILL_L_S * self._step_s)
        return self.tank_l >= self.plan.tank_l

    def restart_sensors(self) -> None:
        """Reset the flow meter, as at a restart of the autopilot."""
        self.metered_l = 0.0

    def _meter(self) -> None:
        if self.flow_l_min <= 0:
            self.metered_l_min = 0.0
            return
        self.metered_l_min = self.flow_l_min * _METER_GAIN * (1 + _METER_NOISE * self._noise.normal())
        self.metered_l += max(0.0, self.metered_l_min) * self._step_s / 60
