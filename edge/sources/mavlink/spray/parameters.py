"""The parameters of a vehicle that tell what its outputs and monitors are: SERVOn_*, BATTn_CAPACITY. Only ever read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from edge.sources.mavlink.spray.profile import DEFAULT_OFF_US, SprayerSettings

_NAME: Final = re.compile(r"(SERVO|BATT)([0-9]{0,2})_(FUNCTION|MIN|MAX|REVERSED|CAPACITY)\Z")
_NO_PULSE: Final = (0, 65535)
#: How far above its rest an output counts as on, of its range.
_ON_SHARE: Final = 0.02
#: Outputs that are asked for their function; more exist only on the largest boards.
_ASKED_OUTPUTS: Final = 16


@dataclass(frozen=True)
class Output:
    """One output that means something: it is on beyond `off_us`, below it where `is_reversed`.

    `place` is where SERVO_OUTPUT_RAW has it: outputs 1 to 8 stand before `port`, 9 to 16 behind it. `command` and `on`
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
        """Tell whether a pulse width drives the machine; None of one that is none."""
        if pulse_us in _NO_PULSE:
            return None
        return pulse_us < self.off_us if self.is_reversed else pulse_us > self.off_us

    def columns(self, pulses_us: Sequence[int]) -> dict[str, Sequence[float | None]]:
        """Return its channels of so many pulse widths."""
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
    """Finds pump and spinner: by the profile's output number, else by the function the vehicle gives an output."""

    def __init__(self, profile: SprayerSettings) -> None:
        #: mAh, which for a tank are millilitres, by the id that BATTERY_STATUS has.
        self.battery_capacities: dict[int, float] = {}
        self._profile = profile
        self._servos: dict[int, _Servo] = {}
        self._found: dict[str, Output | None] = {}
        self._by_port: dict[int, list[Output]] = {}
        self._missing: list[str] | None = None

    def note(self, name: str, value: float) -> None:
        """Take a parameter; names that mean nothing here are passed over."""
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
        self._found.clear()
        self._by_port.clear()
        self._missing = None

    def find(self, name: str) -> Output | None:
        """Return the output of the `pump` or the `spinner`, None where it is not known."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def on_port(self, port: int) -> list[Output]:
        """Return those that SERVO_OUTPUT_RAW carries under `port`."""
        found = self._by_port.get(port)
        if found is None:
            both = (self.find("pump"), self.find("spinner"))
            found = [output for output in both if output is not None and output.port == port]
            self._by_port[port] = found
        return found

    def missing(self) -> list[str]:
        """Return the parameters to ask for: first what the outputs are, then the range of those that matter."""
        if self._missing is None:
            self._missing = self._look_for_missing()
        return self._missing

    def _look_for_missing(self) -> list[str]:
        profile = self._profile
        names: list[str] = []
        for name in ("pump", "spinner"):
            function, servo = getattr(profile, f"{name}_function"), getattr(profile, f"{name}_servo")
            if servo is None and function is not None and self.find(name) is None:
                numbers = range(1, _ASKED_OUTPUTS + 1)
                names += [
                    f"SERVO{n}_FUNCTION" for n in numbers if n not in self._servos or self._servos[n].function is None
                ]
            number = servo or (found.servo if (found := self.find(name)) is not None else None)
            if number is not None and getattr(profile, f"{name}_off_us") is None:
                known = self._servos[number].numbers if number in self._servos else {}
                names += [f"SERVO{number}_{key}" for key in ("MIN", "MAX", "REVERSED") if key not in known]
        tank = profile.tank_battery_id
        if tank is not None and profile.tank_capacity_l is None and tank not in self.battery_capacities:
            names.append(f"BATT{tank + 1}_CAPACITY")
        return list(dict.fromkeys(names))

    def _look(self, name: str) -> Output | None:
        servo: int | None = getattr(self._profile, f"{name}_servo")
        function: int | None = getattr(self._profile, f"{name}_function")
        off_us: float | None = getattr(self._profile, f"{name}_off_us")
        if servo is None and function is not None:
            servo = next((number for number, one in sorted(self._servos.items()) if one.function == function), None)
        if servo is None:
            return None
        numbers = self._servos[servo].numbers if servo in self._servos else {}
        is_reversed = bool(numbers.get("REVERSED", 0.0))
        low_us, high_us = numbers.get("MIN"), numbers.get("MAX")
        if off_us is None and low_us is not None and high_us is not None and low_us < high_us:
            rest = _ON_SHARE * (high_us - low_us)
            off_us = high_us - rest if is_reversed else low_us + rest
        if off_us is None:
            off_us, is_reversed = DEFAULT_OFF_US, False
        return Output(name, servo, off_us, is_reversed)
