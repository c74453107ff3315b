"""Formats of logs on vehicles' cards that can be read in parts; a reader is loaded when a log is read."""

from __future__ import annotations

from typing import Final

from edge.sources.mavlink.card.flight import Gap
from edge.sources.mavlink.card.span_reader import LogFormat, LogFormats, SpanRun
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.source import DeviceId, Sink

_DATAFLASH_START: Final = b"\xa3\x95\x80"
_ULOG_START: Final = b"ULog\x01\x12\x35"


def log_formats(settings: MavlinkSettings) -> LogFormats:
    """Return the formats for the vehicles of a source."""

    def read_dataflash(size_bytes: int, gap: Gap, device: DeviceId, sink: Sink) -> SpanRun:
        from edge.imports.card.dataflash_span import DataflashSpan

        return DataflashSpan(settings, size_bytes, gap, device, sink).run()

    def read_ulog(size_bytes: int, gap: Gap, device: DeviceId, sink: Sink) -> SpanRun:
        from edge.imports.card.ulog_span import UlogSpan

        return UlogSpan(size_bytes, gap, device, sink).run()

    return LogFormat(_DATAFLASH_START, read_dataflash), LogFormat(_ULOG_START, read_ulog)
