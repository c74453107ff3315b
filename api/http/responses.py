"""JSON responses with entity tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import orjson
from fastapi import Request
from numpy.typing import NDArray
from starlette.responses import Response, StreamingResponse

from api.http.problems import ProblemError
from api.http.records import encode

#: Numbers in columns up to which an answer is written whole, and those of a piece of a larger one.
_WRITTEN_AT_ONCE: Final = 200_000
_PIECE_VALUES: Final = 20_000


def reply(request: Request, body: object) -> Response:
    """Return a JSON response with its ETag, or 304 where the client has it already.

    Numpy columns are written as they are, NaN as null.
    """
    text = _written(body)
    tag = _tag_of(text)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")


def reply_columns(request: Request, body: dict[str, Any]) -> Response:
    """Return a JSON object with numpy columns, by name or in objects of columns, with its ETag, or 304.

    A large one is written while it is sent: a slow client holds the columns and no text of them.
    """
    columns = [column for value in body.values() for column in _columns_in(value)]
    if sum(map(len, columns)) <= _WRITTEN_AT_ONCE:
        return reply(request, body)
    digest = hashlib.blake2b(digest_size=12)
    for piece in _pieces({name: value for name, value in body.items() if not _columns_in(value)}):
        digest.update(piece)
    for column in columns:
        digest.update(column.data)
    tag = f'W/"{digest.hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _is_known(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(_pieces(body), headers=headers, media_type="application/json")


def _columns_in(value: object) -> list[NDArray[Any]]:
    if isinstance(value, np.ndarray):
        return [value]
    return [part for part in value.values() if isinstance(part, np.ndarray)] if isinstance(value, dict) else []


def _pieces(value: object) -> Iterator[bytes]:
    """Yield JSON in pieces; columns a part at a time."""
    if isinstance(value, dict):
        yield b"{"
        for place, (name, part) in enumerate(value.items()):
            yield (b"," if place else b"") + orjson.dumps(name) + b":"
            yield from _pieces(part)
        yield b"}"
    elif isinstance(value, np.ndarray):
        yield b"["
        for start in range(0, len(value), _PIECE_VALUES):
            text = orjson.dumps(value[start : start + _PIECE_VALUES], option=orjson.OPT_SERIALIZE_NUMPY)
            yield (b"," if start else b"") + text[1:-1]
        yield b"]"
    else:
        yield encode(value)


def check_match(if_match: str | None, current: object) -> None:
    """Raise ProblemError (412) where If-Match names another state than the current one."""
    if if_match is None or if_match.strip() == "*":
        return
    if _tag_of(_written(current)) not in (part.strip() for part in if_match.split(",")):
        sentence = "The record was modified after it was read: reload it and try again."
        raise ProblemError(412, "changed-meanwhile", "Record modified meanwhile", sentence)


def _written(body: object) -> bytes:
    return encode(body)


def _is_known(request: Request, tag: str) -> bool:
    return tag in (part.strip() for part in request.headers.get("if-none-match", "").split(","))


def _tag_of(text: bytes) -> str:
    return f'W/"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
