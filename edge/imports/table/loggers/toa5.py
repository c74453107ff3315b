"""TOA5, the text of Campbell's loggers: environment, headings, units and kinds of values above the rows. Pure.

A table that its logger's program changed has such a head again, often after a copy of two files into one.
Source: Campbell Scientific, LoggerNet manual, appendix "Table-Based Data File Formats".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from edge.imports.table.table_lines import Cells, CsvLine, Heading, RefusedRow, TableLine

#: First cell of a head.
TOA5: Final = "TOA5"
#: First cells of Campbell's other files, which are binary or have no units.
OTHERS: Final = ("TOB1", "TOB2", "TOB3", "TOACI1", "CSIXML")
#: Values as measured, means, and a mean of wind; a sum, an extreme or a spread is another quantity.
PLAIN: Final = frozenset(("", "smp", "avg", "wvc"))
MISSING: Final = ("NAN", "NaN", "nan", '"NAN"')
TIME: Final = "TIMESTAMP"
#: What stands as the unit of a row's number.
RECORD_UNIT: Final = "RN"
#: First cells of the lines of a head behind the environment: names, units, kinds of values.
_THEN: Final = (TIME, "TS", "")
_STATION_AT: Final = 1
_TABLE_AT: Final = 7


def read_toa5(rows: Iterable[CsvLine]) -> Iterator[TableLine]:
    """Yield headings, with units and kinds, and rows."""
    head: list[Cells] | None = None
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
        elif row.cells and row.cells[0].strip() == TOA5:
            head = []
        elif head is not None:
            if head and (not row.cells or row.cells[0].strip() != _THEN[len(head)]):
                yield _heading(head)  # somebody has cut lines out of the head
                head = None
                yield row
                continue
            head.append(row)
            if len(head) == len(_THEN):
                yield _heading(head)
                head = None
        else:
            yield row


def _heading(head: list[Cells]) -> Heading:
    return Heading(head[0].line, *(tuple(cell.strip() for cell in each.cells) for each in head))


def station_of(environment: list[str]) -> str:
    """Return the name of station and table that the first line of a head has; a station has several tables."""
    named = (environment[at].strip() for at in (_STATION_AT, _TABLE_AT) if at < len(environment))
    return "-".join(filter(None, named))
