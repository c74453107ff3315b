"""The live stream through a real server, with slow, reconnecting and too many clients."""

import asyncio
from typing import Any

import httpx
import pytest

from api.live.client import QUEUE_EVENTS
from api.live.events import Selection
from api.live.places import FeedFullError, LivePlaces
from api.live.sources import QUEUED_COMMITS, CommitSource, StorePoll
from headland.errors import RetryLater
from headland.store.memory import MemoryStore
from headland.store.port import Latest, SeriesFilter, WriteBatch, WriteResult
from tests.api.farm import DRONE, HOUSE, NOW_MS, OWN, START_MS, WEATHER, fill_farm
from tests.api.live.streams import (
    WIND,
    co2_of,
    count_encoded,
    decoded,
    feed_of,
    listening,
    next_of,
    publish,
    serving,
)
from tests.api.live.test_values import batch
from tests.waiting import wait_until


def test_a_stream_begins_with_all_newest_values_and_continues_with_each_new_value() -> None:
    feed = feed_of()
    publish(feed, 5, 600.0)
    with serving(feed) as client, listening(client) as events:
        assert next(events) == ("hello", None, {"source": {"kind": "commits"}, "heartbeat_s": feed.heartbeat_s})
        assert co2_of(next_of(events)[1]) == [(5, 600.0)]
        publish(feed, 6, 601.0)
        event_id, data = next_of(events)
        assert data == {
            "sent_ms": NOW_MS,
            "skipped": 0,
            "items": [
                {
                    "device": HOUSE,
                    "simulated": False,
                    "channels": {
                        "co2_ppm": {"value": 601.0, "time_ms": 6, "unit": "ppm", "quality": 1, "simulated": False}
                    },
                }
            ],
        }
        assert event_id == f"{feed.epoch}-2"


def test_a_client_receives_only_the_requested_devices_and_channels() -> None:
    feed = feed_of()
    with serving(feed) as client, listening(client, device=WEATHER, channel="wind_speed_m_s") as events:
        assert next(events)[0] == "hello"
        publish(feed, 5, 600.0)
        publish(feed, 5, 2.5, WIND)
        _, data = next_of(events)
        assert [item["device"] for item in data["items"]] == [WEATHER]


def test_what_was_computed_for_clients_is_freed_once_all_have_it() -> None:
    feed = feed_of()
    for time_ms in range(QUEUE_EVENTS + 10):
        publish(feed, time_ms, 600.0)
        feed._ring[-1].frame("e", Selection())
    assert [bool(event._frames) for event in feed._ring] == [False] * 10 + [True] * QUEUE_EVENTS
    assert feed._ring[0].frame("e", Selection()).plain.startswith(b"id: e-1\n")


def test_a_reconnected_client_receives_the_missed_values_once() -> None:
    feed = feed_of()
    with serving(feed) as client:
        with listening(client) as events:
            next(events)
            publish(feed, 1, 1.0)
            known, _ = next_of(events)
        for number in range(2, 100):  # more than wait for one that listens
            publish(feed, number, float(number))
        with listening(client, known) as events:
            assert [co2_of(next_of(events)[1]) for _ in range(98)] == [[(n, float(n))] for n in range(2, 100)]


def test_a_client_that_was_disconnected_for_too_long_receives_a_gap_and_the_newest_values() -> None:
    feed = feed_of(ring_events=3)
    for number in range(10):
        publish(feed, number, float(number))
    with serving(feed) as client:
        with listening(client, f"{feed.epoch}-7") as events:
            assert co2_of(next_of(events)[1]) == [(7, 7.0)]
        with listening(client, f"{feed.epoch}-6") as events:
            assert next(events)[0] == "hello"
            kind, event_id, data = next(events)
            assert (kind, event_id, data["reason"]) == ("gap", f"{feed.epoch}-10", "too-long-ago")
            assert co2_of(next(events)[2]) == [(9, 9.0)]


@pytest.mark.parametrize(
    ("last_id", "reason"), [("5f-1", "restarted"), ("rubbish", "restarted"), ("{epoch}-99", "unknown-id")]
)
def test_an_id_that_is_not_of_this_feed_is_a_gap(last_id: str, reason: str) -> None:
    feed = feed_of()
    publish(feed, 1, 1.0)
    with serving(feed) as client, listening(client, last_id.format(epoch=feed.epoch)) as events:
        assert next_of(events, "gap")[1]["reason"] == reason
        assert co2_of(next_of(events)[1]) == [(1, 1.0)]


def test_an_idle_stream_sends_heartbeats_with_resumable_ids() -> None:
    feed = feed_of(heartbeat_s=0.02)
    with serving(feed) as client:
        with listening(client, device=WEATHER) as events:
            publish(feed, 1, 1.0)
            known = next(event_id for _, event_id, _ in events if event_id == f"{feed.epoch}-1")
        with listening(client, known) as events:
            publish(feed, 2, 2.0)
            assert co2_of(next_of(events)[1]) == [(2, 2.0)]


def test_the_number_of_clients_is_limited_and_a_closed_stream_frees_its_place() -> None:
    feed = feed_of(places=LivePlaces(1), heartbeat_s=0.02)
    with serving(feed) as client:
        with listening(client) as events:
            next(events)
            refused = client.get("/v1/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert refused.json()["type"] == "urn:headland:problem:too-many-listeners"
        wait_until(lambda: not feed.has_clients())
        with listening(client) as events:
            next(events)
    assert feed.counters()["clients_refused"] == 1


def test_an_unknown_device_is_refused_at_once(client: httpx.Client) -> None:
    response = client.get("/v1/live", params={"device": "gh-9"})
    assert (response.status_code, response.json()["type"]) == (404, "urn:headland:problem:unknown-device")


def test_a_closed_feed_ends_its_streams() -> None:
    feed = feed_of()
    with serving(feed) as client, listening(client) as events:
        next(events)
        feed.close()
        assert list(events) == []


def test_a_slow_client_loses_older_values_of_a_series_and_receives_their_number() -> None:
    async def listen() -> list[Any]:
        feed = feed_of()
        client = feed.join(Selection(), None)
        publish(feed, 0, 2.5, WIND)
        for number in range(QUEUE_EVENTS + 10):
            publish(feed, number, float(number))
        piece = await client.take(1.0)
        assert feed.counters()["values_skipped"] == QUEUE_EVENTS - 2
        return decoded(piece)

    items = asyncio.run(listen())
    assert items[0]["skipped"] == QUEUE_EVENTS - 2
    assert [item["device"] for item in items[0]["items"]] == [WEATHER, HOUSE]
    assert co2_of(items[0]) == [(QUEUE_EVENTS - 2, float(QUEUE_EVENTS - 2))]
    assert co2_of(items[-1]) == [(QUEUE_EVENTS + 9, float(QUEUE_EVENTS + 9))]


def test_an_event_is_encoded_once_for_all_clients_that_see_the_same_and_so_are_the_newest_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded = count_encoded(monkeypatch)

    async def listen() -> None:
        feed = feed_of()
        publish(feed, 1, 600.0)
        publish(feed, 1, 2.5, WIND)
        clients = [feed.join(Selection(), None) for _ in range(20)]
        houses = [feed.join(Selection(frozenset((HOUSE,))), None) for _ in range(20)]
        publish(feed, 2, 601.0)
        late = feed.join(Selection(), None)  # the newest values as the others had them, and the event since
        pieces = [await client.take(1.0) for client in (*clients, late)]
        assert len(set(pieces)) == 1
        assert pieces[0] is not None
        assert pieces[0].count(b"event: latest") == 2
        assert len({await client.take(1.0) for client in houses}) == 1
        for client in (*clients, *houses, late):
            feed.leave(client)

    asyncio.run(listen())
    assert sorted(encoded) == [1, 1, 1, 2]


def test_a_gap_survives_the_merging_of_pending_values() -> None:
    async def listen() -> bytes | None:
        feed = feed_of()
        client = feed.join(Selection(), None)
        feed.publish_gap("overload")
        for number in range(QUEUE_EVENTS + 1):
            publish(feed, number, float(number))
        return await client.take(1.0)

    piece = asyncio.run(listen())
    assert piece is not None
    assert piece.index(b"event: gap") < piece.index(b"event: latest")


def test_a_closed_feed_accepts_no_client() -> None:
    async def join() -> None:
        feed = feed_of()
        feed.close()
        feed.join(Selection(), None)

    with pytest.raises(FeedFullError):
        asyncio.run(join())


def test_committed_values_are_received_and_a_late_sample_is_not_the_newest() -> None:
    source = CommitSource(MemoryStore(), OWN)
    source.start()
    try:
        with serving(source.feed) as client, listening(client) as events:
            next(events)
            source.hand_over(batch((0, 7, 1.0)), WriteResult(1))
            assert co2_of(next_of(events)[1]) == [(7, 1.0)]
            source.hand_over(batch((0, 6, 9.0)), WriteResult(1))
            source.hand_over(batch((0, 8, 2.0)), WriteResult(1))
            assert co2_of(next_of(events)[1]) == [(8, 2.0)]
    finally:
        source.stop()


def test_commits_above_the_queue_limit_cause_a_gap_and_the_newest_values_of_the_store() -> None:
    store = MemoryStore()
    source = CommitSource(store, OWN)
    for number in range(QUEUED_COMMITS + 3):
        source.hand_over(batch((0, number, float(number))), WriteResult(1))
    store.write(batch((1, 99, 4.0)))
    source.start()
    try:
        with serving(source.feed) as client:
            wait_until(lambda: source.feed.counters()["values"] >= QUEUED_COMMITS)
            with listening(client, f"{source.feed.epoch}-0") as events:
                assert next_of(events, "gap")[1] == {"reason": "overload"}
                assert [item["device"] for item in next_of(events)[1]["items"]] == [WEATHER]
        assert source.counters() == {"live_commits_dropped": 3}
    finally:
        source.stop()


class AbsentStore(MemoryStore):
    """A store that cannot answer for a while."""

    away = 1

    def last(self, which: SeriesFilter) -> list[Latest]:
        if self.away:
            self.away -= 1
            raise RetryLater("away")
        return super().last(which)


def test_an_unavailable_store_is_retried() -> None:
    store = AbsentStore()
    store.write(WriteBatch(batch((0, 7, 1.0)).points))
    source = CommitSource(store, OWN)
    source.start()
    try:
        wait_until(lambda: source.feed.counters()["values"] == 1)
    finally:
        source.stop()


def test_where_another_process_writes_the_store_is_polled_while_a_client_is_connected() -> None:
    store = fill_farm()
    poll = StorePoll(store, OWN, every_s=0.02)
    with serving(poll.feed, store) as client:
        with listening(client, device=DRONE) as events:
            assert next(events)[2]["source"] == {"kind": "poll", "every_s": 0.02}
            assert next_of(events)[1]["items"][0]["channels"]["pump_on"]["time_ms"] == START_MS + 400_000
        with listening(client, device=HOUSE, channel="co2_ppm") as events:
            next_of(events)
            store.write(batch((0, NOW_MS + 1, 700.0)))
            assert co2_of(next_of(events)[1]) == [(NOW_MS + 1, 700.0)]
    poll.stop()
