"""Retention: frees space in a full spool and removes telemetry that is too old, within one transaction.

Old telemetry is thinned first, then dropped; each run of dropped records becomes one record that reports it. Each
function takes the totals and returns the new ones.

Ages count the time that the gateway ran, so that no step of its clock makes a record older. From time to time the age
and the last record at that moment are written down; a record needs no time of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge.spool.limits.thinning import thin_oldest
from edge.spool.schema import EVENTS, EVENTS_THINNED, GAP, INSERT, ROW_BYTES, ROW_COLUMNS, URGENT, SpoolRow, SpoolTotals
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.contract.codec import VERSION, encode_batch
from headland.contract.records import SPOOL_DROPPED, Batch, Event

#: Size of a gap's message at most, deflated.
_GAP_BYTES: Final = 300 + ROW_BYTES
#: An age is written down this often at most, and a hundred times within the age limit.
_SHORTEST_S: Final = 1.0
_LONGEST_S: Final = 600.0
_PART: Final = 100
#: The most thinned records that one transaction makes: an append waits for it.
_MOST_STEPS: Final = 50


def free_space(
    connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, retention: SpoolRetention, needed_bytes: int
) -> SpoolTotals:
    """Free about `needed_bytes`, or less where only events are left."""
    goal_bytes = totals.bytes - needed_bytes
    if retention.policy == "thin":
        totals = thin_oldest(connection, totals, owner, retention.thin_every, goal_bytes=goal_bytes)
    if totals.bytes > goal_bytes:
        totals = _drop(connection, totals, owner, _rows(connection, totals.last_row), totals.bytes - goal_bytes)
    return _write_totals(connection, totals)


def interval_s(max_age_s: float) -> float:
    """Return how long to wait between two calls of `enforce_age`."""
    return min(max(max_age_s / _PART, _SHORTEST_S), _LONGEST_S)


def enforce_age(
    connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, retention: SpoolRetention, run_s: int
) -> tuple[SpoolTotals, bool]:
    """Write down the age, thin and drop what is too old; return also whether nothing is left to thin."""
    write_age(connection, run_s, totals.last_row)
    thins = retention.policy == "thin"
    too_old = _last_older_than(connection, run_s - retention.max_age_s)
    if thins and too_old > totals.thinned_upto:
        totals = thin_oldest(connection, totals, owner, retention.thin_every, upto_seq=too_old, most_steps=_MOST_STEPS)
    end_s = run_s - retention.max_age_s * (2 if thins else 1)
    far_too_old = _last_older_than(connection, end_s)
    if far_too_old:
        totals = _drop(connection, totals, owner, _rows(connection, far_too_old), totals.bytes + 1)
        connection.execute("DELETE FROM ages WHERE run_s <= ?", (end_s,))
    return _write_totals(connection, totals), not thins or totals.thinned_upto >= too_old


def read_run_s(connection: sqlite3.Connection) -> int:
    """Return how long the spool had run at the last age that was written down."""
    (run_s,) = connection.execute("SELECT coalesce(max(run_s), 0) FROM ages").fetchone()
    return int(run_s)


def write_age(connection: sqlite3.Connection, run_s: int, last_seq: int) -> None:
    """Write down which record is the last one now."""
    connection.execute("INSERT OR IGNORE INTO ages VALUES (?, ?)", (run_s, last_seq))


def _last_older_than(connection: sqlite3.Connection, run_s: float) -> int:
    """Return the last record that existed when the spool had run for `run_s`; 0 where none is known."""
    (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM ages WHERE run_s <= ?", (run_s,)).fetchone()
    return int(seq)


@dataclass(slots=True)
class RecordRun:
    """A run of adjacent records that one record is to replace.

    `rows` of the spool with `bytes` (as on disk) are deleted; `records` and `points` of those are dropped now, in
    addition to `points_before` that older gaps among them already replaced.
    """

    first: int
    seq: int
    oldest_ms: int
    newest_ms: int
    rows: int = 0
    bytes: int = 0
    records: int = 0
    points: int = 0
    points_before: int = 0

    def extend(self, row: SpoolRow) -> None:
        """Extend the gap over the next row."""
        self.seq = row.seq
        self.oldest_ms = min(self.oldest_ms, row.oldest_ms)
        self.newest_ms = max(self.newest_ms, row.newest_ms)
        self.rows += 1
        self.bytes += row.bytes + ROW_BYTES
        if row.kind == GAP:
            self.points_before += row.points
        else:
            self.records += row.seq - row.first + 1
            self.points += row.points


def choose_gaps(rows: Iterable[SpoolRow], needed_bytes: int) -> list[RecordRun]:
    """Return the gaps to make so that about `needed_bytes` become free, from `rows` in seq order, oldest first. Pure.

    A record with events is never in a gap; it ends one. Adjacent gaps become one. Fewer bytes than needed become free
    when there is no more telemetry.
    """
    gaps: list[RecordRun] = []
    run: RecordRun | None = None
    freed = 0
    for row in rows:
        if freed >= needed_bytes and row.kind != GAP:
            break
        if row.kind in (EVENTS, EVENTS_THINNED, URGENT):
            run = None
            continue
        if run is None:
            run = RecordRun(row.first, row.seq, row.oldest_ms, row.newest_ms)
            gaps.append(run)
            freed -= _GAP_BYTES
        run.extend(row)
        freed += row.bytes + ROW_BYTES
    return [gap for gap in gaps if gap.records or gap.rows > 1]


def dropped_event(owner: SpoolOwner, gap: RecordRun, base: int) -> Event:
    """Return the event that reports a gap, at the gap's first time; its numbers are those of the rows less `base`."""
    return Event(
        t=gap.oldest_ms,
        device=owner.gateway,
        kind=SPOOL_DROPPED,
        device_kind="gateway",
        site=owner.site,
        clock=owner.clock,
        data={
            "first_seq": gap.first - base,
            "last_seq": gap.seq - base,
            "records": gap.seq - gap.first + 1,
            "points": gap.points + gap.points_before,
            "from_ms": gap.oldest_ms,
            "to_ms": gap.newest_ms,
        },
    )


def _drop(
    connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, rows: Iterable[SpoolRow], needed_bytes: int
) -> SpoolTotals:
    for gap in choose_gaps(rows, needed_bytes):
        totals = _make_gap(connection, totals, owner, gap)
    return totals


def _make_gap(connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, gap: RecordRun) -> SpoolTotals:
    """Replace the rows of `gap` by one record."""
    batch = Batch(
        v=VERSION,
        gw=owner.gateway,
        epoch=totals.epoch,
        seq=gap.seq - totals.base,
        first=None if gap.first == gap.seq else gap.first - totals.base,
        events=[dropped_event(owner, gap, totals.base)],
    )
    payload = encode_batch(batch)
    points = gap.points + gap.points_before
    connection.execute("DELETE FROM records WHERE seq BETWEEN ? AND ?", (gap.first, gap.seq))
    connection.execute(INSERT, (gap.seq, gap.first, GAP, points, gap.oldest_ms, gap.newest_ms, len(payload), payload))
    return replace(
        totals,
        dropped_records=totals.dropped_records + gap.records,
        dropped_points=totals.dropped_points + gap.points,
        records=totals.records - gap.rows + 1,
        bytes=totals.bytes - gap.bytes + len(payload) + ROW_BYTES,
    )


def _rows(connection: sqlite3.Connection, upto_seq: int) -> Iterator[SpoolRow]:
    query = f"SELECT {ROW_COLUMNS} FROM records WHERE seq <= ? ORDER BY seq"  # noqa: S608 - a constant
    for columns in connection.execute(query, (upto_seq,)):
        yield SpoolRow(*columns)


def _write_totals(connection: sqlite3.Connection, totals: SpoolTotals) -> SpoolTotals:
    """Write to the file how much was removed."""
    update = "UPDATE state SET dropped_records = ?, dropped_points = ?, thinned_points = ?"
    connection.execute(update, (totals.dropped_records, totals.dropped_points, totals.thinned_points))
    return totals
