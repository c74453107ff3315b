"""Registry records, response models and simulation models of alarms."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from api.schemas.model import EXAMPLE_MS, answer_of_record, fill
from headland.alarms.rules.forecast_preview import ForecastPreview
from headland.analysis.inputs.window import HIGH_MS
from headland.registry.models.alarms import (
    Alarm,
    Notice,
    NotificationRecord,
)
from headland.registry.models.duty import DutyRota
from headland.registry.models.models import Text
from headland.registry.models.reach import RecipientReach

_ID = {"example": "01k9v4k8r0q3m8x5w7t2n6y4c1"}
SeverityName = Literal["info", "warning", "critical"]


@answer_of_record(NotificationRecord)
class RecipientNotifications(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications of an alarm to a recipient."""

    severity: SeverityName


@answer_of_record(Alarm, without=("standing", "gateway_raised_ms", "noted_ms", "fresh_ms", "snoozed_ms"))
class AlarmItem(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm. Times are those of the data, except for acknowledgement and snooze."""

    id: Annotated[str, Meta(extra_json_schema=_ID)]
    rule: Annotated[str, Meta(extra_json_schema={"example": "frost"})]
    severity: SeverityName
    what: Annotated[str, Meta(extra_json_schema={"example": "vpd_kpa"})]
    rule_limit: Annotated[
        float | None,
        "Limit of the farm's rule, where the gateway that raised it has another; null otherwise.",
    ] = None
    told: dict[str, RecipientNotifications]


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


@answer_of_record(Notice)
class NotificationItem(msgspec.Struct, frozen=True, kw_only=True):
    """A notification to a recipient, and its delivery."""

    id: Annotated[str, Meta(extra_json_schema=_ID)]
    recipient: Annotated[str, Meta(extra_json_schema=_ID)]
    state: Literal["waiting", "delivered", "dead"]
    error_zh: Annotated[str, "The cause in Chinese; empty where it has none."] = ""


class NotificationList(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[NotificationItem]
    next: str | None


class RecipientDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """Whether notifications reach a recipient: its newest one, the newest that arrived, and those that did not."""

    recipient: Annotated[str, Meta(extra_json_schema=_ID), "Id of the recipient."]
    robot: Annotated[str | None, "dingtalk, wecom, feishu, telegram or ntfy for the address of a robot."]
    cannot_send: Annotated[
        str | None,
        "Why nothing can be sent now: no_mail_server, no_broker, no_apprise or disabled; null where it can.",
    ]
    newest: Annotated[NotificationItem | None, "The newest notification; null where there is none."]
    delivered_ms: Annotated[int | None, "When the newest delivered one was delivered."]
    waiting: Annotated[int, Meta(ge=0), "Notifications that are tried again."]
    dead: Annotated[int, Meta(ge=0), "Notifications that are not tried again."]
    reach: Annotated[RecipientReach, "Whether messages reach a person by it."]


class RecipientDeliveryList(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery to every recipient."""

    items: list[RecipientDelivery]


@answer_of_record(DutyRota, "name", "next_after_s", "enabled")
class DutyNow(msgspec.Struct, frozen=True, kw_only=True):
    """A duty rota now: who is on duty, who is called next, and until when."""

    rota: Annotated[str, Meta(extra_json_schema=_ID), "Id of the rota."]
    on_duty: Annotated[list[str], "Names of recipients; empty where nobody is: then all are called."]
    next: Annotated[list[str], "Who is called, one after the other, without acknowledgement."]
    until_ms: Annotated[int | None, "When somebody else is on duty; null within nine days: nobody."]
    time_zone: str
    time_zone_known: Annotated[bool, "true: a rota has a site."] = True


class DutyList(msgspec.Struct, frozen=True, kw_only=True):
    """All duty rotas now."""

    items: list[DutyNow]


class HandOver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hand-over of a rota to a recipient, by default until the next change."""

    EXAMPLE: ClassVar = {"to": "Wang", "until_ms": EXAMPLE_MS}

    to: Annotated[Text, "Name of the recipient who is on duty."]
    until_ms: Annotated[int, Meta(ge=0, le=HIGH_MS)] | None = None


class PushKeyBody(msgspec.Struct, frozen=True, kw_only=True):
    """The public key with which a browser subscribes."""

    public_key: Annotated[str, "Public key of the station (VAPID), base64url."]


class PushOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser that is to be notified of alarms: its subscription, and who sits before it."""

    name: Text
    endpoint: Annotated[str, Meta(min_length=1, max_length=1500), "URL of the push service for this browser."]
    p256dh: Annotated[str, Meta(min_length=1, max_length=100), "Public key of the browser, base64url."]
    auth: Annotated[str, Meta(min_length=1, max_length=40), "Secret of the browser for authentication, base64url."]
    language: Literal["en", "zh-CN"] = "en"
    least_severity: SeverityName = "info"


class PushRecipient(msgspec.Struct, frozen=True, kw_only=True):
    """The alarm recipient of a browser."""

    recipient: Annotated[str, Meta(extra_json_schema=_ID), "Id of the recipient."]
    name: str


class RecipientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """The new secret that signs a recipient's webhooks; it is returned only once."""

    secret: Annotated[str, "Secret that signs each webhook."]


@answer_of_record(
    Alarm, "began_ms", "raised_ms", "ended_ms", "ended_why", "severity", "what", "value", "unit", "condition",
    "threshold", "estimated", "measured_by", "forecast",
)  # fmt: skip
class SimulatedAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that would have been raised; `ended_ms` is null where it would be active at the window's end."""

    severity: SeverityName


class DeviceSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Simulation of a rule on a device or zone; insufficient_data without a known value."""

    device: Annotated[str, "The device, or the id of the zone."]
    name: Annotated[str, "Name of a zone."]
    simulated: bool
    judged: Annotated[int, "Instants at which the rule's value was known."]
    reason: Annotated[str | None, "insufficient_data, or null."]
    alarms: Annotated[list[SimulatedAlarm], "Alarms that it would have raised."]
    forecast: Annotated[
        ForecastPreview | None, "Of a rule on the weather to come: what followed its warnings; null for others."
    ] = None


class RuleSimulation(msgspec.Struct, frozen=True, kw_only=True):
    """Simulation of a rule over [start_ms, end_ms) on the stored data."""

    rule: Annotated[str, "Name of the rule."]
    start_ms: int
    end_ms: int
    alarms: Annotated[int, "Sum over the devices."]
    devices: Annotated[list[DeviceSimulation], "Simulation on each device or zone."]


def alarm_of(alarm: Alarm, rule_limit: float | None) -> AlarmItem:
    """Return an alarm as an item of a list, with the limit of the farm's rule where its gateway has another."""
    told = {recipient: fill(RecipientNotifications, notice) for recipient, notice in alarm.told.items()}
    return fill(AlarmItem, alarm, told=told, rule_limit=rule_limit)
