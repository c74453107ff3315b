"""What became of records that are accounted for and yet not stored: refused, dropped by their gateway, or gone.

The store's marks say which records are accounted for; this says of which of them there are no samples. It is written
before the marks, in the quarantine's file, so it may be ahead of them and is never behind: a report counts only what
the marks hold as well.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ingest.accounting.ranges import Ranges, count, intersect, merge, subtract

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
#: Above so many ranges of one fate the lowest are kept as a number only.
MAX_RANGES: Final = 500


class Disposition(StrEnum):
    """Why a record that is accounted for has no samples in the store."""

    QUARANTINED = "quarantined"  # refused whole, and kept for a person
    DROPPED = "dropped_by_gateway"  # its spool was full, and it said so
    GONE = "gone_unseen"  # the gateway deleted it on the word of a store that this one replaced


@dataclass(frozen=True, slots=True)
class Entry:
    """That records of one spool had a fate."""

    gateway: str
    epoch: str
    fate: Disposition
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Counts:
    """The records of one fate. `older` more had it, none above `older_upto`, whose ranges are not kept any more."""

    ranges: Ranges = ()
    older: int = 0
    older_upto: int = 0

    def add(self, ranges: Ranges) -> Counts:
        """Return the tally with `ranges` in it as well; adding twice is adding once."""
        kept = merge([*self.ranges, *ranges])
        folded, kept = kept[: max(0, len(kept) - MAX_RANGES)], kept[-MAX_RANGES:]
        upto = max(self.older_upto, folded[-1][1]) if folded else self.older_upto
        return Counts(kept, self.older + count(folded), upto)

    def remove(self, ranges: Ranges) -> Counts:
        """Return the tally without `ranges`."""
        rest = subtract(ranges, self.ranges)
        older = min(self.older, count(intersect(rest, ((1, self.older_upto),)))) if self.older_upto else 0
        return Counts(subtract(self.ranges, ranges), self.older - older, self.older_upto)

    def count_in(self, accounted: Ranges) -> int:
        """Return how many records of this fate are accounted for."""
        return self.older + count(intersect(self.ranges, accounted))


#: By gateway, epoch and fate.
Tallies = Mapping[tuple[str, str, Disposition], Counts]


def note(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Add entries within the caller's transaction; of a record that had another fate before, the last word counts."""
    for entry in entries:
        for fate in Disposition:
            known = _read(connection, replace(entry, fate=fate))
            if fate is entry.fate:
                _put(connection, entry, known.add(entry.ranges))
            elif known != Counts():
                _put(connection, replace(entry, fate=fate), known.remove(entry.ranges))


def strike(connection: sqlite3.Connection, entry: Entry) -> None:
    """Take an entry's records out within the caller's transaction: they are stored after all."""
    _put(connection, entry, _read(connection, entry).remove(entry.ranges))


def read_tallies(connection: sqlite3.Connection, gateway: str | None = None) -> Tallies:
    """Return the tallies of one gateway, or of all."""
    rows = connection.execute(
        "SELECT gateway, epoch, fate, ranges, older, older_upto FROM fates WHERE ?1 IS NULL OR gateway = ?1", (gateway,)
    ).fetchall()
    return {(row[0], row[1], Disposition(row[2])): _tally_of(*row[3:]) for row in rows}


def _read(connection: sqlite3.Connection, entry: Entry) -> Counts:
    row = connection.execute(
        "SELECT ranges, older, older_upto FROM fates WHERE gateway = ? AND epoch = ? AND fate = ?",
        (entry.gateway, entry.epoch, entry.fate.value),
    ).fetchone()
    return Counts() if row is None else _tally_of(*row)


def _put(connection: sqlite3.Connection, entry: Entry, tally: Counts) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO fates VALUES (?, ?, ?, ?, ?, ?)",
        (entry.gateway, entry.epoch, entry.fate.value, json.dumps(tally.ranges), tally.older, tally.older_upto),
    )


def _tally_of(ranges: str, older: int, older_upto: int) -> Counts:
    return Counts(tuple((low, high) for low, high in json.loads(ranges)), older, older_upto)
