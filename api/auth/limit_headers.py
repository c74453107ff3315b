"""Headers of limits: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from api.auth.rate_limiter import Draw

POLICY: Final = "RateLimit-Policy"
LEFT: Final = "RateLimit"
_NOTED: Final = "limits"
#: Largest integer of a structured field (RFC 9651, 3.3.1).
_MOST: Final = 999_999_999_999_999


def note_rate(scope: MutableMapping[str, Any], name: str, draw: Draw) -> None:
    """Note what is left of a rate for the answer of a request: all of it comes back within the stated seconds."""
    rate = draw.rate
    full_s = draw.wait_s or (rate.burst - draw.left) / rate.per_s
    window_s = max(1, math.ceil(rate.burst / rate.per_s))
    _note(scope, name, f"q={_whole(rate.burst)};w={window_s}", f"r={_whole(draw.left)};t={math.ceil(full_s)}")


def note_share(scope: MutableMapping[str, Any], name: str, most: int, left: int, wait_s: float = 0.0) -> None:
    """Note what is left of requests at once; `wait_s` is the stated wait of a refused one."""
    told = f"r={max(0, left)}" + (f";t={math.ceil(wait_s)}" if wait_s else "")
    _note(scope, name, f'q={most};qu="concurrent-requests"', told)


def with_limits(scope: Scope, send: Send) -> Send:
    """Return a `send` that adds the headers of what was noted of the request."""

    async def send_with_limits(message: Message) -> None:
        if message["type"] == "http.response.start" and (noted := scope["state"].get(_NOTED)):
            headers = MutableHeaders(scope=message)
            headers[POLICY] = ", ".join(f'"{name}";{policy}' for name, (policy, _) in noted.items())
            headers[LEFT] = ", ".join(f'"{name}";{left}' for name, (_, left) in noted.items())
        await send(message)

    return send_with_limits


def _note(scope: MutableMapping[str, Any], name: str, policy: str, left: str) -> None:
    scope.setdefault("state", {}).setdefault(_NOTED, {})[name] = policy, left


def _whole(tokens: float) -> int:
    return min(_MOST, math.floor(tokens + 1e-9))
