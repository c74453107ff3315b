"""Epochs of a spool: what must begin a new one. Pure, from the file's totals and the check record beside it.

No number may mean two records, so an epoch ends wherever something else may go on with its numbers, or where numbers
that were used are missing. A new epoch costs an event; what had arrived in the old one adds nothing to the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from edge.spool.identity.check_file import CheckRecord, Unaccepted, Unreadable
from edge.spool.identity.place import SpoolPlace, compare_places
from edge.spool.numbering.published import Published
from edge.spool.schema import SpoolTotals
from edge.spool.settings import SpoolOwner
from headland.contract.records import SPOOL_REFUSED, SPOOL_RENEWED, SPOOL_SHORTENED, EpochReason, Event, Scalar

#: The version of the file from which on it has a check file.
FIRST_CHECKED_VERSION: Final = 4
#: The most missing ranges that are reported one by one; the last one covers all further.
_MOST_RANGES: Final = 20


@dataclass(frozen=True, slots=True)
class MissingRecords:
    """Numbers `first`..`last` of an epoch, of which `records` are missing."""

    epoch: str
    first: int
    last: int
    records: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new epoch that has to begin: why, after which epoch, and which accepted records are missing.

    `again` and `doubts`: missing records and unproven renewals (time, epoch before, why) that an earlier epoch told of,
    and the report is missing as well. `is_doubtful`: other records may have had the missing numbers, so that none is
    proven to be one of the missing.
    """

    reason: EpochReason
    why: str
    epoch_before: str
    missing: tuple[MissingRecords, ...] = ()
    again: tuple[MissingRecords, ...] = ()
    doubts: tuple[tuple[int, str, str], ...] = ()
    is_doubtful: bool = False

    def without(self, found: Iterable[tuple[int, int]]) -> Renewal:
        """Return the renewal after the numbers `found`, as (first, last), of the missing ones were found."""
        if self.is_doubtful:
            return self
        rest: list[MissingRecords] = []
        numbers = sorted(found)
        for each in self.missing:
            at = each.first
            for first, last in [*numbers, (each.last + 1, each.last + 1)]:
                end = min(first - 1, each.last)
                if at <= end:
                    rest.append(MissingRecords(each.epoch, at, end, end - at + 1))
                at = max(at, last + 1)
        return replace(self, missing=tuple(rest))

    @property
    def records_missing(self) -> int:
        """The number of missing records."""
        return sum(each.records for each in self.missing)


@dataclass(frozen=True, slots=True)
class OpenedSpool:
    """An opened file: `version` is that of the file before, 0 where it is new; `holes` are numbers between its records
    that no record has. `had_bytes`: there was a file or a log before, perhaps with nothing that SQLite accepts.
    """

    totals: SpoolTotals
    version: int
    holes: Sequence[tuple[int, int]] = ()
    had_bytes: bool = False

    @property
    def is_new(self) -> bool:
        """Whether the file was created now."""
        return self.version == 0

    @property
    def is_unmarked(self) -> bool:
        """Whether the file is of a version that had no check file."""
        return 0 < self.version < FIRST_CHECKED_VERSION


def judge_opening(
    opened: OpenedSpool, check: CheckRecord | Unreadable, place: SpoolPlace, gateway: str
) -> Renewal | None:
    """Return the renewal that an opened file needs, or None."""
    totals = opened.totals
    if isinstance(check, Unreadable):
        return _judge_alone(opened, check, gateway)
    moved = compare_places(check.place, place)
    missing = _missing(opened, check, is_ours=moved is None or check.gateway in (totals.gateway, gateway))
    doubtful = _doubtful(totals, check)
    renewal = Renewal(EpochReason.SHORTENED, "", totals.epoch, (*doubtful, *missing), is_doubtful=bool(doubtful))
    if opened.is_new:
        why = "the spool was deleted"
        return replace(renewal, reason=EpochReason.REPLACED, why=why, epoch_before=check.epoch)
    if opened.is_unmarked:
        return replace(renewal, reason=EpochReason.UPGRADED, why="the spool is of an older version")
    if check.epoch not in (totals.epoch, totals.epoch_before):
        return replace(renewal, reason=EpochReason.REPLACED, why="the spool is not the one that was used last")
    if moved is not None:
        return replace(renewal, reason=moved[0], why=moved[1])
    if doubtful:
        why = f"records up to {totals.acked_seq} are deleted, and the check file knows of {check.acked}: one is older"
        return replace(renewal, why=why)
    if missing:
        return replace(renewal, why="accepted records are missing in the file")
    if totals.gateway != gateway:
        return replace(renewal, reason=EpochReason.RENAMED, why=f"the gateway was {totals.gateway} before")
    return None


def _judge_alone(opened: OpenedSpool, check: Unreadable, gateway: str) -> Renewal | None:
    """Return the renewal for a file without a readable check record."""
    if opened.is_new and check is Unreadable.MISSING and not opened.had_bytes:
        return None
    totals = opened.totals
    what = "missing" if check is Unreadable.MISSING else "damaged"
    why = f"the spool's check file is {what}: it is not known how many records there were"
    epoch_before = "" if opened.is_new else totals.epoch
    renewal = Renewal(EpochReason.UNPROVEN, why, epoch_before, _name(totals.epoch, opened.holes))
    if opened.is_unmarked:
        return replace(renewal, reason=EpochReason.UPGRADED, why="the spool is of an older version")
    if totals.gateway not in ("", gateway):
        return replace(renewal, why=f"{why}; the gateway was {totals.gateway} before")
    return renewal


def with_lost_reports(renewal: Renewal, check: CheckRecord) -> Renewal:
    """Return the renewal with what was reported before, where no commit ack confirmed the report and it is missing."""
    # Reports that were carried into the epoch have numbers below the last one.
    if not any(each.epoch == check.epoch and each.first <= check.report for each in renewal.missing):
        return renewal
    again = tuple(MissingRecords(*each) for each in check.unreported)
    return replace(renewal, again=again, doubts=tuple(check.doubts))


def _doubtful(totals: SpoolTotals, check: CheckRecord) -> tuple[MissingRecords, ...]:
    """Return what waited by the check record, and is deleted in the file without ever having been published.

    What is published is in the check file before it leaves, so one of the two is an earlier state: a disk lied, or one
    was restored. If it is the file, other records were deleted under these numbers, and these are missing.
    """
    if check.epoch != totals.epoch or Published(check.published).covers(check.acked + 1, totals.acked_seq):
        return ()
    return _name(totals.epoch, [(check.acked + 1, min(check.last, totals.acked_seq))])


def _missing(opened: OpenedSpool, check: CheckRecord, *, is_ours: bool) -> tuple[MissingRecords, ...]:
    """Return what was accepted, was not confirmed, and is not in the file.

    A file that lost its log may be as it was many epochs ago, and under an earlier name of the gateway. So the check
    record is of this spool (`is_ours`) where it names this gateway, or this file on this machine.
    """
    totals = opened.totals
    if opened.is_new or check.epoch not in (totals.epoch, totals.epoch_before):
        return _name(check.epoch, [(check.acked + 1, check.last)] if opened.is_new or is_ours else [])
    if check.epoch != totals.epoch:  # killed between the new epoch in the file and in the check record
        return _name(totals.epoch, opened.holes)
    acked = max(check.acked, totals.acked_seq)
    head = totals.head_row - totals.base if totals.records else totals.last_seq + 1
    tail = (max(totals.last_seq, acked) + 1, check.last)
    return _name(totals.epoch, [(acked + 1, head - 1), *opened.holes, tail])


def _name(epoch: str, ranges: Sequence[tuple[int, int]]) -> tuple[MissingRecords, ...]:
    real = [(first, last) for first, last in ranges if first <= last]
    named = [MissingRecords(epoch, first, last, last - first + 1) for first, last in real[:_MOST_RANGES]]
    if len(real) > _MOST_RANGES:
        records = named[-1].records + sum(last - first + 1 for first, last in real[_MOST_RANGES:])
        named[-1] = replace(named[-1], last=real[-1][1], records=records)
    return tuple(named)


def renewal_events(owner: SpoolOwner, renewal: Renewal, records: int, time_ms: int) -> list[Event]:
    """Return the events that report a renewal, which `records` records were carried through, and each missing range."""

    def renewed(at_ms: int, reason: EpochReason, epoch_before: str, records: int, why: str) -> Event:
        data: dict[str, Scalar] = {"reason": str(reason), "epoch_before": epoch_before, "records": records, "why": why}
        return _event(owner, SPOOL_RENEWED, data, at_ms)

    return [
        renewed(time_ms, renewal.reason, renewal.epoch_before, records, renewal.why[:200]),
        *(renewed(at_ms, EpochReason.UNPROVEN, before, 0, why) for at_ms, before, why in renewal.doubts),
        *(
            _event(
                owner,
                SPOOL_SHORTENED,
                {
                    "epoch": each.epoch,
                    "first_seq": each.first,
                    "last_seq": each.last,
                    "records": each.records,
                    "why": renewal.why[:200],
                },
                time_ms,
            )
            for each in (*renewal.again, *renewal.missing)
        ),
    ]


def read_report(event: Event) -> MissingRecords | tuple[int, str, str] | None:
    """Return the missing range or the unproven renewal (time, epoch before, why) that an event of a spool reports."""
    data = event.data
    if event.kind == SPOOL_SHORTENED:
        epoch, numbers = data.get("epoch"), [data.get(name) for name in ("first_seq", "last_seq", "records")]
        if isinstance(epoch, str) and all(isinstance(number, int) for number in numbers):
            return MissingRecords(epoch, *numbers)  # type: ignore[arg-type] # they are integers
    if event.kind == SPOOL_RENEWED and data.get("reason") == EpochReason.UNPROVEN:
        return event.t, str(data.get("epoch_before", "")), str(data.get("why", ""))
    return None


def refused_event(owner: SpoolOwner, lost: Unaccepted, time_ms: int) -> Event:
    """Return the event that reports messages which were read and lost because the spool accepted nothing."""
    data: dict[str, Scalar] = {"messages": lost.messages, "points": lost.points, "events": lost.events}
    return _event(owner, SPOOL_REFUSED, data, time_ms)


def _event(owner: SpoolOwner, kind: str, data: dict[str, Scalar], time_ms: int) -> Event:
    return Event(
        t=time_ms,
        device=owner.gateway,
        kind=kind,
        device_kind="gateway",
        site=owner.site,
        clock=owner.clock,
        data=data,
    )
