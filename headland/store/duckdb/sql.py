"""SQL statements of the DuckDB engine. Names that end in `_in` are columns passed from memory."""

from __future__ import annotations

from typing import Final

from headland.store.record_book import CUT, EVENT_DAYS, EXPIRED, UNCOUNTED
from headland.store.record_book import EVENTS as _OF_EVENTS
from headland.units_of_time import DAY_MS, HOUR_MS

#: The schema by version: entry n brings a file of version n to n + 1. Only ever append.
MIGRATIONS: Final[tuple[str, ...]] = (
    # No key and no index on points: a key costs 7 times the speed and 8 times the size; the writer removes duplicates.
    # A source's marks are the union of its rows: adding one is twice as fast as replacing it; the writer prunes them.
    """
    CREATE TABLE series (sid INTEGER PRIMARY KEY, organisation VARCHAR, site VARCHAR, kind VARCHAR, device VARCHAR,
                         channel VARCHAR, simulated BOOLEAN);
    CREATE TABLE points (sid INTEGER, ts BIGINT, v DOUBLE, q UTINYINT);
    CREATE TABLE never_latest (sid INTEGER, ts BIGINT);
    CREATE TABLE conflicts (sid INTEGER, ts BIGINT, v DOUBLE, q UTINYINT, seen_ms BIGINT);
    CREATE TABLE events (organisation VARCHAR, ts BIGINT, device VARCHAR, body VARCHAR);
    CREATE TABLE source_mark (gateway VARCHAR, epoch VARCHAR, high_water BIGINT, ahead VARCHAR);
    CREATE TABLE devices (organisation VARCHAR, gateway VARCHAR, device VARCHAR, descriptor VARCHAR);
    """,
    # Rollups, and the hours of series that they do not include yet: at first all.
    """
    CREATE TABLE rollup_minutes (sid INTEGER, ts BIGINT, q UTINYINT, n BIGINT, total DOUBLE, low DOUBLE, high DOUBLE,
                                 last DOUBLE, last_ts BIGINT);
    CREATE TABLE rollup_hours (sid INTEGER, ts BIGINT, q UTINYINT, n BIGINT, total DOUBLE, low DOUBLE, high DOUBLE,
                               last DOUBLE, last_ts BIGINT);
    CREATE TABLE rollup_days (sid INTEGER, ts BIGINT, q UTINYINT, n BIGINT, total DOUBLE, low DOUBLE, high DOUBLE,
                              last DOUBLE, last_ts BIGINT);
    CREATE TABLE dirty (sid INTEGER, hour BIGINT);
    INSERT INTO dirty SELECT DISTINCT sid, ts - ((ts % 3600000) + 3600000) % 3600000 FROM points;
    CREATE TABLE retention (raw_days INTEGER, minute_days INTEGER, hour_days INTEGER);
    INSERT INTO retention VALUES (NULL, NULL, NULL);
    CREATE TABLE kept (raw_ms BIGINT, minutes_ms BIGINT, hours_ms BIGINT);
    INSERT INTO kept SELECT b, b, b FROM (SELECT (-9223372036854775808)::BIGINT AS b);
    CREATE TABLE sorted (first_ms BIGINT, end_ms BIGINT, n BIGINT);
    """,
    # The frontier as of some row: opening reads only the rows after it. Empty, all are read.
    """
    CREATE TABLE frontier (sid INTEGER, latest_ms BIGINT, latest_v DOUBLE, latest_q UTINYINT, top_ms BIGINT,
                           ahead_ms BIGINT);
    CREATE TABLE frontier_rows (next_row BIGINT);
    """,
    # Rollups of five minutes, for the hours that have minutes: those with four samples a minute, and those without any.
    """
    CREATE TABLE rollup_five_minutes (sid INTEGER, ts BIGINT, q UTINYINT, n BIGINT, total DOUBLE, low DOUBLE,
                                      high DOUBLE, last DOUBLE, last_ts BIGINT);
    INSERT INTO rollup_five_minutes
    SELECT sid, ts - ((ts % 300000) + 300000) % 300000 AS start, q, sum(n)::BIGINT, sum(total), min(low), max(high),
           arg_max(last, last_ts), max(last_ts)
    FROM rollup_minutes GROUP BY sid, start, q ORDER BY start, sid, q;
    """,
    # Instants of samples as seconds and the rest: steps of seconds take far fewer bits. Both are rounded towards zero
    # and have the sign of the instant, so that their sum never exceeds 64 bits. The rows keep their order, but not
    # their positions: the frontier is read anew.
    """
    CREATE TABLE split_points (sid INTEGER, second_s BIGINT, part_ms SMALLINT, v DOUBLE, q UTINYINT);
    INSERT INTO split_points SELECT sid, ts // 1000, ts % 1000, v, q FROM points;
    DROP TABLE points;
    ALTER TABLE split_points RENAME TO points;
    DELETE FROM frontier_rows;
    """,
    # The books of the epochs. A row says that `first`..`last` have an entry, or for a `first` below 1 that -first more
    # records up to `last` have it. A row without an entry has marks alone; one that is uncounted has their records.
    f"""
    CREATE TABLE counted_mark (gateway VARCHAR, epoch VARCHAR, high_water BIGINT, ahead VARCHAR, entry INTEGER,
                               first BIGINT, last BIGINT);
    INSERT INTO counted_mark SELECT gateway, epoch, high_water, ahead, {UNCOUNTED}, NULL, NULL FROM source_mark;
    DROP TABLE source_mark;
    ALTER TABLE counted_mark RENAME TO source_mark;
    """,  # noqa: S608 - only constants
    # Samples before `refused_ms` are refused; a person can take it back. Of a sample that was ahead of the station's
    # clock, its flag without that judgement and the time at which it came: a clock that was wrong is made up for.
    """
    CREATE TABLE kept_cuts (raw_ms BIGINT, minutes_ms BIGINT, hours_ms BIGINT, refused_ms BIGINT);
    INSERT INTO kept_cuts SELECT raw_ms, minutes_ms, hours_ms, raw_ms FROM kept;
    DROP TABLE kept;
    ALTER TABLE kept_cuts RENAME TO kept;
    CREATE TABLE ahead_samples (sid INTEGER, ts BIGINT, q UTINYINT, seen_ms BIGINT);
    INSERT INTO ahead_samples SELECT sid, ts, NULL, NULL FROM never_latest;
    DROP TABLE never_latest;
    ALTER TABLE ahead_samples RENAME TO never_latest;
    """,
    # A retention of events, and what was deleted so far. Records with events had no day: they get that of the newest
    # event, and until a cut is past it (`events_from_ms`) no event is deleted, so that no book is ahead of the file.
    f"""
    ALTER TABLE retention ADD COLUMN event_days INTEGER;
    CREATE TABLE kept_all (raw_ms BIGINT, minutes_ms BIGINT, hours_ms BIGINT, refused_ms BIGINT, events_ms BIGINT,
                           events_from_ms BIGINT, samples_deleted BIGINT, events_deleted BIGINT);
    INSERT INTO kept_all SELECT raw_ms, minutes_ms, hours_ms, refused_ms, b, coalesce((SELECT max(ts) FROM events), b),
                                0, 0
    FROM kept, (SELECT (-9223372036854775808)::BIGINT AS b);
    DROP TABLE kept;
    ALTER TABLE kept_all RENAME TO kept;
    UPDATE source_mark SET entry = {EVENT_DAYS} - (SELECT max(ts) FROM events) // {DAY_MS}
    WHERE entry = {_OF_EVENTS} AND (SELECT max(ts) FROM events) BETWEEN 0 AND {200_000 * DAY_MS};
    """,  # noqa: S608 - only constants
)

#: The version in which all samples were written again, with room for them twice.
REWRITTEN_IN: Final = 5
STORED_COLUMNS: Final = "sid, second_s, part_ms, v, q"
#: The instant of a sample. As a generated column of the table it would make inserting slower by a quarter.
INSTANT: Final = "second_s * 1000 + part_ms"
#: Samples with their instants, in the place of a table.
SAMPLES: Final = f"(SELECT {STORED_COLUMNS}, {INSTANT} AS ts FROM points)"  # noqa: S608 - only constants


def within(low: str, high: str, table: str = "", instant: str = "ts") -> str:
    """Return the condition of samples in [low, high): by stored seconds, which skips blocks, then by instants."""
    seconds = f"{table}second_s >= {low} // 1000 AND {table}second_s <= {high} // 1000"
    return f"{seconds} AND {table}{instant} >= {low} AND {table}{instant} < {high}"


def before(table: str, cut: str) -> str:
    """Return the condition of rows of a table before an instant."""
    return f"second_s <= {cut} // 1000 AND {INSTANT} < {cut}" if table == "points" else f"ts < {cut}"


SET_VERSION: Final = "DELETE FROM schema_version; INSERT INTO schema_version VALUES ({version})"
CREATE_VERSION: Final = "CREATE TABLE schema_version (version INTEGER)"
GET_VERSION: Final = "SELECT max(version) FROM schema_version"
LIST_TABLES: Final = "SELECT table_name FROM information_schema.tables"

# Reading the file into memory at open.
LOAD_SERIES: Final = "SELECT organisation, site, kind, device, channel, simulated FROM series ORDER BY sid"
LOAD_MARKS: Final = "SELECT gateway, epoch, high_water, ahead, entry, first, last FROM source_mark"
LOAD_DEVICES: Final = "SELECT organisation, gateway, device, descriptor FROM devices"
LOAD_LATEST: Final = f"""
    SELECT sid, max(ts) AS ts, arg_max(v, ts) AS v, arg_max(q, ts) AS q FROM {SAMPLES} GROUP BY sid
"""  # noqa: S608 - only constants
LOAD_LATEST_OF_AHEAD: Final = f"""
    SELECT p.sid AS sid, max(p.ts) AS ts, arg_max(p.v, p.ts) AS v, arg_max(p.q, p.ts) AS q
    FROM {SAMPLES} p
    SEMI JOIN never_latest a ON p.sid = a.sid ANTI JOIN never_latest n ON p.sid = n.sid AND p.ts = n.ts
    GROUP BY p.sid
"""  # noqa: S608 - only constants
# The newest values of series without samples come from their rollups.
LOAD_LATEST_OF_ROLLUPS: Final = """
    SELECT r.sid AS sid, max(last_ts) AS ts, arg_max(last, last_ts) AS v, arg_max(q, last_ts) AS q
    FROM (SELECT sid, last_ts, last, q FROM rollup_days UNION ALL SELECT sid, last_ts, last, q FROM rollup_hours
          UNION ALL SELECT sid, last_ts, last, q FROM rollup_five_minutes
          UNION ALL SELECT sid, last_ts, last, q FROM rollup_minutes)
    r ANTI JOIN (SELECT DISTINCT sid FROM points) p ON r.sid = p.sid GROUP BY r.sid
"""
LOAD_AHEAD: Final = "SELECT sid, ts FROM never_latest"
COUNT_POINTS: Final = "SELECT count(*) FROM points"
COUNT_EVENTS: Final = "SELECT count(*) FROM events"
EVENT_ORGANISATIONS: Final = "SELECT DISTINCT organisation FROM events"
COUNT_CONFLICTS: Final = "SELECT count(*) FROM conflicts"

# Writing. Each is one statement of the batch's transaction.
ADD_SERIES: Final = "INSERT INTO series SELECT * FROM series_in"
ADD_POINTS: Final = f"INSERT INTO points SELECT {STORED_COLUMNS} FROM points_in"  # noqa: S608 - only constants
ADD_NEVER_LATEST: Final = "INSERT INTO never_latest SELECT sid, ts, q, seen_ms FROM ahead_in"
ADD_CONFLICTS: Final = """
    INSERT INTO conflicts SELECT sid, ts, v, q, seen_ms FROM conflicts_in c
    WHERE NOT EXISTS (SELECT 1 FROM conflicts o
                      WHERE o.ts BETWEEN $low AND $high AND o.sid = c.sid AND o.ts = c.ts AND o.v = c.v)
"""
ADD_EVENTS: Final = """
    INSERT INTO events SELECT organisation, ts, device, body FROM events_in e
    WHERE NOT EXISTS (SELECT 1 FROM events o
                      WHERE o.ts BETWEEN $low AND $high
                        AND o.ts = e.ts AND o.organisation = e.organisation AND o.body = e.body)
"""
ADD_MARKS: Final = "INSERT INTO source_mark VALUES "
EXPIRE_MARKS: Final = f"UPDATE source_mark SET entry = {EXPIRED} WHERE entry >= 0 AND entry < $day"  # noqa: S608
EXPIRE_EVENT_MARKS: Final = (
    f"UPDATE source_mark SET entry = {EXPIRED} WHERE entry <= {EVENT_DAYS} AND entry > {EVENT_DAYS} - $day"  # noqa: S608
)
# Of the gateways of an organisation, at a cut that may be within a day.
_OWN_MARKS: Final = "gateway IN (SELECT gateway FROM devices WHERE organisation = $organisation)"
EXPIRE_OWN_MARKS: Final = f"{EXPIRE_MARKS} AND {_OWN_MARKS}"
EXPIRE_OWN_EVENT_MARKS: Final = f"{EXPIRE_EVENT_MARKS} AND {_OWN_MARKS}"
CUT_OWN_EVENT_MARKS: Final = f"UPDATE source_mark SET entry = {CUT} WHERE entry = {EVENT_DAYS} - $day AND {_OWN_MARKS}"  # noqa: S608
CUT_OWN_MARKS: Final = f"UPDATE source_mark SET entry = {CUT} WHERE entry = $day AND {_OWN_MARKS}"  # noqa: S608
WRITE_MARKS: Final = """
    INSERT INTO source_mark
    SELECT gateway, epoch, high_water, ahead, CASE WHEN has_entry THEN entry END, CASE WHEN has_entry THEN first END,
           CASE WHEN has_entry THEN last END
    FROM marks_in
"""
CLEAR_MARKS: Final = "DELETE FROM source_mark"
COUNT_MARKS: Final = "SELECT count(*) FROM source_mark"
DROP_DEVICE: Final = "DELETE FROM devices WHERE organisation = $organisation AND device = $device"
ADD_DEVICE: Final = "INSERT INTO devices VALUES ($organisation, $gateway, $device, $descriptor)"
LOOK_UP: Final = f"""
    SELECT l.position AS position, p.v AS v FROM {SAMPLES} p JOIN late_in l ON p.sid = l.sid AND p.ts = l.ts
    WHERE p.second_s BETWEEN $low // 1000 AND $high // 1000 AND p.ts BETWEEN $low AND $high
"""  # noqa: S608 - only constants

# Of all series, or of those in `cut_in`.
DELETE_OLD: Final = "DELETE FROM {table} WHERE {before}"
DELETE_OLD_OF: Final = "DELETE FROM {table} USING cut_in c WHERE {table}.sid = c.sid AND {before}"
DELETE_EVENTS: Final = "DELETE FROM events WHERE organisation = $organisation AND ts < $cut"

# Reading. `$sids` are the series, `$start` and `$end` the half-open window.
_WINDOW: Final = f"sid IN (SELECT unnest($sids::INTEGER[])) AND {within('$start', '$end')}"
# In the order of the file, which is nearly that of series and time: putting runs in order costs a fraction of sorting.
RAW: Final = f"SELECT sid, ts, v, q FROM {SAMPLES} WHERE {_WINDOW}"  # noqa: S608 - only constants
# All samples of a window, if there are at most `$limit`: far faster without a rank for each.
RAW_IF_FEW: Final = f"SELECT sid, ts, v, q FROM {SAMPLES} WHERE {_WINDOW} LIMIT $limit + 1"  # noqa: S608 - only constants
FIRST_OF_ONE: Final = (
    f"(SELECT sid, ts, v, q FROM {SAMPLES} WHERE sid = {{sid}} AND {within('$start', '$end')} "  # noqa: S608
    "ORDER BY second_s, part_ms LIMIT $limit)"
)
IN_ORDER: Final = "SELECT sid, ts, v, q FROM ({rows}) ORDER BY sid, ts"
RAW_OF_EACH: Final = f"""
    SELECT sid, ts, v, q FROM {SAMPLES} WHERE {_WINDOW}
    QUALIFY row_number() OVER (PARTITION BY sid ORDER BY ts) <= $limit ORDER BY sid, ts
"""  # noqa: S608 - only constants
NEWEST_OF_EACH: Final = f"""
    SELECT sid, ts, v, q FROM {SAMPLES} WHERE {_WINDOW}
    QUALIFY row_number() OVER (PARTITION BY sid ORDER BY ts DESC) <= $limit ORDER BY sid, ts
"""  # noqa: S608 - only constants
BUCKETS: Final = f"""
    SELECT sid, (ts - $start) // $step * $step + $start AS start, count(*) AS n, avg(v) AS mean, min(v) AS low,
           max(v) AS high, arg_max(v, ts) AS last
    FROM {SAMPLES} WHERE {_WINDOW} AND q <= $max_quality GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - only constants
# `$sids` are in the order of their keys.
CONFLICTS: Final = f"""
    SELECT c.sid, c.ts, p.v, c.v, c.q, c.seen_ms
    FROM conflicts c
    JOIN (SELECT unnest($sids::INTEGER[]) AS sid, generate_subscripts($sids::INTEGER[], 1) AS place) s ON s.sid = c.sid
    JOIN {SAMPLES} p ON p.sid = c.sid AND p.ts = c.ts
    WHERE c.ts >= $start AND c.ts < $end AND {within("$start", "$end", "p.")}
    ORDER BY c.ts, s.place, c.v LIMIT $limit
"""  # noqa: S608 - only constants
EVENTS: Final = """
    SELECT body FROM events
    WHERE organisation = $organisation AND ts >= $start AND ts < $end AND ($device IS NULL OR device = $device)
    ORDER BY ts, body LIMIT $limit
"""


def floor_of(column: str, step_ms: int) -> str:
    """Return the expression for the start of the span of an instant; DuckDB divides towards zero."""
    return f"({column} - (({column} % {step_ms}) + {step_ms}) % {step_ms})"


_ROLLUP_COLUMNS: Final = "sid, ts, q, n, total, low, high, last, last_ts"
_OF_SAMPLES: Final = "count(*), sum(v), min(v), max(v), arg_max(v, ts), max(ts)"
_OF_ROLLUPS: Final = "sum(n)::BIGINT, sum(total), min(low), max(high), arg_max(last, last_ts), max(last_ts)"
_HOUR: Final = floor_of("ts", HOUR_MS)
_DAY: Final = floor_of("ts", DAY_MS)
_SPAN: Final = "ts >= $low AND ts < $high"
_SAMPLES_SPAN: Final = within("$low", "$high")

LOAD_DIRTY: Final = "SELECT sid, hour FROM dirty"
ADD_DIRTY: Final = "INSERT INTO dirty SELECT sid, hour FROM dirty_in"
GET_CUTS: Final = "SELECT raw_ms, minutes_ms, hours_ms, refused_ms, events_ms FROM kept"
SET_CUTS: Final = (
    "UPDATE kept SET raw_ms = $raw, minutes_ms = $minutes, hours_ms = $hours, refused_ms = $refused, "
    "events_ms = $events"
)
GET_EVENTS_FROM: Final = "SELECT events_from_ms FROM kept"
GET_DELETED: Final = "SELECT samples_deleted, events_deleted FROM kept"
ADD_DELETED: Final = (
    "UPDATE kept SET samples_deleted = samples_deleted + $samples, events_deleted = events_deleted + $events"
)
GET_RETENTION: Final = "SELECT raw_days, minute_days, hour_days, event_days FROM retention"
SET_RETENTION: Final = (
    "UPDATE retention SET raw_days = $raw, minute_days = $minute, hour_days = $hour, event_days = $event"
)

# Bringing rollups up to date. `pairs_in` are the series and hours, with the day of each, all in [$low, $high).
CLEAR_HOURS: Final = f"""
    DELETE FROM rollup_hours USING pairs_in p WHERE rollup_hours.sid = p.sid AND ts = p.hour AND {_SPAN}
"""  # noqa: S608 - only constants
CLEAR_DENSE: Final = f"""
    DELETE FROM {{table}} USING pairs_in p WHERE {{table}}.sid = p.sid AND {_HOUR} = p.hour AND {_SPAN}
"""  # noqa: S608 - only constants
CLEAR_DAYS: Final = f"""
    DELETE FROM rollup_days USING pairs_in p WHERE rollup_days.sid = p.sid AND ts = p.day AND {_SPAN}
"""  # noqa: S608 - only constants
CLEAR_DIRTY: Final = "DELETE FROM dirty USING pairs_in p WHERE dirty.sid = p.sid AND dirty.hour = p.hour"
# Of samples that were deleted the rollup is left: one made of fewer samples does not replace it.
FIND_FULLER: Final = f"""
    SELECT p.sid AS sid, p.hour AS hour FROM pairs_in p
    JOIN (SELECT sid, ts AS hour, sum(n) AS n FROM rollup_hours WHERE {_SPAN} GROUP BY sid, ts) r
    ON r.sid = p.sid AND r.hour = p.hour
    LEFT JOIN (SELECT sid, {_HOUR} AS hour, count(*) AS n FROM {SAMPLES} WHERE {_SAMPLES_SPAN} GROUP BY 1, 2) s
    ON s.sid = p.sid AND s.hour = p.hour
    WHERE p.hour < $cut AND r.n > coalesce(s.n, 0)
    UNION
    SELECT p.sid AS sid, p.hour AS hour FROM pairs_in p
    JOIN (SELECT sid, ts AS day, sum(n) AS n FROM rollup_days WHERE ts >= $low_day AND ts < $high_day
          GROUP BY sid, ts) r
    ON r.sid = p.sid AND r.day = p.day
    LEFT JOIN (SELECT sid, {_DAY} AS day, count(*) AS n FROM {SAMPLES} WHERE {within("$low_day", "$high_day")}
               GROUP BY 1, 2) s
    ON s.sid = p.sid AND s.day = p.day
    WHERE p.hour < $hours_cut AND r.n > coalesce(s.n, 0)
"""  # noqa: S608 - only constants
ADD_HOURS: Final = f"""
    INSERT INTO rollup_hours SELECT sid, {_HOUR} AS start, q, {_OF_SAMPLES}
    FROM {SAMPLES} points SEMI JOIN pairs_in p ON points.sid = p.sid AND {_HOUR} = p.hour
    WHERE {_SAMPLES_SPAN} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
# Rows of minutes, and of five minutes, are stored only where they are far fewer than the samples.
ADD_DENSE: Final = f"""
    INSERT INTO {{table}} SELECT sid, {{floor}} AS start, q, {_OF_SAMPLES}
    FROM {SAMPLES} points SEMI JOIN pairs_in p ON points.sid = p.sid AND {_HOUR} = p.hour
    SEMI JOIN (SELECT sid, ts AS hour FROM rollup_hours WHERE {_SPAN} GROUP BY sid, ts
               HAVING sum(n) >= $dense OR ts < $cut) d
    ON points.sid = d.sid AND {_HOUR} = d.hour
    WHERE {_SAMPLES_SPAN} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
ADD_DAYS: Final = f"""
    INSERT INTO rollup_days SELECT sid, {_DAY} AS start, q, {_OF_ROLLUPS}
    FROM rollup_hours SEMI JOIN pairs_in p ON rollup_hours.sid = p.sid AND {_DAY} = p.day
    ANTI JOIN (SELECT sid, {floor_of("hour", DAY_MS)} AS day FROM dirty) d
    ON rollup_hours.sid = d.sid AND {_DAY} = d.day
    WHERE {_SPAN} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants

# Deletion of samples: whole days, all of whose rollups are up to date.
ADD_REMAINING: Final = f"""
    INSERT INTO {{table}} SELECT sid, {{floor}} AS start, q, {_OF_SAMPLES}
    FROM {SAMPLES} points ANTI JOIN (SELECT DISTINCT sid, {_HOUR} AS hour FROM {{table}} WHERE {_SPAN}) m
    ON points.sid = m.sid AND {_HOUR} = m.hour
    WHERE {_SAMPLES_SPAN} GROUP BY sid, start, q ORDER BY start, sid, q
"""  # noqa: S608 - only constants
COUNT_BEFORE: Final = f"SELECT count(*) FROM points WHERE {before('points', '$cut')}"  # noqa: S608
COUNT_EVENTS_BEFORE: Final = "SELECT count(*) FROM events WHERE ts < $cut"
NEWEST_BEFORE: Final = "SELECT max(last_ts) FROM {table} WHERE ts < $cut"
OLDEST: Final = "SELECT min(ts) FROM {table}"
OLDEST_SAMPLE: Final = f"SELECT min({INSTANT}) FROM points WHERE second_s = (SELECT min(second_s) FROM points)"  # noqa: S608
NEWEST_SAMPLE: Final = f"SELECT max({INSTANT}) FROM points WHERE second_s = (SELECT max(second_s) FROM points)"  # noqa: S608
# The series of `cut_in` with rows in the span of a cut: the remaining samples have to be rolled up anew.
FIND_CUT_HOURS: Final = """
    SELECT DISTINCT sid FROM rollup_hours SEMI JOIN cut_in USING (sid) WHERE ts >= $low AND ts < $high
"""

# Reading buckets. `$sids` are the series; `pairs_in` the hours to read from the samples.
_SIDS: Final = "sid IN (SELECT unnest($sids::INTEGER[]))"
FIND_DIRTY: Final = f"SELECT sid, hour FROM dirty WHERE {_SIDS} AND hour >= $low AND hour < $high"  # noqa: S608
# Hours of samples have rows of minutes, or of five, where they have so many samples; hours without samples always do.
FIND_SPARSE: Final = f"""
    SELECT sid, ts AS hour FROM rollup_hours WHERE {_SIDS} AND ts >= $low AND ts < $high AND ts >= $raw
    GROUP BY sid, ts HAVING sum(n) < $dense
"""  # noqa: S608 - only constants
CLEAN_ROWS: Final = (
    f"SELECT {_ROLLUP_COLUMNS} FROM {{table}} r {{clean}}"  # noqa: S608
    f"WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}}"
)
WITHOUT_PAIRS: Final = "ANTI JOIN pairs_in p ON p.sid = r.sid AND p.{span} = {floor} "
HOURS_OF_DIRTY_DAYS: Final = (
    f"SELECT {_ROLLUP_COLUMNS} FROM rollup_hours r WHERE {_SIDS} AND ts >= $low_{{i}} AND ts < $high_{{i}} "  # noqa: S608
    "AND EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.day = {floor}) "
    "AND NOT EXISTS (SELECT 1 FROM pairs_in p WHERE p.sid = r.sid AND p.hour = r.ts)"
)
_PIECE: Final = within("$low_{i}", "$high_{i}")
SAMPLES_OF_PAIRS: Final = (
    f"SELECT sid, ts, q, 1, v, v, v, v, ts FROM {SAMPLES} r WHERE {_SIDS} AND {_PIECE} "  # noqa: S608
    f"AND (ts >= {{plain_ms}} OR EXISTS (SELECT 1 FROM pairs_in p "
    f"WHERE p.sid = r.sid AND p.hour = {floor_of('r.ts', HOUR_MS)}))"
)
PLAIN_SAMPLES: Final = f"SELECT sid, ts, q, 1, v, v, v, v, ts FROM {SAMPLES} WHERE {_SIDS} AND {_PIECE}"  # noqa: S608
# These need whole seconds only, which DuckDB has without reading the samples.
DENSITY: Final = "SELECT count(*), min(second_s) * 1000, max(second_s) * 1000 FROM points"
ENDS: Final = """
    SELECT min(low), max(high) FROM (
        SELECT min(second_s) * 1000 AS low, max(second_s) * 1000 AS high FROM points
        UNION ALL SELECT min(ts), max(ts) FROM rollup_days
    )
"""
ROLLUP_BUCKETS: Final = f"""
    SELECT sid, (ts - $start) // $step * $step + $start AS start, sum(n)::BIGINT AS n, sum(total) / sum(n) AS mean,
           min(low) AS low, max(high) AS high, arg_max(last, last_ts) AS last
    FROM ({{parts}}) r ({_ROLLUP_COLUMNS}) WHERE q <= $max_quality GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - only constants
