"""Disk queue between batcher and uplink: an accepted record survives a power cut until it is confirmed."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edge.pipeline.batcher import Content
from edge.spool.file import SpoolFile
from edge.spool.identity.check_file import Unaccepted
from edge.spool.identity.machine import MACHINE, SpoolMachine
from edge.spool.limits.retention import enforce_age, interval_s
from edge.spool.numbering.epochs import Renewal, refused_event
from edge.spool.rows import SpoolFull, delete_until, insert_contents
from edge.spool.schema import URGENT, SpoolTotals
from edge.spool.settings import SpoolOwner, SpoolRetention
from headland.clock import wall_clock_ms
from headland.contract.codec import readdress
from headland.contract.records import EndedEpoch, EpochReason, ShortenedRange, SpoolStatus
from headland.contract.refusals import Refused
from headland.errors import SettingsError


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
    aside; on a full or read-only disk `append` returns False. `clock_s` is any monotonic clock.

    A new epoch, with new numbers for all records that wait, begins where a number could mean two records: the file was
    copied, moved to another machine, shortened, replaced, or of another gateway, or a commit ack is not its own.
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
        self._owner = owner
        self._max_bytes = max_bytes
        self._retention = retention
        self._now_ms = now_ms
        self._clock_s = clock_s
        self._tidy_due_s = 0.0
        self._lock = threading.RLock()
        self._file = SpoolFile(path, owner, machine, now_ms=now_ms, clock_s=clock_s)
        self._counters = self._file.counters
        #: Called after each append with the epoch, the first number and the contents; must return at once.
        self.on_append: Callable[[str, int, Sequence[Content]], None] | None = None
        try:
            self._file.open()
        except (sqlite3.DatabaseError, OSError) as error:
            raise SettingsError(f"the spool {path} cannot be opened: {_reason(error, path)}") from error
        self._report_lost_before()

    @property
    def epoch(self) -> str:
        """The id of this spool's numbering; a new one begins wherever a number could mean two records."""
        return self._file.totals.epoch

    @property
    def last_seq(self) -> int:
        """The last seq used in this epoch."""
        return self._file.totals.last_seq

    @property
    def acked_seq(self) -> int:
        """The number up to which everything was deleted after a commit ack."""
        return self._file.totals.acked_seq

    def ended(self) -> tuple[EndedEpoch, ...]:
        """Return the last epochs before the one in use, the newest last, as far as the check file knows them."""
        with self._lock:
            known = self._file.check.ended(self.epoch)
        return tuple(EndedEpoch(epoch=epoch, acked_seq=acked) for epoch, acked in known)

    def shortened(self) -> tuple[ShortenedRange, ...]:
        """Return the last records that were reported as missing, the newest last, as far as the check file has them."""
        with self._lock:
            told = self._file.check.told
        return tuple(ShortenedRange(epoch=epoch, first_seq=first, last_seq=last) for epoch, first, last in told)

    @property
    def is_unproven(self) -> bool:
        """Whether nothing has proven yet that the epoch is as this file has it: no commit ack since the opening.

        A file that was restored in its place looks like the one that was used last. The retained commit ack tells them
        apart, as long as no record was published that is new since.
        """
        return self._file.check.is_unproven

    def append(self, contents: Sequence[Content]) -> bool:
        """Number, encode and commit `contents` in one transaction; False where the bound or the disk prevents it.

        The caller keeps refused contents or counts them as lost.
        """
        if not contents:
            return True
        file = self._file
        with self._lock:
            try:
                if not file.reserve.allows_append(file.ready()):
                    raise SpoolFull("the disk is full")  # noqa: TRY301 - reported and counted with the others
                if file.is_detached:
                    raise SpoolFull("its file was deleted and cannot be copied")  # noqa: TRY301 - as above
                with file.transaction() as connection:
                    totals = insert_contents(
                        connection, file.totals, self._owner, contents, self._max_bytes, self._retention
                    )
            except (SpoolFull, sqlite3.DatabaseError, OSError) as error:
                self._counters["append_refused"] += len(contents)
                file.note_failure(error)
                return False
            file.totals = totals
            file.check.note(totals, self._clock_s())
            self._counters["appended"] += len(contents)
            if self.on_append is not None:
                self.on_append(totals.epoch, totals.last_seq - len(contents) + 1, contents)
            return True

    def note_unaccepted(self, unaccepted: Unaccepted) -> None:
        """Note what the caller has read and cannot append: where it ends with the process, the next one reports it."""
        with self._lock:
            self._file.check.note_unaccepted(self._file.totals, unaccepted, self._clock_s())

    def report_lost(self, lost: Unaccepted) -> bool:
        """Append the event that reports messages which were read and never accepted; False where that fails."""
        if lost == Unaccepted():
            return True
        return self.append([Content([], [refused_event(self._owner, lost, self._now_ms())], 0)])

    def oldest(self, after_seq: int, limit: int) -> list[SpoolRecord]:
        """Return at most `limit` records with a seq above `after_seq`, in order. They count as published then."""
        query = "SELECT first, seq, payload FROM records WHERE seq > ? ORDER BY seq LIMIT ?"
        return self._select(query, after_seq, limit, is_run=True)

    def urgent(self, after_seq: int, limit: int) -> list[SpoolRecord]:
        """Return at most `limit` records of alarms with a seq above `after_seq`, in order, which count as published."""
        query = f"SELECT first, seq, payload FROM records WHERE kind = {URGENT} AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
        return self._select(query, after_seq, limit, is_run=False)

    def confirm(
        self, epoch: str, seq: int, arrived_upto: Callable[[int], int] | None = None, other_seq: int | None = None
    ) -> bool:
        """Delete everything up to `seq`; a confirmation of another epoch changes nothing and returns False.

        `arrived_upto` returns the last record up to which all after the one given are known to have arrived: no record
        behind it is deleted.

        A confirmation of a record that this spool never published, or never had, is another spool's: a copy of this
        one, or the one of which this is a copy. So is one of another content than that of this spool's record
        `other_seq`. The receiver would take this one's next numbers for known ones, so all records get new numbers in
        a new epoch, and none is deleted.
        """
        file = self._file
        with self._lock:
            totals = file.totals
            if epoch != totals.epoch:
                self._counters["foreign_acks"] += 1
                return False
            try:
                file.ready()
                totals = file.totals  # a file that had to be opened again may have begun a new epoch
                if epoch != totals.epoch:
                    return False
                renewal = file.check.judge_ack(totals, seq, other_seq)
                if renewal is not None:
                    file.renew(renewal)
                    return True
                upto = seq if arrived_upto is None else min(seq, arrived_upto(totals.acked_seq))
                file.totals = file.change(partial(delete_until, totals=totals, seq=upto))
            except (sqlite3.DatabaseError, OSError) as error:
                file.note_failure(error)
                return True
            file.check.note_ack(file.totals, self._clock_s())
            self._counters["confirmed"] += totals.records - file.totals.records
            return True

    def renew_unproven(self) -> None:
        """Begin a new epoch where nothing proves the old one, though it had commit acks; else go on with it."""
        with self._lock:
            if not self._file.check.is_unproven:
                return
            if self._file.totals.acked_seq == 0:
                self._file.check.is_unproven = False
                return
            why = "no commit ack of the epoch came after the start"
            try:
                self._file.renew(Renewal(EpochReason.UNPROVEN, why, self.epoch))
            except (sqlite3.DatabaseError, OSError) as error:
                self._file.note_failure(error)

    def status(self) -> SpoolStatus:
        """Return the spool's fill level and how much it dropped so far."""
        file = self._file
        with self._lock:
            totals = file.totals
            oldest_ms = None
            if totals.records:
                try:
                    head = file.ready().execute("SELECT oldest_ms FROM records ORDER BY seq LIMIT 1").fetchone()
                    oldest_ms = None if head is None else int(head[0])
                except (sqlite3.DatabaseError, OSError) as error:
                    file.note_failure(error)
                    totals = file.totals
            return SpoolStatus(
                records=totals.records,
                bytes=totals.bytes,
                oldest_ms=oldest_ms,
                dropped_records=totals.dropped_records,
                dropped_points=totals.dropped_points,
                thinned_points=totals.thinned_points,
                trouble=file.trouble,
                epoch_reason=totals.epoch_reason,
                epoch_ms=totals.epoch_ms or None,
                renewals=file.check.renewals,
                shortened_records=file.check.shortened,
            )

    def tidy(self) -> None:
        """Look after the file, and thin and drop telemetry that is too old. Call it every few seconds.

        Each call does a small part.
        """
        file = self._file
        with self._lock:
            try:
                file.look_after()
                self._report_lost_before()
                file.check.sync_if_due(self._clock_s())
                run_s = file.run_s()
                if run_s < self._tidy_due_s:
                    return
                with file.transaction() as connection:
                    totals, is_done = enforce_age(connection, file.totals, self._owner, self._retention, run_s)
            except (sqlite3.DatabaseError, OSError) as error:
                file.note_failure(error)
                return
            file.totals = totals
            if is_done:
                self._tidy_due_s = run_s + interval_s(self._retention.max_age_s)

    def counters(self) -> Mapping[str, int]:
        """Return the numbers of appended, confirmed and refused records since the start, by name."""
        with self._lock:
            return dict(self._counters)

    def close(self, *, delete_empty: bool = False) -> None:
        """Close the file; a second call does nothing, and later reads return nothing.

        With `delete_empty` the files of a spool in which nothing waits are deleted: the next one at this path begins
        an epoch of its own at once, for which no commit ack has to prove anything.
        """
        with self._lock:
            self._file.close(delete_empty=delete_empty)

    def _report_lost_before(self) -> None:
        """Report what an earlier process had read and its spool had not accepted."""
        check = self._file.check
        lost = check.lost_before
        if lost != Unaccepted() and self.report_lost(lost):
            check.lost_before = Unaccepted()
            check.note(self._file.totals, self._clock_s())

    def _select(self, query: str, after_seq: int, limit: int, *, is_run: bool) -> list[SpoolRecord]:
        """Return records, and note before that they leave the spool: as one run, or each."""
        file = self._file
        with self._lock:
            try:
                rows = file.ready().execute(query, (after_seq + file.totals.base, limit)).fetchall()
                totals = file.totals
            except (sqlite3.DatabaseError, OSError) as error:
                file.note_failure(error)
                return []
            records = [self._record(totals, *row) for row in rows]
            now_s = self._clock_s()
            if is_run and records:
                file.check.publish(totals, records[0].first, records[-1].seq, now_s)
            else:
                for record in records:
                    file.check.publish(totals, record.first, record.seq, now_s)
            return records

    def _record(self, totals: SpoolTotals, first: int, row: int, payload: bytes) -> SpoolRecord:
        """Return a row as a record; one of an earlier epoch gets its header of this one.

        One that cannot be read stays as it is: ingest puts it into quarantine under the number that is sent with it.
        """
        first, seq = first - totals.base, row - totals.base
        if row <= totals.stale_upto:
            addressed = readdress(payload, gateway=self._owner.gateway, epoch=totals.epoch, first=first, seq=seq)
            if isinstance(addressed, Refused):
                self._counters["unreadable"] += 1
            else:
                payload = addressed
        return SpoolRecord(totals.epoch, first, seq, payload)
