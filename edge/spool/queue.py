"""Disk queue between batcher and uplink: an accepted record survives a power cut until it is confirmed."""

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
from edge.spool.disk_reserve import DiskReserve, is_full, write_back
from edge.spool.machine import MACHINE, SpoolMachine
from edge.spool.retention import enforce_age, interval_s, read_run_s, write_age
from edge.spool.rows import SpoolFull, delete_until, insert_contents, read_totals, renumber
from edge.spool.schema import URGENT, SpoolTotals, damaged_event, is_damage, move_aside, open_file
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.clock import wall_clock_ms
from headland.contract.records import SpoolStatus
from headland.errors import SettingsError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpoolRecord:
    """An encoded message that covers `first`..`seq` of an epoch."""

    epoch: str
    first: int
    seq: int
    payload: bytes


def _reason(error: Exception, path: Path) -> str:
    """Return for a person why the spool cannot be opened."""
    if "locked" in str(error):
        return "another process has it open"
    if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
        return f"{path.parent} is read-only; the records in the spool are kept"
    return str(error)


class Spool:
    """A bounded queue in one SQLite file; all calls may be made from any thread.

    `append` returns after the commit is on the disk: a power cut loses no record for which it has returned. Records
    that were sent and not yet confirmed are sent again after a restart, so the receiver must identify a record by
    (epoch, seq). Only committed records are read, and no seq is used twice in an epoch. When the records would exceed
    `max_bytes` or become too old, the oldest telemetry is thinned and, where that is not enough, dropped according to
    `retention`: one record replaces each run of dropped ones and reports it; events remain. A damaged file is moved
    aside and a new epoch begins; on a full or read-only disk `append` returns False. `clock_s` is any monotonic clock.
    """

    def __init__(
        self,
        path: Path,
        owner: SpoolOwner,
        max_bytes: int,
        *,
        retention: SpoolRetention = SpoolRetention(),  # noqa: B008 - frozen
        now_ms: Callable[[], int] = wall_clock_ms,
        clock_s: Callable[[], float] = time.monotonic,
        machine: SpoolMachine = MACHINE,
    ) -> None:
        """Open the spool. Raises SettingsError where the folder cannot be written or another process has the file."""
        self._path = path
        self._owner = owner
        self._max_bytes = max_bytes
        self._retention = retention
        self._reserve = DiskReserve(path)
        self._now_ms = now_ms
        self._clock_s = clock_s
        self._machine = machine
        self._run_s_before = 0
        self._opened_s = clock_s()
        self._tidy_due_s = 0.0
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._trouble = ""
        self._totals = SpoolTotals(epoch="")
        self._counters = dict.fromkeys(
            ("appended", "append_refused", "confirmed", "foreign_acks", "disk_errors", "damaged", "renewed"), 0
        )
        try:
            self._open()
        except (sqlite3.DatabaseError, OSError) as error:
            raise SettingsError(f"the spool {path} cannot be opened: {_reason(error, path)}") from error

    @property
    def epoch(self) -> str:
        """The id of this spool's numbering; a new epoch begins when the file is recreated."""
        return self._totals.epoch

    @property
    def last_seq(self) -> int:
        """The last seq used in this epoch."""
        return self._totals.last_seq

    def append(self, contents: Sequence[Content]) -> bool:
        """Number, encode and commit `contents` in one transaction; False where the bound or the disk prevents it.

        The caller keeps refused contents or counts them as lost.
        """
        if not contents:
            return True
        with self._lock:
            try:
                if not self._reserve.allows_append(self._ready()):
                    raise SpoolFull("the disk is full")  # noqa: TRY301 - reported and counted with the others
                with self._transaction() as connection:
                    totals = insert_contents(
                        connection, self._totals, self._owner, contents, self._max_bytes, self._retention
                    )
            except (SpoolFull, sqlite3.DatabaseError, OSError) as error:
                self._counters["append_refused"] += len(contents)
                self._note_failure(error)
                return False
            self._totals = totals
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
        """Delete everything up to `seq`; a confirmation of another epoch changes nothing and returns False.

        A confirmation beyond the last seq means that this file is older than what was sent (a restored backup): the
        receiver would take its next numbers for known ones, so all records get new numbers in a new epoch.
        """
        with self._lock:
            if epoch != self._totals.epoch:
                self._counters["foreign_acks"] += 1
                return False
            ahead = seq > self._totals.last_seq
            try:
                totals = self._delete(seq)
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return True
            self._counters["renewed" if ahead else "confirmed"] += 1 if ahead else self._totals.records - totals.records
            self._totals = totals
            return True

    def status(self) -> SpoolStatus:
        """Return the spool's fill level and how much it dropped so far."""
        with self._lock:
            totals = self._totals
            oldest_ms = None
            if totals.records:
                try:
                    head = self._ready().execute("SELECT oldest_ms FROM records ORDER BY seq LIMIT 1").fetchone()
                    oldest_ms = None if head is None else int(head[0])
                except (sqlite3.DatabaseError, OSError) as error:
                    self._note_failure(error)
                    totals = self._totals
            return SpoolStatus(
                records=totals.records,
                bytes=totals.bytes,
                oldest_ms=oldest_ms,
                dropped_records=totals.dropped_records,
                dropped_points=totals.dropped_points,
                thinned_points=totals.thinned_points,
                trouble=self._trouble,
            )

    def tidy(self) -> None:
        """Thin and drop telemetry that is too old. Call it every few seconds: each call does a small part."""
        with self._lock:
            run_s = self._run_s()
            if run_s < self._tidy_due_s:
                return
            try:
                with self._transaction() as connection:
                    totals, is_done = enforce_age(connection, self._totals, self._owner, self._retention, run_s)
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return
            self._totals = totals
            if is_done:
                self._tidy_due_s = run_s + interval_s(self._retention.max_age_s)

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of appended, confirmed and refused records since the start, by name."""
        with self._lock:
            return dict(self._counters)

    def close(self) -> None:
        """Close the file; a second call does nothing, and later reads return nothing."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                with suppress(sqlite3.DatabaseError):  # the age then lacks the time since the last one
                    write_age(self._connection, self._run_s(), self._totals.last_seq)
                self._connection.close()
                self._connection = None

    def _select(self, query: str, after_seq: int, limit: int) -> list[SpoolRecord]:
        with self._lock:
            try:
                rows = self._ready().execute(query, (after_seq, limit))
                return [SpoolRecord(self._totals.epoch, *row) for row in rows]
            except (sqlite3.DatabaseError, OSError) as error:
                self._note_failure(error)
                return []

    def _delete(self, seq: int) -> SpoolTotals:
        """Delete up to `seq`, or renumber where that seq was never used; on a full disk release the reserve first."""
        change = (
            partial(renumber, epoch=self._machine.make_epoch())
            if seq > self._totals.last_seq
            else partial(delete_until, totals=self._totals, seq=seq)
        )
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
        """Return how long this spool has run, in this process and earlier ones."""
        return self._run_s_before + int(self._clock_s() - self._opened_s)

    def _open(self) -> None:
        """Open the file; a damaged file is moved aside, and the new one begins with an event that reports it."""
        try:
            self._connection = open_file(self._path, self._machine)
            self._totals = read_totals(self._connection)
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
        _LOGGER.error("spool damaged (%s): moved to %s, a new spool begins", error, aside)
        self._connection = open_file(self._path, self._machine)
        self._totals = read_totals(self._connection)
        self.append([Content([], [damaged_event(self._owner, time_ms, aside.name, str(error))], 0)])

    def _ready(self) -> sqlite3.Connection:
        """Return the open connection; opens the file again where that failed the last time."""
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
            _LOGGER.warning("the spool is writable again")

    def _note_failure(self, error: Exception) -> None:
        """Count the error and log it once; a damaged file is replaced."""
        self._counters["disk_errors"] += not isinstance(error, SpoolFull)
        if not self._trouble and not self._closed:
            _LOGGER.warning("the spool accepts no more data: %s", error)
        self._trouble = "" if self._closed else str(error)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            try:
                self._start_anew(error)
            except (sqlite3.DatabaseError, OSError) as new_error:
                _LOGGER.warning("a new spool could not be created, retrying: %s", new_error)
