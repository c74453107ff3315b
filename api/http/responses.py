"""JSON responses with entity tags."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import orjson
from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from api.http.problems import ProblemError


def reply(request: Request, body: BaseModel | msgspec.Struct | dict[str, Any]) -> Response:
    """Return a JSON response with its ETag, or 304 where the client has it already.

    Numpy columns are written as they are, NaN as null.
    """
    text = _written(body)
    tag = _tag_of(text)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if tag in (part.strip() for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="application/json")


def check_match(if_match: str | None, current: BaseModel) -> None:
    """Raise ProblemError (412) where If-Match names another state than the current one."""
    if if_match is None or if_match.strip() == "*":
        return
    if _tag_of(_written(current)) not in (part.strip() for part in if_match.split(",")):
        sentence = "The record was modified after it was read: reload it and try again."
        raise ProblemError(412, "changed-meanwhile", "Record modified meanwhile", sentence)


def _written(body: BaseModel | msgspec.Struct | dict[str, Any]) -> bytes:
    if isinstance(body, BaseModel):
        return body.model_dump_json().encode()
    if isinstance(body, msgspec.Struct):
        return msgspec.json.encode(body)
    return orjson.dumps(body, default=msgspec.to_builtins, option=orjson.OPT_SERIALIZE_NUMPY)


def _tag_of(text: bytes) -> str:
    return f'W/"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
