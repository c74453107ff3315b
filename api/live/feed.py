"""The live feed: what was committed, to every client that listens, with a ring from which one that was away goes on.

`publish` may be called from any thread and waits for no client. A client that reads slower than values come loses the
older ones of each series, never the newest, and is told how many. What the ring no longer holds is said as a gap, and
then the newest values follow: nothing is left out in silence.
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

from api.live.values import Newest, Value, items_of
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError
from headland.store.port import Latest, SeriesKey

#: What a client that was away finds again, in events and in values: about a minute of a large farm.
RING_EVENTS: Final = 2000
RING_VALUES: Final = 50_000
#: Events that wait for one client; at the next they are joined, newest value of each channel.
QUEUE_EVENTS: Final = 64
MAX_CLIENTS: Final = 200
#: A stream ends then; an EventSource comes back by itself and goes on where it was.
LONGEST_S: Final = 3600.0
HEARTBEAT_S: Final = 10.0


class FeedFullError(HeadlandError):
    """So many listen that nobody else can."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What a client wants to hear: these devices and channels, all where None."""

    devices: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    def choose(self, values: Sequence[Value]) -> Sequence[Value]:
        """Return those of `values` that are wanted."""
        if self.devices is None and self.channels is None:
            return values
        return [
            value
            for value in values
            if (self.devices is None or value.device in self.devices)
            and (self.channels is None or value.channel in self.channels)
        ]


@dataclass(frozen=True, slots=True)
class Event:
    """Something to say, at a place `seq` in the feed: values, or what was missed (`gap`)."""

    seq: int
    time_ms: int
    values: Sequence[Value] = ()
    skipped: int = 0
    gap: Mapping[str, Any] | None = None
    #: Made once for all clients that chose the same.
    _chosen: dict[Selection, Sequence[Value]] = field(default_factory=dict, compare=False, repr=False)
    _frames: dict[Selection, bytes] = field(default_factory=dict, compare=False, repr=False)

    def values_for(self, selection: Selection) -> Sequence[Value]:
        """Return those of its values that are wanted."""
        chosen = self._chosen.get(selection)
        if chosen is None:
            chosen = self._chosen[selection] = selection.choose(self.values)
        return chosen

    def frame(self, epoch: str, selection: Selection) -> bytes:
        """Return it as a server-sent event."""
        frame = self._frames.get(selection)
        if frame is None:
            frame = self._frames[selection] = self._encode(f"{epoch}-{self.seq}", selection)
        return frame

    def _encode(self, event_id: str, selection: Selection) -> bytes:
        if self.gap is not None:
            return frame_of("gap", self.gap, event_id)
        data = {"sent_ms": self.time_ms, "skipped": self.skipped, "items": items_of(self.values_for(selection))}
        return frame_of("latest", data, event_id)


class Client:
    """One that listens. Its events wait here, at most `QUEUE_EVENTS` of them behind the `first` ones."""

    def __init__(self, feed: LiveFeed, selection: Selection, first: Iterable[Event]) -> None:
        self.selection = selection
        self.is_ended = False
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self._first = deque(event for event in first if self._is_for_me(event))
        self._waiting: deque[Event] = deque()
        self._something = asyncio.Event()

    def push(self, event: Event) -> int:
        """Let an event wait, under the feed's lock; return how many values were left out for it."""
        if not self._is_for_me(event):
            return 0
        skipped = self._join() if len(self._waiting) >= QUEUE_EVENTS else 0
        self._waiting.append(event)
        self.wake()
        return skipped

    def wake(self) -> None:
        """Have the client's coroutine look again."""
        try:
            self._loop.call_soon_threadsafe(self._something.set)
        except RuntimeError:
            self.is_ended = True  # its loop is closed: nobody reads any more

    async def take(self, within_s: float) -> bytes | None:
        """Return the next event as bytes, a heartbeat where none comes in time; None when the stream is over."""
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
                self._something.clear()
            if event is not None:
                return event.frame(self._feed.epoch, self.selection)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(until_s):
                    await self._something.wait()

    def _is_for_me(self, event: Event) -> bool:
        return event.gap is not None or bool(event.values_for(self.selection))

    def _join(self) -> int:
        """Make one event of all that wait, with the newest value of each channel; return how many that left out."""
        newest: dict[tuple[str, str], Value] = {}
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
        self._waiting.append(Event(last.seq, last.time_ms, list(newest.values()), before + skipped))
        return skipped


class LiveFeed:
    """Gives what is published to all clients. `source` says in each stream's first event where it comes from."""

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
        self._ring: deque[Event] = deque()
        self._ring_values = 0
        self._clients: set[Client] = set()
        self._counts: Counter[str] = Counter()
        self._is_closed = False

    def publish(self, samples: Iterable[Latest]) -> None:
        """Say what of `samples` is newer than all that was said before; from any thread. Raises RetryLater."""
        # A unit may have to be asked for: not under the lock, on which clients wait.
        told = [(sample, self._unit_of_key(sample.key)) for sample in samples]
        with self.lock:
            fresh = self._newest.advance(told)
            if fresh:
                self._counts["values"] += len(fresh)
                self._say(Event(self._seq + 1, self._now_ms(), fresh))

    def say_gap(self, reason: str) -> None:
        """Say to all clients that something may have been left out; from any thread."""
        with self.lock:
            self._say(Event(self._seq + 1, self._now_ms(), gap={"reason": reason}))

    def join(self, selection: Selection, last_id: str | None) -> Client:
        """Return a new client of the running event loop that goes on behind `last_id`; raises FeedFullError.

        Without an id it begins with the newest values; with one that the ring does not know, a gap comes before them.
        """
        with self.lock:
            if self._is_closed or len(self._clients) >= self._max_clients:
                self._counts["clients_refused"] += 1
                raise FeedFullError(
                    f"{len(self._clients)} clients listen, and more are not taken. Come back in a moment."
                )
            client = Client(self, selection, self._events_behind(last_id))
            self._clients.add(client)
            self._counts["clients_joined"] += 1
        self.on_client()
        return client

    def leave(self, client: Client) -> None:
        """Forget a client."""
        with self.lock:
            self._clients.discard(client)

    def close(self) -> None:
        """End all streams, and take no more clients."""
        with self.lock:
            self._is_closed = True
            for client in self._clients:
                client.is_ended = True
                client.wake()

    def has_clients(self) -> bool:
        """Tell whether anybody listens."""
        return bool(self._clients)

    def heartbeat(self) -> bytes:
        """Return the event of a silence, with the place up to which nothing was for the client; under the lock."""
        return frame_of("heartbeat", {"time_ms": self._now_ms()}, f"{self.epoch}-{self._seq}")

    def counters(self) -> dict[str, int]:
        """Return counts since the start, and how many clients listen."""
        names = ("values", "values_skipped", "gaps", "clients_joined", "clients_refused")
        return {"clients": len(self._clients), **{name: self._counts[name] for name in names}}

    def _say(self, event: Event) -> None:
        self._seq = event.seq
        self._ring.append(event)
        self._ring_values += len(event.values)
        while len(self._ring) > self._ring_events or (self._ring_values > RING_VALUES and len(self._ring) > 1):
            self._ring_values -= len(self._ring.popleft().values)
        self._counts["gaps"] += event.gap is not None
        for client in self._clients:
            self._counts["values_skipped"] += client.push(event)

    def _events_behind(self, last_id: str | None) -> list[Event]:
        now = Event(self._seq, self._now_ms(), self._newest.all())
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
        return [Event(self._seq, self._now_ms(), gap={"reason": reason, "last_event_id": last_id[:64]}), now]


def frame_of(kind: str, data: Mapping[str, Any], event_id: str | None = None) -> bytes:
    """Return a server-sent event."""
    head = b"" if event_id is None else f"id: {event_id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), orjson.dumps(data))
