"""Delivery of a feed's events to its clients, which takes a bounded share of the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, Protocol

#: Share of the time that is for delivery: where many clients listen, events wait for a moment and go together. Where
#: other threads or programs have most of the processor a delivery takes longer, and the next one comes later.
_SHARE: Final = 0.05
#: Longest wait that follows from it [s].
_LONGEST_WAIT_S: Final = 1.0
#: Clients that are woken at once: between two such parts others are served.
_AT_ONCE: Final = 50


class Wakeable(Protocol):
    """A client that waits on an event loop."""

    def wake(self) -> None:
        """Wake it; from its event loop."""
        ...


class LiveDelivery:
    """Wakes clients of one event loop: all that have something waiting, in parts."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        waiting: Callable[[asyncio.AbstractEventLoop], Iterable[Wakeable]],
    ) -> None:
        self.loop = loop
        self._waiting = waiting
        self._is_asked = False
        self._is_running = False
        self._not_before_s = 0.0

    def ask(self) -> bool:
        """Ask for a delivery, from any thread under the feed's lock; return whether the event loop is there."""
        if self._is_asked:
            return True
        self._is_asked = True
        try:
            self.loop.call_soon_threadsafe(self._begin)
        except RuntimeError:
            self._is_asked = False
            return False
        return True

    def _begin(self) -> None:
        """Begin now, or as soon as the one before has ended and its share of time has passed."""
        if self._is_running:
            return
        wait_s = self._not_before_s - self.loop.time()
        self._is_running = True
        if wait_s > 0:
            self.loop.call_later(wait_s, self._deliver)
        else:
            self._deliver()

    def _deliver(self) -> None:
        # Whatever is published from here on asks again.
        self._is_asked = False
        self._wake_some(iter(list(self._waiting(self.loop))), self.loop.time())

    def _wake_some(self, clients: Iterable[Wakeable], began_s: float) -> None:
        some = list(islice(clients, _AT_ONCE))
        for client in some:
            client.wake()
        if some:
            self.loop.call_soon(self._wake_some, clients, began_s)
        else:
            self.loop.call_soon(self._end, began_s)

    def _end(self, began_s: float) -> None:
        """Note what the delivery took; the coroutines that it woke have run before this."""
        now_s = self.loop.time()
        spent_s = now_s - began_s
        self._not_before_s = now_s + min(spent_s * (1.0 / _SHARE - 1.0), _LONGEST_WAIT_S)
        self._is_running = False
        if self._is_asked:
            self._begin()
