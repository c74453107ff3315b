"""The DuckDB engine's picture in memory, rebuilt from its file at open."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import msgspec
import numpy as np

from headland.contract.records import Descriptor
from headland.store.core.series_frontier import Frontier
from headland.store.core.state import StoreState
from headland.store.duckdb import sql
from headland.store.port import Mark, MarkState, SeriesKey


def load_state(connection: duckdb.DuckDBPyConnection) -> StoreState:
    """Return the picture of an open file; reads every point once."""
    state = StoreState()
    state.catalog.add(SeriesKey(*row) for row in connection.execute(sql.LOAD_SERIES).fetchall())
    state.frontier.grow(len(state.catalog))
    _load_frontier(connection, state.frontier)
    for gateway, epoch, high_water, ahead in connection.execute(sql.LOAD_MARKS).fetchall():
        ranges = msgspec.json.decode(ahead, type=tuple[tuple[int, int], ...])
        known = state.marks.get((gateway, epoch), MarkState())
        for first, last in ((1, high_water), *ranges):
            known = known.add(Mark(gateway, epoch, first, last))
        state.marks[gateway, epoch] = known
    for organisation, gateway, device, descriptor in connection.execute(sql.LOAD_DEVICES).fetchall():
        state.devices[organisation, device] = (gateway, msgspec.json.decode(descriptor, type=Descriptor))
    state.points = count(connection, sql.COUNT_POINTS)
    state.events = count(connection, sql.COUNT_EVENTS)
    state.conflicts = count(connection, sql.COUNT_CONFLICTS)
    return state


def count(connection: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, object] | None = None) -> int:
    """Return the one number that a statement answers with: for one that changes rows, how many."""
    return int(connection.execute(statement, values).fetchall()[0][0])


def _load_frontier(connection: duckdb.DuckDBPyConnection, frontier: Frontier) -> None:
    """Series that never ran ahead are known by their newest sample; the few others are looked at sample by sample."""
    ahead = connection.execute(sql.LOAD_AHEAD).fetchnumpy()
    newest = connection.execute(sql.LOAD_LATEST).fetchnumpy()
    plain = ~np.isin(newest["sid"], ahead["sid"])
    frontier.advance(newest["sid"][plain], newest["ts"][plain], newest["v"][plain], newest["q"][plain])
    let_go = connection.execute(sql.LOAD_LATEST_OF_ROLLUPS).fetchnumpy()
    frontier.advance(let_go["sid"], let_go["ts"], let_go["v"], let_go["q"])
    if len(ahead["sid"]):
        rest = connection.execute(sql.LOAD_LATEST_OF_AHEAD).fetchnumpy()
        frontier.advance(rest["sid"], rest["ts"], rest["v"], rest["q"])
        frontier.advance_ahead(ahead["sid"], ahead["ts"])
