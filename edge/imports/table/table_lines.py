"""Lines of a table's file: its headings, which may come again, and rows with their place in the file. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

#: A line that csv cannot read: a quotation without an end, a cell beyond csv's limit.
NOT_CSV: Final = "not_csv"


class Heading(NamedTuple):
    """Headings from here on, and the units that the file states for them; "" where it states none.

    `kinds` is what a logger calls the values of a column: a sample, a mean, a sum.
    """

    line: int
    names: tuple[str, ...]
    units: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def unit(self, at: int) -> str:
        """Return the unit that is stated for a column."""
        return self.units[at] if at < len(self.units) else ""

    def kind(self, at: int) -> str:
        """Return what the values of a column are called."""
        return self.kinds[at] if at < len(self.kinds) else ""


class Cells(NamedTuple):
    """Cells of a row."""

    line: int
    cells: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Whether no cell has a text."""
        return not any(cell.strip() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A refused cell where `column` is set, else a refused row, with the reason."""

    line: int
    reason: str
    column: str = ""
    text: str = ""

    def sentence(self) -> str:
        """Return the refusal as a sentence."""
        what = f", column {self.column}" if self.column else ""
        return f"line {self.line}{what}: {self.reason.replace('_', ' ')}{f' ({self.text[:60]!r})' if self.text else ''}"


CsvLine = Cells | RefusedRow
TableLine = Heading | Cells | RefusedRow


def read_cells(lines: Iterable[str], delimiter: str, lines_before: int = 0) -> Iterator[CsvLine]:
    """Yield the rows of lines; `lines_before` are those of the file before the first. One that is no CSV is refused."""
    reader = csv.reader(iter(lines), delimiter=delimiter)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RefusedRow(reader.line_num + lines_before, NOT_CSV, text=str(error))
        else:
            yield Cells(reader.line_num + lines_before, cells)


def read_headed(rows: Iterable[CsvLine], lines_below: int) -> Iterator[TableLine]:
    """Yield the first row that is not empty as headings, and those after `lines_below` more as rows."""
    below = -1
    for row in rows:
        if isinstance(row, RefusedRow):
            yield row
        elif below < 0:
            if not row.is_empty:
                yield Heading(row.line, tuple(row.cells))
                below = 0
        elif below < lines_below:
            below += 1
        else:
            yield row
