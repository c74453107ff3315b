"""Flights of DJI's drones as CSV: the exports of Airdata, and of Flight Reader (PhantomHelp). Pure.

DJI's own record is encrypted; these two programs read it with DJI's key and write a row each tenth of a second. Units
stand behind the headings. A drone without a fix has the place 0, 0, which is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from edge.imports.sentences import Sentence
from edge.imports.table.table_lines import Cells, CsvLine, Heading, RefusedRow, TableLine
from headland.errors import DataDamaged
from headland.plain_numbers import read_decimal

#: The time of a row, made of the columns that have parts of it.
TIME: Final = "time"
MISSING: Final = ("N/A", "NaN", "null")
_ELAPSED: Final = "time(millisecond)"
_SECOND: Final = "datetime(utc)"
_DATE: Final = "CUSTOM.date"
_CLOCK: Final = "CUSTOM.updateTime"
#: Whole seconds and milliseconds of one clock differ by less than a second, and a row's length.
_MOST_SPREAD_MS: Final = 1500
_UNIT: Final = re.compile(r"\s*[(\[]\s*([^()\[\]]*?)\s*[)\]]\s*$")
#: Units as these programs write them, where the catalogue has them otherwise.
_SPELLED: Final = {"f": "degF", "c": "degC", "v": "V"}
_PLACES: Final = frozenset(("latitude", "longitude", "OSD.latitude", "OSD.longitude"))
_HALF_DAY: Final = re.compile(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,6})?\s*([AP])M", re.IGNORECASE)
_US_DATE: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


class FlightColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Columns of flights: channel, and the unit where the heading has none; those left out, and why."""

    columns: dict[str, tuple[str, str]]
    left_out: dict[str, str]


@cache
def flight_columns() -> FlightColumns:
    """Return the built-in map."""
    text = files(__package__).joinpath("maps/dji.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), FlightColumns)


def split_unit(name: str) -> tuple[str, str]:
    """Return a heading without the unit behind it, and the unit as the catalogue has it; "" where it has none."""
    match = _UNIT.search(name)
    if match is None:
        return name, ""
    return name[: match.start()].strip(), _SPELLED.get(match[1].lower(), match[1])


def is_airdata(names: Sequence[str]) -> bool:
    """Return whether headings are those of Airdata."""
    return {_ELAPSED, _SECOND, "latitude", "longitude"} <= set(names)


def is_flight_reader(names: Sequence[str]) -> bool:
    """Return whether headings are those of Flight Reader."""
    bare = {split_unit(name)[0] for name in names}
    return {_DATE, _CLOCK, "OSD.latitude", "OSD.longitude"} <= bare


def zone_of(names: Sequence[str]) -> str:
    """Return the zone that headings of Flight Reader state; "" for local times."""
    stated = {split_unit(name)[1].lower() for name in names if split_unit(name)[0] in (_DATE, _CLOCK)}
    return "UTC" if stated == {"utc"} else ""


def read_airdata(open_rows: Callable[[], Iterable[CsvLine]], name: str) -> Iterator[TableLine]:
    """Yield headings and rows. The file is read twice: its seconds tell when its milliseconds began.

    The first row of each second is at most a row's length behind it, so that no row is dated later than by that much.
    Raises DataDamaged where both clocks do not fit.
    """
    begins_ms: list[int] = []
    for _, cells, names in _rows(open_rows()):
        begin_ms = None if cells is None else _begin_ms(names, cells.cells)
        if begin_ms is not None:
            begins_ms = [min(begin_ms, *begins_ms[:1]), max(begin_ms, *begins_ms[1:])] if begins_ms else [begin_ms] * 2
    if begins_ms and begins_ms[1] - begins_ms[0] > _MOST_SPREAD_MS:
        raise DataDamaged(Sentence("flight_clock", name=name))
    for line, cells, names in _rows(open_rows()):
        if cells is None:
            yield line
            continue
        elapsed_ms = _number(names, cells.cells, _ELAPSED)
        dated = "" if elapsed_ms is None or not begins_ms else _iso(begins_ms[1] + round(elapsed_ms))
        yield Cells(cells.line, [dated, *_without_no_place(names, cells.cells)])


def read_flight_reader(rows: Iterable[CsvLine]) -> Iterator[TableLine]:
    """Yield headings and rows, date and time in one cell."""
    for line, cells, names in _rows(rows):
        if cells is None:
            yield line
            continue
        bare = [split_unit(name)[0] for name in names]
        parts = [cells.cells[at].strip() for each in (_DATE, _CLOCK) if (at := bare.index(each)) < len(cells.cells)]
        yield Cells(cells.line, [_join(*parts) if len(parts) > 1 else "", *_without_no_place(names, cells.cells)])


def _rows(rows: Iterable[CsvLine]) -> Iterator[tuple[TableLine, Cells | None, tuple[str, ...]]]:
    """Yield each line with its cells, None for one that has none, and the headings."""
    names: tuple[str, ...] = ()
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row, None, names
        elif not names:
            found = tuple(cell.strip() for cell in row.cells)
            if len(found) > 2:  # above may be `sep=,`, for spreadsheets
                names = found
                units = tuple(split_unit(name)[1] for name in names)
                yield Heading(row.line, (TIME, *names), ("", *units)), None, names
        elif not row.is_empty:
            yield row, row, names


def _number(names: Sequence[str], cells: Sequence[str], name: str) -> float | None:
    at = names.index(name)
    return read_decimal(cells[at].strip()) if at < len(cells) else None


def _begin_ms(names: Sequence[str], cells: Sequence[str]) -> int | None:
    """Return the instant of millisecond 0 by a row, cut to whole seconds; None where it says none."""
    elapsed_ms, at = _number(names, cells, _ELAPSED), names.index(_SECOND)
    if elapsed_ms is None or at >= len(cells):
        return None
    try:
        second = datetime.fromisoformat(cells[at].strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
    return round(second.timestamp() * 1000) - round(elapsed_ms)


def _iso(time_ms: int) -> str:
    try:
        return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


def _without_no_place(names: Sequence[str], cells: Sequence[str]) -> list[str]:
    places = [at for at, name in enumerate(names) if split_unit(name)[0] in _PLACES and at < len(cells)]
    is_none = bool(places) and all(read_decimal(cells[at].strip()) == 0 for at in places)
    return ["" if is_none and at in places else cell for at, cell in enumerate(cells)]


def _join(date: str, clock: str) -> str:
    """Return date and time as ISO 8601. A date with slashes has its month first beside a.m. and p.m.; else it stays."""
    half = _HALF_DAY.fullmatch(clock)
    if half is not None:
        hour = int(half[1]) % 12 + (12 if half[5].upper() == "P" else 0)
        clock = f"{hour:02}:{half[2]}:{half[3]}{(half[4] or '.0')[:7].ljust(7, '0')}"
        us = _US_DATE.fullmatch(date)
        if us is not None:
            date = f"{us[3]}-{int(us[1]):02}-{int(us[2]):02}"
    return f"{date} {clock}".strip()
