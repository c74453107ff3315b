"""Spreader: hopper, feeder, spinning disc, load cells and mass-flow sensor.

The true flow lags the feeder's demand, is biased and noisy, and decreases as the hopper runs empty.
"""

from __future__ import annotations

from typing import Final

from firmware_sim.core.noise import Noise, Wander
from firmware_sim.drone.field_model import SpreaderPlan
from firmware_sim.drone.parameters import SPINNER_FULL_RPM

#: Noise (AR(1)) of the flow, and time constant of the feeder.
_FLOW_NOISE: Final = 0.04
_LAG_S: Final = 0.6
#: Time constant of the closing feeder gate.
_CLOSE_S: Final = 0.1
_SPIN_UP_S: Final = 0.4
#: Amount in the hopper below which the feeder is not covered and the flow decreases.
_UNCOVERED_KG: Final = 1.0
_LAST_SHARE: Final = 0.05
#: Flow below which the gate counts as closed.
_MIN_KG_MIN: Final = 1.5
_REFILL_KG_S: Final = 2.5
_SENSOR_GAIN: Final = 1.008
_SENSOR_NOISE: Final = 0.02
_SENSOR_LAG_S: Final = 0.3
_CELLS_NOISE_KG: Final = 0.12
_CELLS_DRIFT_KG: Final = 0.06
_UNCOMPENSATED: Final = 0.1


class Spreader:
    """State of a spreader; masses in kg, flows in kg/min."""

    unit = "kg"

    def __init__(self, plan: SpreaderPlan, noise: Noise, step_s: float) -> None:
        self.plan = plan
        self._noise = noise
        self._wander = Wander(noise, _FLOW_NOISE, 1.0, step_s)
        self._drift = Wander(noise, _CELLS_DRIFT_KG, 60.0, step_s)
        self._step_s = step_s
        #: Shares of a step in which a lagging value reaches its target.
        self._spin_share, self._open_share, self._close_share, self._sense_share = (
            min(1.0, step_s / lag_s) for lag_s in (_SPIN_UP_S, _LAG_S, _CLOSE_S, _SENSOR_LAG_S)
        )
        self._gate_kg_min = 0.0
        self.hopper_kg = plan.hopper_kg
        self.flow_kg_min = 0.0
        self.applied_kg = 0.0
        self.disc_rpm = 0.0
        self.sensed_kg_min = 0.0

    @property
    def left(self) -> float:
        """Kilograms left in the hopper."""
        return self.hopper_kg

    @property
    def applied(self) -> float:
        """Kilograms that have left the machine."""
        return self.applied_kg

    @property
    def flowing(self) -> bool:
        """Whether there is a flow at the disc."""
        return self.flow_kg_min > 0

    @property
    def load_kg(self) -> float:
        """Mass of the hopper's contents."""
        return self.hopper_kg

    def step(self, feeder: float, spinner: float) -> None:
        """Advance by one step at 0 to 1 of the maximum speed of feeder and disc."""
        step_s = self._step_s
        self.disc_rpm += (spinner * SPINNER_FULL_RPM - self.disc_rpm) * self._spin_share
        steady = feeder * self.plan.feed_max_kg_min * (1 + self.plan.flow_bias) * (1 + self._wander.step())
        self._gate_kg_min += (steady - self._gate_kg_min) * (self._open_share if feeder > 0 else self._close_share)
        covered = min(1.0, max(_LAST_SHARE, self.hopper_kg / _UNCOVERED_KG))
        flow_kg_min = self._gate_kg_min * covered if self._gate_kg_min > _MIN_KG_MIN else 0.0
        mass_kg = min(flow_kg_min * step_s / 60, self.hopper_kg)
        self.hopper_kg -= mass_kg
        self.applied_kg += mass_kg
        self.flow_kg_min = mass_kg * 60 / step_s
        sensed = self.flow_kg_min * _SENSOR_GAIN
        self.sensed_kg_min += (sensed - self.sensed_kg_min) * self._sense_share
        if sensed == 0 and self.sensed_kg_min < _MIN_KG_MIN / 10:
            self.sensed_kg_min = 0.0
        self._drift.step()

    def refill(self) -> bool:
        """Fill for one step; return whether the hopper is full."""
        self.hopper_kg = min(self.plan.hopper_kg, self.hopper_kg + _REFILL_KG_S * self._step_s)
        return self.hopper_kg >= self.plan.hopper_kg

    def restart_sensors(self) -> None:
        """Do nothing: load cells and flow sensor have no counters."""

    def weigh_kg(self, up_m_s2: float) -> float:
        """Return the reading of the load cells; a tenth of the vertical acceleration is not compensated."""
        pull = 1 + _UNCOMPENSATED * up_m_s2 / 9.80665
        return self.hopper_kg * pull + self._drift.value + _CELLS_NOISE_KG * self._noise.normal()

    def sense_kg_min(self) -> float:
        """Return the reading of the mass-flow sensor."""
        return max(0.0, self.sensed_kg_min * (1 + _SENSOR_NOISE * self._noise.normal()))

    def sense_rpm(self) -> float:
        """Return the reading of the disc's speed sensor, 0 while the disc does not turn."""
        return self.disc_rpm + 4 * self._noise.normal() if self.disc_rpm > 20 else 0.0
