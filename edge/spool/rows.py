"""Changes of the spool's rows within one transaction: each function takes the totals and returns the new ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from edge.pipeline.batcher import Content
from edge.spool.retention import free_space
from edge.spool.schema import EVENTS, INSERT, ROW_BYTES, TELEMETRY, URGENT, SpoolTotals
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.contract.codec import VERSION, decode_batch, encode_batch
from headland.contract.records import Batch
from headland.contract.refusals import Refused

#: A full spool frees this part of its bound at once, so that not every append has to free space; but no more than so
#: many bytes, because the append waits for it.
_SLACK_PART: Final = 64
_MOST_SLACK_BYTES: Final = 2_000_000


class SpoolFull(Exception):  # noqa: N818 - it ends a transaction and never leaves the spool
    """The bound is reached and no older record may be removed."""


def read_totals(connection: sqlite3.Connection) -> SpoolTotals:
    """Return the totals of the file."""
    state = "SELECT epoch, last_seq, dropped_records, dropped_points, thinned_points FROM state"
    epoch, last_seq, dropped_records, dropped_points, thinned_points = connection.execute(state).fetchone()
    sums = "SELECT count(*), coalesce(sum(bytes), 0), coalesce(max(seq), 0) FROM records"
    records, size, newest = connection.execute(sums).fetchone()
    return SpoolTotals(
        epoch=epoch,
        last_seq=max(last_seq, newest),
        dropped_records=dropped_records,
        dropped_points=dropped_points,
        thinned_points=thinned_points,
        records=records,
        bytes=size + ROW_BYTES * records,
    )


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
    for seq, content in enumerate(contents, start=totals.last_seq + 1):
        batch = Batch(
            v=VERSION, gw=owner.gateway, epoch=totals.epoch, seq=seq, blocks=content.blocks, events=content.events
        )
        payload = encode_batch(batch)
        kind = URGENT if content.urgent else EVENTS if content.events else TELEMETRY
        rows.append((seq, seq, kind, content.points, *content.span_ms(), len(payload), payload))
    needed = sum([row[6] for row in rows]) + ROW_BYTES * len(rows)
    missing = totals.bytes + needed - max_bytes
    if missing > 0:
        before = totals.bytes
        slack = min(max_bytes // _SLACK_PART, _MOST_SLACK_BYTES)
        totals = free_space(connection, totals, owner, retention, missing + slack)
        if before - totals.bytes < missing:
            raise SpoolFull(f"its {max_bytes} bytes are full of events, which are never dropped")
    connection.executemany(INSERT, rows)
    return replace(
        totals, last_seq=totals.last_seq + len(rows), records=totals.records + len(rows), bytes=totals.bytes + needed
    )


def delete_until(connection: sqlite3.Connection, totals: SpoolTotals, seq: int) -> SpoolTotals:
    """Delete the records up to and including `seq`; a gap that extends beyond it remains."""
    sums = "SELECT count(*), coalesce(sum(bytes), 0) FROM records WHERE seq <= ?"
    records, size = connection.execute(sums, (seq,)).fetchone()
    if records:
        connection.execute("DELETE FROM records WHERE seq <= ?", (seq,))
        # While there are rows they show the last number, so that an append need not write it.
        connection.execute("UPDATE state SET last_seq = ?", (totals.last_seq,))
    return replace(totals, records=totals.records - records, bytes=totals.bytes - size - ROW_BYTES * records)


def renumber(connection: sqlite3.Connection, epoch: str) -> SpoolTotals:
    """Give all records new numbers, from 1, in the new `epoch`; records that cannot be read are deleted."""
    last = 0
    for (old,) in connection.execute("SELECT seq FROM records ORDER BY seq").fetchall():
        first, payload = connection.execute("SELECT first, payload FROM records WHERE seq = ?", (old,)).fetchone()
        decoded = decode_batch(payload)
        if isinstance(decoded, Refused):
            connection.execute("DELETE FROM records WHERE seq = ?", (old,))
            continue
        new_first, new = last + 1, last + 1 + old - first
        batch = msgspec.structs.replace(
            decoded.batch, epoch=epoch, seq=new, first=None if new_first == new else new_first
        )
        encoded = encode_batch(batch)
        # The numbers only become smaller, and in order: a new number is never in use.
        connection.execute(
            "UPDATE records SET seq = ?, first = ?, bytes = ?, payload = ? WHERE seq = ?",
            (new, new_first, len(encoded), encoded, old),
        )
        last = new
    connection.execute("UPDATE state SET epoch = ?, last_seq = ?", (epoch, last))
    connection.execute("DELETE FROM ages")
    return read_totals(connection)
