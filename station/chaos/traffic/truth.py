"""What a numbered device has said, and when: the truth that the store is held against."""

from __future__ import annotations

import threading
from dataclasses import dataclass

#: The API leaves samples out that are further ahead than this; the store has them (docs/reference/protocol.md).
_HIDDEN_AHEAD_MS = 290_000


@dataclass(frozen=True, slots=True)
class SentNumber:
    """Number that a device answered with: its time, and whether its gateway is known to have read the answer.

    `number` counts from 1 without a gap. An answer was read when its connection brought another request; of the last
    answer on a broken connection nobody can tell. `hidden` is true where the clock stood so far ahead that the API
    does not show the sample.
    """

    number: int
    said_s: float
    was_read: bool
    hidden: bool


class DeviceTruth:
    """All that one device has said; filled by the server's threads, read by any."""

    def __init__(self, device: str, gateway: str) -> None:
        self.device = device
        self.gateway = gateway
        self._lock = threading.Lock()
        self._said_s: list[float] = []
        self._read: list[bool] = []
        self._hidden: list[bool] = []

    def say(self, now_s: float, ahead_ms: int) -> int:
        """Return the next number, given out at `now_s` by a clock that is `ahead_ms` ahead."""
        with self._lock:
            self._said_s.append(now_s)
            self._read.append(False)
            self._hidden.append(ahead_ms > _HIDDEN_AHEAD_MS)
            return len(self._said_s)

    def note_read(self, number: int) -> None:
        """Remember that the gateway has read the answer that held `number`."""
        with self._lock:
            self._read[number - 1] = True

    def last(self) -> int:
        """Return the last number given out; 0 before the first."""
        with self._lock:
            return len(self._said_s)

    def said(self) -> list[SentNumber]:
        """Return everything said so far, in order."""
        with self._lock:
            columns = zip(self._said_s, self._read, self._hidden, strict=True)
            return [SentNumber(index, *row) for index, row in enumerate(columns, start=1)]
