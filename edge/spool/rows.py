"""What happens to the spool's rows within one transaction: each function takes the tally and returns the next one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from edge.pipeline.batcher import Content
from edge.spool.overflow import ROW_BYTES, SpoolOwner
from edge.spool.retention import INSERT, Retention, Tally, make_room
from edge.spool.schema import EVENTS, TELEMETRY, URGENT, new_epoch
from headland.contract.codec import VERSION, decode_batch, encode_batch
from headland.contract.records import Batch
from headland.contract.refusals import Refused

#: When full, make room for this part of the bound, so that not every append has to; but only so much at once, because
#: the append waits for it.
_SLACK_PART: Final = 64
_MOST_SLACK_BYTES: Final = 2_000_000


class NoRoom(Exception):  # noqa: N818 - it ends a transaction and never leaves the spool
    """The bound is reached and nothing older may go."""


def read_tally(connection: sqlite3.Connection) -> Tally:
    """Return the tally of the file as it stands."""
    state = "SELECT epoch, last_seq, dropped_records, dropped_points, thinned_points FROM state"
    epoch, last_seq, dropped_records, dropped_points, thinned_points = connection.execute(state).fetchone()
    totals = "SELECT count(*), coalesce(sum(bytes), 0), coalesce(max(seq), 0) FROM records"
    records, size, newest = connection.execute(totals).fetchone()
    return Tally(
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
    tally: Tally,
    owner: SpoolOwner,
    contents: Sequence[Content],
    max_bytes: int,
    retention: Retention,
) -> Tally:
    """Number, encode and insert `contents`, making room in the oldest telemetry where it must. Raises NoRoom."""
    rows: list[tuple[int, int, int, int, int, int, int, bytes]] = []
    for seq, content in enumerate(contents, start=tally.last_seq + 1):
        batch = Batch(
            v=VERSION, gw=owner.gateway, epoch=tally.epoch, seq=seq, blocks=content.blocks, events=content.events
        )
        payload = encode_batch(batch)
        kind = URGENT if content.urgent else EVENTS if content.events else TELEMETRY
        rows.append((seq, seq, kind, content.points, *content.span_ms(), len(payload), payload))
    needed = sum([row[6] for row in rows]) + ROW_BYTES * len(rows)
    missing = tally.bytes + needed - max_bytes
    if missing > 0:
        before = tally.bytes
        slack = min(max_bytes // _SLACK_PART, _MOST_SLACK_BYTES)
        tally = make_room(connection, tally, owner, retention, missing + slack)
        if before - tally.bytes < missing:
            raise NoRoom(f"its {max_bytes} bytes are full of events, which are never dropped")
    connection.executemany(INSERT, rows)
    return replace(
        tally, last_seq=tally.last_seq + len(rows), records=tally.records + len(rows), bytes=tally.bytes + needed
    )


def delete_until(connection: sqlite3.Connection, tally: Tally, seq: int) -> Tally:
    """Delete the records up to and with `seq`; a gap that reaches beyond it stays."""
    counted = "SELECT count(*), coalesce(sum(bytes), 0) FROM records WHERE seq <= ?"
    records, size = connection.execute(counted, (seq,)).fetchone()
    if records:
        connection.execute("DELETE FROM records WHERE seq <= ?", (seq,))
        # The rows themselves say the last number as long as there are any: an append need not write it.
        connection.execute("UPDATE state SET last_seq = ?", (tally.last_seq,))
    return replace(tally, records=tally.records - records, bytes=tally.bytes - size - ROW_BYTES * records)


def renumber(connection: sqlite3.Connection) -> Tally:
    """Give all records new numbers, from 1, in a new epoch; what cannot be read any more is left out."""
    epoch = new_epoch()
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
        # The numbers only become smaller, and in order: none is taken when it is given.
        connection.execute(
            "UPDATE records SET seq = ?, first = ?, bytes = ?, payload = ? WHERE seq = ?",
            (new, new_first, len(encoded), encoded, old),
        )
        last = new
    connection.execute("UPDATE state SET epoch = ?, last_seq = ?", (epoch, last))
    connection.execute("DELETE FROM ages")
    return read_tally(connection)
