"""Live feed: committed values to every connected client, with a ring buffer for clients that reconnect.

`publish` may be called from any thread and waits for no client. A client that reads slower than values arrive loses
the older values of each series, never the newest, and receives their number. Where the ring buffer no longer holds
what a client missed, the client receives a gap event and then the newest values: nothing is left out silently.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from api.live.client import QUEUE_EVENTS, LiveClient
from api.live.delivery import LiveDelivery
from api.live.encodings import EncodedEvent, Encoding, Plain
from api.live.events import FeedEvent, Merged, Selection, frame_of, merge
from api.live.followers import FeedPage, Followers, PublishedEvent
from api.live.places import FeedFullError, LivePlaces
from api.live.values import Newest
from headland.clock import wall_clock_ms
from headland.plain_numbers import is_digits
from headland.store.port import Latest, SeriesKey

#: Size of the ring buffer, in events and in values: half a minute of a large farm, 3 MB.
RING_EVENTS: Final = 2000
RING_VALUES: Final = 20_000
#: Parts of their interval at which clients with `every_s` are served: a thousand at once would hold up all others.
_PHASES: Final = 8
#: Merged events that are kept for other clients which wait for the same: those of a part are served one after another.
_MERGED: Final = 2 * _PHASES
#: How long the newest values of all channels are used again for clients that join [ms].
_NEWEST_FOR_MS: Final = 1000
#: Longest duration of a stream [s]; an EventSource reconnects by itself and continues.
LONGEST_S: Final = 3600.0
HEARTBEAT_S: Final = 10.0


class LiveFeed:
    """Distributes published values to all clients. `source` describes the origin of the values."""

    def __init__(
        self,
        unit_of_key: Callable[[SeriesKey], str],
        source: Mapping[str, Any],
        *,
        organisation: str = "",
        places: LivePlaces | None = None,
        ring_events: int = RING_EVENTS,
        heartbeat_s: float = HEARTBEAT_S,
        longest_s: float = LONGEST_S,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.source = source
        self.heartbeat_s = heartbeat_s
        self.longest_s = longest_s
        self.lock = threading.Lock()
        self._grown = threading.Condition(self.lock)
        #: Other processes that pass this feed on to their clients.
        self.followers = Followers()
        #: Called after each new client.
        self.on_client: Callable[[], None] = lambda: None
        self._now_ms = now_ms
        self.epoch = f"{now_ms():x}"
        #: Shared with the feeds of other organisations where there are any.
        self.places = LivePlaces() if places is None else places
        self._organisation = organisation
        self._ring_events = ring_events
        self._unit_of_key = unit_of_key
        self._newest = Newest()
        self._seq = 0
        self._ring: deque[FeedEvent] = deque()
        self._ring_values = 0
        self._newest_event: FeedEvent | None = None
        self._clients: set[LiveClient] = set()
        self._merged: dict[tuple[Selection, tuple[int, ...]], tuple[Sequence[FeedEvent], Merged]] = {}
        self._deliveries: dict[asyncio.AbstractEventLoop, LiveDelivery] = {}
        self._counts: Counter[str] = Counter()
        self._is_closed = False
        #: Counters of all processes, as the one told that this feed follows.
        self._told: Mapping[str, float] | None = None

    def publish(self, samples: Iterable[Latest]) -> None:
        """Publish the samples that are newer than all before; from any thread. Raises RetryLater."""
        # A unit may have to be read from the store: not under the lock, on which clients wait.
        with_units = [(sample, self._unit_of_key(sample.key)) for sample in samples]
        with self.lock:
            fresh = self._newest.advance(with_units)
            if fresh:
                self._counts["values"] += len(fresh)
                self._append(FeedEvent(self._seq + 1, self._now_ms(), fresh))

    def publish_gap(self, reason: str) -> None:
        """Publish that values may have been left out; from any thread."""
        with self.lock:
            self._append(FeedEvent(self._seq + 1, self._now_ms(), gap={"reason": reason}))

    def page_after(self, epoch: str, seq: int, wait_s: float) -> FeedPage:
        """Return what followed an event, for another process; wait up to `wait_s` for it. From any thread.

        Where the ring buffer no longer holds what followed, or the feed is another one, the page is the whole feed.
        """
        with self._grown:
            self._grown.wait_for(lambda: self._is_closed or epoch != self.epoch or seq != self._seq, wait_s)
            oldest = self._ring[0].seq if self._ring else self._seq + 1
            is_whole = epoch != self.epoch or not oldest - 1 <= seq <= self._seq
            after = list(self._ring) if is_whole else self._ring_after(seq)
            newest = self._newest.all() if is_whole else []
            counts = self._own_counters()
        events = [PublishedEvent(event.seq, event.time_ms, event.values, event.gap) for event in after]
        return FeedPage(
            self.epoch, self._seq if not after else after[-1].seq, is_whole, events, newest, self.followers.sum(counts)
        )

    def adopt(self, page: FeedPage) -> None:
        """Continue with what another process published, under its ids: a client may come from any process.

        Where the page is the whole feed, something was missed: clients get a gap event and all newest values.
        """
        events = [FeedEvent(event.seq, event.time_ms, event.values, gap=event.gap) for event in page.events]
        with self.lock:
            self._told = page.counters
            if not page.is_whole:
                for event in events:
                    self._newest.put(event.values)
                    self._append(event)
                return
            reason = "restarted" if page.epoch != self.epoch else "overload"
            self.epoch, self._seq = page.epoch, page.seq
            self._newest, self._newest_event = Newest(), None
            self._newest.put(page.newest)
            self._ring = deque(events)
            self._ring_values = sum(len(event.values) for event in events)
            now_ms = self._now_ms()
            missed = FeedEvent(page.seq, now_ms, gap={"reason": reason})
            for event in (missed, FeedEvent(page.seq, now_ms, self._newest.all())):
                for client in self._clients:
                    client.push(event)
            self._counts["gaps"] += bool(self._clients)
            self._deliver()

    def join(
        self,
        selection: Selection,
        last_id: str | None,
        owner: str = "",
        *,
        every_s: float = 0.0,
        encoding: Encoding | None = None,
    ) -> LiveClient:
        """Return a new client of the running event loop that continues after `last_id`; raises FeedFullError.

        Without an id it begins with the newest values; for an id outside the ring buffer a gap event precedes them.
        One `owner` (a key) has a share of the places. With `every_s` it receives about one event in that time, with
        the newest value of each channel.
        """
        loop = asyncio.get_running_loop()
        with self.lock:
            try:
                self._take_place(owner)
            except FeedFullError:
                self._counts["clients_refused"] += 1
                raise
            client = LiveClient(
                self,
                selection,
                self._events_after(last_id),
                owner,
                every_s=every_s,
                phase=self._counts["clients_joined"] % _PHASES / _PHASES,
                encoding=encoding or Plain(),
            )
            self._clients.add(client)
            if loop not in self._deliveries:
                self._deliveries = {known: each for known, each in self._deliveries.items() if not known.is_closed()}
                self._deliveries[loop] = LiveDelivery(loop, self._waiting_of)
            self._counts["clients_joined"] += 1
        self.on_client()
        return client

    def _take_place(self, owner: str) -> None:
        if self._is_closed:
            raise FeedFullError("The station stops: connect again later.")
        self.places.take(self._organisation, owner)

    def leave(self, client: LiveClient) -> None:
        """Forget a client; from its event loop."""
        client.leave()
        with self.lock:
            if client in self._clients:
                self._clients.discard(client)
                self.places.leave(self._organisation, client.owner)
            if not self._clients:
                self._newest_event = None
                self._merged.clear()

    def close(self) -> None:
        """End all streams and refuse new clients."""
        with self.lock:
            self._is_closed = True
            for client in self._clients:
                client.is_ended = True
            self._deliver()
            self._grown.notify_all()

    def has_clients(self) -> bool:
        """Tell whether any client is connected, here or to a process that follows."""
        return bool(self._clients) or self.followers.have_clients()

    def heartbeat(self, *, has_position: bool) -> EncodedEvent:
        """Return a heartbeat event, by `has_position` with the id of the newest event; under the lock."""
        event_id = f"{self.epoch}-{self._seq}" if has_position else None
        return EncodedEvent(frame_of("heartbeat", {"time_ms": self._now_ms()}, event_id))

    def merge(self, events: Sequence[FeedEvent], selection: Selection) -> Merged:
        """Merge events that wait for a client, once for all for which the same ones wait; under the lock."""
        name = (selection, tuple(map(id, events)))
        known = self._merged.get(name)
        if known is None:
            while len(self._merged) >= _MERGED:
                del self._merged[next(iter(self._merged))]
            # The events are kept with it: their ids stay theirs as long.
            known = self._merged[name] = (events, merge(events, selection))
        return known[1]

    def counters(self) -> Mapping[str, float]:
        """Return counts since the start, and the number of connected clients, of all processes that pass it on."""
        return self.followers.sum(self.own_counters()) if self._told is None else self._told

    def own_counters(self) -> dict[str, int]:
        """Return the counters of this process."""
        with self.lock:
            return self._own_counters()

    def _own_counters(self) -> dict[str, int]:
        names = ("values", "values_skipped", "gaps", "clients_joined", "clients_refused")
        return {"clients": len(self._clients), **{name: self._counts[name] for name in names}}

    def _append(self, event: FeedEvent) -> None:
        self._seq = event.seq
        self._ring.append(event)
        self._ring_values += len(event.values)
        if len(self._ring) > QUEUE_EVENTS:
            self._ring[-QUEUE_EVENTS - 1].forget_frames()
        while len(self._ring) > self._ring_events or (self._ring_values > RING_VALUES and len(self._ring) > 1):
            self._ring_values -= len(self._ring.popleft().values)
        self._counts["gaps"] += event.gap is not None
        for client in self._clients:
            self._counts["values_skipped"] += client.push(event)
        self._deliver()
        self._grown.notify_all()

    def _ring_after(self, seq: int) -> list[FeedEvent]:
        """Return the events of the ring after one: the last of them, which are few."""
        after = list(takewhile(lambda event: event.seq > seq, reversed(self._ring)))
        return after[::-1]

    def _deliver(self) -> None:
        """Wake the clients, under the lock: each event loop once, whatever the number of its clients."""
        if not self._clients:
            return
        for delivery in self._deliveries.values():
            if not delivery.ask():  # its event loop is closed
                for client in self._clients:
                    client.is_ended |= client.loop is delivery.loop

    def _waiting_of(self, loop: asyncio.AbstractEventLoop) -> list[LiveClient]:
        """Return the clients of an event loop that have something waiting."""
        with self.lock:
            return [client for client in self._clients if client.loop is loop and client.has_waiting]

    def _newest_events(self) -> list[FeedEvent]:
        """Return all newest values, and the events since: clients that join within a moment share them."""
        known, now_ms = self._newest_event, self._now_ms()
        is_recent = known is not None and 0 <= now_ms - known.time_ms < _NEWEST_FOR_MS
        if known is None or not is_recent or (self._ring and self._ring[0].seq > known.seq + 1):
            known = self._newest_event = FeedEvent(self._seq, now_ms, self._newest.all())
        return [known, *(event for event in self._ring if event.seq > known.seq)]

    def _events_after(self, last_id: str | None) -> list[FeedEvent]:
        if last_id is None:
            return self._newest_events()
        epoch, _, text = last_id.rpartition("-")
        oldest = self._ring[0].seq if self._ring else self._seq + 1
        if epoch != self.epoch or not is_digits(text, 15):
            reason = "restarted"
        elif int(text) > self._seq:
            reason = "unknown-id"
        elif int(text) < oldest - 1:
            reason = "too-long-ago"
        else:
            return [event for event in self._ring if event.seq > int(text)]
        self._counts["gaps"] += 1
        newest = self._newest_events()
        gap = {"reason": reason, "last_event_id": last_id[:64]}
        return [FeedEvent(newest[0].seq, self._now_ms(), gap=gap), *newest]
