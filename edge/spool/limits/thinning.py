"""Thinning of old telemetry: every n-th row of each device is kept, and neighbouring records become one.

Each function that changes the file runs within one transaction; it takes the totals and returns the new ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from edge.spool.schema import (
    EVENTS,
    EVENTS_THINNED,
    INSERT,
    ROW_BYTES,
    ROW_COLUMNS,
    TELEMETRY,
    THINNED,
    SpoolRow,
    SpoolTotals,
)
from edge.spool.settings import SpoolOwner
from headland.contract.codec import (
    MAX_BLOCK_SPAN_MS,
    MAX_PAYLOAD_BYTES,
    VERSION,
    Decoded,
    decode_batch,
    encode_batch,
)
from headland.contract.records import Batch, Block, Clock, Quality

_GOOD: Final = int(Quality.GOOD)

_Key = tuple[str, str, str, Clock, bool, frozenset[str]]


def thin_oldest(
    connection: sqlite3.Connection,
    totals: SpoolTotals,
    owner: SpoolOwner,
    every: int,
    *,
    goal_bytes: int = -1,
    upto_seq: int | None = None,
    most_steps: int | None = None,
) -> SpoolTotals:
    """Thin the oldest whole records up to `upto_seq` until the spool has at most `goal_bytes`.

    Up to `every` neighbours without events become one record that covers their range.
    """
    upto = totals.last_row if upto_seq is None else upto_seq
    steps = 0
    while totals.bytes > goal_bytes and (most_steps is None or steps < most_steps):
        chunk = _next_chunk(connection, totals.thinned_upto, upto, every)
        if not chunk:
            return replace(totals, thinned_upto=max(totals.thinned_upto, upto))
        totals = replace(_thin(connection, totals, owner, chunk, every), thinned_upto=chunk[-1].seq)
        steps += 1
    return totals


def _next_chunk(connection: sqlite3.Connection, after_seq: int, upto_seq: int, every: int) -> list[SpoolRow]:
    """Return the next record with events, or the next run of adjacent telemetry records, that is not yet thinned."""
    query = f"SELECT {ROW_COLUMNS} FROM records WHERE seq > ? AND seq <= ? AND kind IN (?, ?) ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
    chunk: list[SpoolRow] = []
    for columns in connection.execute(query, (after_seq, upto_seq, TELEMETRY, EVENTS, every)):
        row = SpoolRow(*columns)
        if chunk and (row.kind == EVENTS or row.first != chunk[-1].seq + 1):
            break
        chunk.append(row)
        if row.kind == EVENTS:
            break
    return chunk


def _thin(
    connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, chunk: list[SpoolRow], every: int
) -> SpoolTotals:
    """Replace the rows of `chunk` by one thinned row, or by several where one would be too large."""
    decoded = [_decode(connection, row.seq) for row in chunk]
    batches = [batch for batch in decoded if batch is not None]
    if len(batches) < len(chunk):  # an unreadable record stays as it is: ingest puts it into quarantine
        return totals if len(chunk) == 1 else _thin_halves(connection, totals, owner, chunk, every)
    first, last = chunk[0], chunk[-1]
    blocks = thin_blocks((block for batch in batches for block in batch.blocks), every)
    points = count_points(blocks)
    left_out = sum(row.points for row in chunk) - points
    thinned = Batch(
        v=VERSION,
        gw=owner.gateway,
        epoch=totals.epoch,
        seq=last.seq - totals.base,
        first=None if first.first == last.seq else first.first - totals.base,
        blocks=blocks,
        events=[event for batch in batches for event in batch.events],
        thinned=left_out,
    )
    payload = encode_batch(thinned)
    if len(payload) > MAX_PAYLOAD_BYTES and len(chunk) > 1:
        return _thin_halves(connection, totals, owner, chunk, every)
    kind = EVENTS_THINNED if last.kind == EVENTS else THINNED
    if left_out == 0 and len(chunk) == 1:
        connection.execute("UPDATE records SET kind = ? WHERE seq = ?", (kind, last.seq))
        return totals
    oldest_ms, newest_ms = min(row.oldest_ms for row in chunk), max(row.newest_ms for row in chunk)
    connection.execute("DELETE FROM records WHERE seq BETWEEN ? AND ?", (first.seq, last.seq))
    connection.execute(INSERT, (last.seq, first.first, kind, points, oldest_ms, newest_ms, len(payload), payload))
    return replace(
        totals,
        thinned_points=totals.thinned_points + left_out,
        records=totals.records - len(chunk) + 1,
        bytes=totals.bytes - sum(row.bytes + ROW_BYTES for row in chunk) + len(payload) + ROW_BYTES,
    )


def _thin_halves(
    connection: sqlite3.Connection, totals: SpoolTotals, owner: SpoolOwner, chunk: list[SpoolRow], every: int
) -> SpoolTotals:
    middle = len(chunk) // 2
    totals = _thin(connection, totals, owner, chunk[:middle], every)
    return _thin(connection, totals, owner, chunk[middle:], every)


def _decode(connection: sqlite3.Connection, seq: int) -> Batch | None:
    (payload,) = connection.execute("SELECT payload FROM records WHERE seq = ?", (seq,)).fetchone()
    decoded = decode_batch(payload)
    return decoded.batch if isinstance(decoded, Decoded) and not decoded.refused else None


@dataclass(slots=True)
class _ThinnedRows:
    """Selected rows of one device with the same clock and channels, in the order of arrival."""

    first_ms: int
    last_ms: int
    rows_seen: int = 0
    times: list[int] = field(default_factory=list)
    columns: dict[str, list[float | None]] = field(default_factory=dict)
    flags: dict[str, list[int]] = field(default_factory=dict)

    def add(self, block: Block, every: int) -> None:
        """Select the first row of all and each `every`-th after it."""
        start = -self.rows_seen % every
        self.first_ms, self.last_ms = min(self.first_ms, block.t0), max(self.last_ms, _last_ms(block))
        self.rows_seen += len(block.dt)
        offsets_ms = block.dt[start::every]
        for channel, column in block.c.items():
            self.columns.setdefault(channel, []).extend(column[start::every])
        for channel in self.flags.keys() | block.q.keys():
            flags = self.flags.setdefault(channel, [_GOOD] * len(self.times))
            block_flags = block.q.get(channel)
            flags.extend([_GOOD] * len(offsets_ms) if block_flags is None else block_flags[start::every])
        self.times.extend(block.t0 + offset_ms for offset_ms in offsets_ms)

    def fits(self, block: Block) -> bool:
        """Return whether rows of `block` may share a block with these."""
        return max(self.last_ms, _last_ms(block)) - min(self.first_ms, block.t0) <= MAX_BLOCK_SPAN_MS

    def block(self, key: _Key) -> Block:
        """Return the rows as one block."""
        device, kind, site, clock, simulated, _ = key
        first_ms = min(self.times)
        return Block(
            device=device,
            kind=kind,
            site=site,
            clock=clock,
            t0=first_ms,
            dt=[time_ms - first_ms for time_ms in self.times],
            c=self.columns,
            q={channel: flags for channel, flags in self.flags.items() if any(flag != _GOOD for flag in flags)},
            simulated=simulated,
        )


def thin_blocks(blocks: Iterable[Block], every: int) -> list[Block]:
    """Return the first row and every `every`-th after it of each device's rows with the same clock and channels.

    Rows keep their values, times and flags. A device with few rows keeps most of them: at least one of `every` rows
    remains, so that no device disappears.
    """
    thinned: dict[_Key, _ThinnedRows] = {}
    full: list[Block] = []
    for block in blocks:
        key = (block.device, block.kind, block.site, block.clock, block.simulated, frozenset(block.c))
        rows = thinned.get(key)
        if rows is not None and not rows.fits(block):
            full.append(rows.block(key))
            rows = None
        if rows is None:
            rows = thinned[key] = _ThinnedRows(block.t0, _last_ms(block))
        rows.add(block, every)
    return full + [rows.block(key) for key, rows in thinned.items()]


def count_points(blocks: Sequence[Block]) -> int:
    """Return how many samples the blocks hold, missing ones included."""
    return sum(len(block.dt) * len(block.c) for block in blocks)


def _last_ms(block: Block) -> int:
    return block.t0 + max(block.dt)
