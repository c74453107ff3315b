"""Compaction of a DuckDB file: sorting of closed days by (series, time), and copies without holes.

Sorting moves a bounded number of rows in each transaction; later rows reuse the freed space. A file never shrinks by
itself: `write_copy` writes a new one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb

from headland.errors import RetryLater
from headland.store.core.rollup import floor_ms
from headland.store.duckdb import sql
from headland.store.duckdb.tables.deletion import MOST_ROWS
from headland.store.duckdb.tables.frontier_table import POSITIONS
from headland.store.duckdb.tables.rollups import load_cuts
from headland.store.duckdb.tables.transaction import count, transaction
from headland.units_of_time import DAY_MS, WEEK_MS

#: Progress of long work: called with a short description and the fraction done, 0..1.
Progress = Callable[[str, float], None]


def no_progress(words: str, fraction: float) -> None:
    """Report nothing."""


#: Rows moved in one transaction; the next commit waits for it, about half a second.
_ROWS_AT_ONCE: Final = 1_000_000
#: Samples of a day that is sorted at once. A transaction takes a million of them from all of its row groups, and holds
#: 0.3 MB for each until the next checkpoint.
_MOST_OF_DAY: Final = 32_000_000
#: Numbers of parts of a day with more.
_PARTS: Final = (1, 2, 3, 4, 6, 8, 12, 24)
#: Share of late samples above which a range is sorted again.
_LATE_SHARE: Final = 0.05

_COUNT_DAYS: Final = """
    SELECT ts, sum(n)::BIGINT FROM rollup_days WHERE ts >= $low AND ts < $high GROUP BY ts ORDER BY ts
"""
_COUNT_HOURS: Final = """
    SELECT ts, sum(n)::BIGINT FROM rollup_hours WHERE ts >= $low AND ts < $high GROUP BY ts ORDER BY ts
"""
_LIST_SORTED: Final = "SELECT first_ms, end_ms, n FROM sorted"
_SPAN: Final = sql.within("$low", "$high")
_COUNT_SERIES: Final = f"SELECT sid, count(*) FROM {sql.SAMPLES} WHERE {_SPAN} GROUP BY sid ORDER BY sid"  # noqa: S608
_TAKE: Final = f"""
    CREATE OR REPLACE TEMP TABLE moving AS SELECT {sql.STORED_COLUMNS} FROM {sql.SAMPLES}
    WHERE {_SPAN} AND sid >= $first AND sid <= $last ORDER BY sid, second_s, part_ms
"""  # noqa: S608 - only constants
_DELETE: Final = f"""
    DELETE FROM points
    WHERE {sql.within("$low", "$high", instant=sql.INSTANT)} AND sid >= $first AND sid <= $last
"""  # noqa: S608 - only constants
_PUT: Final = f"INSERT INTO points SELECT {sql.STORED_COLUMNS} FROM moving"  # noqa: S608
_FORGET_SORTED: Final = "DELETE FROM sorted WHERE first_ms >= $low AND end_ms <= $high"
_REMEMBER_SORTED: Final = "INSERT INTO sorted VALUES ($low, $high, $n)"


@dataclass(frozen=True, slots=True)
class SortRange:
    """Closed days, [start_ms, end_ms), that are sorted together."""

    start_ms: int
    end_ms: int


def find_unsorted(connection: duckdb.DuckDBPyConnection, until_ms: int) -> list[SortRange]:
    """Return the unsorted ranges before `until_ms`, in order: weeks that are over, and single days of the last week.

    A week with too many rows for one transaction is sorted from its sorted days: then each transaction takes rows that
    lie together. The rollups of those days must be up to date.
    """
    window = {"low": load_cuts(connection).raw_ms, "high": floor_ms(until_ms, DAY_MS)}
    days: list[tuple[int, int]] = connection.execute(_COUNT_DAYS, window).fetchall()
    ranges: list[tuple[int, int, int]] = connection.execute(_LIST_SORTED).fetchall()
    rows_of = {SortRange(start, end): rows for start, end, rows in ranges}

    def is_unsorted(span: SortRange, rows: int) -> bool:
        return rows_of.get(span, 0) < rows * (1 - _LATE_SHARE)

    found: list[SortRange] = []
    for week_ms, of_week in groupby(days, lambda day: floor_ms(day[0], WEEK_MS)):
        days_of_week = list(of_week)
        week, rows_of_week = SortRange(week_ms, week_ms + WEEK_MS), sum(rows for _, rows in days_of_week)
        is_over = week.end_ms <= window["high"]
        if is_over and not is_unsorted(week, rows_of_week):
            continue
        if not is_over or rows_of_week > MOST_ROWS:
            for day_ms, rows_of_day in days_of_week:
                parts = _divide_day(connection, day_ms, rows_of_day)
                found += [part for part, rows in parts.items() if is_unsorted(part, rows)]
        if is_over:
            found.append(week)
    return found


def _divide_day(connection: duckdb.DuckDBPyConnection, day_ms: int, rows: int) -> dict[SortRange, int]:
    """Return a day in parts of about `_MOST_OF_DAY` at most, each with its rows."""
    length_ms = DAY_MS // next((parts for parts in _PARTS if rows <= parts * _MOST_OF_DAY), _PARTS[-1])
    if length_ms == DAY_MS:
        return {SortRange(day_ms, day_ms + DAY_MS): rows}
    parts: dict[SortRange, int] = {}
    hours = connection.execute(_COUNT_HOURS, {"low": day_ms, "high": day_ms + DAY_MS}).fetchall()
    for hour_ms, rows_of_hour in hours:
        start_ms = floor_ms(hour_ms, length_ms)
        span = SortRange(start_ms, start_ms + length_ms)
        parts[span] = parts.get(span, 0) + rows_of_hour
    return parts


def sort_range(connection: duckdb.DuckDBPyConnection, sort_span: SortRange) -> Iterator[int]:
    """Sort a range, one transaction between two yields; yield the number of rows moved."""
    window = {"low": sort_span.start_ms, "high": sort_span.end_ms}
    series: list[tuple[int, int]] = connection.execute(_COUNT_SERIES, window).fetchall()
    moved = 0
    while series:
        rows = taken = 0
        while taken < len(series) and (not taken or rows + series[taken][1] <= _ROWS_AT_ONCE):
            rows += series[taken][1]
            taken += 1
        chunk, series = series[:taken], series[taken:]
        moved += _move(connection, {**window, "first": chunk[0][0], "last": chunk[-1][0]})
        yield rows
    with transaction(connection):
        connection.execute(_FORGET_SORTED, window)
        connection.execute(_REMEMBER_SORTED, {**window, "n": moved})


def _move(connection: duckdb.DuckDBPyConnection, chunk: dict[str, int]) -> int:
    with transaction(connection):
        taken = count(connection, _TAKE, chunk)
        deleted, put = count(connection, _DELETE, chunk), count(connection, _PUT)
        if not taken == deleted == put:
            raise RetryLater(f"Sorting read {taken} rows and would have replaced {deleted} by {put}: not done.")
        connection.execute("DROP TABLE moving")
    return put


def count_free(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return the free bytes and all bytes of the file, as of the last checkpoint."""
    row = connection.execute(
        "SELECT free_blocks * block_size, total_blocks * block_size FROM pragma_database_size() "
        "WHERE database_name = current_database()"
    ).fetchall()[0]
    return int(row[0]), int(row[1])


_WEEK: Final = sql.floor_of("ts", WEEK_MS)
_LIST_TABLES: Final = """
    SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY 1
"""
_COUNT_WEEKS: Final = f"SELECT {_WEEK} AS week, count(*) FROM {sql.SAMPLES} GROUP BY week ORDER BY week"  # noqa: S608
_SORTED_COPY: Final = f" ORDER BY {_WEEK}, sid, ts, q"


def write_copy(connection: duckdb.DuckDBPyConnection, path: Path, progress: Progress) -> None:
    """Write everything, as of one instant, into a new database file, which is on the disk when this returns."""
    name, quoted = "headland_copy", str(path).replace("'", "''")
    connection.execute(f"ATTACH '{quoted}' AS {name}")
    try:
        with transaction(connection):
            copy_tables(connection, name, progress)
        connection.execute(f"CHECKPOINT {name}")
    finally:
        connection.execute(f"DETACH {name}")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def copy_tables(cursor: duckdb.DuckDBPyConnection, into: str, progress: Progress) -> None:
    """Copy everything into the attached empty database `into`, inside the caller's transaction; rollups are sorted.

    Raises RetryLater where the copy is incomplete.
    """
    ((source,),) = cursor.execute("SELECT current_database()").fetchall()
    cursor.execute(f'COPY FROM DATABASE "{source}" TO {into} (SCHEMA)')
    for (table,) in cursor.execute(_LIST_TABLES).fetchall():
        if table not in ("points", POSITIONS):
            order = _SORTED_COPY if table.startswith("rollup_") else ""
            arrived = count(cursor, f"INSERT INTO {into}.{table} SELECT * FROM {table}{order}")  # noqa: S608
            _check(arrived, count(cursor, f"SELECT count(*) FROM {table}"), table)  # noqa: S608
    weeks: list[tuple[int, int]] = cursor.execute(_COUNT_WEEKS).fetchall()
    total, done = sum(rows for _, rows in weeks), 0
    for week_ms, rows in weeks:
        progress(f"{done} of {total} samples", done / total)
        window = {"low": week_ms, "high": week_ms + WEEK_MS}
        insert = f"INSERT INTO {into}.points SELECT {sql.STORED_COLUMNS} FROM {sql.SAMPLES} WHERE {_SPAN}"  # noqa: S608
        _check(count(cursor, insert, window), rows, "points")
        done += rows
    progress(f"{total} samples", 1.0)
    weigh = f"SELECT bit_xor(hash({sql.STORED_COLUMNS})) FROM {{0}}points"  # noqa: S608
    if cursor.execute(weigh.format("")).fetchall() != cursor.execute(weigh.format(f"{into}.")).fetchall():
        raise RetryLater("The samples of the copy differ from those of the store: the copy is not used.")


def _check(arrived: int, expected: int, table: str) -> None:
    if arrived != expected:
        raise RetryLater(f"Only {arrived} of {expected} rows of {table} could be copied: the copy is not used.")
