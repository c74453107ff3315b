"""Traces of requests: one span for each, named by its route's template; never a path, a query or a key."""

from __future__ import annotations

import time
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headland.contract.trace_context import TRACEPARENT, is_in_share, parse_traceparent
from headland.runtime.tracing.spans import Span, SpanSink, new_context

_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
#: Paths that programs ask again and again.
_LEFT_OUT: Final = frozenset(("/healthz", "/readyz", "/metrics"))
_SERVER_ERROR: Final = 500


class TraceMiddleware:
    """Traces a `share` of the requests; one that has a traceparent belongs to its client's trace."""

    def __init__(self, app: ASGIApp, sink: SpanSink, share: float) -> None:
        self._app = app
        self._sink = sink
        self._share = share

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and trace it."""
        if scope["type"] != "http" or scope["path"] in _LEFT_OUT:
            await self._app(scope, receive, send)
            return
        parent = parse_traceparent(Headers(scope=scope).get(TRACEPARENT, ""))
        context = new_context(parent)
        if not is_in_share(context.trace_id, self._share):
            await self._app(scope, receive, send)
            return
        start_ns = time.time_ns()
        status = _SERVER_ERROR
        events: list[tuple[str, int]] = []

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                events.append(("response begins", time.time_ns()))
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
            route = getattr(scope.get("route"), "path", "")
            self._sink.add(
                Span(
                    f"{method} {route}" if route else method,
                    context,
                    None if parent is None else parent.span_id,
                    start_ns,
                    time.time_ns(),
                    "server",
                    {
                        "http.request.method": method,
                        "http.response.status_code": status,
                        **({"http.route": route} if route else {}),
                    },
                    tuple(events),
                    is_error=status >= _SERVER_ERROR,
                )
            )
