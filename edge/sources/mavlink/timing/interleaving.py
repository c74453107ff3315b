"""Boot times that leap ahead or fall back between others: another vehicle's clock that takes turns with this one's, or
no more than a message that comes very late.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.sources.mavlink.timing.pending import PendingMessage

#: A boot time that goes on by so much more than has passed, or falls back by as much between others that do not, is
#: another vehicle's, or very late.
LEAP_MS: Final = 5000
#: A leap and a fall within this are two clocks; one that only leaps is believed again after the second.
_LEAP_MEMORY_MS: Final = 30_000
_LEAP_DOUBT_MS: Final = 1500
#: So many falls between others, with a clock of their own that goes on, are another vehicle's.
_FALLS: Final = 3
#: Without another one for so long, a fall was a very late message.
_STRAY_WAIT_MS: Final = 3000


class ClockInterleaveDetector:
    """Remembers leaps and falls of one vehicle's boot time, and the rows that came with falls."""

    def __init__(self) -> None:
        self.strays: list[PendingMessage] = []
        self._falls: deque[tuple[int, int]] = deque(maxlen=_FALLS)
        self._leapt_ms: int | None = None

    def note_leap(self, arrival_ms: int) -> None:
        """Note that boot time went on by more than passed: another vehicle's, if it falls back again."""
        self._leapt_ms = arrival_ms

    def forget_leap(self) -> None:
        """Take the last leap as this vehicle's own: messages between were lost."""
        self._leapt_ms = None

    def has_leapt(self, arrival_ms: int) -> bool:
        """Tell whether there was a leap that a fall at `arrival_ms` would belong to."""
        return self._leapt_ms is not None and arrival_ms - self._leapt_ms < _LEAP_MEMORY_MS

    def is_in_doubt(self, arrival_ms: int) -> bool:
        """Tell whether there was a leap so lately that what came with it may be another vehicle's."""
        return self._leapt_ms is not None and arrival_ms - self._leapt_ms < _LEAP_DOUBT_MS

    def note_fall(self, fallen_to: tuple[int, int], rows: list[PendingMessage]) -> bool:
        """Note a boot time, and its arrival, far behind those around it; tell whether it is another clock's.

        Until then `rows`, which came with it, stay aside: they are a very late message's, or another vehicle's.
        """
        self._falls.append(fallen_to)
        self.strays += rows
        first_ms, first_arrival_ms = self._falls[0]
        went_on_ms, passed_ms = fallen_to[0] - first_ms, fallen_to[1] - first_arrival_ms
        return len(self._falls) == _FALLS and went_on_ms > 0 and abs(went_on_ms - passed_ms) < LEAP_MS / 2

    def forget_falls(self) -> None:
        """Begin anew: the vehicle has restarted."""
        self._falls.clear()

    def waited(self, now_ms: int) -> bool:
        """Tell whether rows have been aside for so long that they were only late."""
        return bool(self.strays) and now_ms - self.strays[-1].arrival_ms > _STRAY_WAIT_MS

    def take_back(self) -> list[PendingMessage]:
        """Return the rows that are aside, and forget them."""
        strays, self.strays = self.strays, []
        return strays
