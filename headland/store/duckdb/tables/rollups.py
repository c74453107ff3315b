"""Rollups of the DuckDB engine: their maintenance between commits, and buckets read from them.

A commit only records, in its own transaction, the hours of series whose rollups it made stale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from headland.runtime.cancellation import check_cancelled
from headland.store.core.dedup import split_windows
from headland.store.core.rollup import (
    DAYS,
    DENSE_TIERS,
    Retention,
    RetentionCuts,
    Tier,
    WindowPiece,
    floor_ms,
    plan_buckets,
)
from headland.store.core.stale_rollups import DirtyHours, TouchedHours
from headland.store.duckdb import sql
from headland.store.duckdb.tables.transaction import transaction
from headland.store.port import Index, Times
from headland.units_of_time import DAY_MS, HOUR_MS

#: Rows of minutes, or of five, are written for an hour of a series where each replaces at least so many samples. Who
#: raises it leaves rows that nobody reads; lowered, it would expect rows that files lack.
SAMPLES_OF_A_ROW = 20


def dense_hour(tier: Tier) -> int:
    """Return from how many samples on an hour of a series has rows of a tier."""
    return SAMPLES_OF_A_ROW * HOUR_MS // tier.step_ms


def load_dirty(connection: duckdb.DuckDBPyConnection, now_s: float) -> DirtyHours:
    """Return the dirty hours in the file."""
    rows = connection.execute(sql.LOAD_DIRTY).fetchnumpy()
    dirty = DirtyHours()
    dirty.add(TouchedHours(np.unique(rows["hour"]).tolist(), rows["sid"], rows["hour"]), now_s)
    return dirty


def load_cuts(connection: duckdb.DuckDBPyConnection) -> RetentionCuts:
    """Return the cuts before which samples and rollups were deleted."""
    return RetentionCuts(*connection.execute(sql.GET_CUTS).fetchall()[0])


def load_retention(connection: duckdb.DuckDBPyConnection) -> Retention:
    """Return the retention."""
    return Retention(*connection.execute(sql.GET_RETENTION).fetchall()[0])


def save_retention(connection: duckdb.DuckDBPyConnection, retention: Retention) -> None:
    """Store the retention; nothing is deleted yet."""
    values = {"raw": retention.raw_days, "minute": retention.minute_days, "hour": retention.hour_days}
    values["event"] = retention.event_days
    connection.execute(sql.SET_RETENTION, values)


def save_cuts(connection: duckdb.DuckDBPyConnection, cuts: RetentionCuts) -> None:
    """Store the cuts."""
    values = {"raw": cuts.raw_ms, "minutes": cuts.minutes_ms, "hours": cuts.hours_ms, "refused": cuts.refused_ms}
    values["events"] = cuts.events_ms
    connection.execute(sql.SET_CUTS, values)


def roll_up(connection: duckdb.DuckDBPyConnection, dirty: DirtyHours, hours: list[int]) -> None:
    """Make the rollups of dirty hours anew from their samples, in one transaction, and mark them as clean.

    Where samples of an hour were deleted, its rollup remains as long as it is of more samples than there are now.
    """
    sid, hour = dirty.pairs(hours)
    window = {"low": hours[0], "high": hours[-1] + HOUR_MS}
    days = {"low": floor_ms(hours[0], DAY_MS), "high": floor_ms(hours[-1], DAY_MS) + DAY_MS}
    cuts = load_cuts(connection)
    with transaction(connection):
        _register_pairs(connection, sid, hour)
        if hours[0] < cuts.raw_ms:
            bounds = {"low_day": days["low"], "high_day": days["high"], "cut": cuts.raw_ms, "hours_cut": cuts.hours_ms}
            _leave_fuller(connection, sid, hour, {**window, **bounds})
        connection.execute(sql.CLEAR_HOURS, window)
        for tier in DENSE_TIERS:
            connection.execute(sql.CLEAR_DENSE.format(table=tier.table), window)
        connection.execute(sql.CLEAR_DAYS, days)
        connection.execute(sql.ADD_HOURS, window)
        for tier in DENSE_TIERS:
            statement = sql.ADD_DENSE.format(table=tier.table, floor=sql.floor_of("ts", tier.step_ms))
            connection.execute(statement, {**window, "dense": dense_hour(tier), "cut": cuts.raw_ms})
        connection.execute(sql.CLEAR_DIRTY)
        connection.execute(sql.ADD_DAYS, days)
    dirty.drop(hours)


def _register_pairs(connection: duckdb.DuckDBPyConnection, sid: Index, hour: Times) -> None:
    connection.register("pairs_in", {"sid": sid, "hour": hour, "day": hour // DAY_MS * DAY_MS})


def _leave_fuller(connection: duckdb.DuckDBPyConnection, sid: Index, hour: Times, bounds: dict[str, int]) -> None:
    """Mark the hours as clean whose rollups are of more samples than there are, and register the others."""
    fuller = connection.execute(sql.FIND_FULLER, bounds).fetchnumpy()
    if not len(fuller["sid"]):
        return
    _register_pairs(connection, fuller["sid"], fuller["hour"])
    connection.execute(sql.CLEAR_DIRTY)
    known = set(zip(fuller["sid"].tolist(), fuller["hour"].tolist(), strict=True))
    rest = np.array([pair not in known for pair in zip(sid.tolist(), hour.tolist(), strict=True)], np.bool_)
    _register_pairs(connection, sid[rest], hour[rest])


def choose_hours(quiet: list[int], most: int) -> list[int]:
    """Return the first hours of an ordered list for one transaction: at most `most`, without a large gap."""
    if not quiet:
        return []
    _, last = split_windows(np.array(quiet[:most], np.int64), 31 * DAY_MS, most + 1)[0]
    return [hour for hour in quiet[:most] if hour <= last]


#: Samples beside the rollups are read in at most this many windows. They are more than a day apart, so that their days
#: differ as well.
_MOST_WINDOWS = 6
_WINDOW_GAP_MS = DAY_MS
#: Reading so many samples more takes as long as a window more in the statement.
_ROWS_OF_A_WINDOW = 1_500_000
#: Buckets of all series that one statement makes.
MOST_BUCKETS = 200_000
_MOST_PARTS = 64
#: Above this number of stale hours of series, rollups save nothing.
_MANY_STALE = 3000


def read_buckets(
    cursor: duckdb.DuckDBPyConnection, sids: Sequence[int], start_ms: int, end_ms: int, step_ms: int, max_quality: int
) -> dict[str, NDArray[Any]]:
    """Return the columns sid, start, n, mean, low, high and last, by series and start, of one instant of the file.

    Many buckets are read in parts, one after another: what an aggregation holds grows with its buckets.
    """
    most = max(1, MOST_BUCKETS // max(1, len(sids)))
    if (end_ms - start_ms) // step_ms < most:
        with transaction(cursor):
            return _read_part(cursor, load_cuts(cursor), sids, start_ms, end_ms, step_ms, max_quality)
    parts = []
    with transaction(cursor):
        cuts = load_cuts(cursor)
        low_ms, high_ms = _ends(cursor, start_ms, end_ms)
        # No part before the first sample, or after the last: a window may be as wide as 64 bits.
        part_ms = start_ms + max(0, low_ms - start_ms) // step_ms * step_ms
        most = max(most, -(-(high_ms - part_ms) // (step_ms * _MOST_PARTS)))
        while part_ms < high_ms:
            check_cancelled()
            part_end_ms = min(part_ms + most * step_ms, end_ms)
            parts.append(_read_part(cursor, cuts, sids, part_ms, part_end_ms, step_ms, max_quality))
            part_ms = part_end_ms
        if not parts:
            return _read_part(cursor, cuts, sids, start_ms, start_ms, step_ms, max_quality)
    names = list(parts[0])
    order = np.argsort(np.concatenate([part["sid"] for part in parts]), kind="stable")
    return {name: np.concatenate([part.pop(name) for part in parts])[order] for name in names}


def _ends(cursor: duckdb.DuckDBPyConnection, start_ms: int, end_ms: int) -> tuple[int, int]:
    """Return the part of a window that may hold samples, or rollups of deleted ones."""
    ((low_ms, high_ms),) = cursor.execute(sql.ENDS).fetchall()
    if low_ms is None:
        return start_ms, start_ms
    return max(start_ms, low_ms - DAY_MS), min(end_ms, high_ms + 2 * DAY_MS)


def _read_part(
    cursor: duckdb.DuckDBPyConnection,
    cuts: RetentionCuts,
    sids: Sequence[int],
    start_ms: int,
    end_ms: int,
    step_ms: int,
    max_quality: int,
) -> dict[str, NDArray[Any]]:
    """Return the columns of one part, within the caller's transaction."""
    pieces = plan_buckets(start_ms, end_ms, step_ms, cuts)
    values = {"sids": list(sids), "start": start_ms, "step": step_ms, "max_quality": max_quality}
    if not pieces or pieces[0].tier is None:
        until_ms = pieces[-1].end_ms if pieces else start_ms
        if pieces:
            values["start"] = pieces[0].start_ms
        return cursor.execute(sql.BUCKETS, {**values, "end": until_ms}).fetchnumpy()
    values["start"] = pieces[0].start_ms
    sid, hour = _find_stale(cursor, values["sids"], pieces, cuts.raw_ms)
    hours = (pieces[-1].end_ms - pieces[0].start_ms) // HOUR_MS + 1
    if len(hour) > min(_MANY_STALE, len(sids) * hours // 2) and cuts.raw_ms <= pieces[0].start_ms:
        # A new or upgraded file: reading all samples at once is faster than many parts.
        return cursor.execute(sql.BUCKETS, {**values, "end": pieces[-1].end_ms}).fetchnumpy()
    cursor.register("pairs_in", {"sid": sid, "hour": hour, "day": hour // DAY_MS * DAY_MS})
    statement, windows = _build(pieces, hour, _gap_ms(cursor, hour))
    columns = cursor.execute(statement, values | windows).fetchnumpy()
    cursor.unregister("pairs_in")
    return columns


def _find_stale(
    cursor: duckdb.DuckDBPyConnection, sids: object, pieces: Sequence[WindowPiece], raw_ms: int
) -> tuple[Index, Times]:
    """Return the series and hours whose samples have to be read: stale, or without rows of a tier."""
    low_ms, high_ms = floor_ms(pieces[0].start_ms, HOUR_MS), pieces[-1].end_ms
    parts = [cursor.execute(sql.FIND_DIRTY, {"sids": sids, "low": low_ms, "high": high_ms}).fetchnumpy()]
    for piece in pieces:
        if piece.tier in DENSE_TIERS:
            low_ms = floor_ms(piece.start_ms, HOUR_MS)
            window = {"sids": sids, "low": low_ms, "high": piece.end_ms, "raw": raw_ms, "dense": dense_hour(piece.tier)}
            parts.append(cursor.execute(sql.FIND_SPARSE, window).fetchnumpy())
    return np.concatenate([part["sid"] for part in parts]), np.concatenate([part["hour"] for part in parts])


def _gap_ms(cursor: duckdb.DuckDBPyConnection, stale_hour: Times) -> int:
    """Return the gap between stale hours from which on two windows take less time than one around both."""
    if not len(stale_hour) or int(stale_hour.max()) - int(stale_hour.min()) <= _WINDOW_GAP_MS:
        return _WINDOW_GAP_MS
    rows, low_ms, high_ms = cursor.execute(sql.DENSITY).fetchall()[0]
    return choose_gap_ms(rows, 0 if low_ms is None else high_ms - low_ms)


def choose_gap_ms(rows: int, span_ms: int) -> int:
    """Return that gap where so many samples are spread over a time: at least a day, so that days differ as well."""
    return max(_WINDOW_GAP_MS, span_ms * _ROWS_OF_A_WINDOW // max(rows, 1))


def _build(pieces: Sequence[WindowPiece], stale_hour: Times, gap_ms: int) -> tuple[str, dict[str, int]]:
    """Return the statement that reads all parts, and the bounds of its windows."""
    parts: list[str] = []
    windows: dict[str, int] = {}

    def add(template: str, low_ms: int, high_ms: int, **names: str) -> None:
        if low_ms < high_ms:
            windows[f"low_{len(parts)}"], windows[f"high_{len(parts)}"] = low_ms, high_ms
            parts.append(template.format(i=len(parts), **names))

    stale = split_windows(stale_hour, gap_ms, _MOST_WINDOWS) if len(stale_hour) else []
    # Only the last piece may be of plain samples.
    start_ms, end_ms = pieces[0].start_ms, pieces[-1].end_ms
    plain_ms = end_ms if pieces[-1].tier else pieces[-1].start_ms
    day = sql.floor_of("r.ts", DAY_MS)
    for piece in pieces:
        if piece.tier is None:
            continue
        span, floor = ("day", "r.ts") if piece.tier == DAYS else ("hour", sql.floor_of("r.ts", HOUR_MS))
        clean = sql.WITHOUT_PAIRS.format(span=span, floor=floor) if stale else ""
        add(sql.CLEAN_ROWS, piece.start_ms, piece.end_ms, table=piece.tier.table, clean=clean)
        if piece.tier == DAYS:
            for first, last in stale:
                day_low, day_high = floor_ms(first, DAY_MS), floor_ms(last, DAY_MS) + DAY_MS
                add(sql.HOURS_OF_DIRTY_DAYS, max(start_ms, day_low), min(piece.end_ms, day_high), floor=day)
    for first, last in stale:
        # The samples of stale hours, and in the same scan the plain ones where they are in its last hour.
        high_ms = end_ms if last + HOUR_MS > plain_ms else last + HOUR_MS
        add(sql.SAMPLES_OF_PAIRS, max(start_ms, first), high_ms, plain_ms=str(plain_ms))
        if high_ms == end_ms:
            plain_ms = end_ms
    add(sql.PLAIN_SAMPLES, plain_ms, end_ms)
    return sql.ROLLUP_BUCKETS.format(parts=" UNION ALL ".join(parts)), windows
