"""What the API says of alarms, of what was said of them, and of what would have been raised, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.base import EXAMPLE_MS, Model
from api.schemas.gateways import Record
from headland.analysis.window import HIGH_MS

_ID = {"example": "01k9v4k8r0q3m8x5w7t2n6y4c1"}
_TIME = {"example": EXAMPLE_MS}
SeverityName = Literal["info", "warning", "critical"]


class AlarmToldTo(Record):
    """What one recipient has heard of an alarm."""

    said_ms: int
    severity: SeverityName
    cleared: Annotated[bool, Field(description="It heard that it is over.")]


class AlarmShown(Record):
    """An alarm. Times are the data's, but for when somebody acknowledged it and for how long it is snoozed."""

    id: Annotated[str, Field(json_schema_extra=_ID)]
    rule: Annotated[str, Field(json_schema_extra={"example": "frost"})]
    subject: Annotated[
        str, Field(description="The device or gateway, or the id of a zone.", json_schema_extra={"example": "gh-1"})
    ]
    name: Annotated[str, Field(description="What people call the subject where its id says nothing: of a zone.")]
    measured_by: Annotated[str, Field(description="The device whose value it is, where that is not the subject.")]
    kind: str
    site: str
    severity: SeverityName
    by_station: Annotated[bool, Field(description="A rule here raised it.")]
    by_gateway: Annotated[bool, Field(description="The gateway's own rule raised it.")]
    began_ms: Annotated[int, Field(description="Since when it had been so.", json_schema_extra=_TIME)]
    raised_ms: Annotated[int, Field(json_schema_extra=_TIME)]
    ended_ms: Annotated[int | None, Field(description="Null while it stands.")]
    ended_why: Annotated[
        str | None,
        Field(description="cleared; or no_data, rule_removed, not_selected: then nobody can tell any more."),
    ]
    what: Annotated[str, Field(description="The channel or index.", json_schema_extra={"example": "vpd_kpa"})]
    value: Annotated[float | None, Field(description="When it was raised.")]
    unit: str
    condition: Annotated[str, Field(description="below, above, silent, or hours beyond.")]
    threshold: float | None
    estimated: Annotated[bool, Field(description="Of a leaf without a sensor.")]
    late: Annotated[bool, Field(description="Found in data that came too late to be said to anybody.")]
    simulated: bool
    text: str
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    note: str
    snoozed_until_ms: int | None
    level: Annotated[int, Field(description="How many steps of its escalation it has reached.")]
    told: Annotated[dict[str, AlarmToldTo], Field(description="By the recipient's id.")]


class AlarmList(Model):
    """Alarms, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[AlarmShown]
    next: str | None


class Acknowledgement(Model):
    """That somebody takes care of it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "heating is on again"}})

    note: Annotated[str, Field(max_length=500)] = ""


class Snooze(Model):
    """Until when nothing is said of it; null ends that."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"until_ms": EXAMPLE_MS}})

    until_ms: Annotated[int | None, Field(ge=0, le=HIGH_MS)]


class NoticeShown(Record):
    """What one recipient is to hear, and what became of it."""

    id: Annotated[str, Field(json_schema_extra=_ID)]
    recipient: Annotated[str, Field(json_schema_extra=_ID)]
    rule: str
    what: Annotated[str, Field(description="raised, escalated, repeated or cleared.")]
    about: Annotated[list[str], Field(description="The alarms' ids.")]
    body: Annotated[str, Field(description="The JSON that is sent.")]
    created_ms: Annotated[int, Field(json_schema_extra=_TIME)]
    due_ms: Annotated[int, Field(description="When it is tried next.")]
    attempts: int
    state: Literal["waiting", "delivered", "dead"]
    delivered_ms: int | None
    error: Annotated[str, Field(description="Why the last attempt was in vain.")]


class NoticeList(Model):
    """Notices, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[NoticeShown]
    next: str | None


class RecipientSecret(Model):
    """What signs the webhooks of a recipient from now on; it is shown this once."""

    secret: str


class WouldHave(Record):
    """An alarm that would have been raised; `ended_ms` is null where it would still stand at the window's end."""

    began_ms: int
    raised_ms: int
    ended_ms: int | None
    ended_why: str | None
    severity: SeverityName
    what: str
    value: float | None
    unit: str
    condition: str
    threshold: float | None
    estimated: bool
    measured_by: str


class ReplayOfDevice(Model):
    """What a rule would have raised on one device or zone; without a known value it says insufficient_data."""

    device: Annotated[str, Field(description="The device, or the id of the zone.")]
    name: Annotated[str, Field(description="What people call it where its id says nothing: of a zone.")]
    simulated: bool
    judged: Annotated[int, Field(description="Instants at which the rule's value was known.")]
    reason: Annotated[str | None, Field(description="insufficient_data, or null.")]
    alarms: list[WouldHave]


class ReplayAnswer(Model):
    """What a rule would have raised in [start_ms, end_ms), by what the store holds now."""

    rule: str
    start_ms: int
    end_ms: int
    alarms: Annotated[int, Field(description="All of them together.")]
    devices: list[ReplayOfDevice]
