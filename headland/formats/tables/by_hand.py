"""Tables that people write by hand, as CSV with a head in either language: rows by column, days, and faults."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

MOST_ROWS: Final = 20_000
MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row of the table, from 1 below the head, that cannot be read: the column, and why."""

    row: int
    column: str
    detail: str


def read_rows(text: str, head_of: Callable[[str], str], columns: Iterable[str]) -> list[dict[str, str]] | RowFault:
    """Return the rows of a table by column, without empty ones; `head_of` names the column of a head, "" for none."""
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    blank = dict.fromkeys(columns, "")
    try:
        heads = [head_of(head.strip().lower()) for head in next(reader, [])]
        rows: list[dict[str, str]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MOST_ROWS:
                return RowFault(MOST_ROWS + 1, "", f"the table has more than {MOST_ROWS:,} rows: divide it")
            rows.append({**blank, **{head: cell.strip() for head, cell in zip(heads, cells, strict=False) if head}})
    except csv.Error as error:
        return RowFault(0, "", f"this is no CSV: {error}")
    return rows


def heads_of(text: str) -> list[str]:
    """Return the heads of a table, in lower case."""
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    return [head.strip().lower() for head in next(csv.reader(io.StringIO(first), delimiter=delimiter), [])]


def check_texts(number: int, row: dict[str, str]) -> RowFault | None:
    """Return the fault of a text that is too long, or has a NUL."""
    for name, value in row.items():
        if len(value) > MOST_TEXT or "\0" in value:
            return RowFault(number, name, f"the text is longer than {MOST_TEXT} characters, or has a NUL")
    return None


def read_day(text: str) -> date | None:
    """Return the day that a text writes, such as 2026-03-01 or 2026年3月1日."""
    plain = text.replace("年", "-").replace("月", "-").removesuffix("日").replace("/", "-").replace(".", "-")
    try:
        year, month, day = (int(part) for part in plain.split("-"))
        return date(year, month, day) if 1900 <= year <= 2200 else None
    except ValueError:
        return None


def midnight_ms(day: date, zone: ZoneInfo) -> int:
    """Return the begin of a day in a zone."""
    return int(datetime.combine(day, time.min, zone).timestamp() * 1000)
