"""First pass over a DataFlash log: its hash, its vehicle, and the UTC of its clock."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from edge.imports.dataflash.format import Format, Raw
from edge.imports.dataflash.reader import LogReader, Message
from edge.imports.dataflash.text_reader import TextLogReader
from edge.imports.dataflash.vehicle import LoggedVehicle, read_vehicle
from edge.imports.log_clock import BootTime, ClockFit, LogClock, gps_utc_us

#: GPS Status from which a receiver's time is a satellite's.
_FIX_3D: Final = 3
#: Columns of receiver number, status, week and time of week, by their present and former names.
_FIX_FIELDS: Final = (("I",), ("Status",), ("GWk", "Week"), ("GMS", "TimeMS"))
_MOST_TEXTS: Final = 200
_MOST_PARAMETERS: Final = 10_000
#: Messages that only a simulator logs.
_SIMULATION: Final = ("SIM", "SIM2")


class TimeField:
    """The column with a format's time since boot: TimeUS, or TimeMS of old firmware, called T in its GPS messages."""

    def __init__(self) -> None:
        self._known: dict[Format, tuple[int, int] | None] = {}

    def raw_us(self, fmt: Format, raw: Raw) -> int | None:
        """Return a message's time since boot as logged, None where it has none."""
        if fmt in self._known:
            place = self._known[fmt]
        else:
            place = self._known[fmt] = self._find(fmt)
        return None if place is None else raw[place[0]] * place[1]

    @staticmethod
    def _find(fmt: Format) -> tuple[int, int] | None:
        names = ("TimeUS", "T", "TimeMS") if fmt.name.startswith("GPS") else ("TimeUS", "TimeMS")
        for name in names:
            if fmt.is_whole(name):
                return fmt.places[name], 1 if name == "TimeUS" else 1000
        return None


class FirstPass:
    """Reads a whole file, piece by piece."""

    def __init__(self, wanted: Iterable[str], *, is_text: bool = False) -> None:
        self.reader = (TextLogReader if is_text else LogReader)(frozenset(wanted))
        self._digest = hashlib.sha256()
        self._times = TimeField()
        self._boot_time = BootTime()
        self._clock = ClockFit()
        self._fixes: dict[Format, list[int | None]] = {}
        self._texts: list[str] = []
        self._parameters: dict[str, float] = {}
        #: The first time since boot, in microseconds; messages before any have this time.
        self.first_us: int | None = None

    def read(self, data: bytes) -> None:
        """Read the next bytes."""
        self._digest.update(data)
        self._note(self.reader.read(data))

    def finish(self) -> LogClock:
        """Return the clock of the file, which has ended."""
        self._note(self.reader.finish())
        return self._clock.finish()

    def date_by_start(self, start_ms: int) -> LogClock:
        """Return the clock of a file without a fix, whose first message has this UTC."""
        return self._clock.date_by_start(self.first_us or 0, start_ms)

    @property
    def kinds(self) -> Counter[str]:
        """How many messages of each name there were."""
        return self.reader.kinds()

    @property
    def steps(self) -> int:
        """How often the receiver's UTC stepped."""
        return self._clock.steps

    @property
    def sha256(self) -> str:
        """The hash of what was read, hex."""
        return self._digest.hexdigest()

    @property
    def parameters(self) -> dict[str, float]:
        """The vehicle's parameters, the last value of each."""
        return self._parameters

    def vehicle(self) -> LoggedVehicle:
        """Return the vehicle that wrote the log."""
        kinds = self.kinds
        simulated = any(kinds[name] for name in _SIMULATION) or any(
            name.startswith("SIM_") for name in self._parameters
        )
        return read_vehicle(self._texts, self._parameters, simulated=simulated)

    def _note(self, messages: list[Message]) -> None:
        for fmt, raw in messages:
            raw_us = self._times.raw_us(fmt, raw)
            if raw_us is not None:
                session = self._boot_time.session
                boot_us = self._boot_time.observe(raw_us)
                if boot_us is None:
                    continue
                if self.first_us is None:
                    self.first_us = boot_us
                if self._boot_time.session != session:
                    self._clock.restart(boot_us)
                if fmt.name == "GPS":
                    self._note_fix(fmt, raw, boot_us)
            if fmt.name in ("MSG", "PARM"):
                self._note_identity(fmt.fields(raw))

    def _note_identity(self, fields: dict[str, Any]) -> None:
        """Keep a text or a parameter."""
        text, name, value = fields.get("Message"), fields.get("Name"), fields.get("Value")
        if isinstance(text, str) and len(self._texts) < _MOST_TEXTS:
            self._texts.append(text)
        elif isinstance(name, str) and isinstance(value, float) and len(self._parameters) < _MOST_PARAMETERS:
            self._parameters[name] = value

    def _note_fix(self, fmt: Format, raw: Raw, boot_us: int) -> None:
        """Add a (time since boot, UTC) pair of the first receiver; GMS and GWk were once called TimeMS and Week."""
        places = self._fixes.get(fmt)
        if places is None:
            places = self._fixes[fmt] = [
                next((fmt.places[name] for name in names if fmt.is_whole(name)), None) for names in _FIX_FIELDS
            ]
        number, status, week, time_ms = (0 if place is None else raw[place] for place in places)
        if number or status < _FIX_3D:
            return
        utc_us = gps_utc_us(week, time_ms)
        if utc_us is not None:
            self._clock.add(boot_us, utc_us)
