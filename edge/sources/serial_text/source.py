"""Line source: a serial device that prints lines of text."""

from __future__ import annotations

from typing import Final

from edge.sources.connection.serial_or_tcp import SerialOrTcpLink, parse_link
from edge.sources.devices.device_clock import read_time_ms
from edge.sources.devices.nodes import Nodes
from edge.sources.mapping.field_map import Measurement
from edge.sources.retried_source import RetriedSource
from edge.sources.serial_text.line import LineSplitter, parse_line, read_text
from edge.sources.serial_text.settings import LinesSettings
from edge.sources.source import Sink
from headland.clock import wall_clock_ms

_COUNTERS: Final = ("lines", "rows", "lost", "refused_lines", "refused_encoding", "partial_lines", "overlong_lines")
_RECEIVE_S: Final = 0.2


class LinesSource(RetriedSource):
    """Reads lines as they arrive, and reopens the link when it is lost.

    Rows have the device's own time (`rtc`) where the settings name its field and it is plausible, else the time of
    their arrival.
    """

    def __init__(self, settings: LinesSettings, gateway_id: str, site: str) -> None:
        del gateway_id  # a fixed sensor is named in its settings, within its gateway
        super().__init__(settings.name, _COUNTERS)
        self._settings = settings
        self._link = SerialOrTcpLink(parse_link(settings.url, settings.parity, settings.data_bits, settings.stop_bits))
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

    def _work(self, sink: Sink) -> None:
        settings = self._settings
        splitter = LineSplitter(settings.longest_line_bytes, self._counts, keep_first=settings.format == "json")
        try:
            self._link.open()
            self._read(splitter, sink)
        finally:
            splitter.close()

    def _interrupt(self) -> None:
        self._link.interrupt()

    def _close(self) -> None:
        self._link.close()

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
        time = settings.time
        own_ms = None if time is None else read_time_ms(values.get(time.key), time.format)
        clock, time_ms = self._stamp(own_ms, now_ms, has_clock=time is not None)
        sender = None if settings.sender is None else values.get(settings.sender)
        node = self._nodes.find(settings.device or ("" if sender is None else str(sender)))
        if node is not None:
            beside = {settings.sender, None if time is None else time.key}
            node.emit(sink, clock, time_ms, [number for number in measurements if number.name not in beside])
