"""How much is taken of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.auth.rate_limiter import Rate

_ASKED: Final = Rate(600, 150)
_FAILED: Final = Rate(30, 0.2)


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests of a key, failures of an address, a body, and how long the beginning of an answer may take."""

    asked: Rate = _ASKED
    failed: Rate = _FAILED
    body_bytes: int = 32 * 1024 * 1024
    body_depth: int = 64
    answer_s: float = 60.0
