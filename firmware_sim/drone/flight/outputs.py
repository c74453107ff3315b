"""Servo outputs that DO_SET_SERVO sets, with ArduPilot's rule which of them it may set."""

from __future__ import annotations

import math
from typing import Final

from firmware_sim.drone.parameters import SERVO_OUTPUTS, Parameters

_MAX_US: Final = 65534
#: SERVOn_FUNCTION of outputs that a command may set: none, manual, sprayer, gripper, RC inputs, scripts.
_FREE_FUNCTIONS: Final = frozenset({0, 1, 22, 23, 28, *range(51, 67), *range(94, 110)})


class ServoOutputs:
    """Pulse widths set by command, by output number."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.pulses_us: dict[int, int] = {}

    def set(self, output: float, pulse_us: float) -> str | None:
        """Set an output; return the reason where it cannot be set."""
        if not (math.isfinite(output) and math.isfinite(pulse_us) and pulse_us >= 0):
            return "ServoRelayEvent: invalid channel or PWM"
        number = int(output)
        if not 1 <= number <= SERVO_OUTPUTS:
            return f"ServoRelayEvent: Channel {number} does not exist"
        if self._parameters[f"SERVO{number}_FUNCTION"] not in _FREE_FUNCTIONS:
            return f"ServoRelayEvent: Channel {number} is already in use"
        self.pulses_us[number] = min(_MAX_US, int(pulse_us))
        return None

    def release(self, *functions: int) -> None:
        """Leave the outputs with these functions to what controls them."""
        if not self.pulses_us:
            return
        for function in functions:
            output = self._parameters.servo_with(function)
            if output is not None:
                self.pulses_us.pop(output, None)

    def restart(self) -> None:
        """Forget everything, as at a reboot."""
        self.pulses_us.clear()
