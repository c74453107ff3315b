"""Frontier of a DuckDB store in its file, so that opening reads only the rows that were added since.

`frontier` holds the state of each series, `frontier_rows` the position of the first row of `points` that it does not
include. Where that position is not certain, the table is empty and all rows are read.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np

from headland.store.core.series import Frontier
from headland.store.duckdb import sql
from headland.store.duckdb.tables.transaction import count, transaction

#: Its rows are positions in one file: a copy must not have them.
POSITIONS: Final = "frontier_rows"

_NEXT_ROW: Final = "SELECT coalesce(max(rowid) + 1, 0) FROM points"
_NEXT_ROW_SINCE: Final = "SELECT coalesce(max(rowid) + 1, -1) FROM points WHERE rowid >= $known"
_SAVED: Final = "SELECT next_row FROM frontier_rows"
_LOAD: Final = "SELECT sid, latest_ms, latest_v, latest_q, top_ms, ahead_ms FROM frontier ORDER BY sid"
_REPLACE: Final = """
    DELETE FROM frontier;
    INSERT INTO frontier SELECT sid, latest_ms, latest_v, latest_q, top_ms, ahead_ms FROM frontier_in;
    DELETE FROM frontier_rows
"""
_LATEST_SINCE: Final = f"""
    SELECT sid, max(ts) AS ts, arg_max(v, ts) AS v, arg_max(q, ts) AS q
    FROM (SELECT sid, {sql.INSTANT} AS ts, v, q FROM points WHERE rowid >= $next_row) p
    WHERE NOT EXISTS (SELECT 1 FROM never_latest n WHERE n.sid = p.sid AND n.ts = p.ts)
    GROUP BY sid
"""  # noqa: S608 - only constants


def save_frontier(connection: duckdb.DuckDBPyConnection, frontier: Frontier, series: int) -> int:
    """Save the frontier of the first `series` ids, which includes every row; return the position after them."""
    next_row = count(connection, _NEXT_ROW)
    columns = frontier.columns(series)
    connection.register("frontier_in", {"sid": np.arange(series, dtype=np.int32), **columns})
    try:
        with transaction(connection):
            for statement in _REPLACE.split(";"):
                connection.execute(statement)
            connection.execute(f"INSERT INTO frontier_rows VALUES ({next_row})")  # noqa: S608 - a number
    finally:
        connection.unregister("frontier_in")
    return next_row


def forget_frontier(connection: duckdb.DuckDBPyConnection) -> None:
    """Mark the saved frontier as unusable: before a change that it does not follow."""
    connection.execute("DELETE FROM frontier_rows")


def is_shifted(connection: duckdb.DuckDBPyConnection, next_row: int) -> bool:
    """Return whether a checkpoint has moved the rows, so that a new one would not be at `next_row`."""
    if next_row == 0:
        return False
    return count(connection, _NEXT_ROW_SINCE, {"known": next_row - 1}) != next_row


def load_saved_frontier(connection: duckdb.DuckDBPyConnection, frontier: Frontier) -> bool:
    """Load the saved frontier and the rows since then; return False where there is none that is certain."""
    saved = connection.execute(_SAVED).fetchall()
    if len(saved) != 1:
        return False
    ((next_row,),) = saved
    if next_row and count(connection, _NEXT_ROW_SINCE, {"known": next_row - 1}) < next_row:
        return False
    frontier.restore(connection.execute(_LOAD).fetchnumpy())
    newest = connection.execute(_LATEST_SINCE, {"next_row": next_row}).fetchnumpy()
    frontier.advance(newest["sid"], newest["ts"], newest["v"], newest["q"])
    return True
