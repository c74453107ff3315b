"""A table file as a source: `run` reads the whole file and returns. The same file gives the same rows."""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from edge.imports.table.map import LoadedMap
from edge.imports.table.rows import RefusedRow, RowReader, match_header
from edge.sources.source import DeviceId, Reading, Sink
from headland.contract.records import ChannelInfo, Clock, Descriptor
from headland.errors import DataDamaged

#: A line that csv cannot read: a quotation without an end, a cell beyond csv's limit.
NOT_CSV: Final = "not_csv"
#: The most refusals in a report; all are counted.
MOST_REFUSALS: Final = 1000


class _Lines(Protocol):
    """The type of csv.reader's result: cells line by line, and how many lines of the file were read for them."""

    line_num: int

    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class TableReport:
    """Contents of a table. `refused` counts the refusals by reason, `refusals` are the first of them."""

    device: str
    rows: int
    first_ms: int | None
    last_ms: int | None
    refused: dict[str, int]
    refusals: tuple[RefusedRow, ...]


class TableSource:
    """A `Source` that reads a table."""

    def __init__(self, path: Path, loaded: LoadedMap, site: str) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self.position_bytes = 0
        self._path = path
        self._map = loaded
        table = loaded.map
        self._device = DeviceId(table.device, table.kind, table.site or site, table.simulated)
        self._stop = threading.Event()
        self._counts: Counter[str] = Counter()
        self._refusals: list[RefusedRow] = []
        self._rows = 0
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def run(self, sink: Sink) -> None:
        """Read the table into `sink` to its end, or until `stop`. Raises DataDamaged where header and map differ."""
        with self._path.open("rb") as file:
            lines = csv.reader(self._lines(file), delimiter=self._map.map.delimiter)
            header = self._next(lines)
            while header is not None and not any(cell.strip() for cell in header):
                header = self._next(lines)
            reader = match_header(self._map, header or [])
            if isinstance(reader, str):
                raise DataDamaged(f"{self.name}: {reader}")
            for _ in range(self._map.map.lines_below):
                self._next(lines)
            if self._map.map.describes:
                sink.describe(self._descriptor())
            while (cells := self._next(lines)) is not None:
                self._handle(reader, self._line(lines), cells, sink)

    def stop(self) -> None:
        """Make `run` return after the current row."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return the numbers of rows and of refusals, by name."""
        return {"rows": self._rows, **self._counts}

    def report(self) -> TableReport:
        """Return the contents of the table so far."""
        return TableReport(
            self._device.device, self._rows, self._first_ms, self._last_ms, dict(self._counts), tuple(self._refusals)
        )

    def _handle(self, reader: RowReader, line: int, cells: list[str], sink: Sink) -> None:
        row = reader.read(line, cells)
        for refusal in reader.take_refusals():
            self._note(refusal)
        if row is None:
            return
        self._rows += 1
        self._first_ms = row.time_ms if self._first_ms is None else min(self._first_ms, row.time_ms)
        self._last_ms = row.time_ms if self._last_ms is None else max(self._last_ms, row.time_ms)
        sink.reading(Reading(self._device, Clock.RTC, row.time_ms, row.values))

    def _next(self, lines: _Lines) -> list[str] | None:
        """Return the next line's cells; None at the end. Lines that csv cannot read are counted and skipped."""
        while True:
            try:
                return next(lines)
            except StopIteration:
                return None
            except csv.Error as error:
                self._note(RefusedRow(self._line(lines), NOT_CSV, text=str(error)))

    def _line(self, lines: _Lines) -> int:
        """Return the number of the line in the file."""
        return lines.line_num + self._map.map.lines_before

    def _note(self, refusal: RefusedRow) -> None:
        self._counts[refusal.reason] += 1
        if len(self._refusals) < MOST_REFUSALS:
            self._refusals.append(refusal)

    def _lines(self, file: Iterator[bytes]) -> Iterator[str]:
        encoding, lines_before = self._map.map.encoding, self._map.map.lines_before
        for number, raw in enumerate(file):
            if self._stop.is_set():
                return
            self.position_bytes += len(raw)
            if number < lines_before:
                continue
            text = raw.decode(encoding, errors="replace")
            yield text.removeprefix("\ufeff") if number == 0 else text

    def _descriptor(self) -> Descriptor:
        table = self._map.map
        channels = {
            column.channel: ChannelInfo(
                unit=self._map.conversions[column.name].unit, interval_s=table.interval_s, sensor=column.name
            )
            for column in table.column
        }
        return Descriptor(
            device=table.device,
            kind=table.kind,
            site=self._device.site,
            name=table.title or table.device,
            model=table.model,
            channels=channels,
            simulated=table.simulated,
        )
