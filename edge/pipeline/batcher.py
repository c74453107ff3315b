"""Batcher: gathers readings and events into the contents of messages. Pure: no clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from edge.sources.source import DeviceId, Reading, Readings
from headland.contract.codec import MAX_BLOCK_SPAN_MS, MAX_PAYLOAD_BYTES, MAX_TIME_MS, check_event
from headland.contract.records import ALARM_CLEARED, ALARM_RAISED, Block, Clock, Event, Quality

#: Reserved for the envelope and for bytes that deflate may add (RFC 1951 section 3.2.4: 5 in 65,535).
ENVELOPE_BYTES: Final = 1024
#: The largest JSON of a message's blocks and events, estimated from above.
MAX_CONTENT_BYTES: Final = MAX_PAYLOAD_BYTES - ENVELOPE_BYTES
#: JSON of the longest finite float (-2.2250738585072014e-308) and its comma.
_NUMBER_BYTES: Final = 25
_OFFSET_BYTES: Final = 15
_FLAG_BYTES: Final = 2
_BLOCK_BYTES: Final = 400
#: The length to which a text is cut in an event too large for a message; the event is marked as cut.
_MAX_TEXT: Final = 1000

#: Events that have a message of their own, which is sent before the others.
_URGENT: Final = frozenset({ALARM_RAISED, ALARM_CLEARED})

_Key = tuple[DeviceId, Clock, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Content:
    """Contents of a message, without its envelope; `urgent` where it holds alarms alone.

    `opened_s` is when its first row or event was taken, by the batcher's clock; 0 where that is unknown.
    """

    blocks: list[Block]
    events: list[Event]
    points: int
    urgent: bool = False
    opened_s: float = field(default=0.0, compare=False)

    def span_ms(self) -> tuple[int, int]:
        """Return the earliest and the latest time in the contents."""
        times = [event.t for event in self.events]
        for block in self.blocks:
            times += (block.t0, block.t0 + max(block.dt))
        return min(times), max(times)


class Batcher:
    """Gathers rows into messages; `now_s` is any monotonic clock.

    Rows of one device with the same clock and channels share a block, in the order of arrival. A message is closed by
    its points, its age or its estimated size, so that it never exceeds MAX_PAYLOAD_BYTES; an alarm is a message by
    itself, at once. Every row and event is in exactly one message, except rows without values or with a time that no
    message may contain: these are counted.
    """

    def __init__(self, max_points: int, max_age_s: float) -> None:
        self._max_points = max_points
        #: The age that closes the open message; it may change while one is open.
        self.max_age_s = max_age_s
        self._open = _Message()
        self._opened_s = 0.0
        self._closed: list[Content] = []
        self._counters = {"rows": 0, "points": 0, "events": 0, "rows_refused": 0, "events_refused": 0, "messages": 0}

    def add(self, reading: Reading, now_s: float) -> None:
        """Add a row."""
        if not reading.values or not 0 <= reading.time_ms <= MAX_TIME_MS:
            self._counters["rows_refused"] += 1
            return
        self._counters["rows"] += 1
        self._counters["points"] += len(reading.values)
        for part in _split_wide(reading, self._max_points):
            self._ensure_fits(self._open.size_with(part), len(part.values), now_s)
            self._open.add(part)
            if self._open.points >= self._max_points:
                self.close()

    def add_run(self, run: Readings, now_s: float) -> None:
        """Add many rows at once, with the result of `add` for each."""
        width, rows = len(run.columns), len(run)
        if not rows:
            return
        first_ms, last_ms = min(run.times_ms), max(run.times_ms)
        needs_split = first_ms < 0 or last_ms > MAX_TIME_MS or last_ms - first_ms > MAX_BLOCK_SPAN_MS
        if needs_split or not width or _is_wide(run.columns, self._max_points):
            for reading in run.rows():
                self.add(reading, now_s)
            return
        self._counters["rows"] += rows
        self._counters["points"] += rows * width
        start = 0
        while start < rows:
            fitting = min(rows - start, self._open.rows_that_fit(run, first_ms, last_ms, self._max_points))
            if fitting < 1:
                self.close()
                continue
            if self._open.is_empty:
                self._opened_s = now_s
            self._open.add_run(run, start, start + fitting)
            start += fitting
            if self._open.points >= self._max_points:
                self.close()

    def add_event(self, event: Event, now_s: float) -> None:
        """Add an event, without the characters that no store holds; what the contract refuses is counted."""
        event = _make_storable(event)
        if check_event(event) is not None:
            self._counters["events_refused"] += 1
            return
        try:
            event, size = _fit(event)
        except (ValueError, OverflowError, TypeError):  # a text or number that JSON cannot represent
            self._counters["events_refused"] += 1
            return
        self._counters["events"] += 1
        if event.kind in _URGENT:
            self._closed.append(Content([], [event], 0, urgent=True, opened_s=now_s))
            self._counters["messages"] += 1
            return
        self._ensure_fits(self._open.bytes + size, 0, now_s)
        self._open.add_event(event, size)

    @property
    def closed(self) -> int:
        """The number of closed messages that wait to be taken."""
        return len(self._closed)

    def due(self, now_s: float) -> bool:
        """Close the open message when it is old enough; return whether any closed one waits to be taken."""
        if not self._open.is_empty and now_s - self._opened_s >= self.max_age_s:
            self.close()
        return bool(self._closed)

    def wait_s(self, now_s: float) -> float | None:
        """Return the time until `due` would close the open message, or None while there is none."""
        return None if self._open.is_empty else max(0.0, self._opened_s + self.max_age_s - now_s)

    def close(self) -> None:
        """Close the open message now, whatever its age."""
        if not self._open.is_empty:
            self._closed.append(self._open.content(self._opened_s))
            self._counters["messages"] += 1
            self._open = _Message()

    def take(self) -> list[Content]:
        """Return the closed messages in order, once."""
        contents, self._closed = self._closed, []
        return contents

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of added and refused rows and events so far, by name."""
        return dict(self._counters)

    def _ensure_fits(self, size: int, points: int, now_s: float) -> None:
        """Close the open message where the next row or event does not fit; note when a new one begins."""
        if size > MAX_CONTENT_BYTES or (self._open.points and self._open.points + points > self._max_points):
            self.close()
        if self._open.is_empty:
            self._opened_s = now_s


@dataclass(slots=True)
class _OpenBlock:
    first_ms: int
    last_ms: int
    times: list[int] = field(default_factory=list)
    columns: dict[str, list[float | None]] = field(default_factory=dict)
    flags: dict[str, list[int]] = field(default_factory=dict)

    def add(self, reading: Reading) -> None:
        rows = len(self.times)
        self.first_ms = min(self.first_ms, reading.time_ms)
        self.last_ms = max(self.last_ms, reading.time_ms)
        self.times.append(reading.time_ms)
        for channel, value in reading.values.items():
            self.columns.setdefault(channel, []).append(value)
        for channel, flag in reading.quality.items():
            if channel in reading.values and channel not in self.flags and flag != Quality.GOOD:
                self.flags[channel] = [int(Quality.GOOD)] * rows
        for channel, flags in self.flags.items():
            flags.append(int(reading.quality.get(channel, Quality.GOOD)))

    def add_run(self, times_ms: Sequence[int], columns: Mapping[str, Sequence[float | None]]) -> None:
        self.first_ms = min(self.first_ms, *times_ms)
        self.last_ms = max(self.last_ms, *times_ms)
        self.times.extend(times_ms)
        for channel, column in columns.items():
            self.columns.setdefault(channel, []).extend(column)
        for flags in self.flags.values():
            flags.extend([int(Quality.GOOD)] * len(times_ms))

    def fits(self, time_ms: int) -> bool:
        return max(self.last_ms, time_ms) - min(self.first_ms, time_ms) <= MAX_BLOCK_SPAN_MS

    def block(self, device: DeviceId, clock: Clock) -> Block:
        return Block(
            device=device.device,
            kind=device.kind,
            site=device.site,
            clock=clock,
            t0=self.first_ms,
            dt=[time - self.first_ms for time in self.times],
            c=self.columns,
            q=self.flags,
            simulated=device.simulated,
        )


class _Message:
    """The open message, with its size as JSON estimated from above."""

    def __init__(self) -> None:
        self.points = 0
        self.bytes = 0
        self._blocks: dict[_Key, _OpenBlock] = {}
        self._full: list[Block] = []
        self._events: list[Event] = []

    @property
    def is_empty(self) -> bool:
        return not self._blocks and not self._events

    def size_with(self, reading: Reading) -> int:
        block = self._blocks.get(_key(reading))
        head = 0 if block is not None and block.fits(reading.time_ms) else _head_bytes(reading.values)
        return self.bytes + head + _row_bytes(len(reading.values))

    def rows_that_fit(self, run: Readings, first_ms: int, last_ms: int, max_points: int) -> int:
        """Return how many rows of a run with these times fit into the message; less than 1 where none fits."""
        width = len(run.columns)
        block = self._blocks.get(_key_of(run))
        is_new = block is None or not (block.fits(first_ms) and block.fits(last_ms))
        free_bytes = MAX_CONTENT_BYTES - self.bytes - (_head_bytes(run.columns) if is_new else 0)
        free_points = max_points - self.points
        return min(free_points // width, free_bytes // _row_bytes(width))

    def add_run(self, run: Readings, start: int, end: int) -> None:
        """Add the rows from `start` to before `end`; `rows_that_fit` returned that they fit."""
        times_ms = run.times_ms[start:end]
        columns = {channel: column[start:end] for channel, column in run.columns.items()}
        key, width, rows = _key_of(run), len(columns), end - start
        self.points += width * rows
        self.bytes += _row_bytes(width) * rows
        block = self._blocks.get(key)
        if block is not None and not (block.fits(min(times_ms)) and block.fits(max(times_ms))):
            self._full.append(block.block(key[0], key[1]))
            block = None
        if block is None:
            self.bytes += _head_bytes(columns)
            block = self._blocks[key] = _OpenBlock(times_ms[0], times_ms[0])
        block.add_run(times_ms, columns)

    def add(self, reading: Reading) -> None:
        self.bytes = self.size_with(reading)
        self.points += len(reading.values)
        key = _key(reading)
        block = self._blocks.get(key)
        if block is not None and not block.fits(reading.time_ms):
            self._full.append(block.block(key[0], key[1]))
            block = None
        if block is None:
            block = self._blocks[key] = _OpenBlock(reading.time_ms, reading.time_ms)
        block.add(reading)

    def add_event(self, event: Event, size: int) -> None:
        self.bytes += size
        self._events.append(event)

    def content(self, opened_s: float) -> Content:
        blocks = [block.block(key[0], key[1]) for key, block in self._blocks.items()]
        return Content(self._full + blocks, self._events, self.points, opened_s=opened_s)


def _key(reading: Reading) -> _Key:
    return reading.source, reading.clock, frozenset(reading.values)


def _key_of(run: Readings) -> _Key:
    return run.source, run.clock, frozenset(run.columns)


def _row_bytes(width: int) -> int:
    return _OFFSET_BYTES + (_NUMBER_BYTES + _FLAG_BYTES) * width


def _head_bytes(channels: Iterable[str]) -> int:
    """Return the bytes of a new block: its names, and each channel's name with brackets, for values and for flags."""
    return _BLOCK_BYTES + sum(2 * (6 * len(channel) + 8) for channel in channels)


def _is_wide(channels: Collection[str], max_points: int) -> bool:
    """Return whether a row of so many channels is too wide for one message."""
    return len(channels) > max_points or _row_bytes(len(channels)) + _head_bytes(channels) > MAX_CONTENT_BYTES


def _split_wide(reading: Reading, max_points: int) -> Iterator[Reading]:
    """Yield the row, split into halves of its channels while it is too wide for one message."""
    if not _is_wide(reading.values, max_points) or len(reading.values) == 1:
        yield reading
        return
    channels = list(reading.values)
    for half in (channels[: len(channels) // 2], channels[len(channels) // 2 :]):
        part = msgspec.structs.replace(
            reading,
            values={channel: reading.values[channel] for channel in half},
            quality={channel: flag for channel, flag in reading.quality.items() if channel in half},
        )
        yield from _split_wide(part, max_points)


def _make_storable(event: Event) -> Event:
    """Return the event with U+FFFD for each NUL in its texts, which autopilots and sensors may send."""
    data = {
        key: value.replace("\0", "\ufffd") if isinstance(value, str) else value for key, value in event.data.items()
    }
    return event if data == event.data else msgspec.structs.replace(event, data=data)


def _fit(event: Event) -> tuple[Event, int]:
    """Return the event and its size as JSON; texts are cut where the event would not fit into any message."""
    size = len(msgspec.json.encode(event)) + 1
    if size <= MAX_CONTENT_BYTES:
        return event, size
    data = {key[:64]: value[:_MAX_TEXT] if isinstance(value, str) else value for key, value in event.data.items()}
    event = msgspec.structs.replace(event, data={**dict(list(data.items())[:16]), "cut": True})
    return event, len(msgspec.json.encode(event)) + 1
