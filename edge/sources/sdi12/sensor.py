"""One SDI-12 sensor: its commands in order, and the values of its answers."""

from __future__ import annotations

import time
from collections import Counter
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.devices.device import SourceDevice
from edge.sources.mapping.field_map import FieldMap, Measurement
from edge.sources.sdi12.bus import NoAnswer, Sdi12Bus
from edge.sources.sdi12.message import (
    MOST_PAGES,
    BadAnswer,
    Measuring,
    measure_command,
    read_identity,
    read_measuring,
    read_values,
)
from edge.sources.sdi12.settings import SensorSettings
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock

#: How often a data answer with a wrong checksum, or without values yet, is requested.
_DATA_TRIES: Final = 3
#: How late a service request may be: adapters pass it on with a delay.
_LATE_S: Final = 0.3


class Sensor:
    """Starts a measurement and collects it; during a concurrent one other sensors may be asked.

    `due_s` is when the measurement is ready (monotonic seconds), None while there is none.
    """

    def __init__(
        self,
        settings: SensorSettings,
        device: SourceDevice,
        counts: Counter[str],
        clock: Clock,
        *,
        name: str,
        clock_speed: float,
    ) -> None:
        self._settings = settings
        self._address = settings.address
        self._device = device
        self._counts = counts
        self._clock = clock
        self._clock_speed = clock_speed
        self._fields = FieldMap(settings.channel, counts)
        self._identified = False
        self._measuring: Measuring | None = None
        self._started_ms = 0
        self.due_s: float | None = None
        self.retry_s = 0.0
        self.attempts = Attempts(name, counts)

    @property
    def is_concurrent(self) -> bool:
        """Whether others may be asked during its measurement."""
        return self._settings.measure[0] == "C"

    def begin(self, bus: Sdi12Bus) -> None:
        """Identify the sensor, once, and start a measurement. Raises NoAnswer, RetryLater."""
        self.due_s = None
        self._counts["polls"] += 1
        self._identify(bus)
        self._started_ms = wall_clock_ms()
        if self._settings.measure[0] == "R":
            self._measuring, self.due_s = Measuring(0.0, 0), time.monotonic()
            return
        answer = bus.ask(self._address, self._command())
        measuring = read_measuring(answer)
        if isinstance(measuring, BadAnswer):
            self._counts[measuring] += 1
            raise NoAnswer(f"address {self._address} answers {answer[:40]!r}")
        self._measuring = measuring
        self.due_s = time.monotonic() + measuring.ready_s / self._clock_speed

    def await_service(self, bus: Sdi12Bus) -> None:
        """Wait for the sensor's service request, at most for the time it stated. Raises RetryLater."""
        if self._measuring is None or self.due_s is None or self._measuring.ready_s == 0 or self.is_concurrent:
            return
        if bus.wait(self.due_s + _LATE_S - time.monotonic()) is not None:
            self._counts["service_requests"] += 1

    def collect(self, bus: Sdi12Bus, sink: Sink) -> None:
        """Read the values and emit them. Raises NoAnswer, RetryLater."""
        measuring, self._measuring, self.due_s = self._measuring, None, None
        if measuring is None:
            return
        if self._settings.measure[0] == "R":
            values = self._page(bus, self._command())
        else:
            values = self._pages(bus, measuring.values)
        row = self._fields.convert(Measurement(index, value) for index, value in enumerate(values))
        self._device.emit(sink, self._clock, self._started_ms, row)

    def _identify(self, bus: Sdi12Bus) -> None:
        if self._identified:
            return
        if self._address == "?":
            answer = bus.ask("?", "?!")
            if len(answer) != 1 or not answer.isalnum():
                raise NoAnswer(f"the answer to '?!' is {answer[:40]!r}: more than one sensor is on the line")
            self._address = answer
        identity = read_identity(bus.ask(self._address, f"{self._address}I!"))
        if isinstance(identity, BadAnswer):
            self._counts[identity] += 1
        else:
            self._device.update(model=" ".join(part for part in identity if part))
        self._identified = True

    def _pages(self, bus: Sdi12Bus, count: int) -> list[float]:
        """Return the values of a measurement; where a later page fails, those before it: their index is certain."""
        values: list[float] = []
        for page in range(MOST_PAGES):
            if len(values) >= count:
                break
            try:
                values += self._page(bus, f"{self._address}D{page}!")
            except NoAnswer:
                if not values:
                    raise
                break
        self._counts["values_missing"] += max(0, count - len(values))
        return values

    def _page(self, bus: Sdi12Bus, command: str) -> list[float]:
        """Return the values of one data answer. Raises NoAnswer where it remains wrong or empty."""
        for _ in range(_DATA_TRIES):
            values = read_values(bus.ask(self._address, command), crc=self._settings.crc)
            if isinstance(values, BadAnswer):
                self._counts[values] += 1
            elif values:
                return values
            # An empty answer may be a late service request; an aborted measurement remains empty.
        raise NoAnswer(f"address {self._address} has no usable answer to {command!r}")

    def _command(self) -> str:
        return measure_command(self._address, self._settings.measure, crc=self._settings.crc)
