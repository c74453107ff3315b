"""Delivery report of a gateway: where each of its records is. Pure; from the store's marks, the ledger and the status.

Every record that is accounted for has exactly one state, which the store's book and the ledger say: stored, expired,
quarantined, refused by the store, dropped by its gateway, gone unseen, or lost. What neither says is not known, and
what an older version accounted for, without a book, is uncounted. A record that is not accounted for is missing: still
on the gateway's disk, or lost where the gateway, or the registry's record of an earlier store, says that it was
deleted. A record of an earlier store whose number is used by other data since is lost as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from headland.contract.delivery import (
    Delivery,
    EpochDelivery,
    EpochRange,
    Latency,
    RecordTotals,
    RefusedDevice,
    SpoolReport,
    StoreLoss,
)
from headland.contract.gateway_state import spool_of
from headland.contract.records import GatewayStatus
from headland.files.damage_notes import FileDamage
from headland.store.number_sets import Counts, Range, Ranges, count, intersect, merge, subtract
from headland.store.port import MarkState
from headland.store.record_book import CUT, DROPPED, EXPIRED, GONE, SERVER_LOST, UNCOUNTED, is_content
from ingest.accounting.ledger import CountsByDisposition, Disposition
from ingest.accounting.spool_reports import REPORTS_LEFT_OUT

_NOTHING: Final = Counts()
#: States by the entries of contents that are not stored any more.
_CONTENT_STATES: Final = {EXPIRED: "expired", SERVER_LOST: "lost", CUT: "not_known"}
#: Counts of a gateway that outlive the process: refused messages without numbers that left quarantine, samples that
#: contradict stored ones, records with another content than before, and messages about devices of other gateways.
#: `loss_accepted` is the part of the loss that an administrator has accepted, `spool_reports_left_out` are the older
#: reports of the gateway about its spool.
LASTING: Final = ("lost_messages", "conflicting", "other_content", "foreign", "loss_accepted", REPORTS_LEFT_OUT)
#: Largest numbers of spools and of ranges that a report lists; the totals count all.
MAX_EPOCHS: Final = 100
MAX_LISTED_RANGES: Final = 500
MAX_STORE_LOSSES: Final = 50
#: The states of a record that is accounted for.
STATES: Final = (
    "stored",
    "quarantined",
    "dropped_by_gateway",
    "gone_unseen",
    "lost",
    "store_refused",
    "expired",
    "uncounted",
    "not_known",
)


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """Figures of one gateway's messages since `since_ms`, when the process started."""

    since_ms: int
    received: int = 0
    duplicate: int = 0
    quarantined: int = 0
    latency: Latency = field(default_factory=Latency)
    status: GatewayStatus | None = None
    refused_devices: tuple[RefusedDevice, ...] = ()
    alternations: int = 0


@dataclass(frozen=True, slots=True)
class _EpochReport:
    """The report of one spool, with the ranges of its lost records and of those that are not known."""

    delivery: EpochDelivery
    lost: Ranges
    loss: int
    not_known: Ranges


def reconcile(
    gateway: str,
    marks: Mapping[str, MarkState],
    counts: CountsByDisposition,
    figures: GatewayFigures,
    *,
    deleted: Mapping[str, int] | None = None,
    lasting: Mapping[str, int] | None = None,
    reports: Sequence[SpoolReport] = (),
    damage: Sequence[FileDamage] = (),
) -> Delivery:
    """Return the delivery report of `gateway`; `marks` are its own, by epoch, and `counts` are its own as well.

    `deleted` holds the highest record of each spool that was acknowledged once, as recorded beside the store;
    `lasting` are the gateway's lasting counts, `reports` its words about its spool, and `damage` is the store's, each
    oldest first. Read the status and `deleted` first, then the marks, then the counts: each is written after the next,
    so values read in this order never show a false loss.
    """
    status = figures.status
    acked = dict(deleted or {})
    if status is not None and status.acked_seq is not None and status.epoch:
        acked[status.epoch] = max(status.acked_seq, acked.get(status.epoch, 0))
    for ended in () if status is None else status.ended:
        acked[ended.epoch] = max(ended.acked_seq, acked.get(ended.epoch, 0))
    counts = _with_shortened(gateway, counts, status)
    told = {epoch for _, epoch, _ in counts}
    by_epoch = [
        _report_epoch(gateway, epoch, marks.get(epoch, MarkState()), counts, acked.get(epoch, 0))
        for epoch in sorted(marks.keys() | acked.keys() | told)
    ]
    by_epoch = [report for report in by_epoch if report.delivery.accounted or report.delivery.missing or report.loss]
    lost = [part for report in by_epoch for part in _named(report.delivery.epoch, report.lost)]
    missing = [part for report in by_epoch for part in _named(report.delivery.epoch, report.delivery.missing)]
    not_known = [part for report in by_epoch for part in _named(report.delivery.epoch, report.not_known)]
    shown = _choose(by_epoch, None if status is None else status.epoch)
    return Delivery(
        gateway=gateway,
        online=None if status is None else status.online,
        since_ms=figures.since_ms,
        received=figures.received,
        duplicate=figures.duplicate,
        epochs=tuple(shown),
        epochs_left_out=len(by_epoch) - len(shown),
        totals=_total(report.delivery for report in by_epoch),
        loss=sum(report.loss for report in by_epoch),
        lost=tuple(lost[-MAX_LISTED_RANGES:]),
        lost_left_out=max(0, len(lost) - MAX_LISTED_RANGES),
        missing=tuple(missing[-MAX_LISTED_RANGES:]),
        missing_left_out=max(0, len(missing) - MAX_LISTED_RANGES),
        latency_ms=figures.latency,
        spool=spool_of(status),
        **{name: (lasting or {}).get(name, 0) for name in LASTING},
        refused_devices=figures.refused_devices,
        alternations=figures.alternations,
        spool_reports=tuple(reports),
        store_losses=tuple(map(_store_loss, damage[-MAX_STORE_LOSSES:])),
        store_losses_left_out=max(0, len(damage) - MAX_STORE_LOSSES),
        not_known=tuple(not_known[-MAX_LISTED_RANGES:]),
        not_known_left_out=max(0, len(not_known) - MAX_LISTED_RANGES),
    )


def _with_shortened(gateway: str, counts: CountsByDisposition, status: GatewayStatus | None) -> CountsByDisposition:
    """Return the counts with what a gateway's status says is missing in its spool.

    The ledger knows it of the gateway's event, unless its file was lost or replaced since.
    """
    more = dict(counts)
    for told in () if status is None else status.shortened:
        key = gateway, told.epoch, Disposition.SHORTENED
        known = more.get(key, _NOTHING)
        # Of the older ones the ledger has the count alone.
        more[key] = known.add(subtract(((told.first_seq, told.last_seq),), merge([(1, known.older_upto)])))
    return more


def _store_loss(damage: FileDamage) -> StoreLoss:
    is_known = damage.is_verified and damage.lost_samples is not None
    return StoreLoss(
        found_ms=damage.found_ms,
        samples=damage.lost_samples if is_known else None,
        events=damage.lost_events if is_known else None,
        suspect_samples=damage.suspect_samples,
        start_ms=damage.start_ms if damage.is_verified else None,
        end_ms=damage.end_ms if damage.is_verified else None,
        acknowledged_ms=damage.acknowledged_ms,
        sentence=damage.sentence,
    )


def _choose(reports: list[_EpochReport], current: str | None) -> list[EpochDelivery]:
    """Return the spools to list, by epoch: the one in use, then those with loss or gaps, then the largest."""

    def rank(report: _EpochReport) -> tuple[bool, bool, int]:
        delivery = report.delivery
        return delivery.epoch != current, not (report.loss or delivery.missing), -delivery.accounted

    chosen = [report.delivery for report in sorted(reports, key=rank)[:MAX_EPOCHS]]
    return [_shorten(delivery) for delivery in sorted(chosen, key=lambda delivery: delivery.epoch)]


def _shorten(delivery: EpochDelivery) -> EpochDelivery:
    if len(delivery.missing) <= MAX_LISTED_RANGES // 10:
        return delivery
    # The report's own list names the newest gaps; a spool repeats some of its own.
    return msgspec.structs.replace(delivery, missing=delivery.missing[-(MAX_LISTED_RANGES // 10) :])


def _total(epochs: Iterable[EpochDelivery]) -> RecordTotals:
    names = ("accounted", *STATES)
    totals = dict.fromkeys((*names, "missing"), 0)
    for epoch in epochs:
        for name in names:
            totals[name] += getattr(epoch, name)
        totals["missing"] += count(epoch.missing)
    return RecordTotals(**totals)


def _report_epoch(
    gateway: str, epoch: str, state: MarkState, counts: CountsByDisposition, deleted_seq: int
) -> _EpochReport:
    accounted = state.accounted
    states = _states_of(state, lambda disposition: counts.get((gateway, epoch, disposition), _NOTHING))
    top = max(deleted_seq, accounted[-1][1] if accounted else 0)
    missing = subtract(merge([(1, top)]), accounted)
    shortened = counts.get((gateway, epoch, Disposition.SHORTENED), _NOTHING)
    vanished = subtract(shortened.ranges, accounted)
    # The ledger outlives a store that was replaced: what is still in quarantine is not lost.
    known = merge(
        part
        for disposition in (Disposition.QUARANTINED, Disposition.REFUSED, Disposition.DROPPED)
        for part in counts.get((gateway, epoch, disposition), _NOTHING).ranges
    )
    unsaved = merge([*subtract(intersect(missing, merge([(1, deleted_seq)])), known), *vanished])
    # The number is accounted for by other data: the record that had it before is lost nevertheless.
    replaced = counts.get((gateway, epoch, Disposition.REPLACED), _NOTHING)
    delivery = EpochDelivery(
        epoch=epoch,
        accounted=count(accounted),
        high_water=state.high_water,
        missing=missing,
        **states.counts,
    )
    known_lost = merge([*states.lost, *unsaved])
    overwritten = subtract(replaced.ranges, known_lost)
    loss = delivery.gone_unseen + delivery.lost + count(unsaved) + shortened.older + count(overwritten) + replaced.older
    return _EpochReport(delivery, merge([*known_lost, *overwritten]), loss, states.not_known)


@dataclass(frozen=True, slots=True)
class _States:
    """Number of records by state, and the ranges of those that are lost, or gone unseen, and that are not known."""

    counts: dict[str, int]
    lost: Ranges
    not_known: Ranges


#: States by the ledger in their order: a record with two dispositions has the first.
_BY_LEDGER: Final = (
    ("quarantined", Disposition.QUARANTINED),
    ("store_refused", Disposition.REFUSED),
    ("dropped_by_gateway", Disposition.DROPPED),
    ("gone_unseen", Disposition.GONE),
)
#: States by the store's book where the ledger has nothing: what is refused may have left the quarantine since.
_BY_BOOK: Final = (("dropped_by_gateway", DROPPED), ("gone_unseen", GONE), ("uncounted", UNCOUNTED))


def _states_of(state: MarkState, ledger_of: Callable[[Disposition], Counts]) -> _States:
    """Return the states of the accounted records: a content by the store's book, everything else by both books.

    A message that left quarantine for good took a part of its record, so the record is lost whatever else is stored.
    """
    accounted, book = state.accounted, state.book
    discarded = ledger_of(Disposition.LOST)
    counts = dict.fromkeys(STATES, 0)
    for entry, records in book.entries.items():
        if is_content(entry):
            counts[_CONTENT_STATES.get(entry, "stored")] += records.older + count(
                subtract(records.ranges, discarded.ranges)
            )
    server_lost = subtract(book.entries.get(SERVER_LOST, _NOTHING).ranges, discarded.ranges)
    rest = subtract(subtract(accounted, book.ranges(is_content)), discarded.ranges)
    free = count(accounted) - sum(counts.values())
    gone: Ranges = ()

    def take(name: str, records: Counts) -> None:
        nonlocal rest, free, gone
        if name == "gone_unseen":  # what is in quarantine after all, or was dropped, is counted there and not listed
            gone = merge([*gone, *intersect(rest, records.ranges)])
        found = min(free, records.count_in(rest))
        counts[name] += found
        free -= found
        rest = subtract(rest, records.ranges)

    lost = min(free, discarded.count_in(accounted))
    counts["lost"] += lost
    free -= lost
    for name, disposition in _BY_LEDGER:
        take(name, ledger_of(disposition))
    for name, entry in _BY_BOOK:
        take(name, Counts(book.entries.get(entry, _NOTHING).ranges))
    counts["not_known"] += free
    named = merge([*intersect(discarded.ranges, accounted), *server_lost, *gone])
    return _States(counts, named, rest if free else ())


def _named(epoch: str, ranges: Ranges) -> list[EpochRange]:
    def name(each: Range) -> EpochRange:
        return EpochRange(epoch, *each)

    return [name(each) for each in ranges]
