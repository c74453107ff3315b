"""The disk queue between batcher and uplink: what it has accepted survives a power cut until it is confirmed."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.pipeline.batcher import Content
from edge.spool.ages import enforce_age, interval_s, note_age, read_run_s
from edge.spool.disk_reserve import Reserve, is_full, write_back
from edge.spool.overflow import SpoolOwner, damaged_event
from edge.spool.retention import Retention, Tally
from edge.spool.rows import NoRoom, delete_until, insert_contents, read_tally, renumber
from edge.spool.schema import URGENT, is_damage, move_aside, open_file
from headland.clock import wall_clock_ms
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


def _why(error: Exception, path: Path) -> str:
    """Return what a person needs to know of an error at opening."""
    if "locked" in str(error):
        return "another process has it open"
    if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
        return f"{path.parent} is read-only; what the spool holds is kept"
    return str(error)


class Spool:
    """A bounded queue in one SQLite file; all calls may be made from any thread.

    `append` returns after the commit is on the disk: a power cut loses nothing it has returned for. What was sent and
    not yet confirmed is sent again after a restart, so the receiver must know a record by (epoch, seq). Nothing is
    read that is not committed, and no seq is given twice in an epoch. When the records would exceed `max_bytes` or
    become too old, the oldest telemetry is thinned and, where that is not enough, dropped as `retention` says: each
    run of dropped records becomes one that stands for it and says so; events stay. A damaged file is moved aside and a
    new epoch begins; a full or read-only disk makes `append` say no. `clock_s` is any clock that never goes back.
    """

    def __init__(
        self,
        path: Path,
        owner: SpoolOwner,
        max_bytes: int,
        *,
        retention: Retention = Retention(),  # noqa: B008 - frozen
        now_ms: Callable[[], int] = wall_clock_ms,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the spool. Raises SettingsError where the folder cannot be written or another process has the file."""
        self._path = path
        self._owner = owner
        self._max_bytes = max_bytes
        self._retention = retention
        self._reserve = Reserve(path)
        self._now_ms = now_ms
        self._clock_s = clock_s
        self._run_s_before = 0
        self._opened_s = clock_s()
        self._tidy_due_s = 0.0
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._trouble = ""
        self._tally = Tally(epoch="")
        self._counters = dict.fromkeys(
            ("appended", "append_refused", "confirmed", "foreign_acks", "disk_errors", "damaged", "renewed"), 0
        )
        try:
            self._open()
        except (sqlite3.DatabaseError, OSError) as error:
            raise SettingsError(f"the spool {path} cannot be opened: {_why(error, path)}") from error

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
                if not self._reserve.allows_append(self._ready()):
                    raise NoRoom("the disk is full")  # noqa: TRY301 - said and counted where the others are
                with self._transaction() as connection:
                    tally = insert_contents(
                        connection, self._tally, self._owner, contents, self._max_bytes, self._retention
                    )
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
        return self._select(query, after_seq, limit)

    def urgent(self, after_seq: int, limit: int) -> list[SpoolRecord]:
        """Return at most `limit` records of alarms with a seq above `after_seq`, in order."""
        query = f"SELECT first, seq, payload FROM records WHERE kind = {URGENT} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
        return self._select(query, after_seq, limit)

    def confirm(self, epoch: str, seq: int) -> bool:
        """Delete everything up to `seq`; False, and nothing is done, where the confirmation is of another epoch.

        A confirmation beyond what was given out means that this file is older than what was sent (a restored backup):
        its next numbers would be taken for known ones, so that all records get new numbers in a new epoch.
        """
        with self._lock:
            if epoch != self._tally.epoch:
                self._counters["foreign_acks"] += 1
                return False
            ahead = seq > self._tally.last_seq
            try:
                tally = self._delete(seq)
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
                thinned_points=tally.thinned_points,
                trouble=self._trouble,
            )

    def tidy(self) -> None:
        """Thin and drop what has become too old. Call it every few seconds: it does little at a time."""
        with self._lock:
            run_s = self._run_s()
            if run_s < self._tidy_due_s:
                return
            try:
                with self._transaction() as connection:
                    tally, is_done = enforce_age(connection, self._tally, self._owner, self._retention, run_s)
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return
            self._tally = tally
            if is_done:
                self._tidy_due_s = run_s + interval_s(self._retention.max_age_s)

    def counters(self) -> Mapping[str, int]:
        """Return what was appended, confirmed and refused since the start, by name."""
        with self._lock:
            return dict(self._counters)

    def close(self) -> None:
        """Let the file go; a second call does nothing, and later calls find nothing."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                with suppress(sqlite3.DatabaseError):  # the age then lacks what came since the last one
                    note_age(self._connection, self._run_s(), self._tally.last_seq)
                self._connection.close()
                self._connection = None

    def _select(self, query: str, after_seq: int, limit: int) -> list[SpoolRecord]:
        with self._lock:
            try:
                rows = self._ready().execute(query, (after_seq, limit))
                return [SpoolRecord(self._tally.epoch, *row) for row in rows]
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return []

    def _delete(self, seq: int) -> Tally:
        """Delete up to `seq`, or renumber where that was never given out; a full disk gets its reserve for it."""
        change = renumber if seq > self._tally.last_seq else partial(delete_until, tally=self._tally, seq=seq)
        try:
            with self._transaction() as connection:
                return change(connection)
        except sqlite3.DatabaseError as error:
            if not is_full(error):
                raise
        self._reserve.release()
        write_back(self._ready())
        with self._transaction() as connection:
            return change(connection)

    def _run_s(self) -> int:
        """Return for how long this spool has run, in this process and those before it."""
        return self._run_s_before + int(self._clock_s() - self._opened_s)

    def _open(self) -> None:
        """Open the file; a damaged one is moved aside, and the new one begins with the event that says so."""
        try:
            self._connection = open_file(self._path)
            self._tally = read_tally(self._connection)
            self._run_s_before, self._opened_s = read_run_s(self._connection), self._clock_s()
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
        if self._trouble:
            self._trouble = ""
            _LOGGER.warning("the spool can write again")

    def _note_failure(self, error: Exception) -> None:
        """Count and, once, say what went wrong; a damaged file is replaced."""
        self._counters["disk_errors"] += not isinstance(error, NoRoom)
        if not self._trouble and not self._closed:
            _LOGGER.warning("the spool cannot take more: %s", error)
        self._trouble = "" if self._closed else str(error)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            try:
                self._start_anew(error)
            except (sqlite3.DatabaseError, OSError) as again:
                _LOGGER.warning("no new spool could be made, it is tried again: %s", again)
