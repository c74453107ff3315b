"""The statements of the DuckDB engine's rollups. Names that end in `_in` are columns handed over from memory."""

from __future__ import annotations

from typing import Final

from headland.store.core.rollup import MINUTES
from headland.units_of_time import DAY_MS, HOUR_MS


def floor_of(column: str, step_ms: int) -> str:
    """Return the expression for the start of the span that an instant lies in; DuckDB divides towards zero."""
    return f"({column} - (({column} % {step_ms}) + {step_ms}) % {step_ms})"


_COLUMNS: Final = "sid, ts, q, n, total, low, high, last, last_ts"
_OF_SAMPLES: Final = "count(*), sum(v), min(v), max(v), arg_max(v, ts), max(ts)"
_OF_ROLLUPS: Final = "sum(n)::BIGINT, sum(total), min(low), max(high), arg_max(last, last_ts), max(last_ts)"
_HOUR: Final = floor_of("ts", HOUR_MS)
_DAY: Final = floor_of("ts", DAY_MS)
_MINUTE: Final = floor_of("ts", MINUTES.step_ms)
_WINDOW: Final = "ts >= $low AND ts < $high"

LOAD_DIRTY: Final = "SELECT sid, hour FROM dirty"
ADD_DIRTY: Final = "INSERT INTO dirty SELECT sid, hour FROM dirty_in"
GET_KEPT: Final = "SELECT raw_ms, minutes_ms, hours_ms FROM kept"
SET_KEPT: Final = "UPDATE kept SET raw_ms = $raw, minutes_ms = $minutes, hours_ms = $hours"
GET_RETENTION: Final = "SELECT raw_days, minute_days, hour_days FROM retention"
SET_RETENTION: Final = "UPDATE retention SET raw_days = $raw, minute_days = $minute, hour_days = $hour"

# Bringing rollups up to date. `pairs_in` are the series and hours, with the day of each, all in [$low, $high).
CLEAR_HOURS: Final = f"""
    DELETE FROM rollup_hours USING pairs_in p WHERE rollup_hours.sid = p.sid AND ts = p.hour AND {_WINDOW}
"""  # noqa: S608 - only constants
CLEAR_MINUTES: Final = f"""
    DELETE FROM rollup_minutes USING pairs_in p WHERE rollup_minutes.sid = p.sid AND {_HOUR} = p.hour AND {_WINDOW}
"""  # noqa: S608 - only constants
CLEAR_DAYS: Final = f"""
    DELETE FROM rollup_days USING pairs_in p WHERE rollup_days.sid = p.sid AND ts = p.day AND {_WINDOW}
"""  # noqa: S608 - only constants
CLEAR_DIRTY: Final = "DELETE FROM dirty USING pairs_in p WHERE dirty.sid = p.sid AND dirty.hour = p.hour"
ADD_HOURS: Final = f"""
    INSERT INTO rollup_hours SELECT sid, {_HOUR} AS start, q, {_OF_SAMPLES}
    FROM points SEMI JOIN pairs_in p ON points.sid = p.sid AND {_HOUR} = p.hour
    WHERE {_WINDOW} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
# Minutes are kept only where they say the same in far fewer rows.
ADD_DENSE_MINUTES: Final = f"""
    INSERT INTO rollup_minutes SELECT sid, {_MINUTE} AS start, q, {_OF_SAMPLES}
    FROM points SEMI JOIN pairs_in p ON points.sid = p.sid AND {_HOUR} = p.hour
    SEMI JOIN (SELECT sid, ts AS hour FROM rollup_hours WHERE {_WINDOW} GROUP BY sid, ts HAVING sum(n) >= $dense) d
    ON points.sid = d.sid AND {_HOUR} = d.hour
    WHERE {_WINDOW} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
ADD_DAYS: Final = f"""
    INSERT INTO rollup_days SELECT sid, {_DAY} AS start, q, {_OF_ROLLUPS}
    FROM rollup_hours SEMI JOIN pairs_in p ON rollup_hours.sid = p.sid AND {_DAY} = p.day
    ANTI JOIN (SELECT sid, {floor_of("hour", DAY_MS)} AS day FROM dirty) d
    ON rollup_hours.sid = d.sid AND {_DAY} = d.day
    WHERE {_WINDOW} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants

# Letting samples go: whole days, all of whose rollups are up to date.
ADD_REMAINING_MINUTES: Final = f"""
    INSERT INTO rollup_minutes SELECT sid, {_MINUTE} AS start, q, {_OF_SAMPLES}
    FROM points ANTI JOIN (SELECT DISTINCT sid, {_HOUR} AS hour FROM rollup_minutes WHERE {_WINDOW}) m
    ON points.sid = m.sid AND {_HOUR} = m.hour
    WHERE {_WINDOW} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
OLDEST: Final = "SELECT min(ts) FROM {table}"
# The series of `cut_in` that hold anything in the span that a cut falls into: what is left has to be rolled up anew.
FIND_CUT_HOURS: Final = """
    SELECT DISTINCT sid FROM rollup_hours SEMI JOIN cut_in USING (sid) WHERE ts >= $low AND ts < $high
"""

# Reading buckets. `$sids` are the series; `pairs_in` what has to be read from the samples.
_SIDS: Final = "sid IN (SELECT unnest($sids::INTEGER[]))"
FIND_DIRTY: Final = f"SELECT sid, hour FROM dirty WHERE {_SIDS} AND hour >= $low AND hour < $high"  # noqa: S608
FIND_SPARSE: Final = f"""
    SELECT DISTINCT sid, ts AS hour FROM rollup_hours
    ANTI JOIN (SELECT DISTINCT sid, {_HOUR} AS hour FROM rollup_minutes WHERE {_SIDS} AND ts >= $low AND ts < $end) m
    ON rollup_hours.sid = m.sid AND ts = m.hour
    WHERE {_SIDS} AND ts >= $low AND ts < $high
"""  # noqa: S608 - only constants
CLEAN_ROWS: Final = (
    f"SELECT {_COLUMNS} FROM {{table}} r WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}} "  # noqa: S608
    "AND NOT EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.{span} = {floor})"
)
HOURS_OF_DIRTY_DAYS: Final = (
    f"SELECT {_COLUMNS} FROM rollup_hours r WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}} "  # noqa: S608
    "AND EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.day = {floor}) "
    "AND NOT EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.hour = r.ts)"
)
SAMPLES_OF_PAIRS: Final = (
    f"SELECT sid, ts, q, 1, v, v, v, v, ts FROM points r WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}} "  # noqa: S608
    f"AND EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.hour = {floor_of('r.ts', HOUR_MS)})"
)
SAMPLES: Final = (
    f"SELECT sid, ts, q, 1, v, v, v, v, ts FROM points WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}}"  # noqa: S608
)
BUCKETS: Final = f"""
    SELECT sid, (ts - $start) // $step * $step + $start AS start, sum(n)::BIGINT AS n, sum(total) / sum(n) AS mean,
           min(low) AS low, max(high) AS high, arg_max(last, last_ts) AS last
    FROM ({{parts}}) r ({_COLUMNS}) WHERE q <= $max_quality GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - only constants
