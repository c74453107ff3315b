"""Rows of a table as times and values; an unreadable cell is a refusal with line, column and reason. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.imports.table.clock import NoTime, read_time
from edge.imports.table.map import LoadedMap, TableColumn, places_of
from edge.imports.table.table_lines import RefusedRow
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.errors import DataDamaged
from headland.files.chinese_coordinates import ChineseSystem, to_wgs84
from headland.plain_numbers import read_decimal

NOT_A_NUMBER: Final = "not_a_number"
WRONG_WIDTH: Final = "wrong_number_of_cells"
REPEATED_TIME: Final = "repeated_time"
OUTSIDE_SYSTEM: Final = "outside_coordinate_system"
#: A unit that headings below the first state, and that is none of the channel.
OTHER_UNIT: Final = "other_unit"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its instant [epoch ms] and each channel's value in the channel's unit, None where the cell is empty."""

    time_ms: int
    values: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class _Cell:
    index: int
    name: str
    channel: str
    #: None where the unit that the file states here is none of the channel.
    conversion: Conversion | None


@dataclass(slots=True)
class RowReader:
    """Reads the rows after a header, in order."""

    loaded: LoadedMap
    width: int
    time_index: int
    _cells: list[_Cell]
    _missing: frozenset[str]
    _shifted: tuple[tuple[str, str], ...] = ()
    _previous_ms: int | None = None
    refusals: list[RefusedRow] = field(default_factory=list)

    def read(self, line: int, cells: Sequence[str]) -> TableRow | None:
        """Return the row in `cells`, or None where it is empty or refused; `refusals` lists what was left out of it."""
        if not any(cell.strip() for cell in cells):
            return None
        if len(cells) != self.width:
            self.refusals.append(RefusedRow(line, WRONG_WIDTH, text=f"{len(cells)} instead of {self.width}"))
            return None
        time = self.loaded.map.time
        text = cells[self.time_index].strip()
        time_ms = read_time(text, time.format, self.loaded.zone, self._previous_ms)
        if isinstance(time_ms, NoTime):
            self.refusals.append(RefusedRow(line, time_ms, time.name, text))
            return None
        if time_ms == self._previous_ms:
            self.refusals.append(RefusedRow(line, REPEATED_TIME, time.name, text))
            return None
        self._previous_ms = time_ms
        values = {cell.channel: self._value(line, cell, cells[cell.index].strip()) for cell in self._cells}
        for place in self._shifted:
            self._convert(line, place, values)
        return TableRow(time_ms, values)

    def take_refusals(self) -> list[RefusedRow]:
        """Return the refusals since the last call."""
        refusals, self.refusals = self.refusals, []
        return refusals

    def follow(self, before: RowReader) -> None:
        """Go on behind the rows of another reader of the same file."""
        self._previous_ms = before._previous_ms

    def _convert(self, line: int, place: tuple[str, str], values: dict[str, float | None]) -> None:
        """Convert a place of a Chinese system in `values` to WGS84; half a place is none."""
        longitude_deg, latitude_deg = (values[channel] for channel in place)
        converted: tuple[float, float] | tuple[None, None] = (None, None)
        if longitude_deg is not None and latitude_deg is not None:
            try:
                converted = to_wgs84(longitude_deg, latitude_deg, ChineseSystem(self.loaded.map.coordinates))
            except DataDamaged:
                text = f"{longitude_deg}, {latitude_deg}"
                self.refusals.append(RefusedRow(line, OUTSIDE_SYSTEM, place[0], text))
        values.update(zip(place, converted, strict=True))

    def _value(self, line: int, cell: _Cell, text: str) -> float | None:
        if text in self._missing:
            return None
        if cell.conversion is None:
            self.refusals.append(RefusedRow(line, OTHER_UNIT, cell.name, text))
            return None
        number = read_decimal(text.replace(",", ".") if self.loaded.map.decimal == "," else text)
        value = math.nan if number is None else cell.conversion.apply(number)
        if not math.isfinite(value):
            self.refusals.append(RefusedRow(line, NOT_A_NUMBER, cell.name, text))
            return None
        return value


def match_header(
    loaded: LoadedMap, header: Sequence[str], units: Mapping[str, str] | None = None, *, may_lack: bool = False
) -> RowReader | str:
    """Return the reader for a table with these column names, or a sentence about the first difference to the map.

    `units` are those of columns whose unit is not the map's. The table `may_lack` columns of the map, but not the time.
    """
    names = [name.strip() for name in header]
    table = loaded.map
    known = {table.time.name, *(column.name for column in table.column), *(ignored.name for ignored in table.ignored)}
    for name in names:
        if names.count(name) > 1 and name in known:
            return f"the column {name!r} is twice in the header"
    wanted = (table.time.name, *(() if may_lack else (column.name for column in table.column)))
    absent = [name for name in wanted if name not in names]
    if absent:
        return f"the map names the column {absent[0]!r}, and the table has: {', '.join(names)[:300]}"
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"the map has no column {unknown[0]!r}: add it as a [[column]] or an [[ignored]]"
    cells = [
        _Cell(names.index(column.name), column.name, column.channel, _conversion(loaded, column, units or {}))
        for column in table.column
        if column.name in names
    ]
    is_shifted = table.coordinates != "WGS-84"
    shifted = tuple(sorted(places_of(cell.channel for cell in cells))) if is_shifted else ()
    return RowReader(loaded, len(names), names.index(table.time.name), cells, frozenset({"", *table.missing}), shifted)


def _conversion(loaded: LoadedMap, column: TableColumn, units: Mapping[str, str]) -> Conversion | None:
    if column.name not in units:
        return loaded.conversions[column.name]
    found = convert_to_channel(column.channel, units[column.name])
    return found if isinstance(found, Conversion) else None
