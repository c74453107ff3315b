"""Registry records, response models and simulation models of alarms."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from pydantic import ConfigDict, Field

from api.schemas.devices.gateways import RecordModel
from api.schemas.model import EXAMPLE_MS, Model
from api.schemas.registry import EXAMPLE_ID, RecordKind
from headland.analysis.inputs.window import HIGH_MS
from headland.network.http_target import parse_target
from headland.registry.models.access_table import KindOfRecord
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, MaintenanceWindow, RecipientKind
from headland.registry.models.duty import DutyRota
from headland.registry.validation.alarm_rules import subscription_of

_ID = {"example": "01k9v4k8r0q3m8x5w7t2n6y4c1"}
_TIME = {"example": EXAMPLE_MS}
SeverityName = Literal["info", "warning", "critical"]

#: Registry records of alarm rules, recipients and maintenance windows.
RULES: Final = RecordKind(
    "alarm-rules",
    "alarm rule",
    AlarmRule,
    lambda repositories: repositories.alarm_rules,
    {
        "name": "dry-hot-wind",
        "kind": "weather",
        "any_of": [
            [
                {"what": "air_temperature_degc", "above": 30, "hysteresis": 1},
                {"what": "relative_humidity_pct", "below": 30, "hysteresis": 3},
                {"what": "wind_speed_m_s", "above": 3},
            ]
        ],
        "for_s": 1800,
        "clear_for_s": 3600,
        "repeat_s": 21600,
        "escalation": [{"after_s": 3600, "severity": "critical", "recipients": ["Li"]}],
    },
)


def mask_recipient(recipient: AlarmRecipient) -> AlarmRecipient:
    """Return a recipient as all but administrators see it: a mailbox is of a person, a URL's path often its secret."""
    if not recipient.address:
        return recipient
    try:
        shown = f"{parse_target(posted_to(recipient) or '').origin}/***"
    except ValueError:
        shown = "***"
    return msgspec.structs.replace(recipient, address=shown)


def posted_to(recipient: AlarmRecipient) -> str | None:
    """Return the URL to which notices of a recipient are posted, None for other kinds."""
    if recipient.kind is RecipientKind.PUSH:
        return subscription_of(recipient.address).endpoint
    return recipient.address if recipient.kind is RecipientKind.WEBHOOK else None


RECIPIENTS: Final = RecordKind(
    "alarm-recipients",
    "alarm recipient",
    AlarmRecipient,
    lambda repositories: repositories.alarm_recipients,
    {"name": "Li", "kind": "webhook", "address": "https://example.org/alarms", "language": "zh-CN"},
    part=KindOfRecord.ADDRESSES,
    mask=mask_recipient,
    target=posted_to,
)
WINDOWS: Final = RecordKind(
    "maintenance-windows",
    "maintenance window",
    MaintenanceWindow,
    lambda repositories: repositories.maintenance,
    {"name": "new sensors", "start_ms": 1_795_507_200_000, "end_ms": 1_795_510_800_000, "kind": "greenhouse"},
)
ROTAS: Final = RecordKind(
    "duty-rotas",
    "duty rota",
    DutyRota,
    lambda repositories: repositories.duty_rotas,
    {
        "name": "Nights",
        "site": EXAMPLE_ID,
        "weekly": [{"days": [1, 2, 3, 4, 5], "start": "18:00", "end": "06:00", "people": ["Li"]}],
        "order": ["Li", "Wang"],
        "next_after_s": 900,
    },
)
ALARM_KINDS: Final = (RULES, RECIPIENTS, WINDOWS, ROTAS)


class RecipientNotifications(RecordModel):
    """Notifications of an alarm to a recipient."""

    said_ms: int
    severity: SeverityName
    cleared: Annotated[bool, Field(description="The end was notified.")]


class AlarmItem(RecordModel):
    """An alarm. Times are those of the data, except for acknowledgement and snooze."""

    id: Annotated[str, Field(json_schema_extra=_ID)]
    rule: Annotated[str, Field(json_schema_extra={"example": "frost"})]
    subject: Annotated[
        str, Field(description="The device or gateway, or the id of a zone.", json_schema_extra={"example": "gh-1"})
    ]
    name: Annotated[str, Field(description="Name of the subject, for a zone.")]
    measured_by: Annotated[str, Field(description="Device of the value, where it is not the subject.")]
    kind: str
    site: str
    severity: SeverityName
    by_station: Annotated[bool, Field(description="Raised by a rule of the station.")]
    by_gateway: Annotated[bool, Field(description="Raised by a rule of the gateway.")]
    began_ms: Annotated[int, Field(description="Beginning of the condition.", json_schema_extra=_TIME)]
    raised_ms: Annotated[int, Field(json_schema_extra=_TIME)]
    ended_ms: Annotated[int | None, Field(description="Null while it is active.")]
    ended_why: Annotated[
        str | None,
        Field(description="cleared; or no_data, rule_removed, not_selected: the condition is then unknown."),
    ]
    what: Annotated[str, Field(description="The channel or index.", json_schema_extra={"example": "vpd_kpa"})]
    value: Annotated[float | None, Field(description="Value when it was raised.")]
    unit: str
    condition: Annotated[str, Field(description="below, above, silent, or hours beyond.")]
    threshold: float | None
    rule_limit: Annotated[
        float | None,
        Field(description="Limit of the farm's rule, where the gateway that raised it has another; null otherwise."),
    ] = None
    estimated: Annotated[bool, Field(description="True for a leaf temperature without a sensor.")]
    late: Annotated[bool, Field(description="Found in late data; not notified.")]
    simulated: bool
    text: str
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    note: str
    snoozed_until_ms: int | None
    level: Annotated[int, Field(description="Escalation steps reached.")]
    told: Annotated[dict[str, RecipientNotifications], Field(description="Notifications by recipient id.")]


class AlarmList(Model):
    """Alarms, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[AlarmItem]
    next: str | None


class Acknowledgement(Model):
    """Acknowledgement of an alarm."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "heating is on again"}})

    note: Annotated[str, Field(max_length=500)] = ""
    only_first: Annotated[
        bool,
        Field(description="Refuse (409) where somebody has acknowledged it: for what was entered without a network."),
    ] = False


class Snooze(Model):
    """Snooze of an alarm until a time; null ends it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"until_ms": EXAMPLE_MS}})

    until_ms: Annotated[int | None, Field(ge=0, le=HIGH_MS)]


class NotificationItem(RecordModel):
    """A notification to a recipient, and its delivery."""

    id: Annotated[str, Field(json_schema_extra=_ID)]
    recipient: Annotated[str, Field(json_schema_extra=_ID)]
    rule: str
    what: Annotated[str, Field(description="raised, escalated, repeated, cleared or test.")]
    about: Annotated[list[str], Field(description="The alarms' ids.")]
    body: Annotated[str, Field(description="The JSON that is sent.")]
    created_ms: Annotated[int, Field(json_schema_extra=_TIME)]
    due_ms: Annotated[int, Field(description="Time of the next attempt.")]
    attempts: int
    state: Literal["waiting", "delivered", "dead"]
    delivered_ms: int | None
    error: Annotated[str, Field(description="Cause of the last failed attempt.")]
    error_zh: Annotated[str, Field(description="The cause in Chinese; empty where it has none.")] = ""


class NotificationList(Model):
    """Notifications, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[NotificationItem]
    next: str | None


class RecipientDelivery(Model):
    """Whether notifications reach a recipient: its newest one, the newest that arrived, and those that did not."""

    recipient: Annotated[str, Field(json_schema_extra=_ID)]
    robot: Annotated[
        str | None,
        Field(description="dingtalk, wecom, feishu, telegram or ntfy for the address of a robot."),
    ]
    cannot_send: Annotated[
        str | None,
        Field(description="Why nothing can be sent now: no_mail_server, no_broker or disabled; null where it can."),
    ]
    newest: Annotated[NotificationItem | None, Field(description="The newest notification; null where there is none.")]
    delivered_ms: Annotated[int | None, Field(description="When the newest delivered one was delivered.")]
    waiting: Annotated[int, Field(ge=0, description="Notifications that are tried again.")]
    dead: Annotated[int, Field(ge=0, description="Notifications that are not tried again.")]


class RecipientDeliveryList(Model):
    """The delivery to every recipient."""

    items: list[RecipientDelivery]


class DutyNow(Model):
    """A duty rota now: who is on duty, who is called next, and until when."""

    rota: Annotated[str, Field(json_schema_extra=_ID)]
    name: str
    on_duty: Annotated[list[str], Field(description="Names of recipients; empty where nobody is: then all are called.")]
    next: Annotated[list[str], Field(description="Who is called, one after the other, without acknowledgement.")]
    next_after_s: float | None
    until_ms: Annotated[int | None, Field(description="When somebody else is on duty; null within nine days: nobody.")]
    time_zone: str
    time_zone_known: Annotated[bool, Field(description="true: a rota has a site.")] = True
    enabled: bool


class DutyList(Model):
    """All duty rotas now."""

    items: list[DutyNow]


class HandOver(Model):
    """Hand-over of a rota to a recipient, by default until the next change."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"to": "Wang", "until_ms": EXAMPLE_MS}})

    to: Annotated[str, Field(min_length=1, max_length=200)]
    until_ms: Annotated[int | None, Field(ge=0, le=HIGH_MS)] = None


class PushKeyBody(Model):
    """The public key with which a browser subscribes."""

    public_key: str


class PushOrder(Model):
    """A browser that is to be notified of alarms: its subscription, and who sits before it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    endpoint: Annotated[str, Field(min_length=1, max_length=1500)]
    p256dh: Annotated[str, Field(min_length=1, max_length=100)]
    auth: Annotated[str, Field(min_length=1, max_length=40)]
    language: Literal["en", "zh-CN"] = "en"
    least_severity: SeverityName = "info"


class PushRecipient(Model):
    """The alarm recipient of a browser."""

    recipient: Annotated[str, Field(json_schema_extra=_ID)]
    name: str


class RecipientSecret(Model):
    """The new secret that signs a recipient's webhooks; it is returned only once."""

    secret: str


class SimulatedAlarm(RecordModel):
    """An alarm that would have been raised; `ended_ms` is null where it would be active at the window's end."""

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


class DeviceSimulation(Model):
    """Simulation of a rule on a device or zone; insufficient_data without a known value."""

    device: Annotated[str, Field(description="The device, or the id of the zone.")]
    name: Annotated[str, Field(description="Name of a zone.")]
    simulated: bool
    judged: Annotated[int, Field(description="Instants at which the rule's value was known.")]
    reason: Annotated[str | None, Field(description="insufficient_data, or null.")]
    alarms: list[SimulatedAlarm]


class RuleSimulation(Model):
    """Simulation of a rule over [start_ms, end_ms) on the stored data."""

    rule: str
    start_ms: int
    end_ms: int
    alarms: Annotated[int, Field(description="Sum over the devices.")]
    devices: list[DeviceSimulation]
