"""Unit of a Modbus line: its register map, its next poll and its failures, whatever carries its words."""

from __future__ import annotations

from collections import Counter
from typing import Final

from edge.sources.connection.reconnect import Attempts
from edge.sources.connection.schedule import PollSchedule
from edge.sources.devices.device import SourceDevice
from edge.sources.devices.device_clock import CREDIBLE_FROM_MS
from edge.sources.modbus.bus import BadResponse, NoAnswer
from edge.sources.modbus.registers import Read, find_map, load_map, plan_reads
from edge.sources.modbus.settings import UnitSettings
from edge.sources.modbus.words import Words, decode_clock, decode_values, is_simulator, place_words
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import SettingsError

#: Counters of the units that exist from the start.
UNIT_COUNTERS: Final = (
    "polls", "rows", "no_answer", "missed_slots", "out_of_range", "repeated_rows", "clock_unset",
    "bad_exception_response", "bad_short_response",
)  # fmt: skip


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
