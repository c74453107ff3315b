"""The disk queue between batcher and uplink: what it has accepted survives a power cut until it is confirmed."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.batcher import Content
from edge.spool_overflow import SpoolOwner, damaged_event
from edge.spool_rows import NoRoom, Tally, delete_until, insert_contents, read_tally, renumber
from edge.spool_schema import is_damage, move_aside, open_file
from headland.contract.records import SpoolStatus
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """An encoded message that stands for `first`..`seq` of an epoch."""

    epoch: str
    first: int
    seq: int
    payload: bytes


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Spool:
    """A bounded queue in one SQLite file; all calls may be made from any thread.

    `append` returns after the commit is on the disk: a power cut loses nothing it has returned for. What was sent and
    not yet confirmed is sent again after a restart, so the receiver must know a record by (epoch, seq). Nothing is
    read that is not committed, and no seq is given twice in an epoch. When the records would exceed `max_bytes`, the
    oldest telemetry goes first: each run of dropped records becomes one that stands for it and says so; records with
    events stay. A damaged file is moved aside and a new epoch begins; a full disk makes `append` say no.
    """

    def __init__(self, path: Path, owner: SpoolOwner, max_bytes: int, *, now_ms: Callable[[], int] = _now_ms) -> None:
        """Open the spool. Raises SettingsError where the folder cannot be written or another process has the file."""
        self._path = path
        self._owner = owner
        self._max_bytes = max_bytes
        self._now_ms = now_ms
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._failing = False
        self._tally = Tally(epoch="")
        self._counters = dict.fromkeys(
            ("appended", "append_refused", "confirmed", "foreign_acks", "disk_errors", "damaged", "renewed"), 0
        )
        try:
            self._open()
        except (sqlite3.DatabaseError, OSError) as error:
            why = "another process has it open" if "locked" in str(error) else str(error)
            raise SettingsError(f"the spool {path} cannot be opened: {why}") from error

    @property
    def epoch(self) -> str:
        """The id of this spool's numbering; another one begins when the file is recreated."""
        return self._tally.epoch

    @property
    def last_seq(self) -> int:
        """The last seq given out in this epoch."""
        return self._tally.last_seq

    def append(self, contents: Sequence[Content]) -> bool:
        """Number, encode and commit `contents` in one transaction; False where the bound or the disk says no.

        The caller keeps what was refused or counts it as lost.
        """
        if not contents:
            return True
        with self._lock:
            try:
                with self._transaction() as connection:
                    tally = insert_contents(connection, self._tally, self._owner, contents, self._max_bytes)
            except (NoRoom, sqlite3.DatabaseError, OSError) as error:
                self._counters["append_refused"] += len(contents)
                self._note_failure(error)
                return False
            self._tally = tally
            self._counters["appended"] += len(contents)
            return True

    def oldest(self, after_seq: int, limit: int) -> list[SpoolRecord]:
        """Return at most `limit` records with a seq above `after_seq`, in order."""
        query = "SELECT first, seq, payload FROM records WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._lock:
            try:
                return [
                    SpoolRecord(self._tally.epoch, *row) for row in self._ready().execute(query, (after_seq, limit))
                ]
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return []

    def confirm(self, epoch: str, seq: int) -> bool:
        """Delete everything up to `seq`; False, and nothing is done, where the confirmation is of another epoch.

        A confirmation beyond what was given out means that this file is older than what was sent (a restored backup):
        its next numbers would be taken for known ones, so that all records get new numbers in a new epoch.
        """
        with self._lock:
            if epoch != self._tally.epoch:
                self._counters["foreign_acks"] += 1
                return False
            try:
                with self._transaction() as connection:
                    ahead = seq > self._tally.last_seq
                    tally = renumber(connection) if ahead else delete_until(connection, self._tally, seq)
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return True
            self._counters["renewed" if ahead else "confirmed"] += 1 if ahead else self._tally.records - tally.records
            self._tally = tally
            return True

    def status(self) -> SpoolStatus:
        """Return how full the spool is and what it ever dropped."""
        with self._lock:
            tally = self._tally
            oldest_ms = None
            if tally.records:
                try:
                    head = self._ready().execute("SELECT oldest_ms FROM records ORDER BY seq LIMIT 1").fetchone()
                    oldest_ms = None if head is None else int(head[0])
                except (sqlite3.DatabaseError, OSError) as error:
                    self._note_failure(error)
                    tally = self._tally
            return SpoolStatus(
                records=tally.records,
                bytes=tally.bytes,
                oldest_ms=oldest_ms,
                dropped_records=tally.dropped_records,
                dropped_points=tally.dropped_points,
            )

    def counters(self) -> Mapping[str, int]:
        """Return what was appended, confirmed and refused since the start, by name."""
        with self._lock:
            return dict(self._counters)

    def close(self) -> None:
        """Let the file go; a second call does nothing, and later calls find nothing."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> None:
        """Open the file; a damaged one is moved aside, and the new one begins with the event that says so."""
        try:
            self._connection = open_file(self._path)
            self._tally = read_tally(self._connection)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._start_anew(error)

    def _start_anew(self, error: sqlite3.DatabaseError) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        time_ms = self._now_ms()
        aside = move_aside(self._path, time_ms)
        self._counters["damaged"] += 1
        _LOGGER.error("the spool was damaged (%s): moved to %s, a new one begins", error, aside)
        self._connection = open_file(self._path)
        self._tally = read_tally(self._connection)
        self.append([Content([], [damaged_event(self._owner, time_ms, aside.name, str(error))], 0)])

    def _ready(self) -> sqlite3.Connection:
        """Return the open connection; opens again what could not be opened the last time."""
        if self._closed:
            raise sqlite3.ProgrammingError("the spool is closed")
        if self._connection is None:
            self._open()
        if self._connection is None:
            raise sqlite3.OperationalError("the spool cannot be opened")
        return self._connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._ready()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if self._failing:
            self._failing = False
            _LOGGER.warning("the spool can write again")

    def _note_failure(self, error: Exception) -> None:
        """Count and, once, say what went wrong; a damaged file is replaced."""
        self._counters["disk_errors"] += not isinstance(error, NoRoom)
        if not self._failing and not self._closed:
            self._failing = True
            _LOGGER.warning("the spool cannot take more: %s", error)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            try:
                self._start_anew(error)
            except (sqlite3.DatabaseError, OSError) as again:
                _LOGGER.warning("no new spool could be made, it is tried again: %s", again)
