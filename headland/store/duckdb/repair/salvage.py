"""Salvage of a damaged DuckDB file: everything that is certain goes into a new file, row group by row group.

DuckDB says in which block each column of a row group is. Rows whose series or time may be wrong are left out; rows
whose value or flag may be wrong are kept and flagged as suspect.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from headland.contract.records import Descriptor, Event
from headland.errors import DataDamaged
from headland.store.core.rollup import TIERS
from headland.store.duckdb import sql
from headland.store.duckdb.connection import open_database
from headland.store.duckdb.repair.blocks import DamagedBlock
from headland.store.duckdb.repair.file_lists import (
    SETTINGS,
    UNREADABLE,
    GroupId,
    RowGroup,
    join_groups,
    list_row_groups,
    read_tables,
    segment_ends,
)
from headland.store.duckdb.tables.frontier_table import POSITIONS
from headland.store.duckdb.tables.transaction import count
from headland.units_of_time import HOUR_MS

#: Quality flag of a sample that may be wrong.
_SUSPECT: Final = 3
_INTO: Final = "salvaged"
#: What is never taken from a damaged place: a wrong mark would let ingest drop records that it has not stored, a wrong
#: retention would delete samples, and the others are made anew.
_NEVER_TRUSTED: Final = frozenset(
    {"source_mark", "retention", "sorted", "dirty", "conflicts", "never_latest", "frontier"}
)
#: Rows of a full row group.
_GROUP_ROWS: Final = 122_880
#: Columns of samples by which they are found: an older schema has the instant in one.
_WHERE_AND_WHEN: Final = frozenset({"sid", "ts", "second_s", "part_ms"})
_LIST_COLUMNS: Final = "SELECT column_name FROM duckdb_columns() WHERE database_name = $1 AND table_name = 'points'"
_DECODED: Final[dict[str, tuple[str, type]]] = {"events": ("body", Event), "devices": ("descriptor", Descriptor)}


@dataclass(slots=True)
class Salvage:
    """What a salvage left out: rows by table, samples that are kept as suspect, and the times of both."""

    lost_rows: dict[str, int] = field(default_factory=dict)
    suspect_samples: int = 0
    start_ms: int | None = None
    end_ms: int | None = None
    #: Tables of which not even the list of rows can be read.
    lost_tables: list[str] = field(default_factory=list)
    names_uncertain: bool = False
    #: False where the lists of rows were damaged and not all possible corrections were compared.
    verified: bool = True

    def lose(self, table: str, rows: int) -> None:
        """Count rows that were left out."""
        if rows:
            self.lost_rows[table] = self.lost_rows.get(table, 0) + rows

    def widen(self, low_ms: int, high_ms: int) -> None:
        """Extend the span of lost and suspect samples."""
        self.start_ms = low_ms if self.start_ms is None else min(self.start_ms, low_ms)
        self.end_ms = high_ms + 1 if self.end_ms is None else max(self.end_ms, high_ms + 1)


def salvage(
    damaged: Path, target: Path, blocks: dict[int, DamagedBlock], uncertain: Collection[GroupId] = ()
) -> Salvage:
    """Copy what is certain of an openable copy of a damaged store to a new file, without the `uncertain` row groups.

    Raises DataDamaged where the tables cannot be read, or the series have no names.
    """
    found = Salvage()
    try:
        with open_database(damaged, SETTINGS) as connection:
            quoted = str(target).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS {_INTO}")
            ((source,),) = connection.execute("SELECT current_database()").fetchall()
            connection.execute(f'COPY FROM DATABASE "{source}" TO {_INTO} (SCHEMA)')
            segments = read_tables(connection, found.lost_tables)
            ends = segment_ends(segments)
            for table, parts in segments.items():
                if table == POSITIONS:
                    continue
                doubtful = {number for name, number in uncertain if name == table}
                columns = list(dict.fromkeys(part.column for part in parts))
                groups = list(join_groups(list_row_groups(parts, blocks, ends, doubtful)))
                _copy_table(connection, table, columns, groups, found)
            _complete(connection, found, [*segments, *found.lost_tables])
            connection.execute(f"CHECKPOINT {_INTO}")
    except UNREADABLE as error:
        raise DataDamaged(f"The tables of {damaged.name} cannot be read: {str(error).splitlines()[0]}") from error
    return found


def _copy_table(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str], groups: list[RowGroup], found: Salvage
) -> None:
    """Copy a table, and count what is missing of it then, whatever the reason.

    The numbers of rows have gaps where whole row groups were deleted: then only a table without damage is copied by the
    lists of its row groups, and of another one each row may be in a damaged group.
    """
    try:
        ((there, last),) = connection.execute(f"SELECT count(*), max(rowid) FROM {table}").fetchall()  # noqa: S608
    except UNREADABLE:
        there, last = None, None
    has_gaps = last is not None and bool(groups) and last >= groups[-1].end
    if has_gaps:
        wrong = set[str]().union(*(group.wrong for group in groups))
        parts = [(first, min(first + _GROUP_ROWS, last + 1)) for first in range(0, last + 1, _GROUP_ROWS)]
        groups = [RowGroup(0, last + 1, wrong, {}, parts)]
    lost_before = found.lost_rows.get(table, 0)
    for group in groups:
        _copy_group(connection, table, columns, group, found)
    if there is not None and table not in _NEVER_TRUSTED:
        copied = count(connection, f"SELECT count(*) FROM {_INTO}.{table}")  # noqa: S608 - our own
        said = found.lost_rows.get(table, 0) - lost_before
        found.lose(table, max(0, there - copied - said))


def _copy_group(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str], group: RowGroup, found: Salvage
) -> None:
    rows = f"FROM {table} WHERE rowid >= {group.first} AND rowid < {group.end}"
    if not group.wrong:
        _copy_plain(connection, table, columns, group.parts, found)
        return
    try:
        there = count(connection, f"SELECT count(*) {rows}")
        copied = _copy_uncertain(connection, table, columns, group, rows, found)
    except UNREADABLE:
        there, copied = group.end - group.first, 0
    found.lose(table, there - copied)
    if table == "points" and (span_ms := _span_of(group.bounds)):
        found.widen(*span_ms)


def _span_of(bounds: dict[str, tuple[float, float]]) -> tuple[int, int] | None:
    """Return between which instants the samples of a row group are, by its statistics."""
    if "ts" in bounds:
        low, high = bounds["ts"]
        return int(low), int(high)
    if not {"second_s", "part_ms"} <= bounds.keys():
        return None
    low_ms, high_ms = (
        int(second) * 1000 + int(part) for second, part in zip(bounds["second_s"], bounds["part_ms"], strict=True)
    )
    return low_ms, high_ms


def _copy_plain(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[str],
    parts: list[tuple[int, int]],
    found: Salvage,
) -> None:
    """Copy rows at once or, where that fails, in two halves, down to single row groups."""
    first, end = parts[0][0], parts[-1][1]
    rows = f"SELECT {', '.join(columns)} FROM {table} WHERE rowid >= {first} AND rowid < {end}"  # noqa: S608 - our own
    try:
        _insert(connection, table, rows)
    except UNREADABLE:
        if len(parts) == 1:
            found.lose(table, end - first)
            return
        half = len(parts) // 2
        _copy_plain(connection, table, columns, parts[:half], found)
        _copy_plain(connection, table, columns, parts[half:], found)


def _copy_uncertain(
    connection: duckdb.DuckDBPyConnection, table: str, columns: list[str], group: RowGroup, rows: str, found: Salvage
) -> int:
    """Copy what can be trusted of a row group with damage; return the number of rows."""
    if table == "points" and not group.wrong & _WHERE_AND_WHEN:
        low, high = group.bounds.get("v", (float("-inf"), float("inf")))
        flagged = [f"greatest(q, {_SUSPECT})::UTINYINT" if name == "q" else name for name in columns]
        within = f" AND isfinite(v) AND v >= {float(low)!r}::DOUBLE AND v <= {float(high)!r}::DOUBLE"
        kept = _insert(connection, table, f"SELECT {', '.join(flagged)} {rows}{within}")
        found.suspect_samples += kept
        return kept
    if table in _DECODED:
        column, kind = _DECODED[table]
        bodies = connection.execute(f"SELECT rowid, {column} {rows}").fetchall()
        right = [rowid for rowid, body in bodies if _decodes(body, kind)]
        listed = ", ".join(map(str, right)) or "-1"
        return _insert(connection, table, f"SELECT * FROM {table} WHERE rowid IN ({listed})")  # noqa: S608
    if table in _NEVER_TRUSTED or table == "points" or table.startswith("rollup_"):
        return 0
    found.names_uncertain |= table == "series"
    return _insert(connection, table, f"SELECT * {rows}")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: str) -> int:
    return count(connection, f"INSERT INTO {_INTO}.{table} {rows}")


def _decodes(body: str, kind: type) -> bool:
    try:
        msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True


def _instant_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the expression of the instant of a sample, which older schemas have in one column."""
    names = connection.execute(_LIST_COLUMNS, [_INTO]).fetchall()
    return "ts" if ("ts",) in names else sql.INSTANT


def _complete(connection: duckdb.DuckDBPyConnection, found: Salvage, tables: list[str]) -> None:
    """Make what other tables need: the names of all series, the settings, and rollups where they are missing."""
    ((highest,),) = connection.execute(f"SELECT coalesce(max(sid), -1) FROM {_INTO}.series").fetchall()  # noqa: S608
    unnamed = f"FROM {_INTO}.points WHERE sid NOT IN (SELECT sid FROM {_INTO}.series)"  # noqa: S608
    instant = _instant_of(connection)
    ((low_ms, high_ms),) = connection.execute(f"SELECT min({instant}), max({instant}) {unnamed}").fetchall()
    if low_ms is not None:
        found.widen(low_ms, high_ms)
        found.lose("points", count(connection, f"DELETE {unnamed}"))
    # The places of the other series stay the same: those whose names are lost have none.
    gaps = f"SELECT sid FROM range({highest + 1}) r(sid) WHERE sid NOT IN (SELECT sid FROM {_INTO}.series)"  # noqa: S608
    nameless = f"SELECT sid, '', '', '', 'lost-' || sid, '', FALSE FROM ({gaps})"  # noqa: S608
    connection.execute(f"INSERT INTO {_INTO}.series {nameless}")
    if "retention" not in tables:
        return
    for table, defaults in (("retention", "NULL, NULL, NULL, NULL"), ("kept", "b, b, b, b, b, b, 0, 0")):
        if not count(connection, f"SELECT count(*) FROM {_INTO}.{table}"):  # noqa: S608
            none_cut = "(SELECT (-9223372036854775808)::BIGINT AS b)"
            connection.execute(f"INSERT INTO {_INTO}.{table} SELECT {defaults} FROM {none_cut}")  # noqa: S608
    if {*found.lost_rows, *found.lost_tables} & {"dirty", *(tier.table for tier in TIERS)}:
        hour = sql.floor_of(f"({instant})", HOUR_MS)
        pairs = f"SELECT DISTINCT sid, {hour} AS hour FROM {_INTO}.points"  # noqa: S608
        known = f"SELECT sid, hour FROM {_INTO}.dirty"  # noqa: S608
        connection.execute(f"INSERT INTO {_INTO}.dirty {pairs} EXCEPT {known}")
