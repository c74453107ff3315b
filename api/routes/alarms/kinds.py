"""Kinds of registry records of alarms: rules, recipients, maintenance windows and duty rotas."""

from __future__ import annotations

from typing import Final

import msgspec

from api.routes.record_kinds import RecordResource
from api.schemas.model import EXAMPLE_ID
from headland.network.http_target import parse_target
from headland.network.service_address import inside_host
from headland.registry.models.access_table import KindOfRecord
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, MaintenanceWindow, RecipientKind
from headland.registry.models.duty import DutyRota
from headland.registry.validation.alarm_rules import subscription_of

RULES: Final = RecordResource(
    "alarm-rules",
    "alarm rule",
    AlarmRule,
    lambda repositories: repositories.alarm_rules,
    {
        "name": "hot-wind",
        "kind": "weather",
        "any_of": [
            [
                {"what": "air_temperature_degc", "above": 30, "hysteresis": 1},
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
    """Return the URL to which notices of a recipient are posted, of a service that of its host; None for others."""
    if recipient.kind is RecipientKind.PUSH:
        return subscription_of(recipient.address).endpoint
    if recipient.kind is RecipientKind.APPRISE:
        host = inside_host(recipient.address)
        return None if host is None else f"http://{host}/"
    return recipient.address if recipient.kind is RecipientKind.WEBHOOK else None


RECIPIENTS: Final = RecordResource(
    "alarm-recipients",
    "alarm recipient",
    AlarmRecipient,
    lambda repositories: repositories.alarm_recipients,
    {"name": "Li", "kind": "webhook", "address": "https://example.org/alarms", "language": "zh-CN"},
    part=KindOfRecord.ADDRESSES,
    mask=mask_recipient,
    target=posted_to,
)
WINDOWS: Final = RecordResource(
    "maintenance-windows",
    "maintenance window",
    MaintenanceWindow,
    lambda repositories: repositories.maintenance,
    {"name": "new sensors", "start_ms": 1_795_507_200_000, "end_ms": 1_795_510_800_000, "kind": "greenhouse"},
)
ROTAS: Final = RecordResource(
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
