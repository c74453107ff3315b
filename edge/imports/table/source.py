"""A table file as a source: `run` reads the whole file and returns. The same file gives the same rows."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.imports.table.loggers.dji import read_airdata, read_flight_reader
from edge.imports.table.loggers.toa5 import read_toa5
from edge.imports.table.loggers.weatherlink import read_weatherlink
from edge.imports.table.loggers.weewx import read_archive, read_weewx
from edge.imports.table.map import LoadedMap, TableMap
from edge.imports.table.rows import RowReader, match_header
from edge.imports.table.table_lines import CsvLine, Heading, RefusedRow, TableLine, read_cells, read_headed
from edge.sources.source import DeviceId, Reading, Sink
from headland.contract.records import ChannelInfo, Clock, Descriptor
from headland.errors import DataDamaged

#: A row below headings that are not those of the map.
OTHER_HEADINGS: Final = "other_headings"
#: The most refusals in a report; all are counted.
MOST_REFUSALS: Final = 1000


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
        #: The unit that the first headings state, by column.
        self._units: dict[str, str] = {}

    def run(self, sink: Sink) -> None:
        """Read the table into `sink` to its end, or until `stop`. Raises DataDamaged where header and map differ."""
        reader: RowReader | None = None
        has_heading = False
        for line in _read_lines(self._path, self._map.map, self._note_position):
            if isinstance(line, RefusedRow):
                self._note(line)
            elif isinstance(line, Heading):
                reader = self._match(line, reader, is_first=not has_heading)
                if not has_heading and self._map.map.describes:
                    sink.describe(self._descriptor())
                has_heading = True
            elif reader is not None:
                self._handle(reader, line.line, line.cells, sink)
            elif not line.is_empty:
                self._note(RefusedRow(line.line, OTHER_HEADINGS))
        if not has_heading and not self._stop.is_set():
            raise DataDamaged(f"{self.name}: {match_header(self._map, [])}")

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

    def _handle(self, reader: RowReader, line: int, cells: Sequence[str], sink: Sink) -> None:
        row = reader.read(line, cells)
        for refusal in reader.take_refusals():
            self._note(refusal)
        if row is None:
            return
        self._rows += 1
        self._first_ms = row.time_ms if self._first_ms is None else min(self._first_ms, row.time_ms)
        self._last_ms = row.time_ms if self._last_ms is None else max(self._last_ms, row.time_ms)
        sink.reading(Reading(self._device, Clock.RTC, row.time_ms, row.values))

    def _match(self, heading: Heading, before: RowReader | None, *, is_first: bool) -> RowReader | None:
        """Return the reader of the rows below headings; None, and a refusal, where later ones are not the map's.

        Raises DataDamaged where the first are not.
        """
        changed = {}
        for at, name in enumerate(heading.names):
            if (unit := heading.unit(at)) != self._units.setdefault(name, unit):
                changed[name] = unit
        reader = match_header(self._map, heading.names, changed, may_lack=self._map.map.layout == "toa5")
        if isinstance(reader, str):
            if is_first:
                raise DataDamaged(f"{self.name}: {reader}")
            self._note(RefusedRow(heading.line, OTHER_HEADINGS, text=reader))
            return None
        if before is not None:
            reader.follow(before)
        return reader

    def _note_position(self, position_bytes: int) -> bool:
        """Note how far the file is read; return whether to go on."""
        self.position_bytes = position_bytes
        return not self._stop.is_set()

    def _note(self, refusal: RefusedRow) -> None:
        self._counts[refusal.reason] += 1
        if len(self._refusals) < MOST_REFUSALS:
            self._refusals.append(refusal)

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


def _read_lines(path: Path, table: TableMap, progress: Callable[[int], bool]) -> Iterator[TableLine]:
    """Yield headings and rows of a file. `progress` gets the bytes that are read, and False ends it.

    Raises OSError, and DataDamaged for a database that is damaged.
    """
    if table.layout == "weewx_archive":
        size = path.stat().st_size
        yield from read_archive(path, lambda share: progress(round(size * share)))
        return
    lines_before = table.lines_before if table.layout == "headings" else 0
    if table.layout == "airdata":
        yield from read_airdata(lambda: _cells_of(path, table, progress), path.name)
        return
    with path.open("rb") as file:
        cells = read_cells(_texts(file, table, lines_before, progress), table.delimiter, lines_before)
        match table.layout:
            case "toa5":
                yield from read_toa5(cells)
            case "weewx":
                yield from read_weewx(cells)
            case "weatherlink":
                yield from read_weatherlink(cells)
            case "flight_reader":
                yield from read_flight_reader(cells)
            case "headings":
                yield from read_headed(cells, table.lines_below)


def _cells_of(path: Path, table: TableMap, progress: Callable[[int], bool]) -> Iterator[CsvLine]:
    with path.open("rb") as file:
        yield from read_cells(_texts(file, table, 0, progress), table.delimiter)


def _texts(file: Iterator[bytes], table: TableMap, lines_before: int, progress: Callable[[int], bool]) -> Iterator[str]:
    """Yield the lines of a text; a byte order mark, which copies of two files have in the middle too, is none of it."""
    position_bytes = 0
    for number, raw in enumerate(file):
        position_bytes += len(raw)
        if not progress(position_bytes):
            return
        if number >= lines_before:
            yield raw.decode(table.encoding, errors="replace").removeprefix("\ufeff")
