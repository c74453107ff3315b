"""What of a gateway's records is where: pure. The store's marks, the ledger and the gateway's own word make the answer.

Every record that is accounted for is in exactly one of four places: stored, quarantined, dropped by its gateway, or
gone unseen. What is not accounted for is missing: still on the gateway's disk, or lost where the gateway says that it
has deleted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headland.contract.records import GatewayStatus, SpoolStatus
from headland.store.port import MarkState
from ingest.accounting.latency import Latency
from ingest.accounting.ledger import Counts, Disposition, Tallies
from ingest.accounting.ranges import Range, Ranges, accounted_in, count, intersect, merge, subtract

_NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class Figures:
    """What was counted of one gateway's messages since `since_ms`, when the process started."""

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
    """What became of everything a gateway numbered.

    `received`, `duplicate` and `latency_ms` count messages since `since_ms`; the rest is proven by the store. `loss`
    is how many records the gateway has deleted that are neither stored, quarantined nor declared dropped; `lost`
    names them, but for the oldest of very many.
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


def reconcile(gateway: str, marks: Mapping[str, MarkState], tallies: Tallies, figures: Figures) -> Delivery:
    """Return what became of the records of `gateway`; `marks` are its own, by epoch.

    Ask for the status first, then the marks, then the tallies: each is written after the next, so what is read in
    this order never shows a loss that is none.
    """
    status = figures.status
    deleted = {} if status is None or status.acked_seq is None else {status.epoch: status.acked_seq}
    epochs: list[EpochDelivery] = []
    lost: list[EpochRange] = []
    loss = 0
    for epoch in sorted(marks.keys() | (deleted.keys() - {""})):
        state = marks.get(epoch, MarkState())
        accounted = accounted_in(state)
        one = _epoch(gateway, epoch, state, accounted, tallies, deleted.get(epoch, 0))
        gone = tallies.get((gateway, epoch, Disposition.GONE), _NOTHING)
        unsaved = intersect(one.missing, merge([(1, deleted.get(epoch, 0))]))
        epochs.append(one)
        lost += _named(epoch, merge([*intersect(gone.ranges, accounted), *unsaved]))
        loss += one.gone_unseen + count(unsaved)
    return Delivery(
        gateway=gateway,
        online=None if status is None else status.online,
        since_ms=figures.since_ms,
        received=figures.received,
        duplicate=figures.duplicate,
        epochs=tuple(epochs),
        loss=loss,
        lost=tuple(lost),
        missing=tuple(each for one in epochs for each in _named(one.epoch, one.missing)),
        latency_ms=figures.latency,
        spool=SpoolStatus() if status is None else status.spool,
    )


def _epoch(
    gateway: str, epoch: str, state: MarkState, accounted: Ranges, tallies: Tallies, deleted_seq: int
) -> EpochDelivery:
    quarantined, dropped, gone = (
        tallies.get((gateway, epoch, fate), _NOTHING).count_in(accounted)
        for fate in (Disposition.QUARANTINED, Disposition.DROPPED, Disposition.GONE)
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
