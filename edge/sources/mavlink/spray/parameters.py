"""Parameters of a vehicle's outputs and monitors: SERVOn_*, BATTn_CAPACITY. They are only read, never set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from edge.sources.mavlink.spray.profile import DEFAULT_OFF_US, SprayerSettings

_NAME: Final = re.compile(r"(SERVO|BATT)([0-9]{0,2})_(FUNCTION|MIN|MAX|REVERSED|CAPACITY)\Z")
_NO_PULSE: Final = (0, 65535)
#: How far above its idle value an output counts as on, of its range.
_ON_SHARE: Final = 0.02
#: Outputs whose function is requested; more exist only on the largest boards.
_REQUESTED_OUTPUTS: Final = 16


@dataclass(frozen=True)
class Output:
    """The output of pump or spinner: it is on above `off_us`, below it where `is_reversed`.

    `place` is its place in SERVO_OUTPUT_RAW: outputs 1 to 8 come before `port`, 9 to 16 after it. `command` and `on`
    are its channels.
    """

    name: str
    servo: int
    off_us: float
    is_reversed: bool = False

    @cached_property
    def command(self) -> str:
        """The channel of its pulse width."""
        return f"{self.name}_command_us"

    @cached_property
    def on(self) -> str:
        """The channel of whether it is on."""
        return f"{self.name}_on"

    @property
    def port(self) -> int:
        """The SERVO_OUTPUT_RAW port that carries it."""
        return (self.servo - 1) // 16

    @cached_property
    def place(self) -> int:
        """Its place among the message's values."""
        number = (self.servo - 1) % 16
        return 1 + number if number < 8 else 2 + number

    def is_on(self, pulse_us: int) -> bool | None:
        """Return whether a pulse width drives the machine; None for an absent one."""
        if pulse_us in _NO_PULSE:
            return None
        return pulse_us < self.off_us if self.is_reversed else pulse_us > self.off_us

    def columns(self, pulses_us: Sequence[int]) -> dict[str, Sequence[float | None]]:
        """Return its channels for many pulse widths."""
        states = [self.is_on(pulse_us) for pulse_us in pulses_us]
        return {
            self.command: [None if pulse_us in _NO_PULSE else pulse_us for pulse_us in pulses_us],
            self.on: [None if is_on is None else float(is_on) for is_on in states],
        }


@dataclass(slots=True)
class _Servo:
    function: float | None = None
    numbers: dict[str, float] = field(default_factory=dict)


class Outputs:
    """Finds pump and spinner: by the profile's output number, else by the function that the vehicle gives an output."""

    def __init__(self, profile: SprayerSettings) -> None:
        #: Capacity in mAh, which for a tank is mL, by the id of BATTERY_STATUS.
        self.battery_capacities: dict[int, float] = {}
        self._profile = profile
        self._servos: dict[int, _Servo] = {}
        self._outputs: dict[str, Output | None] = {}
        self._by_port: dict[int, list[Output]] = {}
        self._missing: list[str] | None = None

    def note(self, name: str, value: float) -> None:
        """Note a parameter; others than those of outputs and capacities are ignored."""
        match = _NAME.match(name)
        if match is None:
            return
        number = int(match[2] or 1)
        if match[1] == "BATT":
            if match[3] == "CAPACITY":
                self.battery_capacities[number - 1] = value
                self._missing = None
            return
        servo = self._servos.setdefault(number, _Servo())
        if match[3] == "FUNCTION":
            servo.function = value
        else:
            servo.numbers[match[3]] = value
        self._outputs.clear()
        self._by_port.clear()
        self._missing = None

    def find(self, name: str) -> Output | None:
        """Return the output of the `pump` or the `spinner`, None where it is not known."""
        if name not in self._outputs:
            self._outputs[name] = self._find(name)
        return self._outputs[name]

    def on_port(self, port: int) -> list[Output]:
        """Return the outputs that SERVO_OUTPUT_RAW carries under `port`."""
        outputs = self._by_port.get(port)
        if outputs is None:
            both = (self.find("pump"), self.find("spinner"))
            outputs = [output for output in both if output is not None and output.port == port]
            self._by_port[port] = outputs
        return outputs

    def missing(self) -> list[str]:
        """Return the parameters to request: first the functions of outputs, then the range of pump and spinner."""
        if self._missing is None:
            self._missing = self._find_missing()
        return self._missing

    def _find_missing(self) -> list[str]:
        profile = self._profile
        names: list[str] = []
        for name in ("pump", "spinner"):
            function, servo = getattr(profile, f"{name}_function"), getattr(profile, f"{name}_servo")
            if servo is None and function is not None and self.find(name) is None:
                numbers = range(1, _REQUESTED_OUTPUTS + 1)
                names += [
                    f"SERVO{n}_FUNCTION" for n in numbers if n not in self._servos or self._servos[n].function is None
                ]
            number = servo or (output.servo if (output := self.find(name)) is not None else None)
            if number is not None and getattr(profile, f"{name}_off_us") is None:
                known = self._servos[number].numbers if number in self._servos else {}
                names += [f"SERVO{number}_{key}" for key in ("MIN", "MAX", "REVERSED") if key not in known]
        tank = profile.tank_battery_id
        if tank is not None and profile.tank_capacity_l is None and tank not in self.battery_capacities:
            names.append(f"BATT{tank + 1}_CAPACITY")
        return list(dict.fromkeys(names))

    def _find(self, name: str) -> Output | None:
        servo: int | None = getattr(self._profile, f"{name}_servo")
        function: int | None = getattr(self._profile, f"{name}_function")
        off_us: float | None = getattr(self._profile, f"{name}_off_us")
        if servo is None and function is not None:
            servo = next(
                (number for number, settings in sorted(self._servos.items()) if settings.function == function), None
            )
        if servo is None:
            return None
        numbers = self._servos[servo].numbers if servo in self._servos else {}
        is_reversed = bool(numbers.get("REVERSED", 0.0))
        low_us, high_us = numbers.get("MIN"), numbers.get("MAX")
        if off_us is None and low_us is not None and high_us is not None and low_us < high_us:
            margin_us = _ON_SHARE * (high_us - low_us)
            off_us = high_us - margin_us if is_reversed else low_us + margin_us
        if off_us is None:
            off_us, is_reversed = DEFAULT_OFF_US, False
        return Output(name, servo, off_us, is_reversed)
