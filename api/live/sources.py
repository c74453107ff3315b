"""Where the live feed hears of new values: from the commits of this process, or by asking the store."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from typing import Final

from api.live.feed import LONGEST_S, LiveFeed
from api.live.values import Units, newest_of
from headland.errors import HeadlandError
from headland.store.port import SeriesFilter, Store, WriteBatch, WriteResult

_LOGGER = logging.getLogger(__name__)

#: Commits that wait to be looked at; they hold their samples in memory for so long.
HANDED_COMMITS: Final = 16
POLL_S: Final = 1.0
_RETRY_S: Final = 1.0
#: Feeds of organisations to which nobody listens now are kept as long as there are no more.
_MOST_POLLS: Final = 50


class CommitSource:
    """Feeds what `hand_over` is given, from a thread of its own: who commits waits for nothing."""

    def __init__(self, store: Store, organisation: str) -> None:
        self.feed = LiveFeed(Units(store, organisation).of, {"kind": "commits"})
        self._store = store
        self._which = SeriesFilter(organisation)
        self._handed: deque[tuple[WriteBatch, WriteResult]] = deque()
        self._ready = threading.Condition()
        self._is_stopped = False
        self._is_behind = True  # until the store was asked once
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="api-live", daemon=True)

    def hand_over(self, batch: WriteBatch, result: WriteResult) -> None:
        """Take a commit by reference; where too many wait the oldest is dropped, counted and said as a gap."""
        with self._ready:
            if len(self._handed) >= HANDED_COMMITS:
                self._handed.popleft()
                self._lost += 1
                self._is_behind = True
            self._handed.append((batch, result))
            self._ready.notify()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the streams and the thread."""
        self.feed.close()
        with self._ready:
            self._is_stopped = True
            self._ready.notify()
        self._thread.join(5)

    def counters(self) -> dict[str, int]:
        """Return how many commits were dropped before they were looked at."""
        return {"live_commits_dropped": self._lost}

    def _run(self) -> None:
        said = 0
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._handed or self._is_behind or self._is_stopped)
                if self._is_stopped:
                    return
                lost, is_behind, self._is_behind = self._lost, self._is_behind, False
                commit = None if is_behind or not self._handed else self._handed.popleft()
            try:
                if lost > said:
                    self.feed.say_gap("overload")
                    said = lost
                if is_behind:
                    self.feed.publish(self._store.last(self._which))
                elif commit is not None:
                    self.feed.publish(
                        one for one in newest_of(*commit) if one.key.organisation == self._which.organisation
                    )
            except HeadlandError as error:
                _LOGGER.debug("the live feed is behind: %s", error)
                self._wait_and_catch_up()
            except Exception:
                _LOGGER.exception("the live feed left out a commit")
                self._wait_and_catch_up()

    def _wait_and_catch_up(self) -> None:
        with self._ready:
            self._ready.wait_for(lambda: self._is_stopped, _RETRY_S)
            self._is_behind = True


class StorePoll:
    """Feeds what the store calls the newest, asked once a second while anybody listens; others write."""

    def __init__(
        self, store: Store, organisation: str, *, every_s: float = POLL_S, longest_s: float = LONGEST_S
    ) -> None:
        source = {"kind": "poll", "every_s": every_s}
        self.feed = LiveFeed(Units(store, organisation).of, source, longest_s=longest_s)
        self.feed.on_client = self._begin
        self._store = store
        self._which = SeriesFilter(organisation)
        self._every_s = every_s
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End the streams and the thread."""
        self.feed.close()
        self._stopping.set()
        thread = self._thread
        if thread is not None:
            thread.join(5)

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="api-live-poll", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._stopping.is_set() or not self.feed.has_clients():
                    self._thread = None
                    return
            try:
                self.feed.publish(self._store.last(self._which))
            except HeadlandError as error:
                _LOGGER.debug("the live feed cannot ask the store: %s", error)
            except Exception:
                _LOGGER.exception("the live feed left out a look at the store")
            self._stopping.wait(self._every_s)


class LiveFeeds:
    """The feed of each organisation: that of `organisation` from whoever knows of its commits, the others by asking."""

    def __init__(self, store: Store, organisation: str, feed: LiveFeed | None = None) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._own = feed
        self._polls: OrderedDict[str, StorePoll] = OrderedDict()
        self._organisation = organisation

    def of(self, organisation: str) -> LiveFeed:
        """Return the feed of an organisation; from any thread."""
        if self._own is not None and organisation == self._organisation:
            return self._own
        with self._lock:
            poll = self._polls.get(organisation)
            if poll is None:
                poll = self._polls[organisation] = StorePoll(self._store, organisation)
            self._polls.move_to_end(organisation)
            unheard = [name for name, one in self._polls.items() if not one.feed.has_clients() and name != organisation]
            for name in unheard[: max(0, len(self._polls) - _MOST_POLLS)]:
                del self._polls[name]
            return poll.feed

    def close(self) -> None:
        """End all streams."""
        feeds = [poll.feed for poll in self._polls.values()]
        for feed in feeds if self._own is None else [self._own, *feeds]:
            feed.close()
