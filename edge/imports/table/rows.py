"""The rows of a table as times and values: pure. What cannot be read is a value that names line, column and reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.imports.table.clock import NoTime, read_time
from edge.imports.table.map import LoadedMap
from edge.sources.mapping.units import Conversion

NOT_A_NUMBER: Final = "not_a_number"
WRONG_WIDTH: Final = "wrong_number_of_cells"
REPEATED_TIME: Final = "repeated_time"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its instant [epoch ms] and each channel's value in the channel's unit, None where the cell is empty."""

    time_ms: int
    values: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was left out and why: a cell where `column` is named, else a whole row."""

    line: int
    reason: str
    column: str = ""
    text: str = ""

    def sentence(self) -> str:
        """Return it for a person."""
        what = f", column {self.column}" if self.column else ""
        return f"line {self.line}{what}: {self.reason.replace('_', ' ')}{f' ({self.text[:60]!r})' if self.text else ''}"


@dataclass(frozen=True, slots=True)
class _Cell:
    index: int
    name: str
    channel: str
    conversion: Conversion


@dataclass(slots=True)
class RowReader:
    """Reads the rows that come after a header, in order."""

    loaded: LoadedMap
    width: int
    time_index: int
    _cells: list[_Cell]
    _missing: frozenset[str]
    _previous_ms: int | None = None
    refusals: list[Refusal] = field(default_factory=list)

    def read(self, line: int, cells: Sequence[str]) -> Row | None:
        """Return the row in `cells`, or None where it is empty or refused; `refusals` says what was left out of it."""
        if not any(cell.strip() for cell in cells):
            return None
        if len(cells) != self.width:
            self.refusals.append(Refusal(line, WRONG_WIDTH, text=f"{len(cells)} instead of {self.width}"))
            return None
        time = self.loaded.map.time
        text = cells[self.time_index].strip()
        time_ms = read_time(text, time.format, self.loaded.zone, self._previous_ms)
        if isinstance(time_ms, NoTime):
            self.refusals.append(Refusal(line, time_ms, time.name, text))
            return None
        if time_ms == self._previous_ms:
            self.refusals.append(Refusal(line, REPEATED_TIME, time.name, text))
            return None
        self._previous_ms = time_ms
        return Row(time_ms, {one.channel: self._value(line, one, cells[one.index].strip()) for one in self._cells})

    def take_refusals(self) -> list[Refusal]:
        """Return what was left out since the last call."""
        taken, self.refusals = self.refusals, []
        return taken

    def _value(self, line: int, cell: _Cell, text: str) -> float | None:
        if text in self._missing:
            return None
        number = text.replace(",", ".") if self.loaded.map.decimal == "," else text
        try:
            value = cell.conversion.apply(float(number))
        except ValueError:
            value = math.nan
        # What only Python takes for a number (1_000) is none.
        if not math.isfinite(value) or "_" in number:
            self.refusals.append(Refusal(line, NOT_A_NUMBER, cell.name, text))
            return None
        return value


def match_header(loaded: LoadedMap, header: Sequence[str]) -> RowReader | str:
    """Return the reader for a table with these column names, or the sentence that says how map and table differ."""
    names = [name.strip() for name in header]
    said = loaded.map
    known = {said.time.name, *(one.name for one in said.column), *(one.name for one in said.ignored)}
    for name in names:
        if names.count(name) > 1 and name in known:
            return f"the column {name!r} stands twice in the header"
    absent = [name for name in (said.time.name, *(one.name for one in said.column)) if name not in names]
    if absent:
        return f"the map names the column {absent[0]!r}, and the table has: {', '.join(names)[:300]}"
    unknown = [name for name in names if name not in known]
    if unknown:
        return f"the map does not say what the column {unknown[0]!r} is: give it a [[column]] or an [[ignored]]"
    cells = [_Cell(names.index(one.name), one.name, one.channel, loaded.conversions[one.name]) for one in said.column]
    return RowReader(loaded, len(names), names.index(said.time.name), cells, frozenset({"", *said.missing}))
