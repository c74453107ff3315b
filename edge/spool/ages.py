"""How old a spool's records are, counted in time that the gateway ran: no step of its clock makes them older.

Now and then an age is noted: which record was the last one then. So a record needs no time of its own.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from edge.spool.overflow import SpoolOwner
from edge.spool.retention import Retention, Tally, drop_upto, thin_oldest

#: An age is noted this often at most, and a hundred times within the longest age that matters.
_SHORTEST_S: Final = 1.0
_LONGEST_S: Final = 600.0
_PART: Final = 100
#: How many records are made of thinned ones in one transaction: an append waits for it.
_MOST_STEPS: Final = 50


def interval_s(max_age_s: float) -> float:
    """Return how long to wait between two ages."""
    return min(max(max_age_s / _PART, _SHORTEST_S), _LONGEST_S)


def read_run_s(connection: sqlite3.Connection) -> int:
    """Return how long the spool had run when the last age was noted."""
    (run_s,) = connection.execute("SELECT coalesce(max(run_s), 0) FROM ages").fetchone()
    return int(run_s)


def note_age(connection: sqlite3.Connection, run_s: int, last_seq: int) -> None:
    """Note which record is the last one now."""
    connection.execute("INSERT OR IGNORE INTO ages VALUES (?, ?)", (run_s, last_seq))


def last_older_than(connection: sqlite3.Connection, run_s: float) -> int:
    """Return the last record that was there when the spool had run for `run_s`; 0 where none is known."""
    (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM ages WHERE run_s <= ?", (run_s,)).fetchone()
    return int(seq)


def enforce_age(
    connection: sqlite3.Connection, tally: Tally, owner: SpoolOwner, retention: Retention, run_s: int
) -> tuple[Tally, bool]:
    """Note the age, thin and drop what is too old; tell whether that is all of it, or more is left to thin."""
    note_age(connection, run_s, tally.last_seq)
    thins = retention.policy == "thin"
    too_old = last_older_than(connection, run_s - retention.max_age_s)
    if thins and too_old > tally.thinned_upto:
        tally = thin_oldest(connection, tally, owner, retention.thin_every, upto_seq=too_old, most_steps=_MOST_STEPS)
    end_s = run_s - retention.max_age_s * (2 if thins else 1)
    far_too_old = last_older_than(connection, end_s)
    if far_too_old:
        tally = drop_upto(connection, tally, owner, far_too_old)
        connection.execute("DELETE FROM ages WHERE run_s <= ?", (end_s,))
    return tally, not thins or tally.thinned_upto >= too_old
