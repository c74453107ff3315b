"""Where a table begins: the lines above its headings, and those between them and the first row. Pure.

Loggers and weather stations write their name above the headings, and units below them: Campbell's TOA5 has both.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from headland.contract.foreign_units import Conversion, convert_unit
from headland.contract.units import UNITS

#: Lines by which a table's width is known.
_LOOKED_AT: Final = 60
_MOST_BELOW: Final = 5
#: The first cell of a file of a Campbell logger: environment, headings, units, aggregation.
_TOA5: Final = "TOA5"
#: What Campbell calls a value as measured, a mean and a mean of wind; a sum, an extreme or a spread is no quantity.
_PLAIN: Final = frozenset(("", "smp", "avg", "wvc"))
_BEGINS_A_VALUE: Final = re.compile(r"\s*[+-]?\.?[0-9]")


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The lines above and below a table's headings; `units` are those that a line below states, by place.

    `is_plain` says by place whether a column is a value or a mean of it, as far as the table says.
    """

    lines_before: int = 0
    lines_below: int = 0
    headings: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    is_plain: tuple[bool, ...] = ()

    @property
    def lines(self) -> int:
        """Return the number of lines before the first row."""
        return self.lines_before + 1 + self.lines_below


def find_layout(lines: Sequence[str], delimiter: str) -> TableLayout:
    """Return where a table begins, by its first lines."""
    rows = [_cells(line, delimiter) for line in lines[:_LOOKED_AT]]
    filled = [at for at, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        return TableLayout()
    widths = Counter(len(rows[at]) for at in filled)
    width = max(widths, key=lambda each: (widths[each], each))
    is_of_campbell = rows[filled[0]][0].strip() == _TOA5
    wide = (at for at in filled[1 if is_of_campbell else 0 :] if width > 1 and len(rows[at]) == width)
    found = next(wide, filled[0])
    # A row of values is no heading: where the first wide line is one, the headings have another width.
    at = filled[0] if any(map(_BEGINS_A_VALUE.match, rows[found])) else found
    below = [
        row
        for row in takewhile(lambda row: not any(map(_BEGINS_A_VALUE.match, row)), rows[at + 1 :])
        if any(cell.strip() for cell in row)
    ]
    # Words below the headings are values of a table without numbers, unless rows with values follow them.
    if len(below) > _MOST_BELOW or at + 1 + len(below) >= len(rows):
        below = []
    units = tuple(cell.strip() if _is_unit(cell) else "" for cell in below[0]) if below else ()
    is_plain = tuple(cell.strip().lower() in _PLAIN for cell in below[1]) if is_of_campbell and len(below) > 1 else ()
    return TableLayout(at, len(below), tuple(cell.strip() for cell in rows[at]), units, is_plain)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _is_unit(cell: str) -> bool:
    text = cell.strip()
    return bool(text) and any(isinstance(convert_unit(text, known), Conversion) for known in UNITS if known != "1")
