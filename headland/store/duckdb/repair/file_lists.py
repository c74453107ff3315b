"""Lists of a DuckDB file: its tables, their row groups, and the blocks in which the columns of each are.

A damaged list may be read wrongly: `take_fingerprints` tells whether the tables of a file agree with the schema and
with their own statistics, and in which row groups two files differ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb

from headland.errors import DataDamaged
from headland.store.duckdb import sql
from headland.store.duckdb.connection import ConnectionSettings, open_database
from headland.store.duckdb.repair.blocks import DamagedBlock
from headland.store.duckdb.tables.transaction import count

SETTINGS: Final[ConnectionSettings] = {"memory_limit": "256MB", "threads": 2}
#: What DuckDB raises for damaged tables; a name with a wrong bit may not be text.
UNREADABLE: Final = (duckdb.Error, UnicodeError, RuntimeError, MemoryError)
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

#: A table, and the position of a row group in it.
GroupId = tuple[str, int]


class ColumnSegment(NamedTuple):
    """A part of a column in a row group, and the place of its values; blocks below 0 hold nothing."""

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
class RowGroup:
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


def take_fingerprints(damaged: Path, known: dict[object, object]) -> dict[GroupId, object]:
    """Return a fingerprint of the rows of each row group of a file; `known` has those of earlier files.

    Raises DataDamaged where something cannot be read, or contradicts the statistics or the schema.
    """
    prints: dict[GroupId, object] = {}
    try:
        with open_database(damaged, SETTINGS, read_only=True) as connection:
            _check_schema(connection)
            for table, parts in read_tables(connection).items():
                by_group = _by_group(parts)
                for number, group in enumerate(list_row_groups(parts, {}, {}, ())):
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
    except UNREADABLE as error:
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
        with open_database(damaged, SETTINGS, read_only=True) as connection:
            tables = read_tables(connection)
            lists = {number for (number,) in connection.execute(_LIST_BLOCKS).fetchall()}
    except (*UNREADABLE, DataDamaged):
        return None
    segments = [part for parts in tables.values() for part in parts]
    return UsedBlocks(lists, {number for part in segments for number in (part.block, *part.more_blocks)})


def _check_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise DataDamaged where the tables are not those of the schema's version."""
    if connection.execute(_LIST_COLUMNS).fetchall() != _columns_of(count(connection, sql.GET_VERSION)):
        raise DataDamaged("The tables are not those of a store.")


@cache
def _columns_of(version: int) -> list[tuple[str, str, str]]:
    with open_database(None, SETTINGS) as fresh:
        fresh.execute(sql.CREATE_VERSION)
        for migration in sql.MIGRATIONS[:version]:
            fresh.execute(migration)
        return fresh.execute(_LIST_COLUMNS).fetchall()


def read_tables(connection: duckdb.DuckDBPyConnection, lost: list[str] | None = None) -> dict[str, list[ColumnSegment]]:
    """Return the segments of each table; tables that cannot be read are added to `lost` where it is given."""
    read: dict[str, list[ColumnSegment]] = {}
    for (table,) in connection.execute(_LIST_TABLES).fetchall():
        try:
            read[table] = _read_segments(connection, table)
            for _ in list_row_groups(read[table], {}, {}, ()):
                pass
        except (*UNREADABLE, DataDamaged):
            if lost is None:
                raise
            read.pop(table, None)
            lost.append(table)
    return read


def _read_segments(connection: duckdb.DuckDBPyConnection, table: str) -> list[ColumnSegment]:
    rows = connection.execute(_SEGMENTS.format(table=table)).fetchall()
    return [
        ColumnSegment(group, column, kind, rows, block, offset or 0, list(more or ()), stats, coding)
        for group, column, kind, rows, block, offset, more, stats, coding in rows
    ]


def segment_ends(segments: dict[str, list[ColumnSegment]]) -> dict[tuple[int, int], int]:
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


def list_row_groups(
    segments: list[ColumnSegment],
    blocks: dict[int, DamagedBlock],
    ends: dict[tuple[int, int], int],
    doubtful: Collection[int],
) -> Iterator[RowGroup]:
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
        yield RowGroup(first, end, wrong, _bounds(members), [(first, end)])
        first = end


def _by_group(segments: list[ColumnSegment]) -> list[list[ColumnSegment]]:
    """Return the segments of each row group, in order."""
    groups: dict[int, list[ColumnSegment]] = {}
    for segment in segments:
        groups.setdefault(segment.row_group, []).append(segment)
    return [groups[number] for number in sorted(groups)]


def join_groups(groups: Iterable[RowGroup]) -> Iterator[RowGroup]:
    """Join neighbours without damage."""
    plain: RowGroup | None = None
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


def _is_wrong(segment: ColumnSegment, blocks: dict[int, DamagedBlock], ends: dict[tuple[int, int], int]) -> bool:
    if any(number in blocks for number in segment.more_blocks):
        return True
    block = blocks.get(segment.block)
    return block is not None and block.may_touch(segment.offset, ends[segment.block, segment.offset])


def _bounds(members: list[ColumnSegment]) -> dict[str, tuple[float, float]]:
    """Return the least and largest value of each column with numbers."""
    found: dict[str, tuple[float, float]] = {}
    for segment in members:
        low, high = (segment.stats or {}).get("min"), (segment.stats or {}).get("max")
        if isinstance(low, int | float) and isinstance(high, int | float):
            before = found.get(segment.column, (low, high))
            found[segment.column] = (min(low, before[0]), max(high, before[1]))
    return found
