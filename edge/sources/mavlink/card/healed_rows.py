"""Filter between a log's reader and the gateway: passes what lies in a gap, and nothing beside what came by link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from edge.sources.mavlink.card.flight import Gap, Interval, intervals_by_channel
from edge.sources.mavlink.card.transfer.sparse_file import Ranges
from edge.sources.source import NO_FLAGS, Reading, Readings, Sink
from headland.contract.records import ChannelInfo, Descriptor, Event

_PLACE: Final = "latitude_deg"


class HealedRows:
    """A sink. `samples` counts what was passed on, `channels` are the channels that the log described."""

    def __init__(self, gap: Gap, least_gap_ms: int, behind: Sink) -> None:
        self.samples = 0
        self.channels: dict[str, ChannelInfo] = {}
        self._gap = gap
        self._least_ms = least_gap_ms
        self._behind = behind
        self._by_channel = intervals_by_channel(gap.silences)
        #: Where nothing at all came: of channels that never come by link, and of events.
        self._of_others = next((entry.intervals for entry in gap.silences if not entry.channels), [])
        self._has_places = _PLACE in self._by_channel
        self._covered = Ranges()
        self._last_ms = gap.before.time_ms

    @property
    def covered_ms(self) -> int:
        """How much of the gap the rows cover that were passed on."""
        covered = Ranges(self._covered.all)
        end_ms = self._gap.after.time_ms
        if end_ms - self._last_ms <= self._least_ms:
            covered.add(self._last_ms, end_ms)
        return covered.total()

    def begin_log(self) -> None:
        """Begin another log, whose rows may be earlier ones."""
        end_ms = self._gap.after.time_ms
        if end_ms - self._last_ms <= self._least_ms:
            self._covered.add(self._last_ms, end_ms)
        self._last_ms = self._gap.before.time_ms

    def reading(self, reading: Reading) -> None:
        """Pass a row on where it lies in the gap."""
        columns = {channel: (value,) for channel, value in reading.values.items()}
        self._pass(Readings(reading.source, reading.clock, (reading.time_ms,), columns), reading.quality)

    def runs(self, runs: Sequence[Readings]) -> None:
        """Pass on the rows that lie in the gap."""
        for run in runs:
            self._pass(run, NO_FLAGS)

    def event(self, event: Event) -> None:
        """Pass on an event from when nothing came by link."""
        if _is_within(event.t, self._of_others):
            self._behind.event(event)

    def describe(self, descriptor: Descriptor) -> None:
        """Note the channels: the vehicle's descriptor is made by its link."""
        self.channels.update(descriptor.channels)

    def _pass(self, run: Readings, flags: Mapping[str, int]) -> None:
        groups: dict[tuple[Interval, ...], list[str]] = {}
        for channel in run.columns:
            groups.setdefault(tuple(self._by_channel.get(channel, self._of_others)), []).append(channel)
        for intervals, channels in groups.items():
            at = [place for place, time_ms in enumerate(run.times_ms) if _is_within(time_ms, intervals)]
            if not at:
                continue
            times_ms = [run.times_ms[place] for place in at]
            columns = {channel: [run.columns[channel][place] for place in at] for channel in channels}
            self.samples += sum(len(column) - column.count(None) for column in columns.values())
            if _PLACE in columns or not self._has_places:
                self._cover(times_ms)
            rows = msgspec.structs.replace(run, times_ms=times_ms, columns=columns)
            if flags:
                for row in rows.rows():
                    self._behind.reading(msgspec.structs.replace(row, quality=flags))
            else:
                self._behind.runs((rows,))

    def _cover(self, times_ms: Sequence[int]) -> None:
        for time_ms in times_ms:
            if 0 < time_ms - self._last_ms <= self._least_ms:
                self._covered.add(self._last_ms, time_ms)
            self._last_ms = max(self._last_ms, time_ms)


def _is_within(time_ms: int, intervals: Sequence[Interval]) -> bool:
    return any(begin < time_ms < end for begin, end in intervals)
