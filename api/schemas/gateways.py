"""What the API says of gateways, of their deliveries and of refused messages, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import EXAMPLE_MS, Model

_GATEWAY = {"example": "gw-1"}
_EPOCH = {"example": "0192f3c4"}


class Record(Model):
    """Base of what is filled from a record with the same names."""

    model_config = ConfigDict(from_attributes=True)


class Spool(Record):
    """How full a gateway's spool is and what it ever had to drop, as it said itself."""

    records: Annotated[int, Field(description="Waiting for their commit ack.")] = 0
    bytes: int = 0
    oldest_ms: int | None = None
    dropped_records: int = 0
    dropped_points: Annotated[int, Field(description="Samples in them.")] = 0
    thinned_points: Annotated[int, Field(description="Samples it thinned out while it kept others.")] = 0
    trouble: Annotated[str, Field(description="Why it takes nothing now; empty where it does.")] = ""


class Gateway(Model):
    """A gateway as it described itself last. `online` is null where no status of it was heard since the start."""

    id: Annotated[str, Field(json_schema_extra=_GATEWAY)]
    online: bool | None
    last_status_ms: Annotated[int | None, Field(json_schema_extra={"example": EXAMPLE_MS})]
    software: str
    epoch: Annotated[str, Field(description="The spool in use.", json_schema_extra=_EPOCH)]
    spool: Spool


class GatewayList(Model):
    """Gateways by id; `next` is the cursor of the next page, null on the last."""

    items: list[Gateway]
    next: str | None


class EpochDelivery(Record):
    """The records of one spool: accounted = stored + quarantined + dropped_by_gateway + gone_unseen."""

    epoch: Annotated[str, Field(json_schema_extra=_EPOCH)]
    accounted: int
    stored: int
    quarantined: Annotated[int, Field(description="Refused whole and kept for a person.")]
    dropped_by_gateway: Annotated[int, Field(description="Its spool was full, and it said so.")]
    gone_unseen: Annotated[int, Field(description="Deleted on the word of a store that this one replaced: lost.")]
    high_water: Annotated[int, Field(description="All records up to this one are accounted for.")]
    missing: Annotated[
        list[tuple[int, int]],
        Field(description="First and last record of each gap.", json_schema_extra={"example": [[43, 48]]}),
    ]


class EpochRange(Record):
    """Records `first`..`last` of one spool."""

    epoch: Annotated[str, Field(json_schema_extra=_EPOCH)]
    first: int
    last: int


class Latency(Record):
    """From a live sample's own time to its commit, over `n` messages [ms], within 5 %; null where there were none."""

    p50: float | None
    p99: float | None
    n: int


class Delivery(Record):
    """What became of every record that a gateway numbered.

    `received`, `duplicate` and `latency_ms` count messages since `since_ms`, when this process started; all else is
    proven by the store. `missing` is not accounted for: on the gateway's disk still, or on its way, or lost. `loss`
    counts what the gateway has deleted that is neither stored, quarantined nor declared dropped; `lost` names it.
    """

    gateway: Annotated[str, Field(json_schema_extra=_GATEWAY)]
    online: bool | None
    since_ms: Annotated[int, Field(json_schema_extra={"example": EXAMPLE_MS})]
    received: int
    duplicate: int
    epochs: list[EpochDelivery]
    loss: int
    lost: list[EpochRange]
    missing: list[EpochRange]
    latency_ms: Latency
    spool: Spool


class Quarantined(Record):
    """A message that was refused, whole or in part. The record is null where the message does not tell it."""

    id: int
    topic: Annotated[str, Field(json_schema_extra={"example": "headland/v1/data/3/gw-1"})]
    reason: Annotated[str, Field(json_schema_extra={"example": "unknown_channel"})]
    detail: str
    gateway: str | None
    epoch: str | None
    first: int | None
    seq: int | None
    first_seen_ms: int
    last_seen_ms: int
    count: Annotated[int, Field(description="How often these very bytes came.")]
    replays: Annotated[int, Field(description="How often it was tried again in vain.")]
    is_asked: Annotated[bool, Field(description="It waits to be tried again.")]


class QuarantinedDetail(Quarantined):
    """A refused message with its bytes."""

    properties: dict[str, str]
    payload_bytes: int
    payload_base64: str


class QuarantineList(Model):
    """Refused messages, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[Quarantined]
    next: str | None


class ReplayAsked(Model):
    """The message will be tried again within a second or so; it leaves once all of it is stored."""

    id: int
