"""Check of a spool: keeps the check file up to date, and judges openings and commit acks by it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from edge.spool.identity.check_file import CheckFile, CheckRecord, Unaccepted, Unreadable
from edge.spool.identity.machine import SpoolMachine
from edge.spool.identity.place import SpoolPlace
from edge.spool.numbering.epochs import MissingRecords, OpenedSpool, Renewal, judge_opening, with_lost_reports
from edge.spool.numbering.published import Published
from edge.spool.schema import SpoolTotals
from headland.contract.codec import MAX_ENDED, MAX_SHORTENED
from headland.contract.records import EpochReason

_LOGGER = logging.getLogger(__name__)

#: How many numbers are recorded as published before the first of them is read to be sent: each time costs a sync.
_AHEAD: Final = 1000
#: How often the file is made durable. A power cut takes no more from what is known of the last numbers.
_SYNC_S: Final = 1.0
#: The most missing ranges whose report is repeated where it is lost as well.
_MOST_UNREPORTED: Final = 20
#: The same for renewals of which it is not known what they cost, and the letters kept of the reason of each.
_MOST_DOUBTS: Final = 3
_WHY_LETTERS: Final = 120


class SpoolCheck:
    """Belongs to a spool and its lock.

    After a kill the file is exact: it is written with each change, before the spool answers. After a power cut it may
    be a second behind, except for what was published, which is durable before a record leaves the spool.
    """

    def __init__(self, path: Path, gateway: str, machine: SpoolMachine, now_s: float) -> None:
        self._spool_path = path
        self._gateway = gateway
        self._machine = machine
        self._file = CheckFile(path.with_name(f"{path.name}.check"), machine.sync)
        self._place = SpoolPlace()
        self._published = Published()  # exact, in this process
        self._reserved = Published()  # as in the file
        self._synced_s = now_s
        self._is_unsynced = False
        self._has_failed = False
        self.is_unproven = False
        self.renewals = 0
        self.shortened = 0
        self.lost_before = Unaccepted()  # with an earlier process, and not reported yet
        self._unaccepted = Unaccepted()
        self._has_judged = False
        self._unreported: tuple[MissingRecords, ...] = ()
        self._doubts: tuple[tuple[int, str, str], ...] = ()
        self._report_seq = 0
        #: The record up to which each of the last epochs was acked, and the gateway's id then; the one in use last.
        self._acked: dict[str, tuple[int, str]] = {}
        #: What was reported as missing under this id: (epoch, first, last). Told again with each status.
        self.told: tuple[tuple[str, int, int], ...] = ()

    def read(self) -> CheckRecord | Unreadable:
        """Return the record in the file. Raises OSError."""
        return self._file.read()

    def judge(self, opened: OpenedSpool, record: CheckRecord | Unreadable) -> Renewal | None:
        """Return the renewal that the opened file needs; where it needs none, go on from the record."""
        totals = opened.totals
        self._place = SpoolPlace(self._machine.facts(self._spool_path), self._machine.file_id(self._spool_path))
        if isinstance(record, CheckRecord):
            self.renewals, self.shortened = record.renewals, record.shortened
            self._unreported = tuple(MissingRecords(*each) for each in record.unreported)
            self._doubts = tuple(record.doubts)
            self._report_seq = record.report
            self.told = tuple(record.told) if record.gateway == self._gateway else ()
            if not self._has_judged:  # later it is what this process holds
                self.lost_before = record.unaccepted
            for epoch, acked, gateway in (*record.ended, (record.epoch, record.acked, record.gateway)):
                self._note_acked(epoch, acked, gateway)
        self._has_judged = True
        self._note_acked(totals.epoch, totals.acked_seq, totals.gateway)
        renewal = judge_opening(opened, record, self._place, self._gateway)
        if renewal is not None and isinstance(record, CheckRecord):
            renewal = with_lost_reports(renewal, record)
        if renewal is None:
            is_known = isinstance(record, CheckRecord) and record.epoch == totals.epoch
            published = record.published if is_known and isinstance(record, CheckRecord) else []
            self._start(totals, Published(published).clip(totals.last_seq))
            self.is_unproven = totals.last_seq > 0 and not opened.is_new
        return renewal

    def begin_epoch(self, totals: SpoolTotals, renewal: Renewal, time_ms: int, waiting: Renewal) -> None:
        """Go on in a new epoch, of which nothing was published; its last record reports the renewal.

        `waiting` is what records that wait report: they may be lost before they are sent, as may the last one.
        """
        carried = () if renewal.again else self._unreported
        unreported = dict.fromkeys((*waiting.again, *carried, *renewal.again, *renewal.missing))
        self._unreported = tuple(unreported)[-_MOST_UNREPORTED:]
        doubts = [*waiting.doubts, *(renewal.doubts or self._doubts)]
        if renewal.reason is EpochReason.UNPROVEN:
            doubts.append((time_ms, renewal.epoch_before, renewal.why))
        known = dict.fromkeys((at_ms, before, why[:_WHY_LETTERS]) for at_ms, before, why in doubts)
        self._doubts = tuple(known)[-_MOST_DOUBTS:]
        missing = [(each.epoch, each.first, each.last) for each in (*renewal.again, *renewal.missing)]
        self.told = tuple(dict.fromkeys((*self.told, *missing)))[-MAX_SHORTENED:]
        self._report_seq = totals.last_seq
        self._start(totals, Published())

    def note(self, totals: SpoolTotals, now_s: float) -> None:
        """Write down the state of the spool after a change."""
        self._write(totals, durable=now_s - self._synced_s >= _SYNC_S, now_s=now_s)

    def sync_if_due(self, now_s: float) -> None:
        """Make the file durable where that is due."""
        if not self._is_unsynced or now_s - self._synced_s < _SYNC_S:
            return
        try:
            self._file.sync()
        except OSError as error:
            self._note_failure(error)
        self._is_unsynced, self._synced_s = False, now_s

    def note_unaccepted(self, totals: SpoolTotals, unaccepted: Unaccepted, now_s: float) -> None:
        """Write down what was read and is not accepted now: a kill takes it."""
        if unaccepted != self._unaccepted:
            self._unaccepted = unaccepted
            self.note(totals, now_s)

    def publish(self, totals: SpoolTotals, first: int, last: int, now_s: float) -> None:
        """Note that the records `first`..`last` leave the spool; returns when that is on the disk."""
        self._published.add(first, last)
        if not self._reserved.covers(first, last):
            self._reserved.add(first, last + _AHEAD)
            self._write(totals, durable=True, now_s=now_s)

    def judge_ack(self, totals: SpoolTotals, seq: int, other_seq: int | None = None) -> Renewal | None:
        """Return the renewal that a commit ack up to `seq` demands; None where it may be the spool's own.

        `other_seq` is a record for which the ack shows the content of another spool.
        """
        if seq > totals.last_seq:
            why = f"a commit ack for record {seq}, and {totals.last_seq} is the last: the numbers were used elsewhere"
            return Renewal(EpochReason.AHEAD, why, totals.epoch)
        if not self._published.covers(totals.acked_seq + 1, seq):
            why = f"a commit ack for record {seq}, which was not published: another spool uses the numbers"
            return Renewal(EpochReason.TWIN, why, totals.epoch)
        if other_seq is not None and other_seq > totals.acked_seq:
            why = f"a commit ack shows another content of record {other_seq}: another spool uses the numbers"
            return Renewal(EpochReason.TWIN, why, totals.epoch)
        return None

    def note_ack(self, totals: SpoolTotals, now_s: float) -> None:
        """Note a commit ack that was the spool's own, after its records were deleted."""
        self.is_unproven = False
        self._published.drop(totals.acked_seq)
        self._reserved.drop(totals.acked_seq)
        if totals.acked_seq >= self._report_seq:
            self._unreported, self._doubts = (), ()
        self.note(totals, now_s)

    def ended(self, epoch: str) -> list[tuple[str, int]]:
        """Return the last epochs before `epoch` under this id, each with the record up to which it was acked."""
        return [(each, acked) for each, acked, gateway in self._ended(epoch) if gateway == self._gateway]

    def _ended(self, epoch: str) -> list[tuple[str, int, str]]:
        known = [(ended, *acked) for ended, acked in self._acked.items() if ended != epoch and acked[0]]
        return known[-MAX_ENDED:]

    def is_in_place(self) -> bool:
        """Return whether the file is still at its path."""
        return self._file.is_in_place()

    def rewrite(self, totals: SpoolTotals, now_s: float) -> None:
        """Write a new file, because the old one is no longer at its path."""
        self._file.close()
        self._write(totals, durable=True, now_s=now_s)

    def close(self, totals: SpoolTotals, now_s: float) -> None:
        """Write the exact state and close the file."""
        self._reserved = Published(self._published.ranges)
        self._write(totals, durable=True, now_s=now_s)
        self._file.close()

    def delete(self) -> None:
        """Delete the closed file."""
        self._file.delete()

    def _start(self, totals: SpoolTotals, published: Published) -> None:
        self._published, self._reserved = published, Published(published.ranges)
        self.is_unproven = False
        for durable in (False, True):  # both slots: neither is left with an earlier epoch
            self._write(totals, durable=durable, now_s=self._synced_s)

    def _note_acked(self, epoch: str, acked: int, gateway: str) -> None:
        """Note how far an epoch was acked; the one noted last is the newest."""
        before = self._acked.pop(epoch, (0, gateway))
        self._acked[epoch] = (max(acked, before[0]), gateway)
        while len(self._acked) > MAX_ENDED + 1:
            del self._acked[next(iter(self._acked))]

    def _write(self, totals: SpoolTotals, *, durable: bool, now_s: float) -> None:
        self._note_acked(totals.epoch, totals.acked_seq, self._gateway)
        record = CheckRecord(
            gateway=self._gateway,
            epoch=totals.epoch,
            last=totals.last_seq,
            acked=totals.acked_seq,
            published=self._reserved.ranges,
            place=self._place,
            renewals=self.renewals,
            shortened=self.shortened,
            unreported=[(each.epoch, each.first, each.last, each.records) for each in self._unreported],
            doubts=list(self._doubts),
            report=self._report_seq if self._unreported or self._doubts else 0,
            base=totals.base,
            stale_upto=totals.stale_upto,
            unaccepted=self.lost_before + self._unaccepted,
            ended=self._ended(totals.epoch),
            told=list(self.told),
        )
        try:
            self._file.write(record, durable=durable)
        except OSError as error:
            self._note_failure(error)
            return
        self._has_failed = False
        self._is_unsynced = not durable
        if durable:
            self._synced_s = now_s

    def _note_failure(self, error: OSError) -> None:
        """Log the first of several failures: nothing is lost, but the next start may have to begin a new epoch."""
        if not self._has_failed:
            _LOGGER.warning("the spool's check file cannot be written: %s", error)
        self._has_failed = True
