"""Ledger of records that are accounted for without samples: quarantined, dropped by their gateway, gone, or lost.

The store's book says of each record that is accounted for whether the store had its content; the ledger says what
became of the others. It is written before the marks, in the quarantine's file, so it may be ahead of them: a report
counts only what the marks hold as well. What the store itself refuses is in it only after the marks. A record of which
neither says anything is not known.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from headland.store.number_sets import Counts, Ranges

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS fates (
    gateway TEXT NOT NULL,
    epoch TEXT NOT NULL,
    fate TEXT NOT NULL,
    ranges TEXT NOT NULL,
    older INTEGER NOT NULL,
    older_upto INTEGER NOT NULL,
    PRIMARY KEY (gateway, epoch, fate)
)
"""
#: Counts of a gateway that outlive the process.
COUNTS_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS gateway_counts (
    gateway TEXT NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (gateway, name)
)
"""
TABLES: Final = ("fates", "gateway_counts")


class Disposition(StrEnum):
    """Why a record that is accounted for has no samples in the store."""

    QUARANTINED = "quarantined"  # refused whole, and in quarantine
    REFUSED = "store_refused"  # all samples refused by the store, and in quarantine
    DROPPED = "dropped_by_gateway"  # its spool was full, as it reported
    GONE = "gone_unseen"  # deleted by the gateway on the ack of a store that this one replaced
    SHORTENED = "shortened"  # accepted by the gateway and missing in its spool since, as it reported; not accounted for
    LOST = "lost"  # refused, and no longer in quarantine: evicted from a full one, or deleted by a person
    REPLACED = "replaced"  # in a store that was replaced by an older one; its number may be used by other data since


@dataclass(frozen=True, slots=True)
class DispositionEntry:
    """Records of one spool with their disposition."""

    gateway: str
    epoch: str
    disposition: Disposition
    ranges: Ranges


#: By gateway, epoch and disposition.
CountsByDisposition = Mapping[tuple[str, str, Disposition], Counts]


def record_dispositions(connection: sqlite3.Connection, entries: Iterable[DispositionEntry]) -> None:
    """Add entries within the caller's transaction; an entry replaces an earlier disposition of the same record.

    What is `REPLACED` remains so whatever arrives under its number, unless the number counts as lost anyway. What is
    `SHORTENED` replaces nothing: another spool may have sent a record under its number.
    """
    for entry in entries:
        for disposition in Disposition:
            known = _read(connection, replace(entry, disposition=disposition))
            if disposition is entry.disposition:
                _put(connection, entry, known.add(entry.ranges))
            elif known != Counts() and _is_ended_by(disposition, entry.disposition):
                _put(connection, replace(entry, disposition=disposition), known.remove(entry.ranges))


def add_counts(connection: sqlite3.Connection, counts: CountsByDisposition) -> None:
    """Add what another ledger has of spools within the caller's transaction; that one must not have it any more."""
    for (gateway, epoch, disposition), more in counts.items():
        entry = DispositionEntry(gateway, epoch, disposition, more.ranges)
        _put(connection, entry, _read(connection, entry).join(more))


def _is_ended_by(disposition: Disposition, newer: Disposition) -> bool:
    if newer is Disposition.SHORTENED:
        return False
    if disposition is Disposition.REPLACED:
        return newer in (Disposition.GONE, Disposition.LOST)
    return newer is not Disposition.REPLACED


def remove_disposition(connection: sqlite3.Connection, entry: DispositionEntry) -> None:
    """Remove an entry's records within the caller's transaction: they are stored now."""
    _put(connection, entry, _read(connection, entry).remove(entry.ranges))


def forget_disposition(connection: sqlite3.Connection, gateway: str, disposition: Disposition) -> None:
    """Remove a gateway's records of one disposition within the caller's transaction."""
    connection.execute("DELETE FROM fates WHERE gateway = ? AND fate = ?", (gateway, disposition.value))


def read_counts(connection: sqlite3.Connection, gateway: str | None = None) -> CountsByDisposition:
    """Return the counts of one gateway, or of all."""
    rows = connection.execute(
        "SELECT gateway, epoch, fate, ranges, older, older_upto FROM fates WHERE ?1 IS NULL OR gateway = ?1", (gateway,)
    ).fetchall()
    return {(row[0], row[1], Disposition(row[2])): _counts_of(*row[3:]) for row in rows}


#: Number of each count by gateway and name.
GatewayCounts = Mapping[tuple[str, str], int]


def add_gateway_counts(connection: sqlite3.Connection, counts: GatewayCounts) -> None:
    """Add to the lasting counts of gateways within the caller's transaction."""
    connection.executemany(
        "INSERT INTO gateway_counts VALUES (?, ?, ?) "
        "ON CONFLICT (gateway, name) DO UPDATE SET count = count + excluded.count",
        [(gateway, name, count) for (gateway, name), count in counts.items() if count],
    )


def set_gateway_count(connection: sqlite3.Connection, gateway: str, name: str, count: int) -> None:
    """Set a lasting count of a gateway within the caller's transaction."""
    connection.execute("INSERT OR REPLACE INTO gateway_counts VALUES (?, ?, ?)", (gateway, name, count))


def read_gateway_counts(connection: sqlite3.Connection, gateway: str | None = None) -> dict[str, dict[str, int]]:
    """Return the lasting counts of one gateway, or of all, by gateway and name."""
    counts: dict[str, dict[str, int]] = {}
    query = "SELECT gateway, name, count FROM gateway_counts WHERE ?1 IS NULL OR gateway = ?1"
    for owner, name, count_ in connection.execute(query, (gateway,)):
        counts.setdefault(owner, {})[name] = count_
    return counts


def _read(connection: sqlite3.Connection, entry: DispositionEntry) -> Counts:
    row = connection.execute(
        "SELECT ranges, older, older_upto FROM fates WHERE gateway = ? AND epoch = ? AND fate = ?",
        (entry.gateway, entry.epoch, entry.disposition.value),
    ).fetchone()
    return Counts() if row is None else _counts_of(*row)


def _put(connection: sqlite3.Connection, entry: DispositionEntry, counts: Counts) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO fates VALUES (?, ?, ?, ?, ?, ?)",
        (
            entry.gateway,
            entry.epoch,
            entry.disposition.value,
            json.dumps(counts.ranges),
            counts.older,
            counts.older_upto,
        ),
    )


def _counts_of(ranges: str, older: int, older_upto: int) -> Counts:
    return Counts(tuple((low, high) for low, high in json.loads(ranges)), older, older_upto)
