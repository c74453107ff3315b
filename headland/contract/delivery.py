"""Delivery report of a gateway, and its quarantined messages: what an ingest answers, in this process or another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from headland.contract.gateway_state import EXAMPLE_EPOCH, EXAMPLE_GATEWAY, EXAMPLE_INSTANT, SpoolState


def _example(value: Any) -> Meta:
    return Meta(extra_json_schema={"example": value})


_INSTANT: Final = Meta(extra_json_schema=EXAMPLE_INSTANT)
_EPOCH: Final = Meta(extra_json_schema=EXAMPLE_EPOCH)


@dataclass(frozen=True, slots=True)
class Latency:
    """Delay from a live sample to its commit [ms], over `n` messages, within 5 %; null without messages."""

    p50: Annotated[float | None, "Median of the delay [ms]."] = None
    p99: Annotated[float | None, "99th percentile of the delay [ms]."] = None
    n: Annotated[int, "Number of messages."] = 0


@dataclass(frozen=True, slots=True)
class RefusedDevice:
    """A device that the gateway wrote about and that belongs to another gateway, `owner`."""

    device: Annotated[str, _example("gh-1")]
    owner: Annotated[str, _example("gw-2"), "Id of the gateway that the device belongs to."]


@dataclass(frozen=True, slots=True)
class SpoolReport:
    """What the gateway said about its spool, at `time_ms` of its own clock; `data` as in the event of that kind."""

    time_ms: Annotated[int, _INSTANT]
    kind: Annotated[str, _example("spool_shortened"), "Kind of the event."]
    data: Annotated[
        Mapping[str, int | str],
        _example({"epoch": "0a4705e93a9095d0", "first_seq": 15, "last_seq": 24}),
        "Content of the event.",
    ]


class RecordTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Records of all spools by state; `accounted` is the sum of the states. `missing` are not accounted for."""

    accounted: int = 0
    stored: Annotated[int, "Records with a content in the store."] = 0
    quarantined: Annotated[int, "Records of messages refused as a whole, in quarantine."] = 0
    dropped_by_gateway: Annotated[int, "Records that the gateway dropped from a full spool."] = 0
    gone_unseen: Annotated[int, "Records deleted on the commit ack of a replaced store: lost."] = 0
    lost: Annotated[int, "Records whose refused message left quarantine for good."] = 0
    missing: Annotated[int, "Records not accounted for: on the gateway's disk, on their way, or lost."] = 0
    store_refused: Annotated[int, "Records of which the store refused every sample."] = 0
    expired: Annotated[int, "Records whose samples retention has deleted."] = 0
    uncounted: Annotated[int, "Records of before stores counted: stored, as far as the ledger knows."] = 0
    not_known: Annotated[int, "Records that are not stored, and of which no book says more."] = 0


class EpochDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one spool by state; `accounted` is the sum of the states."""

    epoch: Annotated[str, _EPOCH, "Spool."]
    accounted: int
    stored: Annotated[int, "Records with a content in the store, as the store counted them."]
    quarantined: Annotated[int, "Records of messages refused as a whole, in quarantine."]
    dropped_by_gateway: Annotated[int, "Records that the gateway reports as dropped from a full spool."]
    gone_unseen: Annotated[int, "Records deleted on the commit ack of a replaced store: lost."]
    lost: Annotated[int, "Records whose refused message was evicted from a full quarantine or deleted there."] = 0
    high_water: Annotated[int, "All records up to this number are accounted for."]
    missing: Annotated[tuple[tuple[int, int], ...], _example([[43, 48]]), "First and last record of each gap."]
    store_refused: Annotated[
        int, "Records of which the store refused every sample, such as older than its retention."
    ] = 0
    expired: Annotated[int, "Records whose samples retention has deleted."] = 0
    uncounted: Annotated[int, "Records of before stores counted: stored, as far as the ledger knows."] = 0
    not_known: Annotated[int, "Records that are not stored, and of which no book says more."] = 0


@dataclass(frozen=True, slots=True)
class EpochRange:
    """Records `first`..`last` of one spool."""

    epoch: Annotated[str, _EPOCH, "Its spool."]
    first: Annotated[int, "Number of the first record."]
    last: Annotated[int, "Number of the last record."]


@dataclass(frozen=True, slots=True)
class StoreLoss:
    """Damage of the store's files, by which records that count as stored may lack samples or events.

    They are of any gateways and devices. Null is unknown: then it may be any data that was stored before `found_ms`.
    """

    found_ms: Annotated[int, _INSTANT, "Time at which the damage was found, epoch milliseconds UTC."]
    samples: Annotated[int | None, "Lost samples."]
    events: Annotated[int | None, "Lost events."]
    suspect_samples: Annotated[int, "Samples that may be wrong and are flagged as suspect."]
    start_ms: Annotated[int | None, "Start of the times of these samples."]
    end_ms: Annotated[int | None, "End of the times of these samples."]
    acknowledged_ms: Annotated[int | None, "When an administrator acknowledged it."]
    sentence: Annotated[str, "What was found, lost and kept."]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Delivery of every record that a gateway numbered.

    `received`, `duplicate` and `latency_ms` count messages since `since_ms`, the start of this process; all else comes
    from the store. `missing` records are not accounted for: on the gateway's disk, on their way, or lost. `loss` counts
    deleted records that are neither stored, quarantined nor declared dropped; `lost` lists them. `totals` counts the
    records of all spools; the lists are bounded, and the `..._left_out` say how many entries they do not have. What
    damage took from the store is in `store_losses`, and no part of `loss`: nobody knows whose it was.
    """

    gateway: Annotated[str, Meta(extra_json_schema=EXAMPLE_GATEWAY)]
    online: Annotated[bool | None, "Whether it is connected; null where no status was received since the start."]
    since_ms: Annotated[int, _INSTANT]
    received: Annotated[int, "Messages received."]
    duplicate: Annotated[int, "Messages received again, and not stored twice."]
    epochs: Annotated[tuple[EpochDelivery, ...], "Spools, those with something to tell first."]
    epochs_left_out: Annotated[int, "Spools that `epochs` does not list."] = 0
    totals: Annotated[RecordTotals, "Records of all spools by state."] = RecordTotals()
    loss: Annotated[int, "Number of lost records."]
    lost: Annotated[tuple[EpochRange, ...], "Ranges of lost records."]
    lost_left_out: Annotated[int, "Older ranges that `lost` does not list."] = 0
    missing: Annotated[tuple[EpochRange, ...], "Ranges of records that are not accounted for."]
    missing_left_out: Annotated[int, "Older ranges that `missing` does not list."] = 0
    latency_ms: Annotated[Latency, "Delay from a live sample to its commit."]
    spool: Annotated[SpoolState, "State of the spool in use, as the gateway reported it."]
    lost_messages: Annotated[int, "Refused messages without record numbers that left quarantine unread."] = 0
    conflicting: Annotated[int, "Samples that contradict stored ones and are in the conflict record only."] = 0
    other_content: Annotated[
        int,
        "Records that arrived with another content than before under their number: two spools use one "
        "identity. Their samples are stored.",
    ] = 0
    foreign: Annotated[int, "Messages about devices of other gateways, in quarantine."] = 0
    loss_accepted: Annotated[int, "The part of `loss` that an administrator has accepted."] = 0
    refused_devices: Annotated[tuple[RefusedDevice, ...], "The newest of these devices, at most 50."] = ()
    alternations: Annotated[
        int, "Turns of processes with this identity in the last ten minutes; 2 prove two machines."
    ] = 0
    spool_reports: Annotated[
        tuple[SpoolReport, ...],
        "What the gateway said about its spool, the newest last, at most 100: records missing in it, a "
        "damaged file, a new epoch. It outlives the store. Records named here may be stored by now, or another spool "
        "may have used their numbers.",
    ] = ()
    spool_reports_left_out: Annotated[int, "Older reports that are no longer kept."] = 0
    store_losses: Annotated[tuple[StoreLoss, ...], "Damage of the store, the newest last, at most 50."] = ()
    store_losses_left_out: Annotated[int, "Older damage that `store_losses` does not list."] = 0
    not_known: Annotated[
        tuple[EpochRange, ...], "Records that are not stored, and of which no book says what became of them."
    ] = ()
    not_known_left_out: Annotated[int, "Older ranges that `not_known` does not list."] = 0


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A message refused as a whole or in part. The record number is null where the message has none."""

    id: int
    topic: Annotated[str, _example("headland/v1/data/3/gw-1")]
    reason: Annotated[str, _example("unknown_channel"), "Kind of the refusal."]
    detail: str
    gateway: str | None
    epoch: Annotated[str | None, "Its spool."]
    first: Annotated[int | None, "Number of the first record in it."]
    seq: Annotated[int | None, "Number of the last record in it."]
    first_seen_ms: int
    last_seen_ms: int
    count: Annotated[int, "How often the same bytes arrived."]
    replays: Annotated[int, "Failed repetitions."]
    is_asked: Annotated[bool, "True while a repetition is requested."]


class QuarantinedDetail(Quarantined, frozen=True, kw_only=True):
    """A quarantined message with its bytes."""

    properties: Annotated[dict[str, str], "User properties of the message by name."]
    payload_bytes: Annotated[int, "Size of the message in bytes."]
    payload_base64: Annotated[str, "Bytes of the message in Base64."]
