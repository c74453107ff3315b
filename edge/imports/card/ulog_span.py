"""Span of a ULog (.ulg) on a vehicle's card, of which only the needed parts are read.

The head holds the definitions and the subscriptions, by which messages of the span are recognised. The span is decoded
in pieces: each is, with the head before it, a small ULog that pyulog reads.
"""

from __future__ import annotations

import io
import struct
from typing import Any, Final

from edge.imports.card.boot_clock import BootSpan, boot_spans
from edge.imports.card.time_search import DISORDER_US, Reads, TimeSearch
from edge.imports.log_output import LogOutput
from edge.imports.ulog.source import LogItem, fit_clock, load_ulog, log_items, timed_topics
from edge.sources.mavlink.card.flight import Gap
from edge.sources.mavlink.card.span_reader import SpanResult, SpanRun
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext, VehicleInfo
from edge.sources.mavlink.vehicle.state_events import StateEvents
from edge.sources.source import DeviceId, Sink
from headland.errors import DataDamaged

_FILE_HEAD_BYTES: Final = 16
_MESSAGE: Final = struct.Struct("<HB")
#: What follows the head of a data message: its subscription, and its topic's time stamp.
_DATA: Final = struct.Struct("<HQ")
_DATA_KIND: Final = ord("D")
_TEXT_KIND: Final = ord("L")
_SUBSCRIPTION_KIND: Final = ord("A")
#: Definitions; flags (B) are left out: they name parts of the whole file.
_HEAD_KINDS: Final = frozenset(b"FIMPA")
_KINDS: Final = frozenset(b"BFIMPQARDLCSO")
_CHUNK_BYTES: Final = 8192
_PIECE_BYTES: Final = 131_072
#: The head is over so many bytes after its last definition; definitions beyond the most are not waited for.
_QUIET_BYTES: Final = 4096
_MOST_HEAD_BYTES: Final = 2_000_000
#: Messages in a row that are recognised, and how long an autopilot runs at most.
_CHAIN: Final = 3
_LONGEST_RUN_US: Final = 10 * 24 * 3600 * 1_000_000


class UlogSpan:
    """One log, read for one gap."""

    def __init__(self, size_bytes: int, gap: Gap, device: DeviceId, sink: Sink) -> None:
        self._size = size_bytes
        self._gap = gap
        self._device = device
        self._sink = sink
        self._head = b""
        self._subscribed: set[int] = set()
        self._first_us: int | None = None

    def run(self) -> SpanRun:
        """Read the head, find the span, check it, and pass its samples on."""
        yield from self._read_head()
        if self._first_us is None:
            return SpanResult(False, "no_times")
        search = TimeSearch(self._size, self._find_time)
        last_us = yield from search.last_us()
        result: SpanResult = SpanResult(False, "other_log")
        for span in boot_spans(self._gap):
            if last_us < span.from_us or (span.until_us is not None and self._first_us > span.until_us):
                continue
            result = yield from self._read_span(span, search)
            if result.is_of_flight:
                return result
        return result

    # The head

    def _read_head(self) -> Reads:
        """Read definitions and subscriptions, and the time of the first data."""
        buffer, at, last_at = b"", _FILE_HEAD_BYTES, 0
        kept = bytearray()
        while len(buffer) < min(self._size, _MOST_HEAD_BYTES):
            data = yield len(buffer), min(len(buffer) + _CHUNK_BYTES, self._size)
            if not data:
                break
            buffer += data
            while (end := _end_of(buffer, at)) is not None:
                kind = buffer[at + 2]
                if kind in _HEAD_KINDS:
                    kept += buffer[at:end]
                    last_at = end
                    self._note_subscription(buffer, at, end)
                elif kind == _DATA_KIND and self._first_us is None and end - at >= _MESSAGE.size + _DATA.size:
                    self._first_us = _DATA.unpack_from(buffer, at + _MESSAGE.size)[1]
                at = end
            if self._first_us is not None and at - last_at >= _QUIET_BYTES:
                break
        self._head = buffer[:_FILE_HEAD_BYTES] + bytes(kept)

    def _note_subscription(self, buffer: bytes, at: int, end: int) -> None:
        if buffer[at + 2] == _SUBSCRIPTION_KIND and end - at > _MESSAGE.size + 3:
            self._subscribed.add(int.from_bytes(buffer[at + 4 : at + 6], "little"))

    # Messages

    def _time_of(self, buffer: bytes, at: int) -> int | None:
        """Return the time of a data message that is one, None for anything else."""
        if at + _MESSAGE.size + _DATA.size > len(buffer) or buffer[at + 2] != _DATA_KIND:
            return None
        number, time_us = _DATA.unpack_from(buffer, at + _MESSAGE.size)
        first_us = self._first_us or 0
        is_credible = first_us - DISORDER_US <= time_us <= first_us + _LONGEST_RUN_US
        return int(time_us) if number in self._subscribed and is_credible else None

    def _align(self, buffer: bytes, at: int) -> int | None:
        """Return where the first data message from a place on begins that others follow."""
        for begin in range(at, len(buffer) - _MESSAGE.size - _DATA.size):
            if buffer[begin + 2] == _DATA_KIND and self._is_chain(buffer, begin):
                return begin
        return None

    def _is_chain(self, buffer: bytes, at: int) -> bool:
        times_us: list[int] = []
        for _ in range(_CHAIN):
            if at + _MESSAGE.size > len(buffer) or buffer[at + 2] not in _KINDS:
                return False
            if buffer[at + 2] == _DATA_KIND:
                time_us = self._time_of(buffer, at)
                if time_us is None:
                    return False
                times_us.append(time_us)
            at += _MESSAGE.size + int.from_bytes(buffer[at : at + 2], "little")
        return max(times_us) - min(times_us) <= 10 * DISORDER_US

    def _find_time(self, buffer: bytes) -> int | None:
        begin = self._align(buffer, 0)
        return None if begin is None else self._time_of(buffer, begin)

    # The span

    def _read_span(self, span: BootSpan, search: TimeSearch) -> Reads:
        """Read a span into the sink piece by piece, once it is known to be of the flight."""
        output = LogOutput(span.clock, SourceContext(self._device.device, self._device.site), self._sink)
        output.set_name(DeviceName(self._device.device, VehicleInfo("", 1), self._device.simulated))
        state, is_of_flight = StateEvents(), False
        at = yield from search.seek(span.from_us)
        rest, is_aligned, is_over = b"", at <= len(self._head), False
        if is_aligned:
            at = 0
        while not is_over:
            piece = bytearray()
            while len(piece) < _PIECE_BYTES and not is_over:
                data = (yield at, min(at + _CHUNK_BYTES, self._size)) if at < self._size else b""
                at += len(data)
                rest, is_aligned, ended = self._take(rest + data, is_aligned, piece, span)
                is_over = ended or not data
            try:
                items, by_utc = self._items(bytes(piece), state, span)
            except DataDamaged:
                return SpanResult(is_of_flight, "unknown_format")
            if not is_of_flight:
                checked = _check(items, by_utc, span)
                if not checked:
                    return SpanResult(False, "not_provable" if checked is None and items else "other_log")
                is_of_flight = True
            for item in items:
                if item.series:
                    output.add_row(item.series, item.boot_us, item.body)
                else:
                    output.add_event(item.body, item.boot_us)
        output.flush()
        return SpanResult(True, "" if ended else "log_ends")

    def _take(self, buffer: bytes, is_aligned: bool, piece: bytearray, span: BootSpan) -> tuple[bytes, bool, bool]:
        """Add whole messages to a piece; return the bytes that remain, whether they are aligned, and the span's end."""
        at = 0 if is_aligned else self._align(buffer, 0)
        if at is None:
            return buffer[-_CHUNK_BYTES:], False, False
        if buffer.startswith(self._head[:_FILE_HEAD_BYTES]) and is_aligned:
            at = _FILE_HEAD_BYTES
        while (end := _end_of(buffer, at)) is not None:
            kind = buffer[at + 2]
            if kind not in _KINDS:
                found = self._align(buffer, at + 1)
                if found is None:
                    return buffer[at:][-_CHUNK_BYTES:], False, False
                at = found
                continue
            time_us = self._time_of(buffer, at)
            if time_us is not None and span.until_us is not None and time_us > span.until_us + DISORDER_US:
                return b"", True, True
            if time_us is not None or kind == _TEXT_KIND:
                piece += buffer[at:end]
            at = end
        return buffer[at:], True, False

    def _items(self, piece: bytes, state: StateEvents, span: BootSpan) -> tuple[list[LogItem], bool | None]:
        """Return the rows and events of a piece, and whether its satellites' time is the link's, None without one."""
        log = load_ulog(io.BytesIO(self._head + piece), self._device.device)
        topics = timed_topics(log)
        items = list(log_items(log, topics, state))
        clock = fit_clock(topics).finish()
        if not clock.known or not items:
            return items, None
        boot_us = items[0].boot_us
        utc_ms = clock.utc_ms(boot_us)
        return items, None if utc_ms is None else span.matches_utc(boot_us, utc_ms * 1000)


def _check(items: list[LogItem], by_utc: bool | None, span: BootSpan) -> bool | None:
    """Return whether a span is of the flight, None where that cannot be told."""
    if by_utc is not None and (by_utc or span.is_utc_known):
        return by_utc
    for item in items:
        body: Any = item.body
        is_near = abs(item.boot_us - span.edge.boot_ms * 1000) <= DISORDER_US
        for prefix in ("", "gps_") if item.series and is_near else ():
            if body.get(f"{prefix}latitude_deg") is not None:
                return span.matches_place(body[f"{prefix}latitude_deg"], body[f"{prefix}longitude_deg"])
    return None


def _end_of(buffer: bytes, at: int) -> int | None:
    """Return where a message ends that is there whole, else None."""
    if at + _MESSAGE.size > len(buffer):
        return None
    end = at + _MESSAGE.size + int.from_bytes(buffer[at : at + 2], "little")
    return end if end <= len(buffer) else None
