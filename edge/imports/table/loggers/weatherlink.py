"""Exports of Davis's WeatherLink: headings over two lines without units, or titles above headings with them. Pure.

WeatherLink 2 writes a text with tabs, whose units are those that its user chose and which it does not name; its
successors write CSV with a unit behind each heading. Both have points of the compass for directions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from edge.imports.table.table_lines import Cells, CsvLine, Heading, RefusedRow, TableLine

#: The time's heading where date and time are columns of their own, and where they are one.
TIME: Final = "Date Time"
ONE_TIME: Final = "Date & Time"
MISSING: Final = ("---", "--", "------")
_SPLIT_TIME: Final = ("date", "time")
_POINTS: Final = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
_DEG: Final = {point: str(22.5 * at) for at, point in enumerate(_POINTS)}
_HALF_DAY: Final = re.compile(r"([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)\s*([ap])\.?(?:m\.?)?", re.IGNORECASE)
#: A unit behind a heading, as `Temp - °F`.
_UNIT: Final = re.compile(r"(.*\S)\s+-\s+(\S.*)")


def read_weatherlink(rows: Iterable[CsvLine]) -> Iterator[TableLine]:
    """Yield headings and rows, date and time in one cell, directions in degrees."""
    above: Sequence[str] = ()
    is_split = has_heading = False
    for row in rows:
        if isinstance(row, RefusedRow) or row.is_empty:
            if isinstance(row, RefusedRow):
                yield row
        elif not has_heading:
            cells = [cell.strip() for cell in row.cells]
            is_split = tuple(cell.lower() for cell in cells[:2]) == _SPLIT_TIME
            if is_split or cells[0] == ONE_TIME:
                names = _joined(above, cells) if is_split else cells
                yield Heading(row.line, tuple(names), tuple(split_unit(name)[1] for name in names))
                has_heading = True
            above = cells
        else:
            yield Cells(row.line, _read(row.cells, is_split=is_split))


def split_unit(name: str) -> tuple[str, str]:
    """Return a heading without the unit behind it, and the unit; "" where it has none."""
    match = _UNIT.fullmatch(name)
    return (name, "") if match is None else (match[1], match[2])


def _joined(above: Sequence[str], cells: Sequence[str]) -> list[str]:
    """Return the headings of two lines, date and time as one; one that is there twice has its number."""
    over = [*above, *([""] * len(cells))]
    names = [TIME, *(" ".join(f"{over[at]} {cells[at]}".split()) for at in range(2, len(cells)))]
    # A line of rows may end in a tab, which is a column without a name.
    seen: Counter[str] = Counter()
    for at, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[at] = f"{name} ({seen[name]})"
    return names


def _read(cells: Sequence[str], *, is_split: bool) -> list[str]:
    stripped = [cell.strip() for cell in cells]
    times = 2 if is_split else 1
    time = _HALF_DAY.sub(lambda match: f"{match[1]} {match[2].upper()}M", " ".join(stripped[:times]))
    return [time, *(_DEG.get(cell, cell) for cell in stripped[times:])]
