"""Requests that are carried out once: a client repeats one whose answer it did not receive, with the same key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import (
    MEDIA_TYPE,
    RETRY_AFTER_S,
    ProblemError,
    already_carried_out,
    declare_problems,
    reply_problem,
    respond,
)
from headland.errors import RetryLater
from headland.registry.db.request_marks import MarkedRequest, marking
from headland.registry.registry import Access, Registry
from headland.registry.repositories.delivery.request_marks import RequestAnswer, RequestMark, RequestMarkRepository

HEADER: Final = "Idempotency-Key"
#: Set in an answer that was given before.
REPEATED_HEADER: Final = "Idempotency-Replayed"
_KEY: Final = re.compile(r"[\x21-\x7e]{16,128}")
_WRITING: Final = frozenset(("POST", "PUT", "PATCH", "DELETE"))
#: Larger answers are not kept.
_ANSWER_BYTES: Final = 64 * 1024
_KEPT_HEADERS: Final = frozenset(("content-type", "content-language", "etag", "location", "cache-control"))


class IdempotencyMiddleware:
    """Carries out a writing request with a key once, and repeats its answer.

    The answer is kept where it is a record (it has an ETag): another may hold a secret that is shown once.
    """

    def __init__(self, app: ASGIApp, registry: Registry | None, now_ms: Callable[[], int]) -> None:
        self._app = app
        self._registry = registry
        self._now_ms = now_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it was carried out before."""
        access: Access | None = scope.get("state", {}).get("access") if scope["type"] == "http" else None
        key = Headers(scope=scope).get(HEADER) if access is not None and scope["method"] in _WRITING else None
        if key is None or access is None or self._registry is None:
            await self._app(scope, receive, send)
            return
        try:
            _check_key(key)
            body = await _read(receive)
            marks, organisation = await to_thread.run_sync(_marks_of, self._registry, access)
            request = MarkedRequest(
                organisation, mark_key(scope["method"], scope["path"], key), _digest(scope, body), self._now_ms()
            )
            mark = await to_thread.run_sync(marks.find, request.key)
            if mark is None:
                await self._carry_out(scope, body, receive, send, request, marks)
            else:
                await _repeat(mark, request)(scope, receive, send)
        except ProblemError as error:
            await respond(error)(scope, receive, send)
        except RetryLater as error:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            problem = reply_problem(
                503, str(error), kind="registry-unavailable", title="Registry not available", headers=headers
            )
            await problem(scope, receive, send)

    async def _carry_out(
        self,
        scope: Scope,
        body: bytes,
        receive: Receive,
        send: Send,
        request: MarkedRequest,
        marks: RequestMarkRepository,
    ) -> None:
        answer = _Answer(send)
        with marking(request):
            await self._app(scope, _replayed(body, receive), answer.collect)
        kept = answer.to_keep() if request.is_marked else None
        if kept is not None:
            # The request is carried out: without its answer, a repetition is told that.
            with suppress(RetryLater):
                await to_thread.run_sync(marks.keep_answer, request.key, kept)
        await answer.release()


class _Answer:
    """An answer that is held back until it is complete, or too large to be kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._bytes = 0
        self._is_whole = False

    async def collect(self, message: Message) -> None:
        self._held.append(message)
        self._bytes += len(message.get("body", b""))
        self._is_whole = message["type"] == "http.response.body" and not message.get("more_body", False)
        if self._bytes > _ANSWER_BYTES:
            await self.release()

    def to_keep(self) -> RequestAnswer | None:
        """Return the answer where it may be repeated."""
        if not self._is_whole or not self._held or self._held[0]["type"] != "http.response.start":
            return None
        start, *parts = self._held
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        status = int(start["status"])
        body = b"".join(part.get("body", b"") for part in parts)
        is_record = "etag" in headers and "no-store" not in headers.get("cache-control", "")
        # An error after a first change: a repetition cannot do better.
        is_problem = headers.get("content-type", "") == MEDIA_TYPE
        if body and not is_record and not is_problem:
            return None
        kept = {name: value for name, value in headers.items() if name in _KEPT_HEADERS}
        return RequestAnswer(status, kept, body.decode("utf-8"))

    async def release(self) -> None:
        """Send what is held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


def _check_key(key: str) -> None:
    if _KEY.fullmatch(key) is None:
        sentence = "Idempotency-Key has 16 to 128 visible ASCII characters: make a new random one for each request."
        raise ProblemError(400, "bad-idempotency-key", "Invalid Idempotency-Key", sentence)


def _marks_of(registry: Registry, access: Access) -> tuple[RequestMarkRepository, str]:
    """Return the marks of the organisation of an access, and its id."""
    organisation = registry.organisation(access.organisation.handle).id
    return registry.repositories(organisation, access.by).request_marks, organisation


def _repeat(mark: RequestMark, request: MarkedRequest) -> Response:
    if mark.digest != request.digest:
        sentence = "This key was used for another request: make a new one for each request."
        return reply_problem(409, sentence, kind="idempotency-key-used", title="Idempotency-Key used before")
    if mark.answer is None:
        return respond(already_carried_out())
    return Response(mark.answer.body or None, mark.answer.status, {**mark.answer.headers, REPEATED_HEADER: "true"})


def mark_key(method: str, path: str, key: str) -> str:
    """Return the key of a request's mark: the client's key is one of its method and path."""
    return hashlib.sha256(f"{method} {path}\n{key}".encode()).hexdigest()


def _digest(scope: Scope, body: bytes) -> str:
    connection = HTTPConnection(scope)
    what = f"{connection.url.query}\n{connection.headers.get('if-match', '')}\n"
    return hashlib.sha256(what.encode() + body).hexdigest()


async def _read(receive: Receive) -> bytes:
    """Return the body, whose size and time are limited before."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` with the body; after it the client is waited for as before."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def describe_idempotency(document: dict[str, Any]) -> None:
    """Add the header, and the responses to it, to the writing operations of a document."""
    schema = {"type": "string", "minLength": 16, "maxLength": 128, "pattern": "^[!-~]*$"}
    text = "Random name of this request: one that is sent again with the same name is carried out once."
    parameter = {"name": HEADER, "in": "header", "required": False, "description": text, "schema": schema}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method.upper() not in _WRITING or not path.startswith("/v1/") or path == "/v1/session":
                continue
            operation.setdefault("parameters", []).append(dict(parameter))
            for status, entry in declare_problems(400, 409).items():
                operation["responses"].setdefault(str(status), entry)
