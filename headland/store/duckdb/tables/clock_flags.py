"""Flags that a wrong clock of the station set, made up for: samples that were ahead of it are judged again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np

from headland.store.core.rollup import floor_ms
from headland.store.core.stale_rollups import DirtyHours, TouchedHours
from headland.store.duckdb import sql
from headland.store.duckdb.tables.transaction import add_dirty, count, transaction
from headland.store.port import Flags, Index, Times, Values
from headland.units_of_time import HOUR_MS

_FAIL: Final = 4
#: What a table of instants has in common with the rows of samples.
_SAME: Final = "points.sid = h.sid AND points.second_s = h.ts // 1000 AND points.part_ms = h.ts % 1000"
_TAKE_CLEARED: Final = """
    CREATE OR REPLACE TEMP TABLE judged_again AS SELECT DISTINCT sid, ts, q FROM never_latest
    WHERE q IS NOT NULL AND seen_ms >= $since AND ts <= $until AND ts <= seen_ms + $behind
"""
_CLEAR_FLAGS: Final = f"UPDATE points SET q = h.q FROM judged_again h WHERE {_SAME}"  # noqa: S608 - only constants
_FORGET_CLEARED: Final = (
    "DELETE FROM never_latest USING judged_again h WHERE never_latest.sid = h.sid AND never_latest.ts = h.ts"
)
_NEWEST_CLEARED: Final = f"""
    SELECT h.sid AS sid, max(h.ts) AS ts, arg_max(points.v, h.ts) AS v, arg_max(points.q, h.ts) AS q
    FROM judged_again h JOIN points ON {_SAME} GROUP BY h.sid ORDER BY h.sid
"""  # noqa: S608 - only constants
_HOURS: Final = f"SELECT DISTINCT sid, {sql.floor_of('ts', HOUR_MS)} AS hour FROM judged_again ORDER BY hour, sid"  # noqa: S608
_COUNT: Final = "SELECT count(*) FROM judged_again"
_TAKE_AHEAD: Final = f"""
    CREATE OR REPLACE TEMP TABLE judged_again AS SELECT sid, ts, q FROM {sql.SAMPLES}
    WHERE second_s >= $until // 1000 AND ts > $until AND q < {_FAIL}
"""  # noqa: S608 - only constants
_SET_FLAGS: Final = f"UPDATE points SET q = {_FAIL} FROM judged_again h WHERE {_SAME}"  # noqa: S608 - only constants
_ADD_AHEAD: Final = """
    INSERT INTO never_latest SELECT h.sid, h.ts, h.q, $now FROM judged_again h
    ANTI JOIN never_latest n ON n.sid = h.sid AND n.ts = h.ts
"""
_NEWEST_LEFT: Final = f"""
    SELECT p.sid AS sid, max(p.ts) AS ts, arg_max(p.v, p.ts) AS v, arg_max(p.q, p.ts) AS q
    FROM {sql.SAMPLES} p SEMI JOIN judged_again h ON p.sid = h.sid
    ANTI JOIN never_latest n ON p.sid = n.sid AND p.ts = n.ts
    GROUP BY p.sid ORDER BY p.sid
"""  # noqa: S608 - only constants
_SERIES: Final = "SELECT sid, min(ts) AS ts FROM judged_again GROUP BY sid ORDER BY sid"


@dataclass(frozen=True, slots=True)
class JudgedAgain:
    """Samples that were judged again: their number, the hours left dirty, and the newest of their series by now."""

    samples: int
    touched: TouchedHours
    sid: Index
    time_ms: Times
    value: Values
    quality: Flags


def clear_flags(
    connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, since_ms: int, behind_ms: int, until_ms: int
) -> JudgedAgain:
    """Clear the flags of samples that came since `since_ms` and were at most `behind_ms` ahead of the clock then.

    Those after `until_ms` keep theirs. A sample has the flag again that it had without the judgement of its time.
    """
    with transaction(connection):
        connection.execute(_TAKE_CLEARED, {"since": since_ms, "behind": behind_ms, "until": until_ms})
        connection.execute(_CLEAR_FLAGS)
        connection.execute(_FORGET_CLEARED)
        touched = _touch(connection, dirty)
        newest = connection.execute(_NEWEST_CLEARED).fetchnumpy()
        samples = count(connection, _COUNT)
    return _result(samples, touched, newest)


def flag_ahead(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, now_ms: int, until_ms: int) -> JudgedAgain:
    """Flag the samples after `until_ms`, which a clock that was ahead let pass.

    The newest samples are those that remain; a series without any is not among them.
    """
    with transaction(connection):
        connection.execute(_TAKE_AHEAD, {"until": until_ms})
        connection.execute(_SET_FLAGS)
        connection.execute(_ADD_AHEAD, {"now": now_ms})
        touched = _touch(connection, dirty)
        newest = connection.execute(_NEWEST_LEFT).fetchnumpy()
        samples = count(connection, _COUNT)
    return _result(samples, touched, newest)


def series_ahead(connection: duckdb.DuckDBPyConnection) -> tuple[Index, Times]:
    """Return the series that `flag_ahead` flagged samples of, and the first of these."""
    found = connection.execute(_SERIES).fetchnumpy()
    return found["sid"].astype(np.int32), found["ts"].astype(np.int64)


def _touch(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours) -> TouchedHours:
    """Record the hours of the samples as dirty: their rollups are by flag."""
    found = connection.execute(_HOURS).fetchnumpy()
    sid, hour = found["sid"].astype(np.int32), found["hour"].astype(np.int64)
    touched = dirty.find(sid, np.array([floor_ms(int(each), HOUR_MS) for each in hour], np.int64))
    add_dirty(connection, touched)
    return touched


def _result(samples: int, touched: TouchedHours, newest: dict[str, np.ndarray]) -> JudgedAgain:
    return JudgedAgain(
        samples,
        touched,
        newest["sid"].astype(np.int32),
        newest["ts"].astype(np.int64),
        newest["v"].astype(np.float64),
        newest["q"].astype(np.uint8),
    )
