"""File of a spool: opened, begun anew, rescued and closed. A `Spool` calls it under its lock."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from edge.spool.disk_reserve import DiskReserve, is_full, write_back
from edge.spool.identity.check_file import CheckRecord, Unreadable, sync_folder
from edge.spool.identity.machine import SpoolMachine
from edge.spool.limits.retention import read_run_s, write_age
from edge.spool.numbering.check import SpoolCheck
from edge.spool.numbering.epochs import OpenedSpool, Renewal
from edge.spool.rows import SpoolFull, begin_epoch, find_holes, insert_salvaged, read_totals, waiting_reports
from edge.spool.salvage.salvage import Above, Row, Wanted, salvage
from edge.spool.schema import FirstEpoch, SpoolTotals, damaged_event, has_version, is_damage, move_aside, open_file
from edge.spool.settings import SpoolOwner
from headland.contract.records import EpochReason, Event

_LOGGER = logging.getLogger(__name__)

Change = Callable[[sqlite3.Connection], SpoolTotals]


class SpoolFile:
    """The open file, what is in it, and why it accepts nothing where it does not.

    `totals` is the state after the last transaction that a caller has assigned.
    """

    def __init__(
        self,
        path: Path,
        owner: SpoolOwner,
        machine: SpoolMachine,
        *,
        now_ms: Callable[[], int],
        clock_s: Callable[[], float],
    ) -> None:
        self._path = path
        self._owner = owner
        self._machine = machine
        self._now_ms = now_ms
        self._clock_s = clock_s
        self._run_s_before = 0
        self._opened_s = clock_s()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._names: Mapping[Path, os.stat_result] = {}
        self.reserve = DiskReserve(path)
        self.check = SpoolCheck(path, owner.gateway, machine, clock_s())
        self.totals = SpoolTotals(epoch="")
        self.trouble = ""
        self.is_detached = False
        self.counters = dict.fromkeys(
            (
                "appended", "append_refused", "confirmed", "foreign_acks", "disk_errors", "damaged", "renewed",
                "shortened", "unreadable", "rescued",
            ),
            0,
        )  # fmt: skip

    def open(self) -> None:
        """Open the file; a damaged one is moved aside. Raises sqlite3.DatabaseError and OSError."""
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._abandon()
            if not is_damage(error):
                raise
            self._start_anew(error)
        except OSError:
            self._abandon()
            raise

    def ready(self) -> sqlite3.Connection:
        """Return the open connection; opens the file again where that failed the last time."""
        if self._closed:
            raise sqlite3.ProgrammingError("the spool is closed")
        if self._connection is None:
            self.open()
        if self._connection is None:
            raise sqlite3.OperationalError("the spool cannot be opened")
        return self._connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit what is done within, or nothing of it."""
        connection = self.ready()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if self.trouble:
            self.trouble = ""
            _LOGGER.warning("the spool is writable again")

    def change(self, change: Change) -> SpoolTotals:
        """Commit `change`, which must not fail for want of space: on a full disk the reserve is released."""
        try:
            with self.transaction() as connection:
                return change(connection)
        except sqlite3.DatabaseError as error:
            if not is_full(error):
                raise
        self.reserve.release()
        write_back(self.ready())
        with self.transaction() as connection:
            return change(connection)

    def renew(self, renewal: Renewal) -> None:
        """Begin a new epoch with all records that wait. Raises sqlite3.DatabaseError and OSError."""
        self._begin(renewal, self._machine.make_epoch())

    def look_after(self) -> None:
        """Notice that a file is no longer at its path, and put the open one's content there again.

        An open file that was deleted or replaced still has all records, until it is closed.
        """
        if self._connection is None or self._closed:
            return
        now = _stat_all(self._paths())
        if not self.check.is_in_place():
            _LOGGER.warning("the spool's check file was deleted or replaced: it is written again")
            self.check.rewrite(self.totals, self._clock_s())
        main_is_gone = not _is_same(self._names, now, self._path)
        if not main_is_gone and all(_is_same(self._names, now, path) for path in self._names):
            self._names = now
            return
        if main_is_gone:
            self.is_detached = True
            self._rescue()
        else:  # the log alone: its content goes into the file, and a new log begins
            _LOGGER.warning("the spool's log was deleted or replaced while it was in use: it is written back")
            write_back(self.ready())
            self._abandon()
            self.open()

    def run_s(self) -> int:
        """Return how long this spool has run, in this process and earlier ones."""
        return self._run_s_before + int(self._clock_s() - self._opened_s)

    def note_failure(self, error: Exception) -> None:
        """Count the error and log it once; a damaged file is replaced."""
        self.counters["disk_errors"] += not isinstance(error, SpoolFull)
        if not self.trouble and not self._closed:
            _LOGGER.warning("the spool accepts no more data: %s", error)
        self.trouble = "" if self._closed else str(error)
        if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
            try:
                self._start_anew(error)
            except (sqlite3.DatabaseError, OSError) as new_error:
                _LOGGER.warning("a new spool could not be created, retrying: %s", new_error)

    def close(self, *, delete_empty: bool = False) -> None:
        """Close the file; a second call does nothing. With `delete_empty` one in which nothing waits is deleted."""
        self._closed = True
        if self._connection is None:
            return
        with suppress(sqlite3.DatabaseError):  # the age then lacks the time since the last one
            write_age(self._connection, self.run_s(), self.totals.last_row)
        self._connection.close()
        self._connection = None
        self.check.close(self.totals, self._clock_s())
        if delete_empty and self.totals.records == 0 and not (self.trouble or self.is_detached):
            self._delete()

    def _delete(self) -> None:
        """Delete the closed file and those beside it; what cannot be deleted is judged at the next opening."""
        with suppress(OSError):
            for path in (*self._paths(), self._kept_log):
                path.unlink(missing_ok=True)
            self.reserve.release()
            self.check.delete()

    def _open(self) -> None:
        record = self.check.read()
        is_log_kept = isinstance(record, Unreadable) or not has_version(self._path)
        if is_log_kept:
            self._keep_log()  # where SQLite finds nothing in it, a new spool overwrites it
        had_bytes = any(path.exists() and path.stat().st_size for path in self._paths())
        self._connection, version = open_file(self._path, self._machine, self._first_epoch())
        totals = read_totals(self._connection)
        self._run_s_before, self._opened_s = read_run_s(self._connection), self._clock_s()
        opened = OpenedSpool(totals, version, find_holes(self._connection, totals), had_bytes)
        renewal = self.check.judge(opened, record)
        self.totals = totals
        if renewal is not None:
            if renewal.missing and not is_log_kept:
                self._keep_log()
            # A file that was created just now has its first epoch, which nothing has used.
            epoch = self._machine.make_epoch() if version else totals.epoch
            self._begin(renewal, epoch, old=self._path, record=record)
        if is_log_kept and (renewal is None or not renewal.missing):
            self._kept_log.unlink(missing_ok=True)
        self._watch()

    def _begin(
        self,
        renewal: Renewal,
        epoch: str,
        *reports: Event,
        old: Path | None = None,
        record: CheckRecord | Unreadable = Unreadable.MISSING,
    ) -> None:
        """Begin an epoch; records that are missing and can still be read in the `old` file or its log are added."""
        time_ms = self._now_ms()
        final, waiting = renewal, renewal

        def change(connection: sqlite3.Connection) -> SpoolTotals:
            nonlocal final, waiting
            totals, final = self.totals, renewal
            if old is not None and (renewal.missing or renewal.reason is EpochReason.UNPROVEN):
                found = insert_salvaged(connection, self._salvage(old, record, renewal))
                base = record.base if isinstance(record, CheckRecord) else totals.base
                final = renewal.without((first - base, row - base) for first, row in found)
                totals = read_totals(connection) if found else totals
            waiting = waiting_reports(connection)
            return begin_epoch(connection, totals, self._owner, epoch, final, time_ms, reports)

        self.totals = self.change(change)
        renewal = final
        self.check.renewals += 1
        self.check.shortened += renewal.records_missing
        self.check.begin_epoch(self.totals, renewal, time_ms, waiting)
        self.counters["renewed"] += 1
        self.counters["shortened"] += renewal.records_missing
        _LOGGER.warning("the spool begins a new epoch, %s (%s): %s", epoch, renewal.reason, renewal.why)
        for each in renewal.missing:
            _LOGGER.error(
                "%d accepted records are missing in the spool: %d..%d of epoch %s",
                each.records, each.first, each.last, each.epoch,
            )  # fmt: skip

    def _start_anew(self, error: sqlite3.DatabaseError) -> None:
        """Move a damaged file aside; the new one begins with the events that report it."""
        self._abandon()
        time_ms = self._now_ms()
        record = self.check.read()
        aside = move_aside(self._path, time_ms)
        self.counters["damaged"] += 1
        _LOGGER.error("spool damaged (%s): moved to %s, a new spool begins", error, aside)
        self._connection, version = open_file(self._path, self._machine, self._first_epoch())
        self.totals = read_totals(self._connection)
        found = self.check.judge(OpenedSpool(self.totals, version), record)
        why = f"the spool was damaged and is now {aside.name}"
        known = Renewal(EpochReason.DAMAGED, why, "") if found is None else found
        renewal = replace(known, reason=EpochReason.DAMAGED, why=why)
        event = damaged_event(self._owner, time_ms, aside.name, str(error))
        self._begin(renewal, self.totals.epoch, event, old=aside, record=record)
        self._watch()

    def _rescue(self) -> None:
        """Copy the open file, which is no longer at its path, to the path. Raises sqlite3.DatabaseError and OSError."""
        connection = self.ready()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        copy = self._path.with_name(f"{self._path.name}.rescued")
        for suffix in ("", "-wal", "-journal"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)
        target = sqlite3.connect(copy, isolation_level=None, factory=self._machine.connection_class)
        try:
            connection.backup(target)
        finally:
            target.close()
        if self._path.exists():
            aside = move_aside(self._path, self._now_ms(), "replaced")
            _LOGGER.error("another file was put in place of the spool: it is now %s", aside)
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        epoch = self.totals.epoch
        copy.replace(self._path)
        sync_folder(self._path.parent)
        self._abandon()  # before the copy is opened: SQLite deletes a log by its name
        self.reserve = DiskReserve(self._path)
        self._connection, version = open_file(self._path, self._machine, self._first_epoch())
        self.totals = read_totals(self._connection)
        self.check.judge(OpenedSpool(self.totals, version), self.check.read())
        why = "the spool was deleted or replaced while it was in use; its records were copied into a new file"
        self._begin(Renewal(EpochReason.REPLACED, why, epoch), self._machine.make_epoch())
        self.counters["rescued"] += 1
        self._watch()

    def _salvage(self, old: Path, record: CheckRecord | Unreadable, renewal: Renewal) -> Iterator[Row]:
        """Yield the missing records that can still be read, as far as the disk lets them.

        Without a check record these are all in the log that no commit ack is known for, the newest first.
        """
        log = self._kept_log if old == self._path else old.with_name(f"{old.name}-wal")
        try:
            if isinstance(record, Unreadable):
                yield from reversed(list(salvage(old, log, Above(self.totals.acked_row), log_only=True)))
                return
            missing = [(each.first, each.last) for each in renewal.missing if each.epoch == record.epoch]
            yield from salvage(old, log, Wanted(record.epoch, missing, record.base, record.stale_upto))
        except OSError as error:
            _LOGGER.warning("what is missing in the spool cannot be looked for: %s", error)

    @property
    def _kept_log(self) -> Path:
        return self._path.with_name(f"{self._path.name}.shortened-wal")

    def _keep_log(self) -> None:
        """Keep a copy of the log of which SQLite reads only a part; the next write overwrites it."""
        log = self._path.with_name(f"{self._path.name}-wal")
        with suppress(OSError):
            if log.exists() and log.stat().st_size:
                shutil.copyfile(log, self._kept_log)
            else:
                self._kept_log.unlink(missing_ok=True)

    def _watch(self) -> None:
        """Remember which files are open."""
        self._names = _stat_all(self._paths())
        self.is_detached = False

    def _paths(self) -> list[Path]:
        return [self._path, self._path.with_name(f"{self._path.name}-wal")]

    def _first_epoch(self) -> FirstEpoch:
        return FirstEpoch(self._machine.make_epoch(), self._owner.gateway, self._now_ms())

    def _abandon(self) -> None:
        """Close the connection where one is open."""
        if self._connection is not None:
            with suppress(sqlite3.DatabaseError):
                self._connection.close()
            self._connection = None


def _stat_all(paths: Iterable[Path]) -> dict[Path, os.stat_result]:
    found = {}
    for path in paths:
        with suppress(OSError):
            found[path] = path.stat()
    return found


def _is_same(before: Mapping[Path, os.stat_result], now: Mapping[Path, os.stat_result], path: Path) -> bool:
    return path not in before or (path in now and os.path.samestat(before[path], now[path]))
