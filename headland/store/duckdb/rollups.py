"""Rollups of the DuckDB engine: which hours are dirty, and how they are brought up to date.

A commit only records which hours of which series it touched, in its own transaction. The rest happens between commits.
"""

from __future__ import annotations

import duckdb
import numpy as np

from headland.store.core.dedup import split_windows
from headland.store.core.rollup import Kept, Retention, floor_ms
from headland.store.core.stale_rollups import DirtyHours, Touched
from headland.store.duckdb import rollups_sql as rollup_sql
from headland.store.duckdb.transaction import transaction
from headland.units_of_time import DAY_MS, HOUR_MS

#: Rows of minutes are written for an hour of a series with at least so many samples: four a minute.
DENSE_HOUR = 240


def load_dirty(connection: duckdb.DuckDBPyConnection, now_s: float) -> DirtyHours:
    """Return what the file says is dirty."""
    rows = connection.execute(rollup_sql.LOAD_DIRTY).fetchnumpy()
    dirty = DirtyHours()
    dirty.add(Touched(np.unique(rows["hour"]).tolist(), rows["sid"], rows["hour"]), now_s)
    return dirty


def load_kept(connection: duckdb.DuckDBPyConnection) -> Kept:
    """Return from when on samples and rollups are still there."""
    return Kept(*connection.execute(rollup_sql.GET_KEPT).fetchall()[0])


def load_retention(connection: duckdb.DuckDBPyConnection) -> Retention:
    """Return for how long they are to be kept."""
    return Retention(*connection.execute(rollup_sql.GET_RETENTION).fetchall()[0])


def save_retention(connection: duckdb.DuckDBPyConnection, retention: Retention) -> None:
    """Keep for how long samples and rollups are to be kept; nothing is deleted yet."""
    values = {"raw": retention.raw_days, "minute": retention.minute_days, "hour": retention.hour_days}
    connection.execute(rollup_sql.SET_RETENTION, values)


def roll_up(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, hours: list[int]) -> None:
    """Make the rollups of dirty hours anew from their samples, in one transaction, and take them off the dirty ones."""
    sid, hour = dirty.pairs(hours)
    window = {"low": hours[0], "high": hours[-1] + HOUR_MS}
    days = {"low": floor_ms(hours[0], DAY_MS), "high": floor_ms(hours[-1], DAY_MS) + DAY_MS}
    connection.register("pairs_in", {"sid": sid, "hour": hour, "day": hour // DAY_MS * DAY_MS})
    with transaction(connection):
        connection.execute(rollup_sql.CLEAR_HOURS, window)
        connection.execute(rollup_sql.CLEAR_MINUTES, window)
        connection.execute(rollup_sql.CLEAR_DAYS, days)
        connection.execute(rollup_sql.ADD_HOURS, window)
        connection.execute(rollup_sql.ADD_DENSE_MINUTES, {**window, "dense": DENSE_HOUR})
        connection.execute(rollup_sql.CLEAR_DIRTY)
        connection.execute(rollup_sql.ADD_DAYS, days)
    dirty.drop(hours)


def choose_hours(quiet: list[int], most: int) -> list[int]:
    """Return the first dirty hours of an ordered list to do at once: at most `most`, within one stretch of time."""
    if not quiet:
        return []
    _, last = split_windows(np.array(quiet[:most], np.int64), 31 * DAY_MS, most + 1)[0]
    return [hour for hour in quiet[:most] if hour <= last]
