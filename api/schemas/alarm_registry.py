"""Alarm rules, recipients and maintenance windows as registry records."""

from __future__ import annotations

from typing import Final

from api.schemas.registry import Kind
from headland.registry.models.alarms import AlarmRecipient, AlarmRule, MaintenanceWindow

RULES: Final = Kind(
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
RECIPIENTS: Final = Kind(
    "alarm-recipients",
    "alarm recipient",
    AlarmRecipient,
    lambda repositories: repositories.alarm_recipients,
    {"name": "Li", "kind": "webhook", "address": "https://example.org/alarms", "language": "zh-CN"},
)
WINDOWS: Final = Kind(
    "maintenance-windows",
    "maintenance window",
    MaintenanceWindow,
    lambda repositories: repositories.maintenance,
    {"name": "new sensors", "start_ms": 1_795_507_200_000, "end_ms": 1_795_510_800_000, "kind": "greenhouse"},
)
ALARM_KINDS: Final = (RULES, RECIPIENTS, WINDOWS)
