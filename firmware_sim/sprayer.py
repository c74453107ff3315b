"""A pump, a tank, nozzles and a flow meter.

The switching is ArduPilot's AC_Sprayer in small: the pump starts once the vehicle has been faster than 1 m/s for
100 ms and stops after 1 s below; its output is proportional to the ground speed with a floor; taking the command away
stops it at once. True flow lags the output, is biased and noisy, and ends where the nozzles' check valves close.
"""

from __future__ import annotations

from dataclasses import dataclass

from firmware_sim.noise import Noise, Wander

OFF_US = 1000
_LOW_US, _HIGH_US = 1100, 1900
_SPEED_MIN_M_S = 1.0
_START_S = 0.1
_STOP_S = 1.0
_PUMP_MIN = 0.10
_LAG_S = 0.5
#: Pressure falls fast once the pump stands: the check valves shut after about a sixth of a second.
_RELEASE_S = 0.08
_VALVE_OPENS_L_MIN = 0.5
_VALVE_SHUTS_L_MIN = 0.4
_FLOW_NOISE = 0.03
_METER_GAIN = 1.004
_METER_NOISE = 0.01


@dataclass(frozen=True, slots=True)
class Pump:
    """What the sprayer is built and set for; `rate_l_min_per_m_s` is the wanted flow at 1 m/s."""

    max_l_min: float
    rate_l_min_per_m_s: float
    bias: float


class Sprayer:
    """The state of the spraying machine; every volume in litres, every flow in L/min."""

    def __init__(self, pump: Pump, tank_l: float, noise: Noise, step_s: float) -> None:
        self._pump = pump
        self._noise = noise
        self._wander = Wander(noise, _FLOW_NOISE, 1.0, step_s)
        self._step_s = step_s
        self._fast_s = 0.0
        self._slow_s = 0.0
        self._valve_open = False
        self._pressure_l_min = 0.0
        self._demand = 0.0
        self.running = False
        self.tank_l = tank_l
        self.flow_l_min = 0.0
        self.applied_l = 0.0
        self.metered_l = 0.0
        self.metered_l_min = 0.0

    @property
    def output_us(self) -> int:
        """Pulse width on the pump's servo output."""
        return OFF_US if not self.running else round(_LOW_US + (_HIGH_US - _LOW_US) * self._demand)

    def step(self, commanded: bool, speed_m_s: float) -> None:
        """Advance by one step of the size given at construction."""
        self._switch(commanded, speed_m_s)
        wanted = self._pump.rate_l_min_per_m_s * speed_m_s / self._pump.max_l_min
        self._demand = max(_PUMP_MIN, min(1.0, wanted)) if self.running else 0.0
        self._flow()
        self._meter()

    def refill(self, to_l: float) -> None:
        """Fill the tank up to `to_l`."""
        self.tank_l = max(self.tank_l, to_l)

    def _switch(self, commanded: bool, speed_m_s: float) -> None:
        fast = speed_m_s >= _SPEED_MIN_M_S
        self._fast_s = self._fast_s + self._step_s if commanded and fast else 0.0
        self._slow_s = 0.0 if fast else self._slow_s + self._step_s
        if not commanded or self._slow_s > _STOP_S:
            self.running = False
        elif self._fast_s > _START_S:
            self.running = True

    def _flow(self) -> None:
        pump = self._pump
        steady = self._demand * pump.max_l_min * (1 + pump.bias) * (1 + self._wander.step())
        lag_s = _LAG_S if self.running else _RELEASE_S
        self._pressure_l_min += (steady - self._pressure_l_min) * min(1.0, self._step_s / lag_s)
        self._valve_open = self._pressure_l_min > (_VALVE_SHUTS_L_MIN if self._valve_open else _VALVE_OPENS_L_MIN)
        litres = self._pressure_l_min * self._step_s / 60 if self._valve_open else 0.0
        litres = min(litres, self.tank_l)
        self.tank_l -= litres
        self.applied_l += litres
        self.flow_l_min = litres * 60 / self._step_s

    def _meter(self) -> None:
        if self.flow_l_min <= 0:
            self.metered_l_min = 0.0
            return
        self.metered_l_min = self.flow_l_min * _METER_GAIN * (1 + _METER_NOISE * self._noise.normal())
        self.metered_l += max(0.0, self.metered_l_min) * self._step_s / 60
