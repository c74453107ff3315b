"""Feeds and streams for tests of the live values."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api.live.feed import LiveFeed
from api.live.values import LiveValue
from headland.store.memory import MemoryStore
from headland.store.port import Latest, SeriesKey
from tests.api.farm import HOUSE, NOW_MS, OWN, WEATHER, fill_farm
from tests.api.server import own_app, serve
from tests.waiting import PATIENCE_S

StreamEvent = tuple[str, str | None, Any]

CO2 = SeriesKey(OWN, "home", "greenhouse", HOUSE, "co2_ppm")
WIND = SeriesKey(OWN, "home", "weather", WEATHER, "wind_speed_m_s")


def feed_of(**options: Any) -> LiveFeed:
    return LiveFeed(lambda key: key.unit or "1", {"kind": "commits"}, now_ms=lambda: NOW_MS, **options)


@contextmanager
def listening(client: httpx.Client, last_id: str | None = None, **params: Any) -> Iterator[Iterator[StreamEvent]]:
    """Yield the events of a stream: kind, id and data."""
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    with client.stream("GET", "/v1/live", params=params, headers=headers, timeout=PATIENCE_S) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events_of(response.iter_lines())


def events_of(lines: Iterator[str]) -> Iterator[StreamEvent]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            yield fields["event"], fields.get("id"), json.loads(fields["data"])
            fields = {}


def next_of(events: Iterator[StreamEvent], kind: str = "latest") -> tuple[str | None, Any]:
    return next((event_id, data) for event_kind, event_id, data in events if event_kind == kind)


def co2_of(data: Any) -> list[tuple[int, float]]:
    return [
        (item["channels"]["co2_ppm"]["time_ms"], item["channels"]["co2_ppm"]["value"])
        for item in data["items"]
        if "co2_ppm" in item["channels"]
    ]


@contextmanager
def serving(feed: LiveFeed | None, store: MemoryStore | None = None) -> Iterator[httpx.Client]:
    app = own_app(store or fill_farm(), live=feed)
    with serve(app) as client:
        try:
            yield client
        finally:
            app.state.live.close()


def publish(feed: LiveFeed, time_ms: int, value: float, key: SeriesKey = CO2) -> None:
    feed.publish([Latest(key, time_ms, value, 1)])


def decoded(piece: bytes | None) -> list[Any]:
    """Return the data of the events in a piece of a stream."""
    return [json.loads(line[6:]) for line in (piece or b"").splitlines() if line.startswith(b"data: ")]


def count_encoded(patch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of values of each event that is encoded; its items are left out."""
    encoded: list[int] = []

    def encode(values: Sequence[LiveValue]) -> list[Any]:
        encoded.append(len(values))
        return []

    patch.setattr("api.live.events.items_of", encode)
    return encoded
