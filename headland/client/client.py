"""The client: one method for what is asked often, and `get`, `post`, `put`, `delete` and `items` for all the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

import msgspec

from headland.client.connection import Connection, find_key
from headland.client.live import listen
from headland.client.records import Alarm, Device, Event, Gap, Gateway, Latest, News, Series

T = TypeVar("T")
Instant = int | str | datetime
_FORMS: Final = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


class _Page(msgspec.Struct):
    items: msgspec.Raw


class Client:
    """A farm's API at `url`, asked with a key: given, in HEADLAND_API_KEY, or in the `api-key` file of `folder`.

    Instants are epoch milliseconds, ISO 8601 with a zone, or a datetime with one. Lists follow their pages while they
    are read. Raises Refused where the API says no, and NotReachable where nobody answers; both are HeadlandErrors.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        folder: Path | None = None,
        timeout_s: float = 30.0,
        tries: int = 5,
    ) -> None:
        self._connection = Connection(url, find_key(key, folder), timeout_s, tries)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def devices(self, *, kind: str | None = None, site: str | None = None) -> Iterator[Device]:
        """Yield the devices by id."""
        return self._items("/v1/devices", Device, kind=kind, site=site)

    def latest(self, device: str) -> Latest:
        """Return the newest value of each channel of a device."""
        return self._one(f"/v1/devices/{device}/latest", Latest)

    def latest_of_all(self, *, kind: str | None = None, site: str | None = None) -> Iterator[Latest]:
        """Yield the newest values of each device."""
        return self._items("/v1/latest", Latest, kind=kind, site=site)

    def series(
        self,
        device: str,
        channels: str | Sequence[str],
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        max_points: int | None = None,
        width: int | None = None,
    ) -> Series:
        """Return samples of [start, end) as columns, or means where they are too many: `aggregation` says which."""
        asked = {"channel": channels, "start": start, "end": end, "max_points": max_points, "width": width}
        return self._one(f"/v1/devices/{device}/series", Series, **asked)

    def table(
        self,
        device: str,
        channels: str | Sequence[str],
        path: Path,
        start: Instant | None = None,
        end: Instant | None = None,
        *,
        form: Literal["csv", "parquet", "arrow"] = "parquet",
    ) -> Path:
        """Write every sample of [start, end), however many, into a file as it comes; return its path."""
        query = _query({"channel": channels, "start": start, "end": end})
        where = f"/v1/devices/{device}/series"
        with self._connection.streamed(where, query, _FORMS[form]) as chunks, path.open("wb") as file:
            file.writelines(chunks)
        return path

    def events(self, device: str, start: Instant | None = None, end: Instant | None = None) -> Iterator[Event]:
        """Yield the events of a device in [start, end), in time order."""
        return self._items(f"/v1/devices/{device}/events", Event, start=start, end=end)

    def gateways(self) -> Iterator[Gateway]:
        """Yield the gateways by id."""
        return self._items("/v1/gateways", Gateway)

    def alarms(self, *, state: Literal["active", "ended"] | None = None, subject: str | None = None) -> Iterator[Alarm]:
        """Yield alarms, the newest first."""
        return self._items("/v1/alarms", Alarm, state=state, subject=subject)

    def acknowledge(self, alarm: str, note: str = "") -> Alarm:
        """Say that somebody takes care of an alarm."""
        return msgspec.json.decode(self._send("POST", f"/v1/alarms/{alarm}/acknowledge", {"note": note}), type=Alarm)

    def live(
        self, device: str | Sequence[str] | None = None, channel: str | Sequence[str] | None = None
    ) -> Iterator[News | Gap]:
        """Yield values as they are committed, for ever: first all newest ones. After a break it goes on by itself."""
        return listen(self._connection.http, _query({"device": device, "channel": channel}))

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield what a list holds: `items("/v1/fields", farm=id)`."""
        return self._items(path, dict[str, Any], **query)

    def get(self, path: str, **query: Any) -> Any:
        """Return any answer as plain values."""
        return msgspec.json.decode(self._connection.ask("GET", path, params=_query(query)).content)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Add or do something; return what the API says of it, None where it says nothing."""
        return _plain(self._send("POST", path, body, **query))

    def put(self, path: str, body: Any, version: int) -> Any:
        """Put a record in the place of a version of it; raises Refused (412) where it was changed meanwhile."""
        return _plain(self._send("PUT", path, body, headers={"If-Match": f'"{version}"'}))

    def delete(self, path: str, version: int | None = None) -> None:
        """Delete a record, at a version of it where it has versions."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        self._connection.ask("DELETE", path, headers=headers)

    def _one(self, path: str, kind: type[T], /, **query: Any) -> T:
        return msgspec.json.decode(self._connection.ask("GET", path, params=_query(query)).content, type=kind)

    def _items(self, path: str, kind: type[T], /, **query: Any) -> Iterator[T]:
        for page in self._connection.follow(path, _query(query)):
            items = msgspec.json.decode(page, type=_Page).items
            yield from msgspec.json.decode(items, type=list[kind])  # type: ignore[valid-type]  # known when it is asked

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None, **query: Any) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        told = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers
        return self._connection.ask(method, path, content=content, headers=told, params=_query(query)).content


def _plain(content: bytes) -> Any:
    return msgspec.json.decode(content) if content else None


def _query(asked: dict[str, Any]) -> dict[str, Any]:
    """Return a query without what was left out, instants as text; raises ValueError for a datetime without a zone."""
    told: dict[str, Any] = {}
    for name, value in asked.items():
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"{name} is a datetime without a time zone: say which one, as in tzinfo=UTC.")
            told[name] = value.isoformat()
        elif isinstance(value, bool):
            told[name] = str(value).lower()
        elif value is not None:
            told[name] = value
    return told
