"""Marks of requests: one that names a key is carried out once, however often it arrives.

The mark is written in the transaction that carries the request out, so that there is never one without the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc

from headland.registry.db.tables.farm_tables import request_marks
from headland.registry.models.errors import RequestRepeated


@dataclass(slots=True)
class MarkedRequest:
    """A request with a key: `digest` is of its content; `is_marked` once a change of it is committed."""

    organisation: str
    key: str
    digest: str
    now_ms: int
    is_marked: bool = False


#: The running request; None where it has no key.
REQUEST: Final[ContextVar[MarkedRequest | None]] = ContextVar("marked_request", default=None)


@contextmanager
def marking(request: MarkedRequest) -> Iterator[None]:
    """Mark the request with the first change that is made in the block, in this thread and those it starts work in."""
    token = REQUEST.set(request)
    try:
        yield
    finally:
        REQUEST.reset(token)


@contextmanager
def unmarked() -> Iterator[None]:
    """Let changes in the block leave the running request unmarked: it is not carried out with them."""
    token = REQUEST.set(None)
    try:
        yield
    finally:
        REQUEST.reset(token)


def write_mark(connection: sa.Connection, request: MarkedRequest) -> None:
    """Write the mark of a request in an open transaction.

    Raises RequestRepeated where the request was carried out by another transaction.
    """
    row = {"organisation": request.organisation, "key": request.key, "digest": request.digest}
    try:
        connection.execute(request_marks.insert().values(made_ms=request.now_ms, **row))
    except exc.IntegrityError as error:
        raise RequestRepeated from error
