"""Changes of the spool's rows within one transaction: each function takes the totals and returns the new ones."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from edge.pipeline.batcher import Content
from edge.spool.limits.retention import free_space
from edge.spool.numbering.epochs import MissingRecords, Renewal, read_report, renewal_events
from edge.spool.salvage.salvage import Row
from edge.spool.schema import EVENTS, INSERT, ROW_BYTES, TELEMETRY, URGENT, SpoolTotals
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.contract.codec import VERSION, decode_batch, encode_batch
from headland.contract.records import Batch, EpochReason, Event
from headland.contract.refusals import Refused

#: A full spool frees this part of its bound at once, so that not every append has to free space; but no more than so
#: many bytes, because the append waits for it.
_SLACK_PART: Final = 64
_MOST_SLACK_BYTES: Final = 2_000_000
#: Records with events that are read for reports which wait: the newest.
_MOST_WAITING: Final = 200


class SpoolFull(Exception):  # noqa: N818 - it ends a transaction and never leaves the spool
    """The bound is reached and no older record may be removed."""


def read_totals(connection: sqlite3.Connection) -> SpoolTotals:
    """Return the totals of the file."""
    state = (
        "SELECT epoch, last_seq, dropped_records, dropped_points, thinned_points, base, stale_upto, acked, gateway,"
        " epoch_before, epoch_reason, epoch_ms FROM state"
    )
    row = connection.execute(state).fetchone()
    epoch, last_row, dropped_records, dropped_points, thinned_points, base, stale_upto, acked, gateway, *began = row
    epoch_before, epoch_reason, epoch_ms = began
    sums = (
        "SELECT count(*), coalesce(sum(bytes), 0), coalesce(max(seq), 0), coalesce(min(first), 0),"
        " coalesce(sum(seq - first + 1), 0) FROM records"
    )
    records, size, newest, head, numbers = connection.execute(sums).fetchone()
    return SpoolTotals(
        epoch=epoch,
        last_row=max(last_row, newest),
        dropped_records=dropped_records,
        dropped_points=dropped_points,
        thinned_points=thinned_points,
        records=records,
        bytes=size + ROW_BYTES * records,
        base=base,
        stale_upto=stale_upto,
        acked_row=acked,
        head_row=head,
        has_holes=bool(records) and (numbers != newest - head + 1 or newest < last_row),
        gateway=gateway,
        epoch_before=epoch_before,
        epoch_reason=epoch_reason,
        epoch_ms=epoch_ms,
    )


def find_holes(connection: sqlite3.Connection, totals: SpoolTotals) -> list[tuple[int, int]]:
    """Return the numbers between the records that no record has, as (first, last); none may be missing there."""
    if not totals.has_holes:
        return []
    holes: list[tuple[int, int]] = []
    upto = totals.head_row - 1
    for first, row in connection.execute("SELECT first, seq FROM records ORDER BY seq"):
        if first > upto + 1:
            holes.append((upto + 1 - totals.base, first - 1 - totals.base))
        upto = row
    if upto < totals.last_row:
        holes.append((upto + 1 - totals.base, totals.last_row - totals.base))
    return holes


def insert_contents(
    connection: sqlite3.Connection,
    totals: SpoolTotals,
    owner: SpoolOwner,
    contents: Sequence[Content],
    max_bytes: int,
    retention: SpoolRetention,
) -> SpoolTotals:
    """Number, encode and insert `contents`, freeing space in the oldest telemetry where needed. Raises SpoolFull."""
    rows: list[tuple[int, int, int, int, int, int, int, bytes]] = []
    for row, content in enumerate(contents, start=totals.last_row + 1):
        batch = Batch(
            v=VERSION,
            gw=owner.gateway,
            epoch=totals.epoch,
            seq=row - totals.base,
            blocks=content.blocks,
            events=content.events,
        )
        payload = encode_batch(batch)
        kind = URGENT if content.urgent else EVENTS if content.events else TELEMETRY
        rows.append((row, row, kind, content.points, *content.span_ms(), len(payload), payload))
    needed = sum([values[6] for values in rows]) + ROW_BYTES * len(rows)
    missing = totals.bytes + needed - max_bytes
    if missing > 0:
        before = totals.bytes
        slack = min(max_bytes // _SLACK_PART, _MOST_SLACK_BYTES)
        totals = free_space(connection, totals, owner, retention, missing + slack)
        if before - totals.bytes < missing:
            raise SpoolFull(f"its {max_bytes} bytes are full of events, which are never dropped")
    connection.executemany(INSERT, rows)
    return replace(
        totals, last_row=totals.last_row + len(rows), records=totals.records + len(rows), bytes=totals.bytes + needed
    )


def delete_until(connection: sqlite3.Connection, totals: SpoolTotals, seq: int) -> SpoolTotals:
    """Delete the records up to and including `seq`; a gap that extends beyond it remains."""
    row = seq + totals.base
    if row <= totals.acked_row:
        return totals
    sums = "SELECT count(*), coalesce(sum(bytes), 0) FROM records WHERE seq <= ?"
    records, size = connection.execute(sums, (row,)).fetchone()
    if records:
        connection.execute("DELETE FROM records WHERE seq <= ?", (row,))
    # While there are rows they show the last number, so that an append need not write it.
    connection.execute("UPDATE state SET last_seq = ?, acked = ?", (totals.last_row, row))
    return replace(
        totals, records=totals.records - records, bytes=totals.bytes - size - ROW_BYTES * records, acked_row=row
    )


def begin_epoch(
    connection: sqlite3.Connection,
    totals: SpoolTotals,
    owner: SpoolOwner,
    epoch: str,
    renewal: Renewal,
    time_ms: int,
    reports: Sequence[Event] = (),
) -> SpoolTotals:
    """Number all records from 1 in the new `epoch`, and add one with `reports` and the events of the renewal.

    Only rows behind a hole change; the headers of all are replaced when they are read.
    """
    if totals.has_holes:
        _close_holes(connection)
        totals = read_totals(connection)
    head = connection.execute("SELECT first FROM records ORDER BY seq LIMIT 1").fetchone()
    base = totals.last_row if head is None else head[0] - 1
    begun = replace(
        totals,
        epoch=epoch,
        epoch_before=totals.epoch,
        epoch_reason=str(renewal.reason),
        epoch_ms=time_ms,
        gateway=owner.gateway,
        base=base,
        acked_row=base,
        stale_upto=totals.last_row,
    )
    connection.execute(
        "UPDATE state SET epoch = ?, epoch_before = ?, epoch_reason = ?, epoch_ms = ?, gateway = ?, last_seq = ?,"
        " base = ?, acked = ?, stale_upto = ?",
        (epoch, totals.epoch, begun.epoch_reason, time_ms, owner.gateway, begun.last_row, base, base, begun.stale_upto),
    )
    events = [*reports, *renewal_events(owner, renewal, totals.records, time_ms)]
    # They are few, and nothing else would report it: the bound does not hold for them.
    return insert_contents(connection, begun, owner, [Content([], events, 0)], sys.maxsize, SpoolRetention())


def waiting_reports(connection: sqlite3.Connection) -> Renewal:
    """Return what events that wait in the file tell: missing records, and unproven renewals.

    The check file may be of an earlier state than the file, and not know of them.
    """
    missing: list[MissingRecords] = []
    doubts: list[tuple[int, str, str]] = []
    query = f"SELECT payload FROM records WHERE kind = {EVENTS} ORDER BY seq DESC LIMIT {_MOST_WAITING}"  # noqa: S608 - constants
    for (payload,) in connection.execute(query):
        decoded = decode_batch(payload)
        for event in () if isinstance(decoded, Refused) else decoded.batch.events:
            report = read_report(event)
            if isinstance(report, MissingRecords):
                missing.append(report)
            elif report is not None:
                doubts.append(report)
    return Renewal(EpochReason.NEW, "", "", again=tuple(reversed(missing)), doubts=tuple(reversed(doubts)))


def insert_salvaged(connection: sqlite3.Connection, rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Insert rows, but none whose numbers another has; return their ranges (first, last) of rows."""
    overlapping = "SELECT 1 FROM records WHERE seq >= ? AND first <= ? ORDER BY seq LIMIT 1"
    ranges = []
    for row in rows:
        if connection.execute(overlapping, (row[1], row[0])).fetchone() is None:
            connection.execute(INSERT, row)
            ranges.append((row[1], row[0]))
    return ranges


def _close_holes(connection: sqlite3.Connection) -> None:
    """Move the rows behind a hole down, so that the numbers have none: no record would ever fill it."""
    upto = None
    for row, first in connection.execute("SELECT seq, first FROM records ORDER BY seq").fetchall():
        by = 0 if upto is None else max(0, first - upto - 1)
        if by:  # rows only become smaller, and in order: a new one is never in use
            connection.execute("UPDATE records SET seq = ?, first = ? WHERE seq = ?", (row - by, first - by, row))
        upto = row - by
    connection.execute("UPDATE state SET last_seq = ?", (upto or 0,))
    connection.execute("DELETE FROM ages")
