"""Size and depth limits of request bodies."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from api.http.problems import ProblemError
from headland.plain_numbers import is_digits

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
#: A shorter body is checked at once, without a thread.
_SHORT_BYTES: Final = 65_536


class ClientLeftError(Exception):
    """The client ended its connection before its body was complete: nobody waits for a response."""


async def read_body(receive: Receive, headers: Headers, most_bytes: int, most_depth: int) -> Receive:
    """Read a body and return a `receive` that replays it.

    Raises ProblemError (413, 400) beyond the limits, and ClientLeftError.
    """
    declared = headers.get("content-length", "")
    if is_digits(declared) and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientLeftError
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
            sentence = f"Nest the body at most {most_depth} levels deep."
            raise ProblemError(400, "too-deep", "Request body nested too deeply", sentence)
    return _replay({"type": "http.request", "body": bytes(body), "more_body": False}, receive)


def depth_of(text: bytes) -> int:
    """Return the nesting depth of brackets in a JSON text; brackets in strings do not count."""
    brackets = np.frombuffer(_STRING.sub(b"", text).translate(None, _NOT_BRACKETS), np.uint8)
    if not len(brackets):
        return 0
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    return int(np.where(opens, 1, -1).cumsum().max())


def _replay(first: Message, receive: Receive) -> Receive:
    waiting = [first]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _too_large(most_bytes: int) -> ProblemError:
    sentence = f"Send at most {most_bytes:,} bytes."
    return ProblemError(413, "too-large", "Request body too large", sentence)
