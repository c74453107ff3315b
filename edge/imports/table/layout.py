"""Layout of a table: the lines above its headings, and those between them and the first row. Pure.

Loggers and weather stations write their name above the headings, and units below them: Campbell's TOA5 has both.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from headland.contract.foreign_units import Conversion, convert_unit
from headland.contract.units import UNITS

#: Lines by which a table's width is known.
_LOOKED_AT: Final = 60
_MOST_BELOW: Final = 5
#: The first cell of a file of a Campbell logger: environment, headings, units, aggregation.
_TOA5: Final = "TOA5"
#: What Campbell calls a value as measured, a mean and a mean of wind; a sum, an extreme or a spread is no quantity.
_PLAIN: Final = frozenset(("", "smp", "avg", "wvc"))
#: A number, or the beginning of a date or a time; a heading may begin with a figure, as `10cm` and `5TE` do.
_VALUE: Final = re.compile(r"\s*(?:[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?\s*$|[0-9]{1,4}[-/.:年][0-9])")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The lines above a table's headings, the rows between them and the first row, and the line of that one.

    `units` are those that a row below the headings states, by place. `is_plain` says by place whether a column is a
    value or a mean of it, as far as the table says.
    """

    lines_before: int = 0
    lines_below: int = 0
    first_line: int = 0
    headings: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    is_plain: tuple[bool, ...] = ()


class _Row(NamedTuple):
    """Cells of a row, and the lines before and behind it: a quoted heading may have several."""

    cells: list[str]
    first_line: int
    next_line: int

    @property
    def is_empty(self) -> bool:
        return not any(cell.strip() for cell in self.cells)

    @property
    def has_value(self) -> bool:
        return any(map(_VALUE.match, self.cells))


def find_layout(lines: Sequence[str], delimiter: str) -> TableLayout:
    """Return where a table begins, by its first lines."""
    rows = _rows(lines[:_LOOKED_AT], delimiter)
    filled = [at for at, row in enumerate(rows) if not row.is_empty]
    if not filled:
        return TableLayout()
    widths = Counter(len(rows[at].cells) for at in filled)
    width = max(widths, key=lambda each: (widths[each], each))
    is_of_campbell = rows[filled[0]].cells[0].strip() == _TOA5
    wide = (at for at in filled[1 if is_of_campbell else 0 :] if width > 1 and len(rows[at].cells) == width)
    found = next(wide, filled[0])
    # A row of values is no heading: where the first wide line is one, the headings have another width.
    at = filled[0] if rows[found].has_value else found
    first = next((place for place in range(at + 1, len(rows)) if rows[place].has_value), None)
    # Words below the headings are values of a table without numbers, unless rows with values follow them.
    below = [] if first is None or first - at > _MOST_BELOW + 1 else rows[at + 1 : first]
    while below and below[-1].is_empty:
        below.pop()
    stated = [row.cells for row in below if not row.is_empty]
    return TableLayout(
        lines_before=rows[at].first_line,
        lines_below=len(below),
        first_line=(below or [rows[at]])[-1].next_line,
        headings=tuple(cell.strip() for cell in rows[at].cells),
        units=tuple(cell.strip() if _is_unit(cell) else "" for cell in stated[0]) if stated else (),
        is_plain=tuple(cell.strip().lower() in _PLAIN for cell in stated[1])
        if is_of_campbell and len(stated) > 1
        else (),
    )


def _rows(lines: Sequence[str], delimiter: str) -> list[_Row]:
    """Return the rows of lines; a line that csv cannot read is left out."""
    rows: list[_Row] = []
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    while reader.line_num < len(lines):
        first_line = reader.line_num
        try:
            cells = next(reader)
        except csv.Error:
            continue
        except StopIteration:
            break
        rows.append(_Row(cells, first_line, reader.line_num))
    return rows


def _is_unit(cell: str) -> bool:
    text = cell.strip()
    return bool(text) and any(isinstance(convert_unit(text, known), Conversion) for known in UNITS if known != "1")
