"""Modbus source: the units of one line, polled on a fixed grid."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.devices.device_clock import CREDIBLE_FROM_MS
from edge.sources.modbus.bus import BadResponse, ModbusBus, NoAnswer
from edge.sources.modbus.registers import Read, find_map, load_map, plan_reads
from edge.sources.modbus.settings import ModbusRtuSettings, ModbusSettings, UnitSettings
from edge.sources.modbus.words import Words, decode_clock, decode_values, is_simulator, place_words
from edge.sources.retried_source import RetriedSource
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import RetryLater, SettingsError

#: Counters of the units that exist from the start.
UNIT_COUNTERS: Final = (
    "polls", "rows", "no_answer", "missed_slots", "out_of_range", "repeated_rows", "clock_unset",
    "bad_exception_response", "bad_short_response",
)  # fmt: skip
#: Counters that exist from the start.
_COUNTERS: Final = ("connects", "connect_failures", "lost", *UNIT_COUNTERS)


class ModbusSource(RetriedSource):
    """Polls the units of one line, and retries each for ever; a dead unit costs the others one time-out a back-off.

    Rows have the device's own time (`rtc`) where its map has clock registers and they are set; else the gateway's time,
    with `clock` as its quality (`ntp` only where a time server sets it). A value outside its quantity's physical range
    is kept and flagged `fail`. The channels of a failed request are absent from the row.
    """

    def __init__(
        self, settings: ModbusSettings | ModbusRtuSettings, gateway_id: str, site: str, *, clock: Clock = Clock.RTC
    ) -> None:
        """Read the register maps. Raises SettingsError."""
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._bus = ModbusBus(settings.address, settings.framing, settings.timeout_s)
        several = len(settings.nodes) > 1
        self._nodes = [
            PolledUnit(
                unit,
                settings.poll_s if unit.poll_s is None else unit.poll_s,
                settings.clock_speed,
                site,
                clock,
                f"{settings.name} {unit.device}" if several else settings.name,
                self._counts,
            )
            for unit in settings.nodes
        ]

    def _begin(self) -> None:
        now_s = time.monotonic()
        for node in self._nodes:
            node.start(now_s)

    def _work(self, sink: Sink) -> None:
        """Poll the unit that is due next."""
        node = min(self._nodes, key=lambda polled: polled.due_s)
        if not self._stopping.wait(max(0.0, node.due_s - time.monotonic())):
            self._poll(node, sink)

    def _interrupt(self) -> None:
        self._bus.interrupt()

    def _close(self) -> None:
        self._bus.close()

    def _peers(self) -> Sequence[Attempts]:
        return (self._attempts, *(node.attempts for node in self._nodes))

    def _poll(self, node: PolledUnit, sink: Sink) -> None:
        """Poll a unit. A silent unit enters its back-off; for a lost line all of them wait."""
        wait_s = 0.0
        try:
            if not self._bus.is_open:
                self._open()
            node.begin()
            for read in node.reads:
                node.take(read, self._bus.read(node.unit, read))
            node.finish(sink)
        except RetryLater as error:
            if self._stopping.is_set():
                return
            if isinstance(error, NoAnswer):
                wait_s = node.fail(error)
            else:
                self._wait_after(error)
        else:
            self._attempts.succeed()
            node.attempts.succeed()
        node.skip(time.monotonic(), wait_s)

    def _open(self) -> None:
        try:
            self._bus.open()
        except RetryLater:
            self._counts["connect_failures"] += 1
            raise
        self._counts["connects"] += 1


class PolledUnit:
    """One unit, polled on a fixed grid. A poll is `begin`, then `take` for each of `reads`, then `finish`."""

    def __init__(
        self,
        settings: UnitSettings,
        poll_s: float,
        clock_speed: float,
        site: str,
        clock: Clock,
        name: str,
        counts: Counter[str],
    ) -> None:
        """Read the register map. Raises SettingsError."""
        path = find_map(settings.registers)
        if path is None:
            raise SettingsError(f"there is no register map {settings.registers!r}")
        self._map = load_map(path)
        self.reads = plan_reads(self._map)
        self.unit = settings.unit
        self._poll_s = poll_s
        self._clock = clock
        self._counts = counts
        channels = [register.channel for register in self._map.register]
        self._device = SourceDevice(
            settings.device, settings, site, counts, name=name, channels=channels, interval_s=poll_s * clock_speed
        )
        self._device.update(model=self._map.model)
        self.attempts = Attempts(name, counts)
        self._schedule = PollSchedule(poll_s, 0.0)
        self._words: dict[tuple[int, int], int] = {}
        self.due_s = 0.0

    def start(self, now_s: float) -> None:
        """Start the grid of slots now."""
        self._schedule = PollSchedule(self._poll_s, now_s)
        self.due_s = now_s

    def skip(self, now_s: float, wait_s: float) -> None:
        """Advance to the next slot that is not within `wait_s`."""
        self._counts["missed_slots"] += self._schedule.advance(now_s)
        self.due_s = now_s + max(wait_s, self._schedule.wait_s(now_s))

    def fail(self, error: NoAnswer) -> float:
        """Count a poll without an answer; return how long to wait before the next."""
        self._counts["no_answer"] += 1
        if error.exception is not None:
            self._counts[f"exception_{error.exception:02x}"] += 1
        return self.attempts.fail(error)

    def begin(self) -> None:
        """Begin a poll."""
        self._counts["polls"] += 1
        self._words = {}

    def take(self, read: Read, answer: list[int] | BadResponse) -> None:
        """Keep the words of a request, or count why there are none."""
        if not isinstance(answer, BadResponse):
            self._words.update(place_words(read, answer))
        elif answer.exception is None:
            self._counts["bad_short_response"] += 1
        else:
            self._counts["bad_exception_response"] += 1
            self._counts[f"exception_{answer.exception:02x}"] += 1

    def finish(self, sink: Sink) -> None:
        """Emit the row of a poll, with the unit's own time where it has one, else the present."""
        words = self._words
        self._device.update(simulated=is_simulator(self._map, words))
        self._device.describe(sink)
        values = decode_values(self._map, words)
        own_ms = self._own_time_ms(words)
        if own_ms is None:
            self._device.emit(sink, self._clock, wall_clock_ms(), values, own_time=False)
        else:
            self._device.emit(sink, Clock.RTC, own_ms, values)

    def _own_time_ms(self, words: Words) -> int | None:
        """Return the time of the unit's own clock, None where it has none or the clock was never set."""
        time_ms = decode_clock(self._map, words)
        if time_ms is not None and time_ms >= CREDIBLE_FROM_MS:
            return time_ms
        self._counts["clock_unset"] += self._map.clock is not None
        return None
