"""Numbers that each device has sent, and when: the reference for the contents of the store."""

from __future__ import annotations

import threading
from dataclasses import dataclass

#: The API omits samples that are further in the future; the store has them (docs/reference/protocol.md).
_HIDDEN_AHEAD_MS = 290_000


@dataclass(frozen=True, slots=True)
class SentNumber:
    """A number that a device has sent: its time, and whether the gateway is known to have read it.

    `number` counts from 1 without a gap. A response was read when another request followed on its connection; for the
    last response of a broken connection it is unknown. `hidden` is true where the device's clock was so far ahead that
    the API omits the sample.
    """

    number: int
    sent_s: float
    was_read: bool
    hidden: bool


class DeviceTruth:
    """Records what one device has sent; written by the server's threads, read by any thread."""

    def __init__(self, device: str, gateway: str) -> None:
        self.device = device
        self.gateway = gateway
        self._lock = threading.Lock()
        self._sent_s: list[float] = []
        self._read: list[bool] = []
        self._hidden: list[bool] = []

    def record_sent(self, now_s: float, ahead_ms: int) -> int:
        """Record and return the next number, sent at `now_s` while the device's clock is `ahead_ms` ahead."""
        with self._lock:
            self._sent_s.append(now_s)
            self._read.append(False)
            self._hidden.append(ahead_ms > _HIDDEN_AHEAD_MS)
            return len(self._sent_s)

    def note_read(self, number: int) -> None:
        """Record that the gateway has read the response with `number`."""
        with self._lock:
            self._read[number - 1] = True

    def last(self) -> int:
        """Return the last number sent; 0 before the first."""
        with self._lock:
            return len(self._sent_s)

    def sent(self) -> list[SentNumber]:
        """Return all records, in order."""
        with self._lock:
            columns = zip(self._sent_s, self._read, self._hidden, strict=True)
            return [SentNumber(index, *row) for index, row in enumerate(columns, start=1)]
