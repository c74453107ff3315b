"""Webhooks of apps: records."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from headland.registry.models.models import Text, VersionedRecord


class WebhookEvent(StrEnum):
    """Event that an app can subscribe to."""

    DEVICE_EVENT = "device_event"
    PASS_DETECTED = "pass_detected"  # noqa: S105 - a pass over a field
    ALARM_RAISED = "alarm_raised"
    ALARM_ENDED = "alarm_ended"
    GATEWAY_OFFLINE = "gateway_offline"
    GATEWAY_ONLINE = "gateway_online"
    TEST = "test"


class Webhook(VersionedRecord, frozen=True, kw_only=True):
    """An app that receives its events by signed POST to `url`; the secret is not part of the record."""

    name: Text
    url: Annotated[str, Meta(min_length=1, max_length=2000), "URL to which events are posted."]
    events: Annotated[tuple[WebhookEvent, ...], Meta(min_length=1, max_length=20), "Events that are posted."]
    enabled: bool = True
