"""Live feed: committed values to every connected client, with a ring buffer for clients that reconnect.

`publish` may be called from any thread and waits for no client. A client that reads slower than values arrive loses
the older values of each series, never the newest, and receives their number. Where the ring buffer no longer holds
what a client missed, the client receives a gap event and then the newest values: nothing is left out silently.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from api.live.values import LiveValue, Newest, items_of
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError
from headland.store.port import Latest, SeriesKey

#: Size of the ring buffer, in events and in values: half a minute of a large farm, 3 MB.
RING_EVENTS: Final = 2000
RING_VALUES: Final = 20_000
#: Events queued for one client; at the next one they are merged to the newest value of each channel.
QUEUE_EVENTS: Final = 64
MAX_CLIENTS: Final = 200
#: Longest duration of a stream [s]; an EventSource reconnects by itself and continues.
LONGEST_S: Final = 3600.0
HEARTBEAT_S: Final = 10.0


class FeedFullError(HeadlandError):
    """The feed has its largest number of clients."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Devices and channels that a client subscribes to; None for all."""

    devices: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    def choose(self, values: Sequence[LiveValue]) -> Sequence[LiveValue]:
        """Return the values that are selected."""
        if self.devices is None and self.channels is None:
            return values
        return [
            value
            for value in values
            if (self.devices is None or value.device in self.devices)
            and (self.channels is None or value.channel in self.channels)
        ]


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event at the position `seq` of the feed: values, or a description of what was missed (`gap`)."""

    seq: int
    time_ms: int
    values: Sequence[LiveValue] = ()
    skipped: int = 0
    gap: Mapping[str, Any] | None = None
    #: Computed once for all clients with the same selection.
    _chosen: dict[Selection, Sequence[LiveValue]] = field(default_factory=dict, compare=False, repr=False)
    _frames: dict[Selection, bytes] = field(default_factory=dict, compare=False, repr=False)

    def values_for(self, selection: Selection) -> Sequence[LiveValue]:
        """Return the selected values."""
        chosen = self._chosen.get(selection)
        if chosen is None:
            chosen = self._chosen[selection] = selection.choose(self.values)
        return chosen

    def frame(self, epoch: str, selection: Selection) -> bytes:
        """Return the event as a server-sent event."""
        frame = self._frames.get(selection)
        if frame is None:
            frame = self._frames[selection] = self._encode(f"{epoch}-{self.seq}", selection)
        return frame

    def forget_frames(self) -> None:
        """Free what was computed for clients: only one that continues after an interruption takes the event again."""
        self._chosen.clear()
        self._frames.clear()

    def _encode(self, event_id: str, selection: Selection) -> bytes:
        if self.gap is not None:
            return frame_of("gap", self.gap, event_id)
        data = {"sent_ms": self.time_ms, "skipped": self.skipped, "items": items_of(self.values_for(selection))}
        return frame_of("latest", data, event_id)


class LiveClient:
    """A connected client with its queue: the `first` events, then at most `QUEUE_EVENTS`."""

    def __init__(self, feed: LiveFeed, selection: Selection, first: Iterable[FeedEvent], owner: str = "") -> None:
        self.selection = selection
        self.owner = owner
        self.is_ended = False
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._first = deque(event for event in first if self._is_selected(event))
        self._waiting: deque[FeedEvent] = deque()
        self._has_events = asyncio.Event()

    def push(self, event: FeedEvent) -> int:
        """Queue an event, under the feed's lock; return the number of values dropped for it."""
        if not self._is_selected(event):
            return 0
        skipped = self._merge() if len(self._waiting) >= QUEUE_EVENTS else 0
        self._waiting.append(event)
        self.wake()
        return skipped

    def wake(self) -> None:
        """Wake the client's coroutine."""
        try:
            self._loop.call_soon_threadsafe(self._has_events.set)
        except RuntimeError:
            self.is_ended = True  # its event loop is closed

    async def take(self, within_s: float) -> bytes | None:
        """Return the next event as bytes, a heartbeat where none arrives in time; None at the end of the stream."""
        until_s = self._loop.time() + within_s
        while True:
            with self._feed.lock:
                if self.is_ended:
                    return None
                event = (self._first or self._waiting or [None])[0]
                if event is not None:
                    (self._first or self._waiting).popleft()
                elif self._loop.time() >= until_s:
                    return self._feed.heartbeat()
                self._has_events.clear()
            if event is not None:
                return event.frame(self._feed.epoch, self.selection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    await self._has_events.wait()

    def _is_selected(self, event: FeedEvent) -> bool:
        return event.gap is not None or bool(event.values_for(self.selection))

    def _merge(self) -> int:
        """Merge the queued events into one with each channel's newest value; return the number of values dropped."""
        newest: dict[tuple[str, str], LiveValue] = {}
        total = 0
        for event in self._waiting:
            for value in event.values_for(self.selection):
                total += 1
                newest[value.device, value.channel] = value
        last, skipped = self._waiting[-1], total - len(newest)
        before = sum(event.skipped for event in self._waiting)
        gaps = [event for event in self._waiting if event.gap is not None][-1:]
        self._waiting.clear()
        self._waiting.extend(gaps)
        self._waiting.append(FeedEvent(last.seq, last.time_ms, list(newest.values()), before + skipped))
        return skipped


class LiveFeed:
    """Distributes published values to all clients. `source` describes the origin of the values."""

    def __init__(
        self,
        unit_of_key: Callable[[SeriesKey], str],
        source: Mapping[str, Any],
        *,
        max_clients: int = MAX_CLIENTS,
        ring_events: int = RING_EVENTS,
        heartbeat_s: float = HEARTBEAT_S,
        longest_s: float = LONGEST_S,
        now_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.source = source
        self.heartbeat_s = heartbeat_s
        self.longest_s = longest_s
        self.lock = threading.Lock()
        #: Called after each new client.
        self.on_client: Callable[[], None] = lambda: None
        self._now_ms = now_ms
        self.epoch = f"{now_ms():x}"
        self._max_clients = max_clients
        self._ring_events = ring_events
        self._unit_of_key = unit_of_key
        self._newest = Newest()
        self._seq = 0
        self._ring: deque[FeedEvent] = deque()
        self._ring_values = 0
        self._clients: set[LiveClient] = set()
        self._counts: Counter[str] = Counter()
        self._is_closed = False

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

    def join(self, selection: Selection, last_id: str | None, owner: str = "") -> LiveClient:
        """Return a new client of the running event loop that continues after `last_id`; raises FeedFullError.

        Without an id it begins with the newest values; for an id outside the ring buffer a gap event precedes them.
        One `owner` (a key) has at most a quarter of the places.
        """
        with self.lock:
            if self._is_closed or len(self._clients) >= self._max_clients:
                self._counts["clients_refused"] += 1
                raise FeedFullError(f"The feed serves {len(self._clients)} clients, its maximum: connect again later.")
            if sum(client.owner == owner for client in self._clients) >= max(1, self._max_clients // 4):
                self._counts["clients_refused"] += 1
                raise FeedFullError("This key has a quarter of the feed's places: close other pages, or connect later.")
            client = LiveClient(self, selection, self._events_after(last_id), owner)
            self._clients.add(client)
            self._counts["clients_joined"] += 1
        self.on_client()
        return client

    def leave(self, client: LiveClient) -> None:
        """Forget a client."""
        with self.lock:
            self._clients.discard(client)

    def close(self) -> None:
        """End all streams and refuse new clients."""
        with self.lock:
            self._is_closed = True
            for client in self._clients:
                client.is_ended = True
                client.wake()

    def has_clients(self) -> bool:
        """Tell whether any client is connected."""
        return bool(self._clients)

    def heartbeat(self) -> bytes:
        """Return a heartbeat event with the current position; under the lock."""
        return frame_of("heartbeat", {"time_ms": self._now_ms()}, f"{self.epoch}-{self._seq}")

    def counters(self) -> dict[str, int]:
        """Return counts since the start, and the number of connected clients."""
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

    def _events_after(self, last_id: str | None) -> list[FeedEvent]:
        now = FeedEvent(self._seq, self._now_ms(), self._newest.all())
        if last_id is None:
            return [now]
        epoch, _, text = last_id.rpartition("-")
        oldest = self._ring[0].seq if self._ring else self._seq + 1
        if epoch != self.epoch or not (text.isascii() and text.isdigit() and len(text) < 16):
            reason = "restarted"
        elif int(text) > self._seq:
            reason = "unknown-id"
        elif int(text) < oldest - 1:
            reason = "too-long-ago"
        else:
            return [event for event in self._ring if event.seq > int(text)]
        self._counts["gaps"] += 1
        return [FeedEvent(self._seq, self._now_ms(), gap={"reason": reason, "last_event_id": last_id[:64]}), now]


def frame_of(kind: str, data: Mapping[str, Any], event_id: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = b"" if event_id is None else f"id: {event_id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), orjson.dumps(data))
