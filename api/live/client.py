"""A client of the live feed: what waits for it, and when it is sent."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from api.live.encodings import EncodedEvent, Encoding
from api.live.events import FeedEvent, Merged, Selection

#: Events queued for one client; at the next one they are merged to the newest value of each channel.
QUEUE_EVENTS: Final = 64
#: A client receives what waits for it in pieces of about this size; the next waits until the connection has taken one.
_PIECE_BYTES: Final = 64 * 1024


class Feed(Protocol):
    """What a client needs of its feed."""

    lock: threading.Lock
    epoch: str

    def heartbeat(self, *, has_position: bool) -> EncodedEvent:
        """Return a heartbeat event, by `has_position` with the id of the newest event; under the lock."""
        ...

    def merge(self, events: Sequence[FeedEvent], selection: Selection) -> Merged:
        """Merge events that wait, once for all clients for which the same ones wait; under the lock."""
        ...


class LiveClient:
    """A connected client with its queue: the `first` events, then at most `QUEUE_EVENTS`.

    With `every_s` it is sent about one event in that time, at its `phase` (0 to 1) of the interval.
    """

    def __init__(
        self,
        feed: Feed,
        selection: Selection,
        first: Iterable[FeedEvent],
        owner: str,
        *,
        every_s: float,
        phase: float,
        encoding: Encoding,
    ) -> None:
        self.selection = selection
        self.owner = owner
        self.is_ended = False
        self.encoding = encoding
        self._feed = feed
        self.loop = asyncio.get_running_loop()
        self._every_s = every_s
        self._phase_s = phase * every_s
        self._not_before_s = 0.0
        self._first = deque(event for event in first if self._is_selected(event))
        self._waiting: deque[FeedEvent] = deque()
        self._has_events = asyncio.Event()
        self._until_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def push(self, event: FeedEvent) -> int:
        """Queue an event, under the feed's lock; return the number of values dropped for it."""
        if not self._is_selected(event):
            return 0
        skipped = self._shorten() if len(self._waiting) >= QUEUE_EVENTS else 0
        self._waiting.append(event)
        return skipped if not self._every_s else 0

    @property
    def has_waiting(self) -> bool:
        """Whether anything may be sent now, or the stream has ended."""
        return self.is_ended or (bool(self._waiting) and self.loop.time() >= self._not_before_s)

    def wake(self) -> None:
        """Wake the client's coroutine; from its event loop."""
        self._has_events.set()

    async def take(self, within_s: float) -> bytes | None:
        """Return the next events as bytes, a heartbeat where none arrives in time; None at the end of the stream."""
        self._until_s = self.loop.time() + within_s
        while True:
            now_s = self.loop.time()
            with self._feed.lock:
                if self.is_ended:
                    return None
                frames = self._take_some() if now_s >= self._not_before_s else []
                if not frames and now_s >= self._until_s:
                    # What still waits would be lost to a client that comes back with the id of the newest event.
                    frames = [self._feed.heartbeat(has_position=not self._waiting)]
                self._has_events.clear()
            if frames:
                return b"".join(map(self.encoding.encode, frames))
            self._arm()
            await self._has_events.wait()

    def end(self) -> None:
        """End the stream: nothing more is sent; from its event loop."""
        with self._feed.lock:
            self.is_ended = True
        self.wake()

    def leave(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()

    def _take_some(self) -> list[EncodedEvent]:
        """Take what waits, at most about a piece, under the feed's lock."""
        if self._every_s:
            self._merge_waiting()
        frames: list[EncodedEvent] = []
        left_bytes = _PIECE_BYTES
        while (queue := self._first or self._waiting) and left_bytes > 0:
            frames.append(queue.popleft().frame(self._feed.epoch, self.selection))
            left_bytes -= len(frames[-1].plain)
        return frames

    def _merge_waiting(self) -> None:
        """Merge all that waits, and note when the next may be sent."""
        events = (*self._first, *self._waiting)
        if not events:
            return
        merged = self._feed.merge(events, self.selection).events if len(events) > 1 else events
        self._first.clear()
        self._waiting = deque(merged)
        passed = (self.loop.time() - self._phase_s) // self._every_s
        self._not_before_s = (passed + 1) * self._every_s + self._phase_s

    def _arm(self) -> None:
        """Set a timer where none would ring in time: one for many events, as most come long before it."""
        due_s = self._until_s
        if self.loop.time() < self._not_before_s:
            due_s = min(due_s, self._not_before_s)
        if self._timer is not None and self._timer.when() > due_s:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(due_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self.has_waiting or self.loop.time() >= self._until_s:
            self.wake()
        else:
            self._arm()

    def _is_selected(self, event: FeedEvent) -> bool:
        return event.gap is not None or bool(event.values_for(self.selection))

    def _shorten(self) -> int:
        """Merge the queued events; return the number of values dropped."""
        merged = self._feed.merge(tuple(self._waiting), self.selection)
        self._waiting = deque(merged.events)
        return merged.left_out
