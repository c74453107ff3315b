"""Everything that a DuckDB store holds at one instant, written into a new file and compared with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import duckdb

from headland.errors import RetryLater
from headland.store.core.progress import Progress
from headland.store.duckdb import rollups_sql as rollup_sql
from headland.store.duckdb.state_loader import count
from headland.store.duckdb.transaction import transaction
from headland.units_of_time import WEEK_MS

_WEEK: Final = rollup_sql.floor_of("ts", WEEK_MS)
_LIST_TABLES: Final = """
    SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY 1
"""
_COUNT_WEEKS: Final = f"SELECT {_WEEK} AS week, count(*) FROM points GROUP BY week ORDER BY week"  # noqa: S608
_SORTED_COPY: Final = f" ORDER BY {_WEEK}, sid, ts, q"


def write_copy(connection: duckdb.DuckDBPyConnection, path: Path, progress: Progress) -> None:
    """Write everything, as of one instant, into a new database file; it is on the disk when this returns."""
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

    Raises RetryLater when anything of it did not arrive.
    """
    ((source,),) = cursor.execute("SELECT current_database()").fetchall()
    cursor.execute(f'COPY FROM DATABASE "{source}" TO {into} (SCHEMA)')
    for (table,) in cursor.execute(_LIST_TABLES).fetchall():
        if table != "points":
            order = _SORTED_COPY if table.startswith("rollup_") else ""
            arrived = count(cursor, f"INSERT INTO {into}.{table} SELECT * FROM {table}{order}")  # noqa: S608
            _check(arrived, count(cursor, f"SELECT count(*) FROM {table}"), table)  # noqa: S608
    weeks: list[tuple[int, int]] = cursor.execute(_COUNT_WEEKS).fetchall()
    total, done = sum(rows for _, rows in weeks), 0
    for week_ms, rows in weeks:
        progress(f"{done} of {total} samples", done / total)
        window = {"low": week_ms, "high": week_ms + WEEK_MS}
        insert = f"INSERT INTO {into}.points SELECT * FROM points WHERE ts >= $low AND ts < $high"  # noqa: S608
        _check(count(cursor, insert, window), rows, "points")
        done += rows
    progress(f"{total} samples", 1.0)
    weigh = "SELECT bit_xor(hash(sid, ts, v, q)) FROM {0}points"
    if cursor.execute(weigh.format("")).fetchall() != cursor.execute(weigh.format(f"{into}.")).fetchall():
        raise RetryLater("The samples of the copy are not those of the store: the copy is not used.")


def _check(arrived: int, expected: int, table: str) -> None:
    if arrived != expected:
        raise RetryLater(f"Only {arrived} of {expected} rows of {table} could be copied: the copy is not used.")
