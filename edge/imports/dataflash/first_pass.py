"""The first look at a DataFlash log: its hash, who wrote it, and what its clock is in UTC."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from edge.imports.dataflash.format import Format, Raw
from edge.imports.dataflash.reader import LogReader, Message
from edge.imports.dataflash.vehicle import Vehicle, read_vehicle
from edge.imports.log_clock import ClockSurvey, LogClock, OwnTime, gps_utc_us

#: GPS Status from which a receiver's time is a satellite's.
_FIX_3D: Final = 3
#: Which receiver, its status, week and time of week, by their names of today and of old.
_FIX_FIELDS: Final = (("I",), ("Status",), ("GWk", "Week"), ("GMS", "TimeMS"))
_MOST_TEXTS: Final = 200
_MOST_PARAMETERS: Final = 10_000
#: What only a simulator logs.
_SIMULATION: Final = ("SIM", "SIM2")


class TimeField:
    """Where a format has its own time: TimeUS, or TimeMS of old firmware, which in its GPS messages is called T."""

    def __init__(self) -> None:
        self._known: dict[Format, tuple[int, int] | None] = {}

    def raw_us(self, found: Format, raw: Raw) -> int | None:
        """Return a message's own time as it says it, None where it says none."""
        if found in self._known:
            place = self._known[found]
        else:
            place = self._known[found] = self._find(found)
        return None if place is None else raw[place[0]] * place[1]

    @staticmethod
    def _find(found: Format) -> tuple[int, int] | None:
        names = ("TimeUS", "T", "TimeMS") if found.name.startswith("GPS") else ("TimeUS", "TimeMS")
        for name in names:
            if found.is_whole(name):
                return found.places[name], 1 if name == "TimeUS" else 1000
        return None


class Survey:
    """Takes a whole file, piece by piece."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.reader = LogReader(frozenset(wanted))
        self._digest = hashlib.sha256()
        self._times = TimeField()
        self._own = OwnTime()
        self._clock = ClockSurvey()
        self._fixes: dict[Format, list[int | None]] = {}
        self._texts: list[str] = []
        self._parameters: dict[str, float] = {}
        #: The first own time, in microseconds: that of what was said before any.
        self.first_us: int | None = None

    def take(self, data: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(data)
        self._note(self.reader.read(data))

    def finish(self) -> LogClock:
        """Return the clock of the file, which has ended."""
        self._note(self.reader.finish())
        return self._clock.finish()

    @property
    def kinds(self) -> Counter[str]:
        """How many messages of each name there were."""
        return self.reader.kinds()

    @property
    def steps(self) -> int:
        """How often the receiver changed its mind about UTC."""
        return self._clock.steps

    @property
    def sha256(self) -> str:
        """The hash of what was taken, hex."""
        return self._digest.hexdigest()

    @property
    def parameters(self) -> dict[str, float]:
        """The vehicle's parameters, the last value of each."""
        return self._parameters

    def vehicle(self) -> Vehicle:
        """Return who wrote the log."""
        kinds = self.kinds
        simulated = any(kinds[one] for one in _SIMULATION) or any(one.startswith("SIM_") for one in self._parameters)
        return read_vehicle(self._texts, self._parameters, simulated=simulated)

    def _note(self, messages: list[Message]) -> None:
        for found, raw in messages:
            raw_us = self._times.raw_us(found, raw)
            if raw_us is not None:
                session = self._own.session
                own_us = self._own.observe(raw_us)
                if own_us is None:
                    continue
                if self.first_us is None:
                    self.first_us = own_us
                if self._own.session != session:
                    self._clock.restart(own_us)
                if found.name == "GPS":
                    self._note_fix(found, raw, own_us)
            if found.name in ("MSG", "PARM"):
                self._note_words(found.fields(raw))

    def _note_words(self, said: dict[str, Any]) -> None:
        """Take a text or a parameter."""
        text, name, value = said.get("Message"), said.get("Name"), said.get("Value")
        if isinstance(text, str) and len(self._texts) < _MOST_TEXTS:
            self._texts.append(text)
        elif isinstance(name, str) and isinstance(value, float) and len(self._parameters) < _MOST_PARAMETERS:
            self._parameters[name] = value

    def _note_fix(self, found: Format, raw: Raw, own_us: int) -> None:
        """Take a pair of the first receiver; GMS and GWk were once called TimeMS and Week."""
        places = self._fixes.get(found)
        if places is None:
            places = self._fixes[found] = [
                next((found.places[name] for name in names if found.is_whole(name)), None) for names in _FIX_FIELDS
            ]
        number, status, week, time_ms = (0 if place is None else raw[place] for place in places)
        if number or status < _FIX_3D:
            return
        utc_us = gps_utc_us(week, time_ms)
        if utc_us is not None:
            self._clock.note(own_us, utc_us)
