"""Registry records, response models and simulation models of alarms."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, fill
from api.schemas.registry import EXAMPLE_ID, RecordKind
from headland.alarms.rules.gateway_rules import GatewayRulesStanding
from headland.analysis.inputs.window import HIGH_MS
from headland.network.http_target import parse_target
from headland.registry.models.access_table import KindOfRecord
from headland.registry.models.alarms import Alarm, AlarmRecipient, AlarmRule, MaintenanceWindow, RecipientKind
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


class RecipientNotifications(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications of an alarm to a recipient."""

    said_ms: int
    severity: SeverityName
    cleared: Annotated[bool, "The end was notified."]


class AlarmItem(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm. Times are those of the data, except for acknowledgement and snooze."""

    id: Annotated[str, Meta(extra_json_schema=_ID)]
    rule: Annotated[str, Meta(extra_json_schema={"example": "frost"})]
    subject: Annotated[str, Meta(extra_json_schema={"example": "gh-1"}), "The device or gateway, or the id of a zone."]
    name: Annotated[str, "Name of the subject, for a zone."]
    measured_by: Annotated[str, "Device of the value, where it is not the subject."]
    kind: str
    site: str
    severity: SeverityName
    by_station: Annotated[bool, "Raised by a rule of the station."]
    by_gateway: Annotated[bool, "Raised by a rule of the gateway."]
    began_ms: Annotated[int, Meta(extra_json_schema=_TIME), "Beginning of the condition."]
    raised_ms: Annotated[int, Meta(extra_json_schema=_TIME)]
    ended_ms: Annotated[int | None, "Null while it is active."]
    ended_why: Annotated[
        str | None,
        "cleared; or no_data, rule_removed, not_selected: the condition is then unknown.",
    ]
    what: Annotated[str, Meta(extra_json_schema={"example": "vpd_kpa"}), "The channel or index."]
    value: Annotated[float | None, "Value when it was raised."]
    unit: str
    condition: Annotated[str, "below, above, silent, or hours beyond."]
    threshold: float | None
    rule_limit: Annotated[
        float | None,
        "Limit of the farm's rule, where the gateway that raised it has another; null otherwise.",
    ] = None
    estimated: Annotated[bool, "True for a leaf temperature without a sensor."]
    late: Annotated[bool, "Found in late data; not notified."]
    simulated: bool
    text: str
    text_zh: str
    acknowledged_ms: int | None
    acknowledged_by: str | None
    note: str
    snoozed_until_ms: int | None
    level: Annotated[int, "Escalation steps reached."]
    told: Annotated[dict[str, RecipientNotifications], "Notifications by recipient id."]


class AlarmList(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[AlarmItem]
    next: str | None


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Acknowledgement of an alarm."""

    EXAMPLE: ClassVar = {"note": "heating is on again"}

    note: Annotated[str, Meta(max_length=500)] = ""
    only_first: Annotated[
        bool,
        "Refuse (409) where somebody has acknowledged it: for what was entered without a network.",
    ] = False


class Snooze(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Snooze of an alarm until a time; null ends it."""

    EXAMPLE: ClassVar = {"until_ms": EXAMPLE_MS}

    until_ms: Annotated[int, Meta(ge=0, le=HIGH_MS)] | None


class NotificationItem(msgspec.Struct, frozen=True, kw_only=True):
    """A notification to a recipient, and its delivery."""

    id: Annotated[str, Meta(extra_json_schema=_ID)]
    recipient: Annotated[str, Meta(extra_json_schema=_ID)]
    rule: str
    what: Annotated[str, "raised, escalated, repeated, cleared or test."]
    about: Annotated[list[str], "The alarms' ids."]
    body: Annotated[str, "The JSON that is sent."]
    created_ms: Annotated[int, Meta(extra_json_schema=_TIME)]
    due_ms: Annotated[int, "Time of the next attempt."]
    attempts: int
    state: Literal["waiting", "delivered", "dead"]
    delivered_ms: int | None
    error: Annotated[str, "Cause of the last failed attempt."]
    error_zh: Annotated[str, "The cause in Chinese; empty where it has none."] = ""


class NotificationList(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[NotificationItem]
    next: str | None


class RecipientDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether notifications reach a recipient: its newest one, the newest that arrived, and those that did not."""

    recipient: Annotated[str, Meta(extra_json_schema=_ID)]
    robot: Annotated[
        str | None,
        "dingtalk, wecom, feishu, telegram or ntfy for the address of a robot.",
    ]
    cannot_send: Annotated[
        str | None,
        "Why nothing can be sent now: no_mail_server, no_broker or disabled; null where it can.",
    ]
    newest: Annotated[NotificationItem | None, "The newest notification; null where there is none."]
    delivered_ms: Annotated[int | None, "When the newest delivered one was delivered."]
    waiting: Annotated[int, Meta(ge=0), "Notifications that are tried again."]
    dead: Annotated[int, Meta(ge=0), "Notifications that are not tried again."]


class RecipientDeliveryList(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery to every recipient."""

    items: list[RecipientDelivery]


class DutyNow(msgspec.Struct, frozen=True, kw_only=True):
    """A duty rota now: who is on duty, who is called next, and until when."""

    rota: Annotated[str, Meta(extra_json_schema=_ID)]
    name: str
    on_duty: Annotated[list[str], "Names of recipients; empty where nobody is: then all are called."]
    next: Annotated[list[str], "Who is called, one after the other, without acknowledgement."]
    next_after_s: float | None
    until_ms: Annotated[int | None, "When somebody else is on duty; null within nine days: nobody."]
    time_zone: str
    time_zone_known: Annotated[bool, "true: a rota has a site."] = True
    enabled: bool


class DutyList(msgspec.Struct, frozen=True, kw_only=True):
    """All duty rotas now."""

    items: list[DutyNow]


class HandOver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hand-over of a rota to a recipient, by default until the next change."""

    EXAMPLE: ClassVar = {"to": "Wang", "until_ms": EXAMPLE_MS}

    to: Annotated[str, Meta(min_length=1, max_length=200)]
    until_ms: Annotated[int, Meta(ge=0, le=HIGH_MS)] | None = None


class PushKeyBody(msgspec.Struct, frozen=True, kw_only=True):
    """The public key with which a browser subscribes."""

    public_key: str


class PushOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser that is to be notified of alarms: its subscription, and who sits before it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    endpoint: Annotated[str, Meta(min_length=1, max_length=1500)]
    p256dh: Annotated[str, Meta(min_length=1, max_length=100)]
    auth: Annotated[str, Meta(min_length=1, max_length=40)]
    language: Literal["en", "zh-CN"] = "en"
    least_severity: SeverityName = "info"


class PushRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """The alarm recipient of a browser."""

    recipient: Annotated[str, Meta(extra_json_schema=_ID)]
    name: str


class RecipientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The new secret that signs a recipient's webhooks; it is returned only once."""

    secret: str


class SimulatedAlarm(msgspec.Struct, frozen=True, kw_only=True):
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


class DeviceSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Simulation of a rule on a device or zone; insufficient_data without a known value."""

    device: Annotated[str, "The device, or the id of the zone."]
    name: Annotated[str, "Name of a zone."]
    simulated: bool
    judged: Annotated[int, "Instants at which the rule's value was known."]
    reason: Annotated[str | None, "insufficient_data, or null."]
    alarms: list[SimulatedAlarm]


class RuleSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Simulation of a rule over [start_ms, end_ms) on the stored data."""

    rule: str
    start_ms: int
    end_ms: int
    alarms: Annotated[int, "Sum over the devices."]
    devices: list[DeviceSimulation]


def alarm_of(alarm: Alarm, rule_limit: float | None) -> AlarmItem:
    """Return an alarm as an item of a list, with the limit of the farm's rule where its gateway has another."""
    told = {recipient: fill(RecipientNotifications, notice) for recipient, notice in alarm.told.items()}
    return fill(AlarmItem, alarm, told=told, rule_limit=rule_limit)


class GatewayRulesList(msgspec.Struct, frozen=True, kw_only=True):
    """Alarm rules of the farm at its gateways, by gateway."""

    items: list[GatewayRulesStanding]
