"""Webhooks of apps: records and their validation."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
from msgspec import Meta

from headland.registry.models.errors import InvalidRecord
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
    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    events: Annotated[tuple[WebhookEvent, ...], Meta(min_length=1, max_length=20)]
    enabled: bool = True


def check_webhook(hook: Webhook, _connection: sa.Connection, _organisation: str) -> Webhook:
    """Validate the URL: usable for a POST, without a login, and not a link-local address such as cloud metadata."""
    try:
        parts = urlsplit(hook.url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not hook.url.isascii() or not hook.url.isprintable() or " " in hook.url:
        raise InvalidRecord(f"{hook.url[:200]!r} is not a URL: write https://HOST/PATH.")
    if parts.username is not None or parts.password is not None:
        raise InvalidRecord("The URL must not contain a login: check the signature instead.")
    if _is_link_local(str(parts.hostname)):
        raise InvalidRecord(f"{parts.hostname} is a link-local address, to which nothing is sent: use another host.")
    return hook


def _is_link_local(host: str) -> bool:
    try:
        return ip_address(host).is_link_local
    except ValueError:
        return False
