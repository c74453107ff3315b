"""Getting a notice to who is to hear it: how it is signed, when it is tried again, when it is given up. Pure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from headland.registry.models.alarms import Notice, NoticeState

#: The first wait and the longest; it doubles in between.
FIRST_WAIT_S: Final = 10.0
LONGEST_WAIT_S: Final = 3600.0
#: About nine hours of trying.
MOST_ATTEMPTS: Final = 16

TIMESTAMP_HEADER: Final = "Headland-Timestamp"
SIGNATURE_HEADER: Final = "Headland-Signature"
NOTICE_HEADER: Final = "Headland-Notice"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt; what is `refused` is never taken, `later` may be."""

    result: Literal["delivered", "later", "refused"]
    detail: str = ""


def sign(secret: str, timestamp_s: int, body: bytes) -> str:
    """Return what proves that a body was sent by who knows the secret, at that time: `v1=` and hexadecimal digits.

    HMAC-SHA256 (RFC 2104) over the timestamp in decimal, a dot, and the body.
    """
    signed = str(timestamp_s).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def wait_s(attempts: int) -> float:
    """Return how long to wait after so many attempts in vain: 10 s, doubled each time, at most an hour."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** max(0, min(attempts, 30) - 1)))


def settle(notice: Notice, outcome: Outcome, now_ms: int) -> Notice:
    """Return a notice after an attempt: delivered, to be tried again, or dead."""
    attempts = notice.attempts + 1
    if outcome.result == "delivered":
        done = NoticeState.DELIVERED
        return msgspec.structs.replace(notice, state=done, attempts=attempts, delivered_ms=now_ms, error="")
    dead = outcome.result == "refused" or attempts >= MOST_ATTEMPTS
    return msgspec.structs.replace(
        notice,
        state=NoticeState.DEAD if dead else NoticeState.WAITING,
        attempts=attempts,
        due_ms=now_ms + round(wait_s(attempts) * 1000),
        error=outcome.detail[:500],
    )
