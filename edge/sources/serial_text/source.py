"""Line source: a serial device that prints lines of text."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from edge.sources.connection.reconnect import Attempts, troubles_of
from edge.sources.connection.serial_or_tcp import SerialOrTcpLink, parse_link
from edge.sources.devices.device_clock import is_credible, read_time_ms
from edge.sources.devices.nodes import Nodes
from edge.sources.mapping.field_map import Measurement
from edge.sources.serial_text.line import LineSplitter, parse_line, read_text
from edge.sources.serial_text.settings import LinesSettings
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import RetryLater

_COUNTERS: Final = ("lines", "rows", "lost", "refused_lines", "refused_encoding", "partial_lines", "overlong_lines")
_RECEIVE_S: Final = 0.2


class LinesSource:
    """Reads lines as they arrive, and reopens the link when it is lost.

    Rows have the device's own time (`rtc`) where the settings name its field and it is plausible, else the time of
    their arrival.
    """

    def __init__(self, settings: LinesSettings, gateway_id: str, site: str) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        self.name = settings.name
        self._settings = settings
        self._counts: Counter[str] = Counter(dict.fromkeys(_COUNTERS, 0))
        self._link = SerialOrTcpLink(parse_link(settings.url, settings.parity, settings.data_bits, settings.stop_bits))
        self._attempts = Attempts(settings.name, self._counts)
        self._nodes = Nodes(
            settings.name,
            site,
            self._counts,
            settings,
            settings.listed_nodes,
            settings.channel,
            listed_only=settings.listed_only,
            interval_s=settings.interval_s,
        )
        self._stopping = threading.Event()

    def run(self, sink: Sink) -> None:
        """Read until `stop`; a lost device is retried with a growing back-off."""
        settings = self._settings
        try:
            while not self._stopping.is_set():
                splitter = LineSplitter(settings.longest_line_bytes, self._counts, keep_first=settings.format == "json")
                try:
                    self._link.open()
                    self._read(splitter, sink)
                except RetryLater as error:
                    self._stopping.wait(self._attempts.fail(error))
                finally:
                    splitter.close()
        finally:
            self._link.close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stopping.set()
        self._link.interrupt()

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of read, refused and lost items so far, by name."""
        return dict(self._counts)

    def notes(self) -> list[str]:
        """Return nothing: such a source has only warnings."""
        return []

    def warnings(self) -> list[str]:
        """Return why the line cannot be read as sentences."""
        return troubles_of(self._attempts)

    def _read(self, splitter: LineSplitter, sink: Sink) -> None:
        while not self._stopping.is_set():
            data = self._link.receive(_RECEIVE_S)
            now_ms = wall_clock_ms()
            for line in splitter.feed(data):
                self._attempts.succeed()
                self._handle(line, now_ms, sink)

    def _handle(self, line: bytes, now_ms: int, sink: Sink) -> None:
        """Emit the measurements of a line, or count its refusal."""
        settings = self._settings
        self._counts["lines"] += 1
        text = read_text(line)
        if text is None:
            self._counts["refused_encoding"] += 1
        elif not text.strip() or text.startswith(settings.comment):
            self._counts["comments"] += 1
        else:
            measurements = parse_line(text, settings.format, settings.delimiter, settings.columns)
            if measurements is None:
                self._counts["refused_lines"] += 1
            else:
                self._emit(measurements, now_ms, sink)

    def _emit(self, measurements: list[Measurement], now_ms: int, sink: Sink) -> None:
        settings = self._settings
        values = {number.name: number.value for number in measurements}
        clock, time_ms = Clock.ARRIVAL, now_ms
        if settings.time is not None:
            own_ms = read_time_ms(values.get(settings.time.key), settings.time.format)
            if own_ms is not None and is_credible(own_ms, now_ms):
                clock, time_ms = Clock.RTC, own_ms
            else:
                self._counts["clock_unset"] += 1
        sender = None if settings.sender is None else values.get(settings.sender)
        node = self._nodes.find(settings.device or ("" if sender is None else str(sender)))
        if node is not None:
            beside = {settings.sender, None if settings.time is None else settings.time.key}
            node.emit(sink, clock, time_ms, [number for number in measurements if number.name not in beside])
