"""Span of a DataFlash log (.BIN) on a vehicle's card, of which only the needed parts are read.

The head says how messages look; the span's place is found by looking at the times of a few kilobytes here and there;
then the span is read. A log is of the flight where its own UTC, at times since boot that the link knew, is that of the
link, or where it has the vehicle at the same place.

    [ head ]......[?]....[?]..[?][ span ----->]............
"""

from __future__ import annotations

from typing import Any, Final

from edge.imports.card.boot_clock import BootSpan, boot_spans
from edge.imports.card.time_search import DISORDER_US, Reads, TimeSearch
from edge.imports.dataflash.columns import PULSES, RULES
from edge.imports.dataflash.event_mapper import EVENT_MESSAGES, EventMapper
from edge.imports.dataflash.first_pass import FirstPass, TimeField
from edge.imports.dataflash.format import HEAD, HEAD_BYTES, Format
from edge.imports.dataflash.reader import Message
from edge.imports.log_clock import BootTime, gps_utc_us
from edge.imports.log_output import LogOutput
from edge.sources.mavlink.card.flight import Gap
from edge.sources.mavlink.card.span_reader import SpanResult, SpanRun
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.vehicle.device_naming import DeviceName, SourceContext, VehicleInfo
from edge.sources.source import DeviceId, Sink

_WANTED: Final = frozenset((*RULES, *PULSES, *EVENT_MESSAGES))
_DEFINITIONS: Final = ("FMT", "FMTU", "UNIT", "MULT", "PARM")
_CHUNK_BYTES: Final = 8192
#: The head is over after so many bytes without a definition; definitions beyond the most are not waited for.
_QUIET_BYTES: Final = 8192
_MOST_HEAD_BYTES: Final = 1_000_000
#: How much of a span is read to find out whether it is of the flight.
_CHECK_US: Final = 3_000_000
#: A flow is the slope of a volume over up to five seconds, so it needs those before the span.
_LEAD_US: Final = 6_000_000
_FIX_3D: Final = 3


class DataflashSpan:
    """One log, read for one gap."""

    def __init__(self, settings: MavlinkSettings, size_bytes: int, gap: Gap, device: DeviceId, sink: Sink) -> None:
        self._settings = settings
        self._context = SourceContext(device.device, device.site, device.simulated)
        self._size = size_bytes
        self._gap = gap
        self._device = device
        self._sink = sink
        self._first = FirstPass(_WANTED)
        self._times = TimeField()

    def run(self) -> SpanRun:
        """Read the head, find the span, check it, and pass its samples on."""
        yield from self._read_head()
        first_us = self._first.first_us
        if first_us is None:
            return SpanResult(False, "no_times")
        search = TimeSearch(self._size, self._find_time)
        last_us = yield from search.last_us()
        result: SpanResult = SpanResult(False, "other_log")
        for span in boot_spans(self._gap):
            if last_us < span.from_us or (span.until_us is not None and first_us > span.until_us):
                continue
            result = yield from self._read_span(span, search)
            if result.is_of_flight:
                return result
        return result

    # The head

    def _read_head(self) -> Reads:
        """Read the formats and the parameters, which a log begins with."""
        at = quiet_bytes = known = 0
        while at < min(self._size, _MOST_HEAD_BYTES):
            data = yield at, min(at + _CHUNK_BYTES, self._size)
            if not data:
                return
            at += len(data)
            self._first.read(data)
            kinds = self._first.kinds
            definitions = sum(kinds[name] for name in _DEFINITIONS)
            quiet_bytes = quiet_bytes + len(data) if definitions == known else 0
            known = definitions
            if quiet_bytes >= _QUIET_BYTES and self._first.first_us is not None:
                return

    # The place of the span

    def _find_time(self, buffer: bytes) -> int | None:
        """Return the time of the first whole message that another one follows."""
        formats = self._first.reader.dictionary.by_type
        at = buffer.find(HEAD)
        while at >= 0 and at + HEAD_BYTES < len(buffer):
            fmt = formats[buffer[at + 2]]
            end = at + (fmt.length if fmt is not None else 0)
            if fmt is not None and buffer.startswith(HEAD, end) and end + HEAD_BYTES <= len(buffer):
                raw_us = self._times.raw_us(fmt, fmt.unpack(buffer, at)) if formats[buffer[end + 2]] else None
                if raw_us is not None:
                    return raw_us
                at = end
            else:
                at = buffer.find(HEAD, at + 1)
        return None

    # The span

    def _read_span(self, span: BootSpan, search: TimeSearch) -> Reads:
        """Read a span into the sink, once it is known to be of the flight."""
        reader = self._first.reader
        reader.finish()
        lead_us = _LEAD_US if self._settings.sprayer is not None else 0
        at = yield from search.seek(span.from_us - lead_us)
        early, last_us = list[Message](), 0
        is_of_flight: bool | None = None
        while is_of_flight is None:
            data = b""
            if at < self._size and last_us < span.from_us + _CHECK_US:
                data = yield at, min(at + _CHUNK_BYTES, self._size)
            if not data:
                return SpanResult(False, "not_provable" if early else "not_logged")
            at += len(data)
            early += reader.read(data)
            last_us = self._times.raw_us(*early[-1]) or last_us if early else 0
            is_of_flight = self._check(span, early)
        if not is_of_flight:
            return SpanResult(False, "other_log")
        output = LogOutput(span.clock, self._context, self._sink)
        mapper = self._mapper(output)
        boot_time = BootTime()
        is_over = self._map(early, span, mapper, boot_time)
        while not is_over and at < self._size:
            data = yield at, min(at + _CHUNK_BYTES, self._size)
            if not data:
                break
            at += len(data)
            is_over = self._map(reader.read(data), span, mapper, boot_time)
        if not is_over:
            self._map(reader.finish(), span, mapper, boot_time)
        output.flush()
        return SpanResult(True, "" if is_over else "log_ends")

    def _mapper(self, output: LogOutput) -> EventMapper:
        vehicle = self._first.vehicle()
        output.set_name(
            DeviceName(
                self._device.device,
                VehicleInfo(vehicle.model, vehicle.system, vehicle.software),
                self._device.simulated,
            )
        )
        mapper = EventMapper(vehicle, self._settings.sprayer, self._first.kinds, self._first.parameters, output)
        mapper.note_parameters(self._first.parameters)
        return mapper

    def _map(self, messages: list[Message], span: BootSpan, mapper: EventMapper, boot_time: BootTime) -> bool:
        """Map messages; return whether the span is over."""
        for fmt, raw in messages:
            raw_us = self._times.raw_us(fmt, raw)
            boot_us = None if raw_us is None else boot_time.observe(raw_us)
            if boot_us is None:
                continue
            if span.until_us is not None and boot_us > span.until_us + DISORDER_US:
                return True
            mapper.map(fmt, raw, boot_us)
        return False

    def _check(self, span: BootSpan, messages: list[Message]) -> bool | None:
        """Return whether a span is of the flight, None while that cannot be told."""
        is_near: bool | None = None
        by_utc: bool | None = None
        for fmt, raw in messages:
            boot_us = self._times.raw_us(fmt, raw)
            if boot_us is None:
                continue
            if fmt.name == "GPS" and by_utc is None:
                utc_us = _utc_us(fmt, raw)
                by_utc = None if utc_us is None else span.matches_utc(boot_us, utc_us)
            if fmt.name == "POS" and is_near is None and abs(boot_us - span.edge.boot_ms * 1000) <= DISORDER_US:
                fields = fmt.fields(raw)
                is_near = span.matches_place(fields.get("Lat", 0.0), fields.get("Lng", 0.0))
        return is_near if by_utc is None or not (by_utc or span.is_utc_known) else by_utc


def _utc_us(fmt: Format, raw: Any) -> int | None:
    """Return the UTC of a receiver's message, by its present and former names."""
    fields = fmt.fields(raw)

    def whole(*names: str) -> int:
        return next((int(fields[name]) for name in names if fmt.is_whole(name)), 0)

    if whole("I") or whole("Status") < _FIX_3D:
        return None
    return gps_utc_us(whole("GWk", "Week"), whole("GMS", "TimeMS"))
