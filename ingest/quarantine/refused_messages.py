"""Refused messages in the quarantine file: what is stored of each, and which go first where a bound is reached."""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from headland.contract.delivery import Quarantined
from headland.contract.refusals import Refused
from headland.contract.topics import Topic
from headland.store.port import Mark
from ingest.accounting import ledger

_INSERT: Final = """
INSERT INTO refused (digest, topic, payload, properties, reason, detail, first_seen_ms, last_seen_ms, gateway, epoch,
                     first, seq, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (digest) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, count = count + 1
"""
#: Share of a bound from which on the gateway with most sends no more records that wait for an administrator.
_NEARLY_FULL: Final = 0.95
#: Size of a row without its payload.
_ROW_BYTES: Final = 512
_MAX_DETAILS: Final = 20
#: Count of a gateway's messages without record numbers that were evicted or deleted.
LOST_MESSAGES: Final = "lost_messages"


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message to quarantine, with at least one refusal of the whole or of a part."""

    topic: str
    payload: bytes
    refused: Sequence[Refused]
    properties: Mapping[str, str] = field(default_factory=dict)
    source: Topic | None = None
    mark: Mark | None = None


class QuarantinedMessage(Quarantined, frozen=True, kw_only=True):
    """A message in quarantine with its bytes."""

    payload: bytes
    properties: dict[str, str]

    @property
    def payload_bytes(self) -> int:
        """The size of the payload."""
        return len(self.payload)

    @property
    def payload_base64(self) -> str:
        """The payload as text."""
        return base64.b64encode(self.payload).decode()

    @property
    def records(self) -> Mark | None:
        """The records of a spool that the message holds; None where it holds none."""
        if self.gateway and self.epoch and self.first and self.seq:
            return Mark(self.gateway, self.epoch, self.first, self.seq)
        return None


#: The columns of a message, in its order.
COLUMNS: Final = ", ".join(QuarantinedMessage.__struct_fields__).replace("is_asked", "asked_ms IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the whole file; the oldest messages of the gateway with most go first."""

    bytes: int
    records: int


@dataclass(slots=True)
class Share:
    """What one gateway has in quarantine."""

    records: int
    bytes: int


def measure(connection: sqlite3.Connection) -> dict[str | None, Share]:
    """Return what each gateway has in quarantine."""
    query = "SELECT gateway, count(*), sum(length(payload)) FROM refused GROUP BY gateway"
    return {row[0]: Share(row[1], row[2] + row[1] * _ROW_BYTES) for row in connection.execute(query)}


def delete_messages(connection: sqlite3.Connection, numbers: Sequence[int]) -> int:
    """Delete messages within the caller's transaction and record what they held as lost; return how many."""
    deleted = 0
    for number in numbers:
        row = connection.execute("SELECT gateway, epoch, first, seq FROM refused WHERE id = ?", (number,)).fetchone()
        if row is None:
            continue
        deleted += connection.execute("DELETE FROM refused WHERE id = ?", (number,)).rowcount
        gateway, epoch, first, last = row
        if gateway and epoch and first and last:
            lost = ledger.DispositionEntry(gateway, epoch, ledger.Disposition.LOST, ((first, last),))
            ledger.record_dispositions(connection, [lost])
        elif gateway:
            ledger.add_gateway_counts(connection, {(gateway, LOST_MESSAGES): 1})
    return deleted


def find_full(shares: Mapping[str | None, Share], bounds: Bounds) -> frozenset[str]:
    """Return the gateways with most where a bound is nearly reached."""
    full = set()
    for bound, name in ((bounds.records, "records"), (bounds.bytes, "bytes")):
        sizes = {gateway: getattr(share, name) for gateway, share in shares.items()}
        if sum(sizes.values()) >= _NEARLY_FULL * bound:
            full |= {gateway for gateway, size in sizes.items() if gateway and size == max(sizes.values())}
    return frozenset(full)


def insert_message(connection: sqlite3.Connection, refusal: RefusedMessage, now_ms: int) -> None:
    """Store a message, or count it where exactly its bytes are stored already."""
    properties = json.dumps(dict(refusal.properties), ensure_ascii=True)
    topic, reason = _readable(refusal.topic), refusal.refused[0].reason.value
    row = (_digest(refusal), topic, refusal.payload, properties, reason, detail_of(refusal.refused), now_ms, now_ms)
    gateway = None if refusal.source is None else refusal.source.gateway
    mark = refusal.mark
    records = (None, None, None) if mark is None else (mark.epoch, mark.first, mark.last)
    connection.execute(_INSERT, (*row, gateway, *records))


def evict(connection: sqlite3.Connection, shares: dict[str | None, Share], bounds: Bounds) -> int:
    """Delete the oldest messages of the gateway with most, until both bounds hold; return how many."""
    evicted = 0
    while (records := sum(share.records for share in shares.values())) > 1:
        if records > bounds.records:
            gateway, share = max(shares.items(), key=lambda item: item[1].records)
        elif sum(share.bytes for share in shares.values()) > bounds.bytes:
            gateway, share = max(shares.items(), key=lambda item: item[1].bytes)
        else:
            break
        rows = connection.execute(
            "SELECT id, length(payload) FROM refused WHERE gateway IS ? ORDER BY id LIMIT 1", (gateway,)
        ).fetchall()
        evicted += delete_messages(connection, [row[0] for row in rows])
        share.records -= len(rows)
        share.bytes -= sum(row[1] + _ROW_BYTES for row in rows)
    return evicted


def message_of(row: Any) -> QuarantinedMessage:
    """Return the message of a row of `COLUMNS`."""
    values = dict(zip(QuarantinedMessage.__struct_fields__, row, strict=True))
    kinds = {"properties": json.loads(values["properties"]), "is_asked": bool(values["is_asked"])}
    return QuarantinedMessage(**values | kinds)


def _digest(refusal: RefusedMessage) -> bytes:
    """Return the identity of a message: its topic, its bytes, and the records that it stands for.

    The same unreadable bytes under another number are another record: it must leave the quarantine by itself.
    """
    mark = refusal.mark
    records = b"" if mark is None else f"\0{mark.epoch}\0{mark.first}\0{mark.last}".encode("utf-8", "replace")
    return hashlib.sha256(refusal.topic.encode("utf-8", "replace") + b"\0" + refusal.payload + records).digest()


def detail_of(refused: Sequence[Refused]) -> str:
    """Return the sentences of refusals as one text."""
    return _readable("; ".join(f"{refusal.reason}: {refusal.detail}" for refusal in refused[:_MAX_DETAILS]))


def _readable(text: str) -> str:
    """Return a text without lone surrogates, which SQLite does not accept; for display only."""
    return text.encode("utf-8", "replace").decode()
