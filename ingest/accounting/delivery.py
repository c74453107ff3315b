"""Delivery report of a gateway: where each of its records is. Pure; from the store's marks, the ledger and the status.

Every record that is accounted for is in exactly one of four places: stored, quarantined, dropped by its gateway, or
gone unseen. A record that is not accounted for is missing: still on the gateway's disk, or lost where the gateway
reports that it has deleted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headland.contract.records import GatewayStatus, SpoolStatus
from headland.store.port import MarkState
from ingest.accounting.latency import Latency
from ingest.accounting.ledger import Counts, CountsByDisposition, Disposition
from ingest.accounting.ranges import Range, Ranges, accounted_in, count, intersect, merge, subtract

_NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """Figures of one gateway's messages since `since_ms`, when the process started."""

    since_ms: int
    received: int = 0
    duplicate: int = 0
    quarantined: int = 0
    latency: Latency = field(default_factory=Latency)
    status: GatewayStatus | None = None


@dataclass(frozen=True, slots=True)
class EpochDelivery:
    """The records of one spool. `accounted` = stored + quarantined + dropped_by_gateway + gone_unseen.

    `missing` are the numbers below the highest that is known which are not accounted for.
    """

    epoch: str
    accounted: int
    stored: int
    quarantined: int
    dropped_by_gateway: int
    gone_unseen: int
    high_water: int
    missing: Ranges


@dataclass(frozen=True, slots=True)
class EpochRange:
    """The records `first`..`last` of one spool."""

    epoch: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivery report of a gateway.

    `received`, `duplicate` and `latency_ms` count messages since `since_ms`; the rest is proven by the store. `loss` is
    the number of records that the gateway deleted and that are neither stored, quarantined nor reported as dropped;
    `lost` lists them, except for the oldest of very many.
    """

    gateway: str
    online: bool | None
    since_ms: int
    received: int
    duplicate: int
    epochs: tuple[EpochDelivery, ...]
    loss: int
    lost: tuple[EpochRange, ...]
    missing: tuple[EpochRange, ...]
    latency_ms: Latency
    spool: SpoolStatus


def reconcile(
    gateway: str, marks: Mapping[str, MarkState], counts: CountsByDisposition, figures: GatewayFigures
) -> Delivery:
    """Return the delivery report of `gateway`; `marks` are its own, by epoch.

    Read the status first, then the marks, then the counts: each is written after the next, so values read in this order
    never show a false loss.
    """
    status = figures.status
    deleted = {} if status is None or status.acked_seq is None else {status.epoch: status.acked_seq}
    epochs: list[EpochDelivery] = []
    lost: list[EpochRange] = []
    loss = 0
    for epoch in sorted(marks.keys() | (deleted.keys() - {""})):
        state = marks.get(epoch, MarkState())
        accounted = accounted_in(state)
        delivery = _epoch(gateway, epoch, state, accounted, counts, deleted.get(epoch, 0))
        gone = counts.get((gateway, epoch, Disposition.GONE), _NOTHING)
        unsaved = intersect(delivery.missing, merge([(1, deleted.get(epoch, 0))]))
        epochs.append(delivery)
        lost += _named(epoch, merge([*intersect(gone.ranges, accounted), *unsaved]))
        loss += delivery.gone_unseen + count(unsaved)
    return Delivery(
        gateway=gateway,
        online=None if status is None else status.online,
        since_ms=figures.since_ms,
        received=figures.received,
        duplicate=figures.duplicate,
        epochs=tuple(epochs),
        loss=loss,
        lost=tuple(lost),
        missing=tuple(part for epoch in epochs for part in _named(epoch.epoch, epoch.missing)),
        latency_ms=figures.latency,
        spool=SpoolStatus() if status is None else status.spool,
    )


def _epoch(
    gateway: str, epoch: str, state: MarkState, accounted: Ranges, counts: CountsByDisposition, deleted_seq: int
) -> EpochDelivery:
    quarantined, dropped, gone = (
        counts.get((gateway, epoch, disposition), _NOTHING).count_in(accounted)
        for disposition in (Disposition.QUARANTINED, Disposition.DROPPED, Disposition.GONE)
    )
    top = max(deleted_seq, accounted[-1][1] if accounted else 0)
    return EpochDelivery(
        epoch=epoch,
        accounted=count(accounted),
        stored=count(accounted) - quarantined - dropped - gone,
        quarantined=quarantined,
        dropped_by_gateway=dropped,
        gone_unseen=gone,
        high_water=state.high_water,
        missing=subtract(merge([(1, top)]), accounted),
    )


def _named(epoch: str, ranges: Ranges) -> list[EpochRange]:
    def name(each: Range) -> EpochRange:
        return EpochRange(epoch, *each)

    return [name(each) for each in ranges]
