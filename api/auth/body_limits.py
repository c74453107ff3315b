"""What is sent with a request: read whole, and never more or deeper than is allowed."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.http.problems import ProblemError

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
#: A body that is shorter is looked through at once, without a thread.
_SHORT_BYTES: Final = 65_536


async def read_body(receive: Receive, headers: Headers, most_bytes: int, most_depth: int) -> Receive:
    """Read a body; return what gives it again. Raises ProblemError 413 and 400 for one beyond the limits."""
    told = headers.get("content-length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return _again(message, receive)
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
        if not message.get("more_body", False):
            break
    media = headers.get("content-type", "")
    if body and (not media or "json" in media):
        short = len(body) <= _SHORT_BYTES
        depth = depth_of(bytes(body)) if short else await run_in_threadpool(depth_of, bytes(body))
        if depth > most_depth:
            sentence = f"The body is nested more than {most_depth} levels deep."
            raise ProblemError(400, "too-deep", "The body is too deep", sentence)
    return _again({"type": "http.request", "body": bytes(body), "more_body": False}, receive)


def depth_of(text: bytes) -> int:
    """Return how deep brackets are nested in a JSON text; what is in a string does not count."""
    brackets = np.frombuffer(_STRING.sub(b"", text).translate(None, _NOT_BRACKETS), np.uint8)
    if not len(brackets):
        return 0
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    return int(np.where(opens, 1, -1).cumsum().max())


def _again(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _too_large(most_bytes: int) -> ProblemError:
    sentence = f"The body is larger than {most_bytes:,} bytes."
    return ProblemError(413, "too-large", "The body is too large", sentence)
