"""Control of pump and spinner by the autopilot, as ArduPilot's AC_Sprayer.

Once enabled by command, it sprays after the ground speed has been above SPRAY_SPEED_MIN for 100 ms, until it has been
below for a second. The pump's demand is the ground speed times SPRAY_PUMP_RATE, between SPRAY_PUMP_MIN and the maximum.
Only the command ends it: it continues in RTL. While it is enabled it writes its outputs itself; otherwise they keep
what DO_SET_SERVO set.
"""

from __future__ import annotations

from typing import Final

from firmware_sim.drone.flight.outputs import ServoOutputs
from firmware_sim.drone.parameters import PUMP_FUNCTION, PUMP_OUTPUT, SPINNER_FUNCTION, SPINNER_OUTPUT, Parameters

_ON_AFTER_S: Final = 0.1
_OFF_AFTER_S: Final = 1.0
#: Tolerance for the rounding error of summed steps.
_TOLERANCE_S: Final = 1e-9


class AcSprayer:
    """Switch of a sprayer or spreader; `running` is the command, `spraying` the state of the output."""

    def __init__(self, parameters: Parameters, outputs: ServoOutputs, step_s: float) -> None:
        self._parameters = parameters
        self._outputs = outputs
        self._step_s = step_s
        self._fast_s = 0.0
        self._slow_s = 0.0
        self.running = False
        self.spraying = False
        self.demand = 0.0

    def run(self, on: bool) -> None:
        """Execute DO_SPRAYER; no effect where SPRAY_ENABLE is 0."""
        was_running = self.running
        self.running = on and bool(self._parameters["SPRAY_ENABLE"])
        if was_running or self.running:
            self._outputs.release(PUMP_FUNCTION, SPINNER_FUNCTION)

    def step(self, speed_m_s: float) -> None:
        """Advance by one step at a ground speed."""
        parameters = self._parameters
        if not self.running or not parameters["SPRAY_ENABLE"]:
            self.spraying, self.demand, self._fast_s, self._slow_s = False, 0.0, 0.0, 0.0
            return
        self._outputs.release(PUMP_FUNCTION, SPINNER_FUNCTION)
        if speed_m_s * 100 >= parameters["SPRAY_SPEED_MIN"]:
            self._fast_s, self._slow_s = self._fast_s + self._step_s, 0.0
        else:
            self._fast_s, self._slow_s = 0.0, self._slow_s + self._step_s
        if self._fast_s > _ON_AFTER_S + _TOLERANCE_S:
            self.spraying = True
        elif self._slow_s > _OFF_AFTER_S + _TOLERANCE_S:
            self.spraying = False
        floor = parameters["SPRAY_PUMP_MIN"] / 100
        demand = max(floor, speed_m_s * parameters["SPRAY_PUMP_RATE"] / 100)
        self.demand = max(0.0, min(1.0, demand)) if self.spraying else 0.0

    def pulses_us(self) -> dict[int, int]:
        """Return the pulse widths of the machine's outputs and of those that DO_SET_SERVO set, by output number."""
        parameters = self._parameters
        pulses: dict[int, int] = {}
        pump = parameters.servo_with(PUMP_FUNCTION)
        if pump is not None:
            pulses[pump] = parameters.pulse_us(pump, self.demand)
        spinner = parameters.servo_with(SPINNER_FUNCTION)
        if spinner is not None:
            on_us = round(parameters["SPRAY_SPINNER"])
            pulses[spinner] = on_us if self.spraying else parameters.pulse_us(spinner, 0.0)
        return pulses | self._outputs.pulses_us

    def shares(self) -> tuple[float, float]:
        """Return the demand of pump and spinner, 0 to 1 each; 0 without an output of their function.

        Where no output has the function, the machine is wired to `PUMP_OUTPUT` and `SPINNER_OUTPUT`.
        """
        parameters, given = self._parameters, self._outputs.pulses_us
        pump_output, spinner_output = parameters.servo_with(PUMP_FUNCTION), parameters.servo_with(SPINNER_FUNCTION)
        pump = self.demand if pump_output is not None else 0.0
        pump_wire, spinner_wire = pump_output or PUMP_OUTPUT, spinner_output or SPINNER_OUTPUT
        if pump_wire in given:
            pump = parameters.share_of(pump_wire, given[pump_wire])
        if spinner_wire in given:
            return pump, parameters.share_of(spinner_wire, given[spinner_wire])
        if spinner_output is None or not self.spraying:
            return pump, 0.0
        return pump, parameters.share_of(spinner_output, parameters["SPRAY_SPINNER"])
