"""Replays of quarantined records: numbered in the store, so that a store that was replaced shows which ones it lacks.

A record counts as accounted for when it is quarantined. Its mark is older than its samples, so the marks of a store
that was replaced by an older one do not tell whether it has them. Each replay therefore also writes a mark of its own
kind, in the same transaction, and its number is kept in the file of ingest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from headland.store.port import Mark, MarkState
from ingest.accounting.ledger import Disposition, DispositionEntry

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS replayed (
    gateway TEXT NOT NULL,
    epoch TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    number INTEGER NOT NULL
)
"""
TABLE: Final = "replayed"
#: Epoch of the marks of replays: no name, so that no gateway can use it.
REPLAYS_EPOCH: Final = "~replays"
#: Replays that are kept; those that were added first go first.
_MOST: Final = 50_000
_PRUNE: Final = "DELETE FROM replayed WHERE rowid <= (SELECT rowid FROM replayed ORDER BY rowid DESC LIMIT 1 OFFSET ?)"

Marks = Mapping[tuple[str, str], MarkState]


def mark_of_replay(gateway: str, number: int) -> Mark:
    """Return the mark of a gateway's replay `number`, counted from 1."""
    return Mark(gateway, REPLAYS_EPOCH, 1, number)


def spool_marks(marks: Marks) -> dict[tuple[str, str], MarkState]:
    """Return the marks of spools among those of a store: its other marks have epochs that are no names."""
    return {source: state for source, state in marks.items() if not source[1].startswith("~")}


def replay_numbers(marks: Marks) -> dict[str, int]:
    """Return the number of each gateway's last replay among the marks of a store."""
    return {gateway: state.high_water for (gateway, epoch), state in marks.items() if epoch == REPLAYS_EPOCH}


def record_replay(connection: sqlite3.Connection, records: Mark, number: int) -> None:
    """Add the records of a replay within the caller's transaction, after the store has them."""
    row = (records.gateway, records.epoch, records.first, records.last, number)
    connection.execute("INSERT INTO replayed VALUES (?, ?, ?, ?, ?)", row)
    connection.execute(_PRUNE, (_MOST,))


def take_lost_replays(connection: sqlite3.Connection, numbers: Mapping[str, int]) -> list[DispositionEntry]:
    """Remove and return the replayed records that a store with these numbers lacks, within the caller's transaction."""
    lost = [
        (rowid, DispositionEntry(gateway, epoch, Disposition.REPLACED, ((first, last),)))
        for rowid, gateway, epoch, first, last, number in connection.execute("SELECT rowid, * FROM replayed")
        if number > numbers.get(gateway, 0)
    ]
    connection.executemany("DELETE FROM replayed WHERE rowid = ?", [(rowid,) for rowid, _ in lost])
    return [entry for _, entry in lost]
