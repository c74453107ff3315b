"""Several processes pass on one live feed: ids of one are known at the others, and nothing is left out silently."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from api.live.followers import FeedPage
from api.live.places import LivePlaces
from api.live.sources import FeedFollower, LiveFeeds
from headland.errors import RetryLater
from headland.store.memory import MemoryStore
from headland.store.port import Latest
from tests.api.farm import OWN, fill_farm
from tests.api.live.streams import CO2, co2_of, feed_of, listening, next_of
from tests.api.server import own_app, serve
from tests.waiting import PATIENCE_S, wait_until


class Owner:
    """The feeds of the process with the commits, which may be away."""

    def __init__(self, **options: int) -> None:
        self.options = options
        self.begin()
        self.is_away = False

    def begin(self) -> None:
        """Begin as a new process does."""
        self.feed = feed_of(**self.options)
        self.feeds = LiveFeeds(MemoryStore(), OWN, self.feed)

    def publish(self, *times_ms: int) -> None:
        for time_ms in times_ms:
            self.feed.publish([Latest(CO2, time_ms, time_ms / 10, 1)])

    def follow(
        self, organisation: str, follower: str, counters: dict[str, int], epoch: str, seq: int, wait_s: float
    ) -> FeedPage:
        if self.is_away:
            raise RetryLater("the owner is away")
        return self.feeds.follow(organisation, follower, counters, epoch, seq, min(wait_s, 0.05))


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def follow(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], FeedFollower]]:
    monkeypatch.setattr("api.live.sources._RETRY_S", 0.01)
    started: list[FeedFollower] = []

    def begin(name: str) -> FeedFollower:
        follower = FeedFollower(owner, OWN, name, LivePlaces())
        started.append(follower)
        assert follower.start(PATIENCE_S)
        return follower

    yield begin
    for each in started:
        each.stop()


def test_a_client_continues_at_another_process_where_it_left_the_first(
    owner: Owner, follow: Callable[[str], FeedFollower]
) -> None:
    one, other = follow("api-1"), follow("api-2")
    store = fill_farm()
    apps = [own_app(store, live=each.feed) for each in (one, other)]
    with serve(apps[0]) as first, listening(first) as events:
        owner.publish(1000)
        last_id, data = next_of(events)
        while not co2_of(data):
            last_id, data = next_of(events)
        assert co2_of(data) == [(1000, 100.0)]
    owner.publish(2000, 3000)
    with serve(apps[1]) as second:
        wait_until(lambda: other.feed.own_counters()["values"] == 0 and other._position == one._position)
        wait_until(lambda: other._position[1] == 3)
        with listening(second, last_id) as events:
            kinds = [next(events) for _ in range(3)]
    assert [kind for kind, _, _ in kinds] == ["hello", "latest", "latest"]
    assert [co2_of(data) for _, _, data in kinds[1:]] == [[(2000, 200.0)], [(3000, 300.0)]]


def test_clients_learn_of_a_gap_after_the_owner_was_away(owner: Owner, follow: Callable[[str], FeedFollower]) -> None:
    follower = follow("api-1")
    app = own_app(fill_farm(), live=follower.feed)
    with serve(app) as client, listening(client) as events:
        owner.publish(1000)
        while not co2_of(next_of(events)[1]):
            pass
        owner.is_away = True
        wait_until(lambda: follower.threads()[0].failures)
        owner.begin()
        owner.feed.epoch = "another"
        owner.publish(2000)
        owner.is_away = False
        assert next_of(events, "gap")[1] == {"reason": "restarted"}
        last_id, data = next_of(events)
        assert co2_of(data) == [(2000, 200.0)]
        assert last_id == "another-1"


def test_a_process_that_fell_behind_the_ring_gets_the_newest_values_and_says_so(
    owner: Owner, follow: Callable[[str], FeedFollower]
) -> None:
    owner.options = {"ring_events": 2}
    owner.begin()
    follower = follow("api-1")
    app = own_app(fill_farm(), live=follower.feed)
    with serve(app) as client, listening(client) as events:
        next(events)
        owner.is_away = True
        wait_until(lambda: follower.threads()[0].failures)
        owner.publish(1000, 2000, 3000, 4000)
        owner.is_away = False
        assert next_of(events, "gap")[1] == {"reason": "overload"}
        assert co2_of(next_of(events)[1]) == [(4000, 400.0)]


def test_the_owner_counts_the_clients_of_all_and_reads_the_store_for_them(
    owner: Owner, follow: Callable[[str], FeedFollower]
) -> None:
    followers = [follow("api-1"), follow("api-2")]
    assert not owner.feed.has_clients()
    apps = [own_app(fill_farm(), live=each.feed) for each in followers]
    with serve(apps[0]) as one, serve(apps[1]) as other, listening(one) as first, listening(other) as second:
        next(first), next(second)
        wait_until(lambda: owner.feed.counters()["clients"] == 2)
        assert owner.feed.has_clients()
        # Each process tells the sum of all.
        wait_until(lambda: all(each.feed.counters()["clients"] == 2 for each in followers))
    wait_until(lambda: not owner.feed.has_clients())
    assert owner.feed.counters()["clients_joined"] == 2
