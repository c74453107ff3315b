"""Clients that ask for an event in an interval: merged values, ids, and work that is shared."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from api.live.client import QUEUE_EVENTS
from api.live.events import FeedEvent, Merged, Selection, merge
from tests.api.farm import HOUSE, WEATHER
from tests.api.live.streams import WIND, co2_of, count_encoded, decoded, feed_of, publish


def test_a_client_with_an_interval_receives_the_newest_of_each_channel_in_one_event_and_the_number_of_others() -> None:
    async def listen() -> tuple[list[Any], int]:
        feed = feed_of()
        publish(feed, 0, 600.0)
        client = feed.join(Selection(), None, every_s=0.05)
        pieces = [await client.take(5.0)]  # the newest values, at once
        publish(feed, 1, 2.5, WIND)
        for number in range(1, 3 * QUEUE_EVENTS):
            publish(feed, number, float(number))
        pieces.append(await client.take(5.0))
        return [decoded(piece) for piece in pieces], int(feed.counters()["values_skipped"])

    (first, second), skipped = asyncio.run(listen())
    assert co2_of(first[0]) == [(0, 600.0)]
    assert len(second) == 1
    assert second[0]["skipped"] == 3 * QUEUE_EVENTS - 2
    assert co2_of(second[0]) == [(3 * QUEUE_EVENTS - 1, float(3 * QUEUE_EVENTS - 1))]
    assert {item["device"] for item in second[0]["items"]} == {HOUSE, WEATHER}
    assert skipped == 0  # it was not too slow


def test_a_gap_precedes_the_merged_values_and_their_id_continues_without_loss() -> None:
    async def listen() -> list[str]:
        feed = feed_of()
        client = feed.join(Selection(), None, every_s=0.2)
        feed.publish_gap("overload")
        publish(feed, 1, 1.0)
        publish(feed, 2, 2.0)
        first = (await client.take(5.0) or b"").decode()
        feed.leave(client)
        publish(feed, 3, 3.0)
        last_id = first.rsplit("id: ", 1)[1].split("\n")[0]
        again = feed.join(Selection(), last_id, every_s=0.2)
        return [first, (await again.take(5.0) or b"").decode()]

    first, again = asyncio.run(listen())
    assert first.index("event: gap") < first.index("event: latest")
    assert co2_of(decoded(first.encode())[-1]) == [(2, 2.0)]
    assert [co2_of(data) for data in decoded(again.encode())] == [[(3, 3.0)]]


def test_values_for_clients_with_an_interval_are_merged_once_for_all_that_wait_for_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded = count_encoded(monkeypatch)

    async def listen() -> None:
        feed = feed_of()
        clients = [feed.join(Selection(), None, every_s=0.1) for _ in range(40)]
        early = feed.join(Selection(), None, every_s=0.1)
        publish(feed, 1, 1.0)
        await early.take(5.0)
        publish(feed, 2, 2.0)
        publish(feed, 2, 2.5, WIND)
        assert len({await client.take(5.0) for client in clients}) == 1
        await early.take(5.0)
        for client in (*clients, early):
            feed.leave(client)
        assert feed._merged == {}

    asyncio.run(listen())
    assert sorted(encoded) == [1, 2, 2]  # for one of its own, for the forty, and for what followed the first


def test_what_waits_long_is_merged_once_for_all_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    merged: list[int] = []

    def count(events: Sequence[FeedEvent], selection: Selection) -> Merged:
        merged.append(len(events))
        return merge(events, selection)

    monkeypatch.setattr("api.live.feed.merge", count)

    async def listen() -> set[bytes | None]:
        feed = feed_of()
        publish(feed, 0, 0.0)
        clients = [feed.join(Selection(), None, every_s=0.1) for _ in range(100)]
        for client in clients:
            await client.take(5.0)
        for number in range(1, 1 + 2 * QUEUE_EVENTS):
            publish(feed, number, float(number))
        return {await client.take(5.0) for client in clients}

    (piece,) = asyncio.run(listen())
    assert co2_of(decoded(piece)[0]) == [(2 * QUEUE_EVENTS, float(2 * QUEUE_EVENTS))]
    assert decoded(piece)[0]["skipped"] == 2 * QUEUE_EVENTS - 1
    assert merged == [QUEUE_EVENTS, QUEUE_EVENTS, 2]


def test_some_intervals_have_at_most_one_event_more_than_their_number() -> None:
    async def listen() -> float:
        feed = feed_of()
        publish(feed, 0, 0.0)
        client = feed.join(Selection(), None, every_s=0.03)
        began_s = client.loop.time()
        for number in range(1, 11):
            piece = await client.take(5.0)
            assert (piece or b"").count(b"event: latest") == 1
            publish(feed, 2 * number, float(number))
            publish(feed, 2 * number + 1, float(number))
        return client.loop.time() - began_s

    assert asyncio.run(listen()) >= 8 * 0.03


def test_between_its_times_nobody_wakes_a_client_and_a_heartbeat_skips_nothing_that_waits() -> None:
    async def listen() -> list[list[Any]]:
        feed = feed_of()
        publish(feed, 1, 1.0)
        client = feed.join(Selection(), None, every_s=3600.0)
        pieces = [await client.take(5.0) or b""]
        publish(feed, 2, 2.0)
        assert not client.has_waiting
        pieces.append(await client.take(0.01) or b"")
        assert b"event: heartbeat" in pieces[-1]
        feed.leave(client)
        last_id = b"".join(pieces).decode().rsplit("id: ", 1)[1].split("\n")[0]
        again = feed.join(Selection(), last_id, every_s=3600.0)
        missed = await again.take(5.0)
        heartbeat = await again.take(0.01) or b""
        assert heartbeat.startswith(f"id: {feed.epoch}-2\n".encode())  # nothing waits: this far it has all
        return [co2_of(data) for data in decoded(missed)]

    assert asyncio.run(listen()) == [[(2, 2.0)]]
