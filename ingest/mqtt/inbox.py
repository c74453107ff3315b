"""Queue between the network thread and the writer, bounded by what the broker may leave unacknowledged."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from headland.contract.refusals import Refused

#: Generation of a message that was handed over in this process: no connection ever has it.
HANDED_OVER: Final = -1
#: Share of the queue that may be messages that were handed over.
_SHARE: Final = 4


class InboundMessage(NamedTuple):
    """An MQTT message as received; `generation` identifies the connection that may acknowledge it.

    `received_ns` is the epoch time of its arrival, where traces are on. `refused` is why whoever handed it over could
    not read it: it goes to quarantine.

    A tuple, because one is made for every message and a frozen dataclass takes several times as long to make.
    """

    generation: int
    mid: int
    qos: int
    topic: str
    payload: bytes
    retained: bool = False
    properties: Mapping[str, str] = MappingProxyType({})
    received_ns: int = 0
    refused: tuple[Refused, ...] = ()


def _never() -> bool:
    return False


class Inbox:
    """Messages in order of arrival; `put` never blocks.

    The broker sends at most `limit` unacknowledged messages of QoS 1, so one connection cannot overfill the queue.
    `forget` bounds what a former connection left. QoS 0 has no such limit: its messages are dropped and counted when
    the queue is full.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: deque[InboundMessage] = deque()
        self._changed = threading.Condition()
        self._closed = False
        #: How many messages end the wait of `take`: one, or a whole batch where more may join the first ones.
        self._wanted = 1
        self._newest_s = 0.0
        #: When the wait for more began that `until` ended; the next call of `take` goes on with it.
        self._began_s: float | None = None
        #: Whether somebody waits for the commit of a message that was handed over.
        self._is_awaited = False
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._messages)

    def put(self, message: InboundMessage) -> None:
        """Append a message; a QoS 0 one is dropped where the queue is full."""
        self.put_all((message,))

    def put_all(self, messages: Iterable[InboundMessage]) -> None:
        """Append messages; messages of QoS 0 are dropped where the queue is full.

        The writer is woken once, and not at all while it waits for others to share its transaction.
        """
        with self._changed:
            for message in messages:
                if message.qos == 0 and len(self._messages) >= self._limit:
                    self.dropped += 1
                else:
                    self._messages.append(message)
            if self._wanted > 1:  # somebody waits for more
                self._newest_s = time.monotonic()
            if len(self._messages) >= self._wanted:
                self._changed.notify()

    def offer(self, messages: Iterable[InboundMessage]) -> bool:
        """Append messages that are handed over in this process; return False, and none is, where too many wait."""
        with self._changed:
            waiting = sum(message.generation == HANDED_OVER for message in self._messages)
            if self._closed or waiting >= max(1, self._limit // _SHARE):
                return False
            self._messages.extend(messages)
            self._is_awaited = True
            self._changed.notify()
        return True

    def take(
        self,
        most: int,
        first_wait_s: float,
        more_wait_s: float,
        gap_s: float = math.inf,
        until: Callable[[], bool] = _never,
    ) -> list[InboundMessage]:
        """Return up to `most` messages: wait for the first, then shortly for more to share its transaction.

        The second wait ends after `more_wait_s`, and where none arrives within `gap_s`. Where `until` returns True
        meanwhile, none is returned, and the next call goes on with the wait; whoever makes it true calls `wake`.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._closed, first_wait_s)
            if self._messages and not self._closed and not self._await_more(most, more_wait_s, gap_s, until):
                return []
            return self._pop(most)

    def wake(self) -> None:
        """Let a waiting `take` look at its `until`."""
        with self._changed:
            self._changed.notify()

    def _await_more(self, most: int, more_wait_s: float, gap_s: float, until: Callable[[], bool]) -> bool:
        """Wait until `most` messages are there, `more_wait_s` are over or none has arrived within `gap_s`.

        Return False where `until` ended the wait.
        """
        now_s = time.monotonic()
        began_s = self._began_s = now_s if self._began_s is None else self._began_s
        self._wanted = most
        try:
            while len(self._messages) < most and not self._closed and not self._is_awaited:
                left_s = min(max(began_s, self._newest_s) + gap_s, began_s + more_wait_s) - now_s
                if left_s <= 0:
                    break
                if until():
                    return False
                self._changed.wait(left_s)
                now_s = time.monotonic()
        finally:
            self._wanted = 1
        return True

    def take_now(self, most: int) -> list[InboundMessage]:
        """Return up to `most` messages without waiting."""
        with self._changed:
            return self._pop(most)

    def forget(self, *, redelivered: bool) -> None:
        """Remove, on a new connection, the messages that it will bring again.

        Where the broker kept the session it sends all of them again. Where it lost the session they never come again:
        the newest `limit` remain and reach the store, although they can no longer be acknowledged.
        """
        with self._changed:
            if redelivered:
                self._messages = deque(message for message in self._messages if message.qos == 0)
            while len(self._messages) > self._limit:
                self._messages.popleft()
                self.dropped += 1

    def _pop(self, most: int) -> list[InboundMessage]:
        self._began_s = None
        self._is_awaited = self._is_awaited and len(self._messages) > most
        return [self._messages.popleft() for _ in range(min(most, len(self._messages)))]

    def close(self) -> None:
        """Wake the callers of `take`, now and later."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
