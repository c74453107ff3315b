"""Marks of spools and the books of their records in a DuckDB file: rows whose union is the state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import duckdb
import msgspec
import numpy as np

from headland.store.core.state import Source, StoreState, advance_marks
from headland.store.duckdb import sql
from headland.store.number_sets import Counts, Range
from headland.store.port import Mark, MarkState, WriteBatch
from headland.store.record_book import RecordBook

_NO_ENTRY: Final = (None, None, None)


class _Row(NamedTuple):
    """A row; without an entry it has marks alone, and where `first` is below 1 it stands for -first records."""

    gateway: str
    epoch: str
    high_water: int
    ahead: str
    entry: int | None
    first: int | None
    last: int | None


def load_marks(connection: duckdb.DuckDBPyConnection) -> dict[Source, MarkState]:
    """Return the state of each source."""
    marks: dict[Source, MarkState] = {}
    entries: dict[Source, dict[int, list[Range]]] = {}
    folded: list[tuple[Source, int, Counts]] = []
    for row in map(_Row._make, connection.execute(sql.LOAD_MARKS).fetchall()):
        source = (row.gateway, row.epoch)
        accounted = [(1, row.high_water), *msgspec.json.decode(row.ahead, type=tuple[Range, ...])]
        known = marks.get(source, MarkState())
        for first, last in accounted:
            known = known.add(Mark(*source, first, last))
        marks[source] = known
        if row.entry is None:
            continue
        if row.first is None or row.last is None:
            entries.setdefault(source, {}).setdefault(row.entry, []).extend(accounted)
        elif row.first < 1:
            folded.append((source, row.entry, Counts((), -row.first, row.last)))
        else:
            entries.setdefault(source, {}).setdefault(row.entry, []).append((row.first, row.last))
    books = {source: RecordBook().add(of_it) for source, of_it in entries.items()}
    for source, entry, counts in folded:
        books[source] = books.get(source, RecordBook()).join(entry, counts)
    return {
        source: MarkState(state.high_water, state.ahead, books.get(source, RecordBook()))
        for source, state in marks.items()
    }


def add_marks(
    connection: duckdb.DuckDBPyConnection, state: StoreState, batches: Sequence[WriteBatch]
) -> dict[Source, MarkState]:
    """Add the marks in the batches and what is new in the books, inside the caller's transaction.

    Returns the new states of the sources.
    """
    changed, entries = advance_marks(state.marks, batches)
    rows: list[object] = []
    count = 0
    for source, mark in changed.items():
        ahead = msgspec.json.encode(mark.ahead).decode()
        new: list[tuple[int | None, ...]] = [
            (entry, *each) for entry, ranges in entries.get(source, {}).items() for each in _join_adjacent(ranges)
        ]
        for row in new or [_NO_ENTRY]:
            rows += (*source, mark.high_water, ahead, *row)
            count += 1
    if count:
        connection.execute(sql.ADD_MARKS + ", ".join(["(?, ?, ?, ?, ?, ?, ?)"] * count), rows)
    return changed


def count_rows(marks: Mapping[Source, MarkState]) -> int:
    """Return the number of rows that states take at least."""
    return sum(1 for _ in _rows_of(marks))


def write_marks(connection: duckdb.DuckDBPyConnection, marks: Mapping[Source, MarkState]) -> None:
    """Write the rows of states, inside the caller's transaction."""
    rows = list(_rows_of(marks))
    if not rows:
        return
    columns = list(zip(*rows, strict=True))
    marks_in = {
        "gateway": np.array(columns[0], object),
        "epoch": np.array(columns[1], object),
        "high_water": np.array(columns[2], np.int64),
        "ahead": np.array(columns[3], object),
        "has_entry": np.array([entry is not None for entry in columns[4]], np.bool_),
        "entry": np.array([entry or 0 for entry in columns[4]], np.int32),
        "first": np.array([first or 0 for first in columns[5]], np.int64),
        "last": np.array([last or 0 for last in columns[6]], np.int64),
    }
    connection.register("marks_in", marks_in)
    connection.execute(sql.WRITE_MARKS)


def _rows_of(marks: Mapping[Source, MarkState]) -> Iterator[_Row]:
    for source, state in marks.items():
        yield _Row(*source, state.high_water, msgspec.json.encode(state.ahead).decode(), None, None, None)
        for entry, counts in state.book.entries.items():
            if counts.older:
                yield _Row(*source, 0, "[]", entry, -counts.older, counts.older_upto)
            for first, last in counts.ranges:
                yield _Row(*source, 0, "[]", entry, first, last)


def _join_adjacent(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges of one batch with those joined that follow one another, as most do."""
    joined: list[Range] = []
    for first, last in ranges:
        if joined and first == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined
