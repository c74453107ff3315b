"""Request limits per client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.auth.rate_limiter import Rate
from api.auth.shares import RequestShare

_REQUESTS: Final = Rate(600, 150)
_FAILURES: Final = Rate(30, 0.2)
_SHARE: Final = RequestShare()


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per key and how many at once, failed attempts per address, bodies, seconds until a response begins."""

    requests: Rate = _REQUESTS
    failures: Rate = _FAILURES
    body_bytes: int = 32 * 1024 * 1024
    body_depth: int = 64
    body_s: float = 45.0
    answer_s: float = 60.0
    share: RequestShare = _SHARE
