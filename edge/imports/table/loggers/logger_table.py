"""Table of a logger or weather station, recognised by its contents: what its columns are, and the map that reads it.

What the file does not say, a person says: the zone of local times, the device, and units that are not stated.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from edge.imports.sentences import Sentence
from edge.imports.table.loggers import dji, toa5, weatherlink, weewx
from edge.imports.table.map import EPOCH_S, ISO, Encoding, LoadedMap, TableMap, check_map
from edge.imports.table.proposal import find_format, number_channels
from edge.imports.table.table_lines import Cells, Heading, TableLine, read_cells
from edge.imports.table.text_head import find_delimiter, read_head
from headland.contract.file_imports import TableLayout
from headland.contract.foreign_names import meaning_of
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import QUANTITIES
from headland.contract.units import UNITS
from headland.errors import DataDamaged

_READ_ROWS: Final = 2000
#: Letters of a device's id, and the marks that cannot be in one.
_LONGEST_ID: Final = 60
_NO_ID: Final = re.compile(r"[^A-Za-z0-9._-]+")
_NUMBER: Final = re.compile(r"[0-9]+")
#: Kinds of values of a Campbell logger that are times, not numbers of the column.
_TIMES: Final = frozenset(("tmx", "tmn"))
_MAKERS: Final = {
    "toa5": "Campbell TOA5",
    "weewx": "weewx",
    "weewx_archive": "weewx",
    "weatherlink": "Davis WeatherLink",
    "airdata": "Airdata (DJI)",
    "flight_reader": "Flight Reader (DJI)",
}
_FLIGHTS: Final = ("airdata", "flight_reader")


@dataclass(frozen=True, slots=True)
class LoggerColumn:
    """A column: its channel and unit, or `why` it is left out; the time has neither.

    `unit` is "" where the file does not state it.
    """

    name: str
    channel: str = ""
    unit: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LoggerTable:
    """A recognised table. `station` is the name that it gives itself; `zone` is "" for local times of no known zone."""

    layout: TableLayout
    columns: tuple[LoggerColumn, ...]
    time: str
    time_format: str
    zone: str
    missing: tuple[str, ...]
    rows: tuple[Sequence[str], ...]
    station: str = ""
    delimiter: str = ","
    encoding: Encoding = "utf-8"
    is_utf8: bool = True

    @property
    def maker(self) -> str:
        """Who writes such tables."""
        return _MAKERS[self.layout]

    @property
    def kind(self) -> str:
        """Kind of the device that such tables are of."""
        return "drone" if self.layout in _FLIGHTS else "weather"


@dataclass(frozen=True, slots=True)
class LoggerChoice:
    """What somebody says of loggers' tables: the device, the zone of local times, and units that are not stated."""

    device: str = ""
    zone: str = ""
    units: tuple[str, ...] = ()


class _Headings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    columns: dict[str, tuple[str, str]]
    left_out: dict[str, str]


def recognise(path: Path, encoding: str | None = None) -> LoggerTable | None:
    """Return the table of a logger, a text in the encoding given or found; None for any other file.

    Raises OSError, and DataDamaged where it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(weewx.SQLITE):
        return _weewx("weewx_archive", weewx.read_archive(path, lambda _: True)) if weewx.is_archive(path) else None
    head = read_head(path, encoding)
    first = next((line for line in head.lines if line.strip()), "")
    kind = first.split(",")[0].strip().strip('"')
    if kind in toa5.OTHERS:
        raise DataDamaged(Sentence("campbell_other", name=path.name, kind=kind))
    if kind == toa5.TOA5:
        return _toa5(path, head.lines, head.encoding, is_utf8=head.is_utf8)
    mark = find_delimiter(head.lines)
    names = [weewx.bare_name(name.strip('"')) for name in first.split(mark)]
    if {weewx.TIME, weewx.SYSTEM} <= set(names):
        found = _weewx("weewx", weewx.read_weewx(read_cells(head.lines, mark)))
        return replace(found, delimiter=mark, encoding=head.encoding, is_utf8=head.is_utf8)
    flight = _flight(path, head.lines)
    if flight is not None:
        return replace(flight, encoding=head.encoding, is_utf8=head.is_utf8)
    for each in ("\t", mark):
        davis = _weatherlink(head.lines, each)
        if davis is not None:
            return replace(davis, delimiter=each, encoding=head.encoding, is_utf8=head.is_utf8)
    return None


def map_of(table: LoggerTable, choice: LoggerChoice, name: str, site: str | None = None) -> LoadedMap:
    """Return the map that reads a table. Raises DataDamaged for what neither file nor choice says, SettingsError."""
    device = choice.device or device_of(table)
    zone = table.zone or choice.zone
    if not device:
        raise DataDamaged(Sentence("logger_device", name=name, maker=table.maker))
    if not zone:
        raise DataDamaged(Sentence("logger_zone", name=name, maker=table.maker))
    if not table.time_format:
        raise DataDamaged(Sentence("logger_time", name=name, maker=table.maker))
    measured = [
        (column, column.unit or _chosen(column.channel, choice.units)) for column in table.columns if column.channel
    ]
    lacking = [column.name for column, unit in measured if not unit]
    if lacking:
        listed = ", ".join(lacking[:8])
        raise DataDamaged(Sentence("logger_units", name=name, maker=table.maker, columns=listed))
    if not measured:
        raise DataDamaged(Sentence("logger_empty", name=name, maker=table.maker))
    return check_map(
        msgspec.convert(
            {
                "device": device,
                "kind": table.kind,
                "site": site,
                "model": table.maker,
                "time": {"name": table.time, "format": table.time_format, "zone": zone},
                "column": [{"name": column.name, "channel": column.channel, "unit": unit} for column, unit in measured],
                "ignored": [{"name": column.name, "why": column.why} for column in table.columns if column.why],
                "delimiter": table.delimiter,
                "encoding": table.encoding,
                "missing": table.missing,
                "layout": table.layout,
            },
            TableMap,
        )
    )


def device_of(table: LoggerTable) -> str:
    """Return the id of a table's station, "" where it has no name."""
    return _NO_ID.sub("-", table.station)[:_LONGEST_ID].strip("-._").lower()


def _chosen(channel: str, units: Iterable[str]) -> str:
    """Return the one unit of several that a channel can be in; "" where there is none, or not one alone."""
    fitting = [unit for unit in units if isinstance(convert_to_channel(channel, unit), Conversion)]
    return fitting[0] if len(fitting) == 1 else ""


def _toa5(path: Path, lines: Sequence[str], encoding: Encoding, *, is_utf8: bool) -> LoggerTable:
    first = next(row for row in read_cells(lines, ",") if isinstance(row, Cells) and not row.is_empty)
    # Further heads may be anywhere in the file: all of their columns are its.
    headings = [line for line in toa5.read_toa5(read_cells(_heads(path, encoding), ",")) if isinstance(line, Heading)]
    seen: dict[str, LoggerColumn] = {}
    for heading in headings:
        for at, name in enumerate(heading.names):
            is_time = name == toa5.TIME
            seen.setdefault(
                name, LoggerColumn(name) if is_time else _toa5_column(name, heading.unit(at), heading.kind(at))
            )
    columns = list(seen.values())
    rows = _rows(toa5.read_toa5(read_cells(lines, ",")))
    channels = number_channels([column.name for column in columns], [column.channel for column in columns])
    return LoggerTable(
        layout="toa5",
        columns=tuple(
            LoggerColumn(column.name, channel, column.unit, column.why)
            for column, channel in zip(columns, channels, strict=True)
        ),
        time=toa5.TIME,
        # A spreadsheet that the file went through has its own form of times.
        time_format=(find_format([row[0] for row in rows if row[0]]) or "") if rows else ISO,
        zone="",
        missing=toa5.MISSING,
        rows=rows,
        station=toa5.station_of(list(first.cells)),
        encoding=encoding,
        is_utf8=is_utf8,
    )


def _heads(path: Path, encoding: Encoding) -> Iterator[str]:
    """Yield the lines of all heads of a TOA5 file."""
    left = 0
    with path.open("rb") as file:
        for raw in file:
            left = 4 if toa5.TOA5.encode() in raw[:10] else left
            if left:
                left -= 1
                yield raw.decode(encoding, errors="replace").removeprefix("\ufeff")


def _toa5_column(name: str, unit: str, kind: str) -> LoggerColumn:
    """Return a column by its unit and the kind of its values: a sum, an extreme or a spread is another quantity."""
    kind = kind.strip().lower()
    if unit == toa5.RECORD_UNIT:
        return LoggerColumn(name, why=Sentence("left_out_record"))
    if not unit or kind in _TIMES:
        return LoggerColumn(name, why=Sentence("left_out_no_unit"))
    is_plain = kind in toa5.PLAIN
    text = name if is_plain or kind in name.lower() else f"{name}_{kind}"
    channel = meaning_of(text, unit).channel
    if not channel or not isinstance(convert_to_channel(channel, unit), Conversion):
        return LoggerColumn(name, why=Sentence("left_out_unit", unit=unit))
    if not is_plain and channel in QUANTITIES:
        stem, _, ending = channel.rpartition(f"_{_ending_of(channel)}")
        channel = f"{stem or ending}_{kind}_{_ending_of(channel)}"
    return LoggerColumn(name, channel, unit)


def _ending_of(channel: str) -> str:
    """Return the ending of a quantity's name that is its unit."""
    endings = UNITS[QUANTITIES[channel].unit].endings
    return max((ending for ending in endings if channel.endswith(f"_{ending}")), key=len)


def _weewx(layout: TableLayout, lines: Iterator[TableLine]) -> LoggerTable:
    heading = next((line for line in lines if isinstance(line, Heading)), Heading(0, (weewx.TIME,)))
    columns = []
    for at, name in enumerate(heading.names):
        bare, found = weewx.bare_name(name), weewx.find_column(name)
        if bare == weewx.TIME:
            columns.append(LoggerColumn(name))
        elif found is None:
            why = weewx.observations().left_out.get(bare, "unknown")
            columns.append(LoggerColumn(name, why=Sentence(f"left_out_{why}")))
        else:
            columns.append(LoggerColumn(name, found[0], heading.unit(at)))
    time = next(name for name in heading.names if weewx.bare_name(name) == weewx.TIME)
    return LoggerTable(
        layout=layout,
        columns=tuple(columns),
        time=time,
        time_format=EPOCH_S,
        zone="UTC",
        missing=weewx.MISSING,
        rows=_rows(lines),
    )


def _weatherlink(lines: Sequence[str], mark: str) -> LoggerTable | None:
    """Return the table of WeatherLink's first lines, None where they are not such."""
    read = weatherlink.read_weatherlink(read_cells(lines, mark))
    heading = next((line for line in read if isinstance(line, Heading)), None)
    if heading is None:
        return None
    known = _headings()
    columns = [LoggerColumn(heading.names[0])]
    for at, name in enumerate(heading.names[1:], 1):
        bare = weatherlink.split_unit(name)[0]
        found = known.columns.get(bare)
        number = _NUMBER.search(bare)
        if found is None and number is not None:
            of_row = known.columns.get(_NUMBER.sub("#", bare, count=1))
            found = None if of_row is None else (f"{of_row[0]}:{int(number[0])}", of_row[1])
        unit = heading.unit(at) or ("" if found is None else found[1])
        if found is None:
            columns.append(LoggerColumn(name, why=Sentence(f"left_out_{known.left_out.get(bare, 'unknown')}")))
        elif unit and not isinstance(convert_to_channel(found[0], unit), Conversion):
            columns.append(LoggerColumn(name, why=Sentence("left_out_unit", unit=unit)))
        else:
            columns.append(LoggerColumn(name, found[0], unit))
    if sum(bool(column.channel) for column in columns) < 2:
        return None
    rows = _rows(read)
    return LoggerTable(
        layout="weatherlink",
        columns=tuple(columns),
        time=heading.names[0],
        time_format=find_format([row[0] for row in rows if row and row[0]]) or "",
        zone="",
        missing=weatherlink.MISSING,
        rows=rows,
        station=_title(lines, mark) if heading.names[0] == weatherlink.ONE_TIME else "",
    )


def _flight(path: Path, lines: Sequence[str]) -> LoggerTable | None:
    """Return the table of a flight by its first lines, None where they are none of one."""
    above = 1 if lines and lines[0].strip().lower() == "sep=," else 0
    names = [name.strip() for name in next(csv.reader(lines[above : above + 1]), [])]
    layout: TableLayout
    if dji.is_airdata(names):
        layout, zone = "airdata", "UTC"
        read = dji.read_airdata(lambda: read_cells(lines, ","), path.name)
    elif dji.is_flight_reader(names):
        layout, zone = "flight_reader", dji.zone_of(names)
        read = dji.read_flight_reader(read_cells(lines, ","))
    else:
        return None
    known = dji.flight_columns()
    columns = [LoggerColumn(dji.TIME)]
    taken: set[str] = set()
    for name in names:
        bare, unit = dji.split_unit(name)
        channel, in_map = known.columns.get(bare, ("", ""))
        unit = unit or in_map
        if not channel or channel in taken:
            columns.append(LoggerColumn(name, why=Sentence(f"left_out_{known.left_out.get(bare, 'unknown')}")))
        elif not isinstance(convert_to_channel(channel, unit), Conversion):
            columns.append(LoggerColumn(name, why=Sentence("left_out_unit", unit=unit or "—")))
        else:
            taken.add(channel)
            columns.append(LoggerColumn(name, channel, unit))
    next(read, None)
    rows = _rows(read)
    return LoggerTable(
        layout=layout,
        columns=tuple(columns),
        time=dji.TIME,
        # A date with slashes and no a.m. or p.m. does not say which is the month.
        time_format="" if any("/" in row[0] for row in rows) else ISO,
        zone=zone,
        missing=dji.MISSING,
        rows=rows,
    )


def _title(lines: Sequence[str], mark: str) -> str:
    """Return the first line of an export where it is a title."""
    first = next((row for row in read_cells(lines, mark) if isinstance(row, Cells) and not row.is_empty), None)
    cells = [] if first is None else [cell.strip() for cell in first.cells if cell.strip()]
    return cells[0] if len(cells) == 1 else ""


@cache
def _headings() -> _Headings:
    text = files(__package__).joinpath("maps/weatherlink.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Headings)


def _rows(lines: Iterable[TableLine]) -> tuple[Sequence[str], ...]:
    """Return the cells of the first rows."""
    rows: list[Sequence[str]] = []
    for line in lines:
        if isinstance(line, Cells) and not line.is_empty:
            rows.append(line.cells)
            if len(rows) >= _READ_ROWS:
                break
    return tuple(rows)
