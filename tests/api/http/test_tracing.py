"""Traces of requests: what a span says, and what it never does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fastapi import FastAPI, Response

from api.http.tracing import TraceMiddleware
from headland.runtime.tracing.spans import Span
from tests.runtime.tracing.kept_spans import Spans

served = FastAPI()


@served.get("/healthz")
@served.get("/v1/things/{name}")
async def _answer(name: str = "") -> Response:
    if name == "fails":
        raise RuntimeError("broken")
    return Response(status_code=202)


def ask(path: str, query: str = "", share: float = 1.0, **headers: str) -> list[Span]:
    """Send one request through the middleware; return its spans."""
    spans = Spans()
    app = TraceMiddleware(served, spans, share)
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: Any) -> None:
        return None

    with suppress(RuntimeError):
        asyncio.run(app(scope, receive, send))
    return spans


def test_a_span_has_the_template_and_the_status_and_nothing_of_query_path_or_key() -> None:
    (span,) = ask("/v1/things/secret-field", "token=hidden", authorization="Bearer hl_secret")
    assert (span.name, span.kind, span.parent_id) == ("GET /v1/things/{name}", "server", None)
    assert span.attributes == {
        "http.request.method": "GET", "http.response.status_code": 202, "http.route": "/v1/things/{name}",
    }  # fmt: skip
    assert not [word for word in ("secret", "hidden", "hl_") if word in repr(span)]
    assert span.start_ns <= span.events[0][1] <= span.end_ns
    assert not span.is_error


def test_a_request_with_a_traceparent_belongs_to_its_clients_trace() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    (span,) = ask("/v1/things/a", traceparent=parent)
    assert (span.context.trace_id, span.parent_id) == (0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
    (other,) = ask("/v1/things/a", traceparent="malformed")
    assert other.parent_id is None


def test_a_failure_is_an_error() -> None:
    (span,) = ask("/v1/things/fails")
    assert span.is_error
    assert span.attributes["http.response.status_code"] == 500


def test_a_path_without_a_route_is_named_by_its_method_alone() -> None:
    (span,) = ask("/somebodys/secret")
    assert span.name == "GET"
    assert "http.route" not in span.attributes


def test_health_checks_and_requests_outside_the_share_are_not_traced() -> None:
    assert ask("/healthz") == []
    assert ask("/v1/things/a", share=0.0) == []
