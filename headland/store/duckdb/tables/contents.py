"""Contents of a DuckDB file: the state in memory, loaded at opening, and figures for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import msgspec
import numpy as np

from headland.contract.records import Descriptor
from headland.store.core.rollup import ALWAYS_MS, TIERS, Retention
from headland.store.core.series import Frontier
from headland.store.core.state import StoreState
from headland.store.duckdb import sql
from headland.store.duckdb.tables.compaction import count_free
from headland.store.duckdb.tables.deletion import DeletedSoFar, count_deleted
from headland.store.duckdb.tables.frontier_table import load_saved_frontier
from headland.store.duckdb.tables.marks_table import load_marks
from headland.store.duckdb.tables.rollups import load_cuts, load_retention
from headland.store.duckdb.tables.transaction import count
from headland.store.port import SeriesKey


def load_state(connection: duckdb.DuckDBPyConnection) -> StoreState:
    """Return the state of an open file; reads the samples since the frontier was saved, without one all."""
    state = StoreState()
    state.catalog.add(SeriesKey(*row) for row in connection.execute(sql.LOAD_SERIES).fetchall())
    state.frontier.grow(len(state.catalog))
    _load_frontier(connection, state.frontier)
    state.marks = load_marks(connection)
    for organisation, gateway, device, descriptor in connection.execute(sql.LOAD_DEVICES).fetchall():
        state.devices[organisation, device] = (gateway, msgspec.json.decode(descriptor, type=Descriptor))
    state.points = count(connection, sql.COUNT_POINTS)
    state.events = count(connection, sql.COUNT_EVENTS)
    state.conflicts = count(connection, sql.COUNT_CONFLICTS)
    return state


def _load_frontier(connection: duckdb.DuckDBPyConnection, frontier: Frontier) -> None:
    """Load frontiers: by the newest sample, and for series with never-latest samples by the newest of the others."""
    ahead = connection.execute(sql.LOAD_AHEAD).fetchnumpy()
    if load_saved_frontier(connection, frontier):
        if len(ahead["sid"]):
            frontier.advance_ahead(ahead["sid"], ahead["ts"])
        return
    newest = connection.execute(sql.LOAD_LATEST).fetchnumpy()
    plain = ~np.isin(newest["sid"], ahead["sid"])
    frontier.advance(newest["sid"][plain], newest["ts"][plain], newest["v"][plain], newest["q"][plain])
    from_rollups = connection.execute(sql.LOAD_LATEST_OF_ROLLUPS).fetchnumpy()
    frontier.advance(from_rollups["sid"], from_rollups["ts"], from_rollups["v"], from_rollups["q"])
    if len(ahead["sid"]):
        rest = connection.execute(sql.LOAD_LATEST_OF_AHEAD).fetchnumpy()
        frontier.advance(rest["sid"], rest["ts"], rest["v"], rest["q"])
        frontier.advance_ahead(ahead["sid"], ahead["ts"])


_ENDS: Final = f"SELECT ({sql.OLDEST_SAMPLE}), ({sql.NEWEST_SAMPLE})"
_ROWS: Final = "SELECT count(*) FROM {table}"


@dataclass(frozen=True, slots=True)
class FileFigures:
    """Rows, bytes and time spans of a file; `samples_since_ms` is set once samples were deleted."""

    schema: int
    oldest_ms: int | None
    newest_ms: int | None
    rollup_rows: dict[str, int]
    stale_hours: int
    free_bytes: int
    retention: Retention
    samples_since_ms: int | None
    deleted: DeletedSoFar
    size_bytes: int = 0


def read_figures(cursor: duckdb.DuckDBPyConnection) -> FileFigures:
    """Return the figures of an open file, except for its size."""
    ((oldest_ms, newest_ms),) = cursor.execute(_ENDS).fetchall()
    cuts = load_cuts(cursor)
    raw_cut_ms = cuts.raw_ms
    return FileFigures(
        schema=count(cursor, "SELECT max(version) FROM schema_version"),
        oldest_ms=oldest_ms,
        newest_ms=newest_ms,
        rollup_rows={
            tier.table.removeprefix("rollup_").replace("_", " "): count(cursor, _ROWS.format(table=tier.table))
            for tier in TIERS
        },
        stale_hours=count(cursor, _ROWS.format(table="dirty")),
        free_bytes=count_free(cursor)[0],
        retention=load_retention(cursor),
        samples_since_ms=None if raw_cut_ms == ALWAYS_MS else raw_cut_ms,
        deleted=DeletedSoFar(
            *count_deleted(cursor), *(None if cut == ALWAYS_MS else cut for cut in (cuts.raw_ms, cuts.events_ms))
        ),
    )
