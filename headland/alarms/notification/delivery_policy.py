"""Delivery of notifications: signature, retries and the end of retrying. Pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from headland.registry.models.alarms import Notice, NoticeState
from headland.registry.repositories.alarms import LONGEST_WAIT_MS

#: The first and the longest wait between attempts; it doubles in between.
FIRST_WAIT_S: Final = 10.0
LONGEST_WAIT_S: Final = LONGEST_WAIT_MS / 1000
#: About nine hours of attempts.
MOST_ATTEMPTS: Final = 16

TIMESTAMP_HEADER: Final = "Headland-Timestamp"
SIGNATURE_HEADER: Final = "Headland-Signature"
NOTICE_HEADER: Final = "Headland-Notice"


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The result of an attempt; a `refused` notification is not tried again, `later` is."""

    result: Literal["delivered", "later", "refused"]
    detail: str = ""


def sign(secret: str, timestamp_s: int, body: bytes) -> str:
    """Return the signature of a body by a secret at a time: `v1=` and hexadecimal digits.

    HMAC-SHA256 (RFC 2104) over the timestamp in decimal, a dot, and the body.
    """
    signed = str(timestamp_s).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def retry_wait_s(attempts: int) -> float:
    """Return how long to wait after so many failed attempts: 10 s, doubled each time, at most an hour."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** max(0, min(attempts, 30) - 1)))


def record_attempt(notice: Notice, outcome: DeliveryOutcome, now_ms: int) -> Notice:
    """Return a notification after an attempt: delivered, waiting for the next attempt, or dead."""
    attempts = notice.attempts + 1
    if outcome.result == "delivered":
        return msgspec.structs.replace(
            notice, state=NoticeState.DELIVERED, attempts=attempts, delivered_ms=now_ms, error=""
        )
    dead = outcome.result == "refused" or attempts >= MOST_ATTEMPTS
    return msgspec.structs.replace(
        notice,
        state=NoticeState.DEAD if dead else NoticeState.WAITING,
        attempts=attempts,
        due_ms=now_ms + round(retry_wait_s(attempts) * 1000),
        error=outcome.detail[:500],
    )
