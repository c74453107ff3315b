"""Agenda of a simulation: simulated time, what is due when, and the trace of what happened."""

from __future__ import annotations

import hashlib
import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TextIO

from headland.clock import MachineClock

#: 2026-01-01T12:00:00Z, the wall time at which each simulation begins: midnight is in the middle of a day's run.
START_MS: Final = 1_767_268_800_000
#: How many of the last lines of the trace are kept for the report of a failure.
_KEPT_LINES: Final = 60


class Agenda:
    """Actions in the order of their simulated times; those of one time run in the order in which they were planned.

    `trace` makes two runs comparable: its digest covers every line.
    """

    def __init__(self, lines_to: TextIO | None = None) -> None:
        self.now_s = 0.0
        self._planned: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        #: The number of actions that have run.
        self.done = 0
        self._digest = hashlib.blake2b(digest_size=16)
        self._lines_to = lines_to
        self.last_lines: deque[str] = deque(maxlen=_KEPT_LINES)

    def after(self, delay_s: float, action: Callable[..., None], *arguments: Any) -> None:
        """Plan an action in `delay_s` from now."""
        self.at(self.now_s + delay_s, action, *arguments)

    def at(self, time_s: float, action: Callable[..., None], *arguments: Any) -> None:
        """Plan an action at `time_s`, or now where that is past."""
        self._count += 1
        heapq.heappush(self._planned, (max(time_s, self.now_s), self._count, action, arguments))

    def run(self, until_s: float, is_over: Callable[[], bool] | None = None) -> None:
        """Do what is due until `until_s`, or until `is_over` returns True after an action."""
        planned = self._planned
        while planned and planned[0][0] <= until_s:
            self.now_s, _, action, arguments = heapq.heappop(planned)
            self.done += 1
            action(*arguments)
            if is_over is not None and is_over():
                return
        self.now_s = max(self.now_s, until_s)

    def note(self, who: str, what: str) -> None:
        """Add a line to the trace."""
        line = f"{self.now_s:.6f} {who} {what}\n"
        self._digest.update(line.encode())
        self.last_lines.append(line)
        if self._lines_to is not None:
            self._lines_to.write(line)

    def digest(self) -> str:
        """Return the digest of all lines so far."""
        return self._digest.hexdigest()


@dataclass(slots=True)
class SimulatedClock:
    """The clocks of one simulated machine; `offset_ms` is the error of its wall clock."""

    agenda: Agenda
    offset_ms: int = 0

    def now_ms(self) -> int:
        """Return the machine's wall time."""
        return max(0, START_MS + int(self.agenda.now_s * 1000) + self.offset_ms)

    def monotonic_s(self) -> float:
        """Return the seconds since the simulation began."""
        return self.agenda.now_s

    def set_to(self, time_ms: int) -> None:
        """Step the wall clock."""
        self.offset_ms = time_ms - START_MS - int(self.agenda.now_s * 1000)

    def correct(self) -> None:
        """Set the wall clock right."""
        self.offset_ms = 0

    def machine_clock(self) -> MachineClock:
        """Return the clocks as the product takes them."""
        return MachineClock(self.now_ms, self.monotonic_s)
