"""Response models of gateways, delivery and the quarantine."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from api.schemas.devices.flights import FlightCoverageBody
from api.schemas.model import EXAMPLE_MS

_GATEWAY = {"example": "gw-1"}
_EPOCH = {"example": "0192f3c4"}


class RecordModel(msgspec.Struct, frozen=True, kw_only=True):
    """Base of models that are filled from records with the same names."""


class NewGateway(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway to add: its name, which is its login, and its site."""

    EXAMPLE: ClassVar = {"name": "barn", "site": "home"}

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    site: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "home"
    host: Annotated[
        Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")] | None,
        "Host name or address by which the gateway reaches this machine; needed where the broker "
        "listens on every address.",
    ] = None


class Spool(msgspec.Struct, frozen=True, kw_only=True):
    """State of a gateway's spool and its losses, as the gateway reports them."""

    records: Annotated[int, "Records that await their commit ack."] = 0
    bytes: int = 0
    oldest_ms: int | None = None
    dropped_records: int = 0
    dropped_points: Annotated[int, "Samples in them."] = 0
    thinned_points: Annotated[int, "Samples removed by thinning."] = 0
    trouble: Annotated[str, "Why it accepts no data; empty where it does."] = ""
    epoch_reason: Annotated[str, "Why the spool in use began; empty where it is not known."] = ""
    epoch_ms: Annotated[int | None, "When it began."] = None
    renewals: Annotated[int, "Spools that began after the first."] = 0
    shortened_records: Annotated[int, "Accepted records that the spool no longer has."] = 0


class RecentTrouble(msgspec.Struct, frozen=True, kw_only=True):
    """Contradictions of a gateway in the last hour; `alternations` in the last ten minutes."""

    quarantined: Annotated[int, "Messages refused as a whole or in part."] = 0
    conflicting: Annotated[int, "Samples that contradict stored ones."] = 0
    other_content: Annotated[int, "Records with another content than before."] = 0
    foreign: Annotated[int, "Messages about devices of other gateways."] = 0
    alternations: Annotated[int, "Turns of processes; 2 prove two machines."] = 0


class GatewaySource(msgspec.Struct, frozen=True, kw_only=True):
    """A source of a gateway: a serial line, a network address or a broker that it reads."""

    name: Annotated[str, Meta(extra_json_schema={"example": "drones"})]
    type: Annotated[str, Meta(extra_json_schema={"example": "mavlink"}), "The type in edge.toml."]
    restarts: Annotated[int, Meta(ge=0), "How often it ended by itself and was started again."] = 0
    trouble: Annotated[str, "What prevents it from reading; empty where nothing is known."] = ""
    trouble_zh: Annotated[str, "The same in Chinese; empty where it has none."] = ""


class UnstoredRecords(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a gateway that are neither in the store nor on their way, as of ten seconds ago."""

    lost: Annotated[int, "Lost, accepted or not."] = 0
    quarantined: Annotated[int, "Waiting in quarantine, also those that the store refused."] = 0
    expired: Annotated[int, "Deleted by retention."] = 0
    dropped: Annotated[int, "Dropped from a full spool, as the gateway reported."] = 0
    not_known: Annotated[int, "No book says what became of them."] = 0


class Gateway(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway with its newest status. `online` is null where no status was received since the start."""

    id: Annotated[str, Meta(extra_json_schema=_GATEWAY)]
    online: bool | None
    last_status_ms: Annotated[int | None, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    software: str
    epoch: Annotated[str, Meta(extra_json_schema=_EPOCH), "The spool in use."]
    spool: Spool
    loss: Annotated[int, "Lost records that nobody has accepted, as of ten seconds ago."] = 0
    unstored: UnstoredRecords = UnstoredRecords()
    recent: RecentTrouble = RecentTrouble()
    sources: Annotated[list[GatewaySource], "Its sources; empty while it is offline, and of an older gateway."] = (
        msgspec.field(default_factory=list)
    )


class GatewayList(msgspec.Struct, frozen=True, kw_only=True):
    """Gateways by id; `next` is the cursor of the next page, null on the last."""

    items: list[Gateway]
    next: str | None


class RecordTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Records of all spools by state; `accounted` is the sum of the states. `missing` are not accounted for."""

    accounted: int = 0
    stored: int = 0
    quarantined: int = 0
    dropped_by_gateway: int = 0
    gone_unseen: int = 0
    lost: int = 0
    missing: int = 0
    store_refused: int = 0
    expired: int = 0
    uncounted: int = 0
    not_known: int = 0


class EpochDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """The records of one spool by state; `accounted` is the sum of the states."""

    epoch: Annotated[str, Meta(extra_json_schema=_EPOCH)]
    accounted: int
    stored: Annotated[int, "Records with a content in the store, as the store counted them."]
    quarantined: Annotated[int, "Records of messages refused as a whole, in quarantine."]
    dropped_by_gateway: Annotated[int, "Records that the gateway reports as dropped from a full spool."]
    gone_unseen: Annotated[int, "Records deleted on the commit ack of a replaced store: lost."]
    lost: Annotated[int, "Records whose refused message was evicted from a full quarantine or deleted there."] = 0
    high_water: Annotated[int, "All records up to this number are accounted for."]
    missing: Annotated[
        list[tuple[int, int]],
        Meta(extra_json_schema={"example": [[43, 48]]}),
        "First and last record of each gap.",
    ]
    store_refused: Annotated[
        int, "Records of which the store refused every sample, such as older than its retention."
    ] = 0
    expired: Annotated[int, "Records whose samples retention has deleted."] = 0
    uncounted: Annotated[int, "Records of before stores counted: stored, as far as the ledger knows."] = 0
    not_known: Annotated[int, "Records that are not stored, and of which no book says more."] = 0


class EpochRange(msgspec.Struct, frozen=True, kw_only=True):
    """Records `first`..`last` of one spool."""

    epoch: Annotated[str, Meta(extra_json_schema=_EPOCH)]
    first: int
    last: int


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Delay from a live sample to its commit [ms], over `n` messages, within 5 %; null without messages."""

    p50: float | None
    p99: float | None
    n: int


class RefusedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device that the gateway wrote about and that belongs to another gateway, `owner`."""

    device: Annotated[str, Meta(extra_json_schema={"example": "gh-1"})]
    owner: Annotated[str, Meta(extra_json_schema={"example": "gw-2"})]


class SpoolReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway said about its spool, at `time_ms` of its own clock; `data` as in the event of that kind."""

    time_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    kind: Annotated[str, Meta(extra_json_schema={"example": "spool_shortened"})]
    data: Annotated[
        dict[str, int | str],
        Meta(extra_json_schema={"example": {"epoch": "0a4705e93a9095d0", "first_seq": 15, "last_seq": 24}}),
    ]


class StoreLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Damage of the store's files, by which records that count as stored may lack samples or events.

    They are of any gateways and devices. Null is unknown: then it may be any data that was stored before `found_ms`.
    """

    found_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
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

    gateway: Annotated[str, Meta(extra_json_schema=_GATEWAY)]
    online: bool | None
    since_ms: Annotated[int, Meta(extra_json_schema={"example": EXAMPLE_MS})]
    received: int
    duplicate: int
    epochs: list[EpochDelivery]
    epochs_left_out: Annotated[int, "Spools that `epochs` does not list."] = 0
    totals: RecordTotals = RecordTotals()
    loss: int
    lost: list[EpochRange]
    lost_left_out: Annotated[int, "Older ranges that `lost` does not list."] = 0
    missing: list[EpochRange]
    missing_left_out: Annotated[int, "Older ranges that `missing` does not list."] = 0
    latency_ms: Latency
    spool: Spool
    lost_messages: Annotated[int, "Refused messages without record numbers that left quarantine unread."] = 0
    conflicting: Annotated[int, "Samples that contradict stored ones and are in the conflict record only."] = 0
    other_content: Annotated[
        int,
        "Records that arrived with another content than before under their number: two spools use one "
        "identity. Their samples are stored.",
    ] = 0
    foreign: Annotated[int, "Messages about devices of other gateways, in quarantine."] = 0
    loss_accepted: Annotated[int, "The part of `loss` that an administrator has accepted."] = 0
    refused_devices: Annotated[list[RefusedDevice], "The newest of these devices, at most 50."] = []
    alternations: Annotated[
        int,
        "Turns of processes with this identity in the last ten minutes; 2 prove two machines.",
    ] = 0
    spool_reports: Annotated[
        list[SpoolReport],
        "What the gateway said about its spool, the newest last, at most 100: records missing in it, a "
        "damaged file, a new epoch. It outlives the store. Records named here may be stored by now, or another spool "
        "may have used their numbers.",
    ] = []
    spool_reports_left_out: Annotated[int, "Older reports that are no longer kept."] = 0
    store_losses: Annotated[list[StoreLoss], "Damage of the store, the newest last, at most 50."] = []
    store_losses_left_out: Annotated[int, "Older damage that `store_losses` does not list."] = 0
    not_known: Annotated[
        list[EpochRange], "Records that are not stored, and of which no book says what became of them."
    ] = []
    not_known_left_out: Annotated[int, "Older ranges that `not_known` does not list."] = 0
    flights: Annotated[
        list[FlightCoverageBody], "Flights of its vehicles that ended in the last day, the newest first, at most 50."
    ] = []
    flights_left_out: Annotated[int, "Older flights of that day that `flights` does not list."] = 0


class AcceptedLoss(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of a gateway that was accepted: it stays in the delivery and raises no alarm."""

    loss: int


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A message refused as a whole or in part. The record number is null where the message has none."""

    id: int
    topic: Annotated[str, Meta(extra_json_schema={"example": "headland/v1/data/3/gw-1"})]
    reason: Annotated[str, Meta(extra_json_schema={"example": "unknown_channel"})]
    detail: str
    gateway: str | None
    epoch: str | None
    first: int | None
    seq: int | None
    first_seen_ms: int
    last_seen_ms: int
    count: Annotated[int, "How often the same bytes arrived."]
    replays: Annotated[int, "Failed repetitions."]
    is_asked: Annotated[bool, "True while a repetition is requested."]


class QuarantinedDetail(Quarantined, frozen=True, kw_only=True):
    """A quarantined message with its bytes."""

    properties: dict[str, str]
    payload_bytes: int
    payload_base64: str


class QuarantineList(msgspec.Struct, frozen=True, kw_only=True):
    """Quarantined messages, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[Quarantined]
    next: str | None


class ReplayAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The message will be processed again within about a second; it leaves once all of it is stored."""

    id: int
