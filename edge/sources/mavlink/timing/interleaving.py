"""Detection of a second vehicle's clock: boot times that jump ahead or fall back between others.

The same can come from one message that arrives very late, so rows that came with a fall are set aside until more
messages decide.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from edge.sources.mavlink.timing.pending import PendingMessage

#: A boot time that advances by so much more than has passed, or falls back by as much between others that do not, is
#: another vehicle's, or very late.
JUMP_MS: Final = 5000
#: A jump and a fall within this are two clocks.
_JUMP_MEMORY_MS: Final = 30_000
#: A jump without a fall is accepted after this.
_JUMP_DOUBT_MS: Final = 1500
#: So many falls between others, on a clock of their own that advances, are another vehicle's.
_FALLS: Final = 3
#: Without another fall for so long, the last one was a very late message.
_SET_ASIDE_MS: Final = 3000


class ClockInterleaveDetector:
    """Remembers jumps and falls of one vehicle's boot time, and the rows that came with falls."""

    def __init__(self) -> None:
        self.set_aside: list[PendingMessage] = []
        self._falls: deque[tuple[int, int]] = deque(maxlen=_FALLS)
        self._jumped_ms: int | None = None

    def note_jump(self, arrival_ms: int) -> None:
        """Note that boot time advanced by more than has passed: another vehicle's, if it falls back again."""
        self._jumped_ms = arrival_ms

    def forget_jump(self) -> None:
        """Accept the last jump as this vehicle's own: messages between were lost."""
        self._jumped_ms = None

    def has_jumped(self, arrival_ms: int) -> bool:
        """Return whether there was a jump that a fall at `arrival_ms` would belong to."""
        return self._jumped_ms is not None and arrival_ms - self._jumped_ms < _JUMP_MEMORY_MS

    def is_in_doubt(self, arrival_ms: int) -> bool:
        """Return whether there was a jump so recently that a message may be another vehicle's."""
        return self._jumped_ms is not None and arrival_ms - self._jumped_ms < _JUMP_DOUBT_MS

    def note_fall(self, fallen_to: tuple[int, int], rows: list[PendingMessage]) -> bool:
        """Note a (boot time, arrival) far behind those around it; return whether it is another vehicle's clock.

        Until then `rows`, which came with it, are set aside: they are of a very late message, or of another vehicle.
        """
        self._falls.append(fallen_to)
        self.set_aside += rows
        first_ms, first_arrival_ms = self._falls[0]
        advanced_ms, passed_ms = fallen_to[0] - first_ms, fallen_to[1] - first_arrival_ms
        return len(self._falls) == _FALLS and advanced_ms > 0 and abs(advanced_ms - passed_ms) < JUMP_MS / 2

    def forget_falls(self) -> None:
        """Forget all falls: the vehicle has restarted."""
        self._falls.clear()

    def is_overdue(self, now_ms: int) -> bool:
        """Return whether rows have been set aside for so long that they were only late."""
        return bool(self.set_aside) and now_ms - self.set_aside[-1].arrival_ms > _SET_ASIDE_MS

    def take_set_aside(self) -> list[PendingMessage]:
        """Return the rows that are set aside, and forget them."""
        rows, self.set_aside = self.set_aside, []
        return rows
