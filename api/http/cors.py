"""Answers to scripts of other origins (CORS): of those that an organisation has allowed, and never with cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ASKED_HEADERS: Final = (
    "Accept, Accept-Language, Authorization, Content-Type, Headland-Organisation, Idempotency-Key, If-Match,"
    " If-None-Match, Last-Event-ID"
)
_SHOWN_HEADERS: Final = (
    "Content-Disposition, Content-Language, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy,"
    " Retry-After"
)
#: How long a browser may keep what it was told [s].
_KEPT_S: Final = "600"


class CorsMiddleware:
    """Lets scripts of allowed origins read answers: those to a key where its organisation allowed the origin.

    A preflight names no key: it is answered for an origin that any organisation allowed. What is open to everybody is
    open to each of these. `Access-Control-Allow-Credentials` is never sent: a session belongs to Headland's own pages.
    """

    def __init__(self, app: ASGIApp, origins: Mapping[str, frozenset[str]]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer a preflight."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = {name: value.decode("latin-1") for name, value in scope["headers"]}
        origin = named.get(b"origin", "")
        allowing = self._origins.get(origin)
        if scope["method"] == "OPTIONS" and allowing is not None and b"access-control-request-method" in named:
            await _preflight(origin)(scope, receive, send)
            return

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.add_vary_header("Origin")
                if allowing is not None and _is_allowed(scope, allowing):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = _SHOWN_HEADERS
            await send(message)

        await self._app(scope, receive, send_with_origin)


def _is_allowed(scope: Scope, allowing: frozenset[str]) -> bool:
    access: Any = scope.get("state", {}).get("access")
    return access is None or access.organisation.handle in allowing


def _preflight(origin: str) -> Response:
    headers = {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _ASKED_HEADERS,
        "Access-Control-Max-Age": _KEPT_S,
        "Vary": "Origin",
    }
    return Response(status_code=204, headers=headers)
