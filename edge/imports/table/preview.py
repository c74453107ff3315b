"""Preview of a table: how its first lines read, what its columns are called, and what a map makes of its first rows.

What a file does not say is proposed and marked so; nothing of it is used before somebody has chosen it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from edge.imports.table.layout import find_layout
from edge.imports.table.loggers.logger_table import LoggerTable, device_of, recognise
from edge.imports.table.map import LoadedMap
from edge.imports.table.proposal import propose_table
from edge.imports.table.source import TableSource
from edge.imports.table.table_lines import RefusedRow
from edge.imports.table.text_head import find_delimiter, read_head
from edge.sources.source import Reading, Readings
from headland.contract.catalogue import CATALOGUE
from headland.contract.file_imports import (
    ConvertedRow,
    ProposedColumn,
    ProposedTime,
    QuantityChoice,
    SeenColumn,
    TablePreview,
    TableProposal,
)
from headland.contract.foreign_names import split_unit
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import QUANTITIES, unit_of_channel
from headland.contract.records import Descriptor, Event

_SHOWN_ROWS: Final = 8
#: Rows by which a proposal is made: steps of times and ranges of cells need some days.
_READ_ROWS: Final = 2000
_MOST_COLUMNS: Final = 200
_MOST_CELL: Final = 200
#: Units that people write in tables; `units_of` returns those that convert to a channel's.
_UNITS: Final = tuple(unit.symbol for unit in CATALOGUE.units if unit.offered)
#: Channels that are a share of a volume; grain moisture is one of a mass, and the others of something else.
_VOLUMETRIC: Final = {"substrate_moisture_pct"}


def look_at(path: Path, encoding: str | None = None, delimiter: str | None = None) -> TablePreview:
    """Return the beginning of a table, with the encoding and delimiter given, else with those that fit it.

    A logger's table has the columns and units that it states. Raises OSError, and DataDamaged for a logger's table that
    cannot be read.
    """
    logger = recognise(path, encoding) if delimiter is None else None
    if logger is not None:
        return _preview_logger(logger)
    head = read_head(path, encoding)
    mark = delimiter or find_delimiter(head.lines)
    layout = find_layout(head.lines, mark)
    lines = [cells for cells in _read(head.lines, mark, layout.first_line) if any(cell.strip() for cell in cells)]
    names = [name[:_MOST_CELL] for name in layout.headings[:_MOST_COLUMNS]]
    units = [*layout.units, *([""] * len(names))]
    rows = tuple(tuple(cell[:_MOST_CELL] for cell in cells[:_MOST_COLUMNS]) for cells in lines[:_SHOWN_ROWS])
    return TablePreview(
        encoding=head.encoding,
        delimiter=mark,
        is_utf8=head.is_utf8,
        columns=tuple(map(_see_column, names, units)),
        rows=rows,
        quantities=_quantities(),
        lines_before=layout.lines_before,
        lines_below=layout.lines_below,
        proposal=propose_table(names, lines, units_of, stated=units, is_plain=layout.is_plain),
        layout="headings",
    )


def _preview_logger(table: LoggerTable) -> TablePreview:
    quantities = {choice.channel: choice for choice in _quantities()}
    columns = []
    for column in table.columns:
        quantity = column.channel.partition(":")[0]
        unit = column.unit
        if quantity:
            known = quantities[quantity].units if quantity in quantities else tuple(units_of(quantity))
            wanted = convert_to_channel(quantity, unit)
            # The catalogue's spelling of the unit that is stated.
            unit = next((each for each in known if convert_to_channel(quantity, each) == wanted), unit) if unit else ""
            units = known if unit in known or not unit else (*known, unit)
            quantities[quantity] = QuantityChoice(channel=quantity, units=units)
        is_stated = bool(column.unit)
        columns.append(ProposedColumn(name=column.name, channel=column.channel, unit=unit, is_unit_stated=is_stated))
    return TablePreview(
        encoding=table.encoding,
        delimiter=table.delimiter,
        is_utf8=table.is_utf8,
        columns=tuple(_see_column(column.name, column.unit) for column in table.columns[:_MOST_COLUMNS]),
        rows=tuple(tuple(cell[:_MOST_CELL] for cell in cells[:_MOST_COLUMNS]) for cells in table.rows[:_SHOWN_ROWS]),
        quantities=tuple(quantities.values()),
        lines_before=0,
        lines_below=0,
        proposal=TableProposal(
            columns=tuple(columns[:_MOST_COLUMNS]),
            time=ProposedTime(column=table.time, format=table.time_format, zone=table.zone),
            decimal=".",
            coordinates="WGS-84",
        ),
        layout=table.layout,
        maker=table.maker,
        kind=table.kind,
        station=device_of(table),
        missing=table.missing,
    )


@cache
def _quantities() -> tuple[QuantityChoice, ...]:
    """Return the quantities that a column can be."""
    return tuple(QuantityChoice(channel=name, units=tuple(units_of(name))) for name in QUANTITIES)


def units_of(channel: str) -> list[str]:
    """Return the units in which a table may have a channel, its own first."""
    own = unit_of_channel(channel) or "1"
    if own == "1":
        return [own]
    # Of what these units are, whatever else they convert to: the depth of water, and its share of a volume.
    is_of = {"L/m2": own == "mm", "m3/m3": channel in _VOLUMETRIC}
    units = [unit for unit in _UNITS if is_of.get(unit, True)]
    return [own, *(unit for unit in units if unit != own and isinstance(convert_to_channel(channel, unit), Conversion))]


@dataclass(frozen=True, slots=True)
class ConvertedRows:
    """What a map makes of a table's first rows: instants and values in the channels' units, and what is refused."""

    rows: tuple[ConvertedRow, ...]
    refusals: tuple[RefusedRow, ...]


def convert_rows(path: Path, loaded: LoadedMap, most_rows: int = _SHOWN_ROWS) -> ConvertedRows:
    """Return what the import will make of a table's first rows.

    Raises OSError, and DataDamaged where header and map differ.
    """
    source = TableSource(path, loaded, "preview")
    sink = _FirstRows(source, most_rows)
    source.run(sink)
    return ConvertedRows(tuple(sink.rows), source.report().refusals[:most_rows])


class _FirstRows:
    """A sink that ends the reading after some rows."""

    def __init__(self, source: TableSource, most_rows: int) -> None:
        self.rows: list[ConvertedRow] = []
        self._source, self._most_rows = source, most_rows

    def reading(self, reading: Reading) -> None:
        """Keep a row."""
        if len(self.rows) < self._most_rows:
            self.rows.append(ConvertedRow(reading.time_ms, dict(reading.values)))
        else:
            self._source.stop()

    def runs(self, runs: Sequence[Readings]) -> None:
        """Take nothing: a table comes in rows."""

    def event(self, event: Event) -> None:
        """Take nothing: a table has no events."""

    def describe(self, descriptor: Descriptor) -> None:
        """Take nothing: nothing is sent."""


def _read(lines: Sequence[str], delimiter: str, from_line: int) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = csv.reader(lines[from_line:], delimiter=delimiter)
    while len(rows) <= _READ_ROWS:
        try:
            rows.append(next(reader))
        except StopIteration:
            break
        except csv.Error:
            continue
    return rows


def _see_column(name: str, unit: str) -> SeenColumn:
    return SeenColumn(name, name if name in QUANTITIES else "", unit or split_unit(name)[1])
