"""API client: methods for common requests, and `get`, `post`, `put`, `delete` and `items` for all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

import msgspec

from headland.client.connection import Connection, find_key
from headland.client.live import listen
from headland.client.reading import Instant, decode_page, to_query
from headland.client.records import Alarm, Device, Event, Gap, Gateway, Latest, News, Series

if TYPE_CHECKING:
    from headland.client.api.reads import Reads

T = TypeVar("T")
_FORMS: Final = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}


class Client:
    """Client of a farm's API at `url`; the key is an argument, HEADLAND_API_KEY, or the `api-key` file of `folder`.

    Instants are epoch milliseconds, ISO 8601 with a zone, or a datetime with one. Lists follow their pages while they
    are read. Raises RequestRefused for a refused request, and NotReachable without a response; both are HeadlandErrors.
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

    @property
    def api(self) -> Reads:
        """Return each GET of the API as a typed method, named as the operation: `farm.api.get_climate("gh-1")`."""
        from headland.client.api.reads import Reads

        return Reads(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
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
        """Return the samples of [start, end) as columns, or means of too many samples, as `aggregation` states."""
        query = {"channel": channels, "start": start, "end": end, "max_points": max_points, "width": width}
        return self._one(f"/v1/devices/{device}/series", Series, **query)

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
        """Write every sample of [start, end) to a file while it arrives; return the path."""
        query = to_query({"channel": channels, "start": start, "end": end})
        source = f"/v1/devices/{device}/series"
        with self._connection.streamed(source, query, _FORMS[form]) as chunks, path.open("wb") as file:
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
        """Acknowledge an alarm."""
        return msgspec.json.decode(self._send("POST", f"/v1/alarms/{alarm}/acknowledge", {"note": note}), type=Alarm)

    def live(
        self,
        device: str | Sequence[str] | None = None,
        channel: str | Sequence[str] | None = None,
        *,
        every_s: float | None = None,
    ) -> Iterator[News | Gap]:
        """Yield all newest values, then values as they are committed, for ever; reconnects after a break.

        With `every_s` (0.1 to 60) the newest value of each channel comes about once in that time, not each.
        """
        return listen(self._connection.http, to_query({"device": device, "channel": channel, "every_s": every_s}))

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield the items of a list: `items("/v1/fields", farm=id)`."""
        return self._items(path, dict[str, Any], **query)

    def get(self, path: str, **query: Any) -> Any:
        """Return any response as plain values."""
        return msgspec.json.decode(self._connection.request("GET", path, params=to_query(query)).content)

    def fetch(self, path: str, **query: Any) -> bytes:
        """Return the content of any response: a page, a picture, a PDF."""
        return self._connection.request("GET", path, params=to_query(query), headers={"Accept": "*/*"}).content

    def upload(self, path: str, content: bytes, media_type: str, **query: Any) -> Any:
        """Send content that is not JSON, such as a CSV file; return the response."""
        headers = {"Content-Type": media_type}
        sent = self._connection.request("POST", path, content=content, headers=headers, params=to_query(query))
        return _plain(sent.content)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Send a POST; return the response, None where it is empty."""
        return _plain(self._send("POST", path, body, **query))

    def put(self, path: str, body: Any, version: int) -> Any:
        """Replace a version of a record; raises RequestRefused (412) where it was modified."""
        return _plain(self._send("PUT", path, body, headers={"If-Match": f'"{version}"'}))

    def delete(self, path: str, version: int | None = None) -> None:
        """Delete a record, at a version of it where it has versions."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        self._connection.request("DELETE", path, headers=headers)

    def _one(self, path: str, kind: type[T], /, **query: Any) -> T:
        return msgspec.json.decode(self._connection.request("GET", path, params=to_query(query)).content, type=kind)

    def _items(self, path: str, kind: type[T], /, **query: Any) -> Iterator[T]:
        for page in self._connection.follow(path, to_query(query)):
            yield from decode_page(page, kind)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None, **query: Any) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        all_headers = {"Content-Type": "application/json", **(headers or {})} if body is not None else headers
        return self._connection.request(
            method, path, content=content, headers=all_headers, params=to_query(query)
        ).content


def _plain(content: bytes) -> Any:
    return msgspec.json.decode(content) if content else None
