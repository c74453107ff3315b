"""Salvage of a damaged DuckDB file: everything that is certain goes into a new file, row group by row group.

DuckDB says in which block each column of a row group is. Rows whose series or time may be wrong are left out; rows
whose value or flag may be wrong are kept and flagged as suspect.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import msgspec

from headland.contract.records import Descriptor, Event
from headland.errors import DataDamaged
from headland.store.core.rollup import TIERS
from headland.store.duckdb import sql
from headland.store.duckdb.repair.blocks import DamagedBlock
from headland.store.duckdb.tables.frontier_table import POSITIONS
from headland.store.duckdb.tables.transaction import count
from headland.units_of_time import HOUR_MS

#: Quality flag of a sample that may be wrong.
_SUSPECT: Final = 3
_SETTINGS: Final[dict[str, str | bool | int | float | list[str]]] = {"memory_limit": "256MB", "threads": 2}
_INTO: Final = "salvaged"
#: What DuckDB raises for damaged tables; a name with a wrong bit may not be text.
_UNREADABLE: Final = (duckdb.Error, UnicodeError, RuntimeError, MemoryError)
_BLOCK_END: Final = 2**62

_LIST_TABLES: Final = """
    SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT temporary ORDER BY 1
"""
_LIST_COLUMNS: Final = """
    SELECT table_name, column_name, data_type FROM duckdb_columns()
    WHERE database_name = current_database() AND NOT internal ORDER BY table_name, column_index
"""
_LIST_BLOCKS: Final = "SELECT block_id FROM pragma_metadata_info()"
_SEGMENTS: Final = """
    SELECT row_group_id, column_name, segment_type, count, block_id, block_offset, additional_block_ids, stats,
           compression
    FROM pragma_storage_info('{table}') ORDER BY row_group_id, column_id
"""
#: What is never taken from a damaged place: a wrong mark would let ingest drop records that it has not stored, a wrong
#: retention would delete samples, and the others are made anew.
_NEVER_TRUSTED: Final = frozenset(
    {"source_mark", "retention", "sorted", "dirty", "conflicts", "never_latest", "frontier"}
)
_DECODED: Final[dict[str, tuple[str, type]]] = {"events": ("body", Event), "devices": ("descriptor", Descriptor)}


#: A table, and the position of a row group in it.
GroupId = tuple[str, int]


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


class _Segment(NamedTuple):
    row_group: int
    column: str
    kind: str
    rows: int
    block: int
    offset: int
    more_blocks: list[int]
    stats: dict[str, object] | None
    coding: str


@dataclass(slots=True)
class _RowGroup:
    """Rows [first, end) of a table, the columns that may be wrong in them, and the bounds of columns with numbers.

    Joined row groups without damage have their own bounds in `parts`.
    """

    first: int
    end: int
    wrong: set[str]
    bounds: dict[str, tuple[float, float]]
    parts: list[tuple[int, int]] = field(default_factory=list)

    def measured(self) -> str:
        """Return the expressions of the least and largest values of the columns with bounds."""
        return ", ".join(f"min({name}), max({name})" for name in self.bounds) or "NULL"

    def fits(self, values: Sequence[Any]) -> bool:
        """Return whether such values are within the bounds."""
        return all(
            low is None or (bound[0] <= low and high <= bound[1])
            for bound, low, high in zip(self.bounds.values(), values[::2], values[1::2], strict=False)
        )


def salvage(
    damaged: Path, target: Path, blocks: dict[int, DamagedBlock], uncertain: Collection[GroupId] = ()
) -> Salvage:
    """Copy what is certain of an openable copy of a damaged store to a new file, without the `uncertain` row groups.

    Raises DataDamaged where the tables cannot be read, or the series have no names.
    """
    found = Salvage()
    try:
        with duckdb.connect(str(damaged), config=_SETTINGS) as connection:
            quoted = str(target).replace("'", "''")
            connection.execute(f"ATTACH '{quoted}' AS {_INTO}")
            ((source,),) = connection.execute("SELECT current_database()").fetchall()
            connection.execute(f'COPY FROM DATABASE "{source}" TO {_INTO} (SCHEMA)')
            segments = _read_tables(connection, found)
            ends = _segment_ends(segments)
            for table, parts in segments.items():
                if table == POSITIONS:
                    continue
                doubtful = {number for name, number in uncertain if name == table}
                for group in _join(_row_groups(parts, blocks, ends, doubtful)):
                    _copy_group(connection, table, group, found)
            _complete(connection, found, [*segments, *found.lost_tables])
            connection.execute(f"CHECKPOINT {_INTO}")
    except _UNREADABLE as error:
        raise DataDamaged(f"The tables of {damaged.name} cannot be read: {str(error).splitlines()[0]}") from error
    return found


def take_fingerprints(damaged: Path, known: dict[object, object]) -> dict[GroupId, object]:
    """Return a fingerprint of the rows of each row group of a file; `known` has those of earlier files.

    Raises DataDamaged where something cannot be read, or contradicts the statistics or the schema.
    """
    prints: dict[GroupId, object] = {}
    try:
        with duckdb.connect(str(damaged), config=_SETTINGS, read_only=True) as connection:
            _check_schema(connection)
            for table, parts in _read_tables(connection).items():
                by_group = _by_group(parts)
                for number, group in enumerate(_row_groups(parts, {}, {}, ())):
                    names = ", ".join(dict.fromkeys(part.column for part in parts))
                    rows = f"{table} WHERE rowid >= {group.first} AND rowid < {group.end}"
                    left = count(connection, f"SELECT count(*) FROM {rows}")  # noqa: S608
                    at = (table, group.first, left, repr(by_group[number]))
                    if at not in known:
                        statement = f"SELECT bit_xor(hash({names})), {group.measured()} FROM {rows}"  # noqa: S608
                        (values,) = connection.execute(statement).fetchall()
                        known[at] = values if group.fits(values[1:]) else None
                    if known[at] is None:
                        raise DataDamaged(f"Rows of {table} contradict their statistics.")
                    prints[table, number] = (group.first, group.end, left, known[at])
    except _UNREADABLE as error:
        raise DataDamaged(str(error)) from error
    return prints


@dataclass(frozen=True, slots=True)
class UsedBlocks:
    """Blocks with lists of tables, rows and places, and blocks with columns; all others are free."""

    lists: set[int]
    columns: set[int]


def list_used_blocks(damaged: Path) -> UsedBlocks | None:
    """Return the blocks that a file uses; None where its lists cannot be read."""
    try:
        with duckdb.connect(str(damaged), config=_SETTINGS, read_only=True) as connection:
            tables = _read_tables(connection)
            lists = {number for (number,) in connection.execute(_LIST_BLOCKS).fetchall()}
    except (*_UNREADABLE, DataDamaged):
        return None
    segments = [part for parts in tables.values() for part in parts]
    return UsedBlocks(lists, {number for part in segments for number in (part.block, *part.more_blocks)})


def _check_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise DataDamaged where the tables are not those of the schema's version."""
    if connection.execute(_LIST_COLUMNS).fetchall() != _columns_of(count(connection, sql.GET_VERSION)):
        raise DataDamaged("The tables are not those of a store.")


@cache
def _columns_of(version: int) -> list[tuple[str, str, str]]:
    with duckdb.connect(config=_SETTINGS) as fresh:
        fresh.execute(sql.CREATE_VERSION)
        for migration in sql.MIGRATIONS[:version]:
            fresh.execute(migration)
        return fresh.execute(_LIST_COLUMNS).fetchall()


def _read_tables(connection: duckdb.DuckDBPyConnection, found: Salvage | None = None) -> dict[str, list[_Segment]]:
    """Return the segments of each table; with `found`, tables that cannot be read are left out and noted there."""
    read: dict[str, list[_Segment]] = {}
    for (table,) in connection.execute(_LIST_TABLES).fetchall():
        try:
            read[table] = _read_segments(connection, table)
            for _ in _row_groups(read[table], {}, {}, ()):
                pass
        except (*_UNREADABLE, DataDamaged):
            if found is None:
                raise
            read.pop(table, None)
            found.lost_tables.append(table)
    return read


def _read_segments(connection: duckdb.DuckDBPyConnection, table: str) -> list[_Segment]:
    rows = connection.execute(_SEGMENTS.format(table=table)).fetchall()
    return [
        _Segment(group, column, kind, rows, block, offset or 0, list(more or ()), stats, coding)
        for group, column, kind, rows, block, offset, more, stats, coding in rows
    ]


def _segment_ends(segments: dict[str, list[_Segment]]) -> dict[tuple[int, int], int]:
    """Return where each segment ends in its block: where the next one begins."""
    starts: dict[int, set[int]] = {}
    for table in segments.values():
        for segment in table:
            starts.setdefault(segment.block, set()).add(segment.offset)
    ends: dict[tuple[int, int], int] = {}
    for block, offsets in starts.items():
        in_order = sorted(offsets)
        ends |= {(block, low): high for low, high in zip(in_order, [*in_order[1:], _BLOCK_END], strict=True)}
    return ends


def _row_groups(
    segments: list[_Segment],
    blocks: dict[int, DamagedBlock],
    ends: dict[tuple[int, int], int],
    doubtful: Collection[int],
) -> Iterator[_RowGroup]:
    """Yield the row groups of a table in order; in a doubtful one every column may be wrong.

    Raises DataDamaged where the columns of a row group differ in length.
    """
    first = 0
    for position, members in enumerate(_by_group(segments)):
        names = {part.column for part in members}
        lengths = {
            sum(part.rows for part in members if part.column == name and part.kind != "VALIDITY") for name in names
        }
        if len(lengths) > 1:
            raise DataDamaged("The columns of a row group differ in length.")
        end = first + lengths.pop()
        wrong = names if position in doubtful else {part.column for part in members if _is_wrong(part, blocks, ends)}
        yield _RowGroup(first, end, wrong, _bounds(members), [(first, end)])
        first = end


def _by_group(segments: list[_Segment]) -> list[list[_Segment]]:
    """Return the segments of each row group, in order."""
    groups: dict[int, list[_Segment]] = {}
    for segment in segments:
        groups.setdefault(segment.row_group, []).append(segment)
    return [groups[number] for number in sorted(groups)]


def _join(groups: Iterable[_RowGroup]) -> Iterator[_RowGroup]:
    """Join neighbours without damage."""
    plain: _RowGroup | None = None
    for group in groups:
        if plain is not None and not group.wrong:
            plain.end = group.end
            plain.parts += group.parts
            continue
        if plain is not None:
            yield plain
        plain = None if group.wrong else group
        if group.wrong:
            yield group
    if plain is not None:
        yield plain


def _is_wrong(segment: _Segment, blocks: dict[int, DamagedBlock], ends: dict[tuple[int, int], int]) -> bool:
    if any(number in blocks for number in segment.more_blocks):
        return True
    block = blocks.get(segment.block)
    return block is not None and block.may_touch(segment.offset, ends[segment.block, segment.offset])


def _bounds(members: list[_Segment]) -> dict[str, tuple[float, float]]:
    """Return the least and largest value of each column with numbers."""
    found: dict[str, tuple[float, float]] = {}
    for segment in members:
        low, high = (segment.stats or {}).get("min"), (segment.stats or {}).get("max")
        if isinstance(low, int | float) and isinstance(high, int | float):
            before = found.get(segment.column, (low, high))
            found[segment.column] = (min(low, before[0]), max(high, before[1]))
    return found


def _copy_group(connection: duckdb.DuckDBPyConnection, table: str, group: _RowGroup, found: Salvage) -> None:
    rows = f"FROM {table} WHERE rowid >= {group.first} AND rowid < {group.end}"
    if not group.wrong:
        _copy_plain(connection, table, group.parts, found)
        return
    try:
        there = count(connection, f"SELECT count(*) {rows}")
        copied = _copy_uncertain(connection, table, group, rows, found)
    except _UNREADABLE:
        there, copied = group.end - group.first, 0
    found.lose(table, there - copied)
    if table == "points" and "ts" in group.bounds:
        found.widen(*(int(bound) for bound in group.bounds["ts"]))


def _copy_plain(
    connection: duckdb.DuckDBPyConnection, table: str, parts: list[tuple[int, int]], found: Salvage
) -> None:
    """Copy rows at once or, where that fails, in two halves, down to single row groups."""
    first, end = parts[0][0], parts[-1][1]
    rows = f"SELECT * FROM {table} WHERE rowid >= {first} AND rowid < {end}"  # noqa: S608 - names of our own tables
    try:
        _insert(connection, table, rows)
    except _UNREADABLE:
        if len(parts) == 1:
            found.lose(table, end - first)
            return
        half = len(parts) // 2
        _copy_plain(connection, table, parts[:half], found)
        _copy_plain(connection, table, parts[half:], found)


def _copy_uncertain(
    connection: duckdb.DuckDBPyConnection, table: str, group: _RowGroup, rows: str, found: Salvage
) -> int:
    """Copy what can be trusted of a row group with damage; return the number of rows."""
    if table == "points" and not group.wrong & {"sid", "ts"}:
        low, high = group.bounds.get("v", (float("-inf"), float("inf")))
        q = f"greatest(q, {_SUSPECT})::UTINYINT"
        within = f" AND isfinite(v) AND v >= {float(low)!r}::DOUBLE AND v <= {float(high)!r}::DOUBLE"
        kept = _insert(connection, table, f"SELECT sid, ts, v, {q} {rows}{within}")
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


def _complete(connection: duckdb.DuckDBPyConnection, found: Salvage, tables: list[str]) -> None:
    """Make what other tables need: the names of all series, the settings, and rollups where they are missing."""
    ((highest,),) = connection.execute(f"SELECT coalesce(max(sid), -1) FROM {_INTO}.series").fetchall()  # noqa: S608
    unnamed = f"FROM {_INTO}.points WHERE sid NOT IN (SELECT sid FROM {_INTO}.series)"  # noqa: S608
    ((low_ms, high_ms),) = connection.execute(f"SELECT min(ts), max(ts) {unnamed}").fetchall()
    if low_ms is not None:
        found.widen(low_ms, high_ms)
        found.lose("points", count(connection, f"DELETE {unnamed}"))
    # The places of the other series stay the same: those whose names are lost have none.
    gaps = f"SELECT sid FROM range({highest + 1}) r(sid) WHERE sid NOT IN (SELECT sid FROM {_INTO}.series)"  # noqa: S608
    nameless = f"SELECT sid, '', '', '', 'lost-' || sid, '', FALSE FROM ({gaps})"  # noqa: S608
    connection.execute(f"INSERT INTO {_INTO}.series {nameless}")
    if "retention" not in tables:
        return
    for table, defaults in (("retention", "NULL, NULL, NULL"), ("kept", "b, b, b")):
        if not count(connection, f"SELECT count(*) FROM {_INTO}.{table}"):  # noqa: S608
            none_cut = "(SELECT (-9223372036854775808)::BIGINT AS b)"
            connection.execute(f"INSERT INTO {_INTO}.{table} SELECT {defaults} FROM {none_cut}")  # noqa: S608
    if {*found.lost_rows, *found.lost_tables} & {"dirty", *(tier.table for tier in TIERS)}:
        pairs = f"SELECT DISTINCT sid, {sql.floor_of('ts', HOUR_MS)} AS hour FROM {_INTO}.points"  # noqa: S608
        known = f"SELECT sid, hour FROM {_INTO}.dirty"  # noqa: S608
        connection.execute(f"INSERT INTO {_INTO}.dirty {pairs} EXCEPT {known}")
