"""Delivery of a notice to a browser by its push service."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from headland.alarms.notification.delivery_policy import DeliveryOutcome
from headland.alarms.notification.web_push import PushKey, encrypt, headers_for, message_of
from headland.network.http_client import OutgoingClient
from headland.network.http_target import parse_target
from headland.network.name_resolver import OutgoingError
from headland.registry.models.alarms import Notice, PushSubscription

_TIMEOUT_S: Final = 10.0
#: Answers after which a later attempt may succeed, and those of a subscription that has ended.
_LATER: Final = frozenset((408, 409, 425, 429))
_GONE: Final = frozenset((404, 410))
#: Whom a push service may ask about our messages: RFC 8292 wants an address, and a farm has none that is public.
_CONTACT: Final = "mailto:operator@headland.invalid"


def post_push(
    client: OutgoingClient, address: str, key: PushKey, notice: Notice, now_s: int | None = None
) -> DeliveryOutcome:
    """Send a notice to the browser of a subscription; its push service sees neither title nor text.

    `now_s` is the time of the proof of who sends it, by default the system's: a push service refuses one that is over.
    """
    now_s = int(time.time()) if now_s is None else now_s
    try:
        subscription = msgspec.json.decode(address, type=PushSubscription)
        target = parse_target(subscription.endpoint)
        body = encrypt(message_of(notice.body), subscription)
    except (msgspec.DecodeError, ValueError) as error:
        return DeliveryOutcome("refused", f"the URL cannot be used: {error}")
    is_urgent = msgspec.json.decode(notice.body).get("severity") == "critical"
    headers = headers_for(subscription.endpoint, key, _CONTACT, now_s, is_urgent=is_urgent)
    try:
        return push_outcome(client.post(target, body, headers, _TIMEOUT_S).status)
    except OutgoingError as error:
        return DeliveryOutcome("refused" if error.is_final else "later", str(error))


def push_outcome(status: int) -> DeliveryOutcome:
    """Return what the status of a push service says of a message."""
    if 200 <= status < 300:
        return DeliveryOutcome("delivered")
    if status in _GONE:
        return DeliveryOutcome("refused", "the browser ended its subscription: subscribe there again")
    is_refusal = 400 <= status < 500 and status not in _LATER
    return DeliveryOutcome("refused" if is_refusal else "later", f"the server responded with status {status}")
