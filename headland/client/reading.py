"""Reading of the API: a query of Python's values, and answers as records; one form for callers, one to be awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from headland.client.connection import AsyncConnection, Connection

T = TypeVar("T")
#: Epoch milliseconds, ISO 8601 with a zone, or a datetime with one.
Instant = int | str | datetime


class _Page(msgspec.Struct):
    items: msgspec.Raw


class Reading:
    """Requests of a connection that answer records."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _record(self, path: str, kind: type[T], query: Mapping[str, Any]) -> T:
        return decode(self._connection.request("GET", path, params=to_query(query)).content, kind)

    def _list(self, path: str, kind: type[T], query: Mapping[str, Any]) -> list[T]:
        return decode_page(self._connection.request("GET", path, params=to_query(query)).content, kind)

    def _pages(self, path: str, kind: type[T], query: Mapping[str, Any]) -> Iterator[T]:
        for page in self._connection.follow(path, to_query(query)):
            yield from decode_page(page, kind)

    def _bytes(self, path: str, media_type: str, query: Mapping[str, Any]) -> bytes:
        headers = {"Accept": media_type}
        return self._connection.request("GET", path, params=to_query(query), headers=headers).content


class AsyncReading:
    """Requests of a connection that are awaited."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _record(self, path: str, kind: type[T], query: Mapping[str, Any]) -> T:
        return decode((await self._connection.request("GET", path, params=to_query(query))).content, kind)

    async def _list(self, path: str, kind: type[T], query: Mapping[str, Any]) -> list[T]:
        return decode_page((await self._connection.request("GET", path, params=to_query(query))).content, kind)

    async def _pages(self, path: str, kind: type[T], query: Mapping[str, Any]) -> AsyncIterator[T]:
        async for page in self._connection.follow(path, to_query(query)):
            for item in decode_page(page, kind):
                yield item

    async def _bytes(self, path: str, media_type: str, query: Mapping[str, Any]) -> bytes:
        headers = {"Accept": media_type}
        return (await self._connection.request("GET", path, params=to_query(query), headers=headers)).content


def decode(content: bytes, kind: type[T]) -> T:
    """Return an answer as a record. What a newer station adds is left out."""
    return msgspec.json.decode(content, type=kind)


def decode_page(content: bytes, kind: type[T]) -> list[T]:
    """Return the items of a page."""
    return msgspec.json.decode(decode(content, _Page).items, type=list[kind])  # type: ignore[valid-type]  # known at run time


def in_path(value: object) -> str:
    """Return a value as a part of a path."""
    return quote(str(value), safe="")


def to_query(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query without None values, instants as text; raises ValueError for a datetime without a zone."""
    texts: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"{name} is a datetime without a time zone: add one, as in tzinfo=UTC.")
            texts[name] = value.isoformat()
        elif isinstance(value, bool):
            texts[name] = str(value).lower()
        elif value is not None:
            texts[name] = value
    return texts
