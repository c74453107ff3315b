"""Sources of the live feed: the commits of this process, or polling of the store."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Protocol

from api.live.feed import LONGEST_S, LiveFeed
from api.live.followers import FeedPage, FeedPort
from api.live.places import LivePlaces
from api.live.values import Units, newest_of
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus
from headland.store.port import SeriesFilter, SeriesKey, Store, WriteBatch, WriteResult

#: Largest number of queued commits; each holds its samples in memory.
QUEUED_COMMITS: Final = 16
POLL_S: Final = 1.0
_RETRY_S: Final = 1.0
#: How long a process that follows waits for the next event before it asks again [s].
FOLLOW_S: Final = 5.0
#: How long the thread waits for a commit before it looks again.
_IDLE_S: Final = 5.0
#: Largest number of feeds; beyond it, those without clients are closed.
_MOST_POLLS: Final = 50


class CommitSource:
    """Publishes the commits passed to `hand_over`, from a thread of its own: the writer does not wait."""

    def __init__(self, store: Store, organisation: str) -> None:
        self.feed = LiveFeed(Units(store, organisation).of, {"kind": "commits"}, organisation=organisation)
        self._store = store
        self._series = SeriesFilter(organisation)
        self._queued: deque[tuple[WriteBatch, WriteResult]] = deque()
        self._ready = threading.Condition()
        self._is_stopped = False
        self._is_behind = True  # until the store was read once
        self._lost = 0
        self._published_losses = 0
        self._thread = SupervisedThread("api-live", self._publish_next, retry_wait_s=lambda _: _RETRY_S)

    def hand_over(self, batch: WriteBatch, result: WriteResult) -> None:
        """Queue a commit by reference; beyond the limit the oldest is dropped, counted and published as a gap."""
        with self._ready:
            if len(self._queued) >= QUEUED_COMMITS:
                self._queued.popleft()
                self._lost += 1
                self._is_behind = True
            self._queued.append((batch, result))
            self._ready.notify()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the streams and the thread."""
        self.feed.close()
        with self._ready:
            self._is_stopped = True
            self._thread.stopping.set()
            self._ready.notify()
        self._thread.join(5)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def counters(self) -> dict[str, int]:
        """Return the number of commits dropped before publication."""
        return {"live_commits_dropped": self._lost}

    def _publish_next(self) -> None:
        """Publish the next commit, or all newest values where commits were left out; wait for one at most `_IDLE_S`."""
        with self._ready:
            self._ready.wait_for(lambda: self._queued or self._is_behind or self._is_stopped, _IDLE_S)
            if self._is_stopped:
                return
            lost, is_behind, self._is_behind = self._lost, self._is_behind, False
            commit = None if is_behind or not self._queued else self._queued.popleft()
        try:
            if lost > self._published_losses:
                self.feed.publish_gap("overload")
                self._published_losses = lost
            if is_behind:
                self.feed.publish(self._store.last(self._series))
            elif commit is not None:
                newest = newest_of(*commit)
                self.feed.publish(each for each in newest if each.key.organisation == self._series.organisation)
        except BaseException:
            self._is_behind = True
            raise


class _SourceOnDemand(ABC):
    """A feed whose thread runs while any client is connected, and ends by itself afterwards."""

    def __init__(self, feed: LiveFeed, thread_name: str, every_s: float, retry_s: float, stop_wait_s: float) -> None:
        self.feed = feed
        self.feed.on_client = self._begin
        self._thread_name = thread_name
        self._every_s, self._retry_s, self._stop_wait_s = every_s, retry_s, stop_wait_s
        self._lock = threading.Lock()
        self._thread: SupervisedThread | None = None
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the streams and the thread."""
        self.feed.close()
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.stop(self._stop_wait_s)

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread; none while no client is connected."""
        thread = self._thread
        return [] if thread is None else [thread.status()]

    def _is_wanted(self) -> bool:
        return self.feed.has_clients()

    @abstractmethod
    def _publish(self) -> None:
        """Publish what is new."""

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = SupervisedThread(
                    self._thread_name, self._publish_or_end, every_s=self._every_s, retry_wait_s=lambda _: self._retry_s
                )
                self._thread.start()

    def _publish_or_end(self) -> None:
        with self._lock:
            if self._stopping.is_set() or not self._is_wanted():
                if self._thread is not None:
                    self._thread.stopping.set()
                self._thread = None
                return
        self._publish()


class StorePoll(_SourceOnDemand):
    """Publishes the newest values of the store, read once a second while any client is connected."""

    def __init__(
        self,
        store: Store,
        organisation: str,
        *,
        every_s: float = POLL_S,
        longest_s: float = LONGEST_S,
        places: LivePlaces | None = None,
    ) -> None:
        source = {"kind": "poll", "every_s": every_s}
        feed = LiveFeed(
            Units(store, organisation).of, source, organisation=organisation, places=places, longest_s=longest_s
        )
        super().__init__(feed, "api-live-poll", every_s, retry_s=every_s, stop_wait_s=5)
        self._store = store
        self._series = SeriesFilter(organisation)

    def _publish(self) -> None:
        self.feed.publish(self._store.last(self._series))


class FeedFollower(_SourceOnDemand):
    """Passes on the feed that another process publishes, under its ids, from a thread of its own.

    It follows from `start` on, or, where that is not called, while any client is connected. While the other process
    does not answer, clients get nothing new; afterwards a gap event says so.
    """

    def __init__(
        self, feeds: FeedPort, organisation: str, follower: str, places: LivePlaces, longest_s: float = LONGEST_S
    ) -> None:
        source = {"kind": "commits"}
        feed = LiveFeed(_unit_of_key, source, organisation=organisation, places=places, longest_s=longest_s)
        super().__init__(feed, "api-live-follow", every_s=0.0, retry_s=_RETRY_S, stop_wait_s=2)
        self._feeds = feeds
        self._organisation = organisation
        self._follower = follower
        self._position = "", 0
        self._is_always = False
        self._has_followed = threading.Event()

    def start(self, wait_s: float) -> bool:
        """Follow from now on; wait for the first page, so that clients may continue. Return whether it is there."""
        self._is_always = True
        self._begin()
        return self._has_followed.wait(wait_s)

    def _is_wanted(self) -> bool:
        return self._is_always or super()._is_wanted()

    def _publish(self) -> None:
        """Pass on the next page."""
        epoch, seq = self._position
        page = self._feeds.follow(self._organisation, self._follower, self.feed.own_counters(), epoch, seq, FOLLOW_S)
        if not self._stopping.is_set():
            self.feed.adopt(page)
            self._position = page.epoch, page.seq
            self._has_followed.set()


def _unit_of_key(key: SeriesKey) -> str:
    """Return a unit by the key alone: what is followed has its units already."""
    return key.unit or "1"


class FeedSource(Protocol):
    """What publishes one organisation's feed while clients are connected."""

    feed: LiveFeed

    def stop(self) -> None:
        """End the streams and the thread."""
        ...

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        ...


class LiveFeeds:
    """The feed of each organisation: `organisation` from its commits where there are any, the others by `begin`.

    By default their newest values are read from the store.
    """

    def __init__(
        self,
        store: Store,
        organisation: str,
        feed: LiveFeed | None = None,
        begin: Callable[[str, LivePlaces], FeedSource] | None = None,
    ) -> None:
        self._begin_source = begin or (lambda name, places: StorePoll(store, name, places=places))
        self._lock = threading.Lock()
        self._own = feed
        #: All feeds of this process share them.
        self.places = LivePlaces() if feed is None else feed.places
        self._polls: OrderedDict[str, FeedSource] = OrderedDict()
        self._organisation = organisation

    def follow(
        self, organisation: str, follower: str, counters: dict[str, int], epoch: str, seq: int, wait_s: float
    ) -> FeedPage:
        """Return what followed an event of an organisation's feed, for a process that passes it on."""
        feed = self.of(organisation)
        if feed.followers.hear(follower, counters):  # it may have to begin to read the store
            feed.on_client()
        return feed.page_after(epoch, seq, wait_s)

    def of(self, organisation: str) -> LiveFeed:
        """Return the feed of an organisation; from any thread."""
        if self._own is not None and organisation == self._organisation:
            return self._own
        with self._lock:
            poll = self._polls.get(organisation)
            if poll is None:
                poll = self._polls[organisation] = self._begin_source(organisation, self.places)
            self._polls.move_to_end(organisation)
            unused = [name for name, other in self._polls.items() if not other.feed.has_clients() and other is not poll]
            for name in unused[: max(0, len(self._polls) - _MOST_POLLS)]:
                del self._polls[name]
            return poll.feed

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the threads that poll the store."""
        with self._lock:
            return [status for poll in self._polls.values() for status in poll.threads()]

    def close(self) -> None:
        """End all streams."""
        feeds = [poll.feed for poll in self._polls.values()]
        for feed in feeds if self._own is None else [self._own, *feeds]:
            feed.close()
