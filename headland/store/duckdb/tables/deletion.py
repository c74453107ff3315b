"""Deletion in the DuckDB engine: of an organisation's past on request, and by retention, day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import duckdb
import numpy as np

from headland.store.core.rollup import ALWAYS_MS, DENSE_TIERS, TIERS, RetentionCuts, floor_ms
from headland.store.core.stale_rollups import DirtyHours, TouchedHours
from headland.store.duckdb import sql
from headland.store.duckdb.tables.rollups import load_cuts, save_cuts
from headland.store.duckdb.tables.transaction import add_dirty, count, transaction
from headland.store.port import Index
from headland.units_of_time import DAY_MS, HOUR_MS

#: Samples among which one transaction deletes some. Until the next checkpoint DuckDB holds up to 1.2 MB for each row
#: group of 122,880 that loses a part of its rows.
MOST_ROWS: Final = 12_000_000

_COUNT_HOURS: Final = f"""
    SELECT second_s // 3600 AS hour, count(*) FROM points WHERE {sql.before("points", "$cut")}
    GROUP BY hour ORDER BY hour
"""  # noqa: S608 - only constants
#: Ranges that are sorted by series: a cut inside takes a part of each of their row groups.
_LIST_RANGES: Final = "SELECT first_ms, end_ms FROM sorted WHERE n > $most ORDER BY first_ms"
_COUNT_SERIES: Final = f"""
    SELECT sid, count(*) FROM {sql.SAMPLES} WHERE {sql.within("$low", "$high")} GROUP BY sid ORDER BY sid
"""  # noqa: S608 - only constants


@dataclass(frozen=True, slots=True)
class DeletedRows:
    """Numbers of deleted rows, the hours that were left dirty, and the days that expired."""

    points: int
    conflicts: int
    events: int
    touched: TouchedHours
    days: int = 0


@dataclass(frozen=True, slots=True)
class DueRows:
    """What a retention deletes: samples before `before_ms` and events before `events_before_ms`; None for nothing."""

    samples: int = 0
    before_ms: int | None = None
    events: int = 0
    events_before_ms: int | None = None


@dataclass(frozen=True, slots=True)
class DeletedSoFar:
    """What retention has deleted since this file was made or upgraded, and before which instants; None for nothing."""

    samples: int = 0
    events: int = 0
    samples_before_ms: int | None = None
    events_before_ms: int | None = None


def plan_deletion(connection: duckdb.DuckDBPyConnection, sids: Index, cut_ms: int) -> list[tuple[Index, int]]:
    """Return the series and cuts at which to delete, one transaction after another: the last have `cut_ms`.

    No cut is inside a large range that was sorted by series, but `cut_ms`: there, some series are deleted at a time.
    """
    ranges = _load_ranges(connection)
    hours: list[tuple[int, int]] = connection.execute(_COUNT_HOURS, {"cut": cut_ms}).fetchall()
    cuts, rows = {low_ms for low_ms, high_ms in ranges if low_ms < cut_ms < high_ms}, 0
    for hour, rows_of_hour in hours:
        hour_ms = hour * HOUR_MS
        if rows and rows + rows_of_hour > MOST_ROWS and not any(low < hour_ms < high for low, high in ranges):
            cuts.add(hour_ms)
            rows = 0
        rows += rows_of_hour
    plan = [(sids, part_ms) for part_ms in sorted(cuts) if part_ms < cut_ms]
    inside = next((bounds for bounds in ranges if bounds[0] < cut_ms < bounds[1]), None)
    if inside is None:
        return [*plan, (sids, cut_ms)]
    window = {"low": inside[0], "high": inside[1]}
    series: list[tuple[int, int]] = connection.execute(_COUNT_SERIES, window).fetchall()
    splits, rows = [], 0
    for sid, rows_of_series in series:
        if rows and rows + rows_of_series > MOST_ROWS:
            splits.append(sid)
            rows = 0
        rows += rows_of_series
    sids = np.sort(sids)
    parts = [part for part in np.split(sids, np.searchsorted(sids, splits)) if len(part)]
    return [*plan, *((part, cut_ms) for part in parts or [sids])]


def _load_ranges(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
    """Return the large sorted ranges."""
    return [(low, high) for low, high in connection.execute(_LIST_RANGES, {"most": MOST_ROWS}).fetchall()]


def delete_before(
    connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, sids: Index, organisation: str, cut_ms: int
) -> DeletedRows:
    """Delete an organisation's samples, rollups, conflicts and events before `cut_ms`; `sids` are its series.

    The rollup at the cut is made anew of the remaining samples; where these were deleted before, it is deleted as well.
    """
    connection.register("cut_in", {"sid": sids})
    with transaction(connection):
        points = _delete_of(connection, "points", cut_ms)
        _delete_of(connection, "never_latest", cut_ms)
        conflicts = _delete_of(connection, "conflicts", cut_ms)
        events = count(connection, sql.DELETE_EVENTS, {"organisation": organisation, "cut": cut_ms})
        touched = _cut_rollups(connection, dirty, cut_ms)
        of_it = {"day": min(cut_ms // DAY_MS, 2**31 - 1), "organisation": organisation}
        connection.execute(sql.EXPIRE_OWN_MARKS, of_it)
        connection.execute(sql.EXPIRE_OWN_EVENT_MARKS, of_it)
        if cut_ms % DAY_MS:
            connection.execute(sql.CUT_OWN_MARKS, of_it)
            connection.execute(sql.CUT_OWN_EVENT_MARKS, of_it)
    return DeletedRows(points, conflicts, events, touched)


def expire_day(connection: duckdb.DuckDBPyConnection, due: RetentionCuts) -> tuple[DeletedRows | None, RetentionCuts]:
    """Delete the oldest day of due samples and rollups, in one transaction that completes its rollups first.

    A large sorted range is deleted as a whole, once all of it is due. Returns the deleted rows, None without any, and
    the cuts that hold now. All hours before `due.raw_ms` must be up to date.
    """
    cuts = load_cuts(connection)
    ranges = _load_ranges(connection)
    raw_ms = next((low for low, high in ranges if low < due.raw_ms < high), due.raw_ms)
    due = replace(due, raw_ms=raw_ms, refused_ms=raw_ms, events_ms=min(due.events_ms, raw_ms))
    if due.events_ms <= count(connection, sql.GET_EVENTS_FROM):
        due = replace(due, events_ms=ALWAYS_MS)
    oldest_ms = _find_oldest(connection, due)
    if oldest_ms is None:
        if _later(cuts, due) == cuts:
            return None, cuts
        step = due
    else:
        day_ms = floor_ms(oldest_ms, DAY_MS)
        until_ms = max([day_ms + DAY_MS, *(high for low, high in ranges if low <= day_ms < high)])
        step = RetentionCuts(
            min(due.raw_ms, until_ms),
            min(due.minutes_ms, until_ms),
            min(due.hours_ms, until_ms),
            min(due.raw_ms, until_ms),
            min(due.events_ms, until_ms),
        )
    with transaction(connection):
        if oldest_ms is not None and step.raw_ms > max(cuts.raw_ms, step.minutes_ms):
            for low_ms in range(floor_ms(oldest_ms, DAY_MS), step.raw_ms, DAY_MS):
                window = {"low": low_ms, "high": low_ms + DAY_MS}
                for tier in DENSE_TIERS:
                    floor = sql.floor_of("ts", tier.step_ms)
                    connection.execute(sql.ADD_REMAINING.format(table=tier.table, floor=floor), window)
        points = _delete_old(connection, "points", step.raw_ms)
        _delete_old(connection, "never_latest", step.raw_ms)
        conflicts = _delete_old(connection, "conflicts", step.raw_ms)
        for tier in DENSE_TIERS:
            _delete_old(connection, tier.table, step.since_ms(tier))
        _delete_old(connection, "rollup_hours", step.hours_ms)
        events = _delete_old(connection, "events", step.events_ms)
        cuts = _later(cuts, step)
        save_cuts(connection, cuts)
        connection.execute(sql.ADD_DELETED, {"samples": points, "events": events})
        if cuts.raw_ms != ALWAYS_MS:
            connection.execute(sql.EXPIRE_MARKS, {"day": cuts.raw_ms // DAY_MS})
        events_ms = booked_events_ms(connection, cuts)
        if events_ms != ALWAYS_MS:
            connection.execute(sql.EXPIRE_EVENT_MARKS, {"day": events_ms // DAY_MS})
    if oldest_ms is None:
        return None, cuts
    nothing = TouchedHours([], np.empty(0, np.int32), np.empty(0, np.int64))
    return DeletedRows(points, conflicts, events, nothing, (until_ms - day_ms) // DAY_MS), cuts


def booked_events_ms(connection: duckdb.DuckDBPyConnection, cuts: RetentionCuts) -> int:
    """Return the instant before which the books say that events are deleted: that of the cut, once there is one.

    Records of an earlier version have the day of the newest event of all: they go with the first cut behind it.
    """
    if cuts.events_ms == ALWAYS_MS:
        return ALWAYS_MS
    from_ms = count(connection, sql.GET_EVENTS_FROM)
    return max(cuts.events_ms, from_ms if from_ms == ALWAYS_MS else floor_ms(from_ms, DAY_MS) + DAY_MS)


def _cut_rollups(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, cut_ms: int) -> TouchedHours:
    """Delete the rollups of the series in `cut_in` that begin before `cut_ms`; return the hours left dirty."""
    hour_ms, day_ms = floor_ms(cut_ms, HOUR_MS), floor_ms(cut_ms, DAY_MS)
    window = {"low": hour_ms, "high": day_ms + DAY_MS}
    sid = np.sort(connection.execute(sql.FIND_CUT_HOURS, window).fetchnumpy()["sid"]).astype(np.int32)
    for tier in TIERS:
        _delete_of(connection, tier.table, cut_ms)
    hour = np.full(len(sid), hour_ms, np.int64)
    if cut_ms >= load_cuts(connection).raw_ms:
        touched = dirty.find(sid, hour)
        add_dirty(connection, touched)
        return touched
    # The samples of the hour are deleted, but the day can be made of its hours.
    connection.register("pairs_in", {"sid": sid, "hour": hour, "day": np.full(len(sid), day_ms, np.int64)})
    connection.execute(sql.ADD_DAYS, {"low": day_ms, "high": day_ms + DAY_MS})
    return dirty.find(sid[:0], hour[:0])


def _find_oldest(connection: duckdb.DuckDBPyConnection, due: RetentionCuts) -> int | None:
    """Return the oldest instant of all due rows."""
    cut_of = {"points": due.raw_ms, "rollup_minutes": due.minutes_ms, "rollup_hours": due.hours_ms}
    cut_of["events"] = due.events_ms
    oldest = []
    for table, cut_ms in cut_of.items():
        if cut_ms != ALWAYS_MS:
            statement = sql.OLDEST_SAMPLE if table == "points" else sql.OLDEST.format(table=table)
            ((oldest_ms,),) = connection.execute(statement).fetchall()
            if oldest_ms is not None and oldest_ms < cut_ms:
                oldest.append(int(oldest_ms))
    return min(oldest, default=None)


def _later(cuts: RetentionCuts, step: RetentionCuts) -> RetentionCuts:
    return RetentionCuts(
        max(cuts.raw_ms, step.raw_ms),
        max(cuts.minutes_ms, step.minutes_ms),
        max(cuts.hours_ms, step.hours_ms),
        max(cuts.refused_ms, step.refused_ms),
        max(cuts.events_ms, step.events_ms),
    )


def take_back(connection: duckdb.DuckDBPyConnection, due: RetentionCuts) -> RetentionCuts:
    """Accept samples again from the cut in `due` on, where they were refused; return the cuts that hold now.

    What was deleted stays so. The other cuts go back to the end of the last hour of which something was deleted: a
    clock that was ahead may have set them beyond everything that is stored.
    """
    cuts = load_cuts(connection)
    last_ms = max(
        (
            int(newest_ms)
            for tier in TIERS
            for (newest_ms,) in connection.execute(
                sql.NEWEST_BEFORE.format(table=tier.table), {"cut": cuts.raw_ms}
            ).fetchall()
            if newest_ms is not None
        ),
        default=None,
    )
    end_ms = ALWAYS_MS if last_ms is None else floor_ms(last_ms, HOUR_MS) + HOUR_MS
    cuts = RetentionCuts(
        min(cuts.raw_ms, end_ms),
        min(cuts.minutes_ms, end_ms),
        min(cuts.hours_ms, end_ms),
        min(cuts.refused_ms, due.refused_ms),
        cuts.events_ms,
    )
    save_cuts(connection, cuts)
    return cuts


def count_due(connection: duckdb.DuckDBPyConnection, due: RetentionCuts) -> tuple[int, int]:
    """Return the numbers of samples and of events before their cuts."""
    samples = 0 if due.raw_ms == ALWAYS_MS else count(connection, sql.COUNT_BEFORE, {"cut": due.raw_ms})
    if due.events_ms <= count(connection, sql.GET_EVENTS_FROM):
        return samples, 0
    return samples, count(connection, sql.COUNT_EVENTS_BEFORE, {"cut": due.events_ms})


def count_deleted(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Return the numbers of samples and of events that retention has deleted so far."""
    ((samples, events),) = connection.execute(sql.GET_DELETED).fetchall()
    return int(samples), int(events)


def _delete_of(connection: duckdb.DuckDBPyConnection, table: str, cut_ms: int) -> int:
    statement = sql.DELETE_OLD_OF.format(table=table, before=sql.before(table, "$cut"))
    return count(connection, statement, {"cut": cut_ms})


def _delete_old(connection: duckdb.DuckDBPyConnection, table: str, cut_ms: int) -> int:
    if cut_ms == ALWAYS_MS:
        return 0
    statement = sql.DELETE_OLD.format(table=table, before=sql.before(table, "$cut"))
    return count(connection, statement, {"cut": cut_ms})
