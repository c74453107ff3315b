"""How room is made in a full spool, within one transaction: old telemetry is thinned first, then dropped and said.

Each function takes the tally and returns the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from edge.spool.overflow import ROW_BYTES, Gap, Row, SpoolOwner, choose_gaps, dropped_event
from edge.spool.schema import EVENTS, EVENTS_THINNED, GAP, TELEMETRY, THINNED
from edge.spool.thinning import count_points, thin_blocks
from headland.contract.codec import MAX_PAYLOAD_BYTES, VERSION, Decoded, decode_batch, encode_batch
from headland.contract.records import Batch

INSERT: Final = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ROW: Final = "seq, first, kind, points, oldest_ms, newest_ms, bytes"


@dataclass(frozen=True, slots=True)
class Retention:
    """What a spool keeps for how long.

    `thin`: when the bytes are used up or telemetry is older than `max_age_s`, of the oldest telemetry every
    `thin_every`-th row of each device is kept; only when that is not enough, or at twice that age, it is dropped.
    `drop`: it is dropped at once. Age counts while the gateway runs. Events are never thinned or dropped.
    """

    max_age_s: float = 30 * 86_400.0
    policy: Literal["thin", "drop"] = "thin"
    thin_every: int = 10


@dataclass(frozen=True, slots=True)
class Tally:
    """What the file holds and ever gave up. `bytes` counts what the records take on disk.

    Records up to `thinned_upto` have been thinned where they could be.
    """

    epoch: str
    last_seq: int = 0
    dropped_records: int = 0
    dropped_points: int = 0
    thinned_points: int = 0
    records: int = 0
    bytes: int = 0
    thinned_upto: int = 0


def make_room(
    connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, retention: Retention, needed_bytes: int
) -> Tally:
    """Free about `needed_bytes`, or less where only events are left."""
    goal_bytes = tally.bytes - needed_bytes
    if retention.policy == "thin":
        tally = thin_oldest(connection, tally, owner, retention.thin_every, goal_bytes=goal_bytes)
    if tally.bytes > goal_bytes:
        tally = _drop(connection, tally, owner, _rows(connection, tally.last_seq), tally.bytes - goal_bytes)
    return _note(connection, tally)


def thin_oldest(
    connection: sqlite3.Connection,
    tally: Tally,
    owner: SpoolOwner,
    every: int,
    *,
    goal_bytes: int = -1,
    upto_seq: int | None = None,
    most_steps: int | None = None,
) -> Tally:
    """Thin the oldest whole records up to `upto_seq`, so many at once, until the spool has at most `goal_bytes`.

    Up to `every` neighbours without events become one record that stands for their range.
    """
    upto = tally.last_seq if upto_seq is None else upto_seq
    steps = 0
    while tally.bytes > goal_bytes and (most_steps is None or steps < most_steps):
        chunk = _next_chunk(connection, tally.thinned_upto, upto, every)
        if not chunk:
            tally = replace(tally, thinned_upto=max(tally.thinned_upto, upto))
            break
        tally = replace(_thin(connection, tally, owner, chunk, every), thinned_upto=chunk[-1].seq)
        steps += 1
    return _note(connection, tally)


def drop_upto(connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, upto_seq: int) -> Tally:
    """Drop all telemetry up to `upto_seq`."""
    return _note(connection, _drop(connection, tally, owner, _rows(connection, upto_seq), tally.bytes + 1))


def _next_chunk(connection: sqlite3.Connection, after_seq: int, upto_seq: int, every: int) -> list[Row]:
    """Return the next record with events, or a run of telemetry without a break, that is still whole."""
    query = f"SELECT {_ROW} FROM records WHERE seq > ? AND seq <= ? AND kind IN (?, ?) ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
    chunk: list[Row] = []
    for found in connection.execute(query, (after_seq, upto_seq, TELEMETRY, EVENTS, every)):
        row = Row(*found)
        if chunk and (row.kind == EVENTS or row.first != chunk[-1].seq + 1):
            break
        chunk.append(row)
        if row.kind == EVENTS:
            break
    return chunk


def _thin(connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, chunk: list[Row], every: int) -> Tally:
    """Replace the rows of `chunk` by one that holds what is kept of them; by several where one would be too large."""
    batches = [_decode(connection, row.seq) for row in chunk]
    readable = [batch for batch in batches if batch is not None]
    if len(readable) < len(chunk):  # what cannot be read is not touched: ingest puts it into quarantine
        return tally if len(chunk) == 1 else _thin_halves(connection, tally, owner, chunk, every)
    first, last = chunk[0], chunk[-1]
    blocks = thin_blocks((block for batch in readable for block in batch.blocks), every)
    points = count_points(blocks)
    left_out = sum(row.points for row in chunk) - points
    batch = Batch(
        v=VERSION,
        gw=owner.gateway,
        epoch=tally.epoch,
        seq=last.seq,
        first=None if first.first == last.seq else first.first,
        blocks=blocks,
        events=[event for one in readable for event in one.events],
        thinned=left_out,
    )
    payload = encode_batch(batch)
    if len(payload) > MAX_PAYLOAD_BYTES and len(chunk) > 1:
        return _thin_halves(connection, tally, owner, chunk, every)
    kind = EVENTS_THINNED if last.kind == EVENTS else THINNED
    if left_out == 0 and len(chunk) == 1:
        connection.execute("UPDATE records SET kind = ? WHERE seq = ?", (kind, last.seq))
        return tally
    oldest_ms, newest_ms = min(row.oldest_ms for row in chunk), max(row.newest_ms for row in chunk)
    connection.execute("DELETE FROM records WHERE seq BETWEEN ? AND ?", (first.seq, last.seq))
    connection.execute(INSERT, (last.seq, first.first, kind, points, oldest_ms, newest_ms, len(payload), payload))
    return replace(
        tally,
        thinned_points=tally.thinned_points + left_out,
        records=tally.records - len(chunk) + 1,
        bytes=tally.bytes - sum(row.bytes + ROW_BYTES for row in chunk) + len(payload) + ROW_BYTES,
    )


def _thin_halves(
    connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, chunk: list[Row], every: int
) -> Tally:
    middle = len(chunk) // 2
    tally = _thin(connection, tally, owner, chunk[:middle], every)
    return _thin(connection, tally, owner, chunk[middle:], every)


def _decode(connection: sqlite3.Connection, seq: int) -> Batch | None:
    (payload,) = connection.execute("SELECT payload FROM records WHERE seq = ?", (seq,)).fetchone()
    decoded = decode_batch(payload)
    return decoded.batch if isinstance(decoded, Decoded) and not decoded.refused else None


def _drop(
    connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, rows: Iterable[Row], needed_bytes: int
) -> Tally:
    for gap in choose_gaps(rows, needed_bytes):
        tally = _make_gap(connection, tally, owner, gap)
    return tally


def _make_gap(connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, gap: Gap) -> Tally:
    """Replace the rows of `gap` by the one record that stands for them."""
    batch = Batch(
        v=VERSION,
        gw=owner.gateway,
        epoch=tally.epoch,
        seq=gap.seq,
        first=None if gap.first == gap.seq else gap.first,
        events=[dropped_event(owner, gap)],
    )
    payload = encode_batch(batch)
    points = gap.points + gap.points_before
    connection.execute("DELETE FROM records WHERE seq BETWEEN ? AND ?", (gap.first, gap.seq))
    connection.execute(INSERT, (gap.seq, gap.first, GAP, points, gap.oldest_ms, gap.newest_ms, len(payload), payload))
    return replace(
        tally,
        dropped_records=tally.dropped_records + gap.records,
        dropped_points=tally.dropped_points + gap.points,
        records=tally.records - gap.rows + 1,
        bytes=tally.bytes - gap.bytes + len(payload) + ROW_BYTES,
    )


def _rows(connection: sqlite3.Connection, upto_seq: int) -> Iterator[Row]:
    query = f"SELECT {_ROW} FROM records WHERE seq <= ? ORDER BY seq"  # noqa: S608 - a constant
    for row in connection.execute(query, (upto_seq,)):
        yield Row(*row)


def _note(connection: sqlite3.Connection, tally: Tally) -> Tally:
    """Keep in the file what was given up."""
    given_up = "UPDATE state SET dropped_records = ?, dropped_points = ?, thinned_points = ?"
    connection.execute(given_up, (tally.dropped_records, tally.dropped_points, tally.thinned_points))
    return tally
