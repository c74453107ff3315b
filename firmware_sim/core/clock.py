"""Simulated time: faster than real time from a start in the past, real time once it has caught up."""

from __future__ import annotations

from dataclasses import dataclass

from headland.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SimClock:
    """Maps real time to simulated time; both are epoch milliseconds UTC.

    It reads `start_ms` when real time is `anchor_ms`, runs `speed` times faster than real time, and is real time from
    the moment it reaches it. It is never ahead of real time and, while real time does not step back, never goes back.
    A start in the future is the present.
    """

    speed: float
    start_ms: int
    anchor_ms: int

    def __post_init__(self) -> None:
        """Refuse a speed that would stop time or turn it back."""
        if not 0 < self.speed <= 1_000_000:
            raise SettingsError(f"The simulator's speed is {self.speed}: give a number above 0, 1 is real time.")

    def now_ms(self, real_ms: int) -> int:
        """Return the simulated time at real time `real_ms`."""
        elapsed_ms = max(0, real_ms - self.anchor_ms)
        return min(real_ms, self.start_ms + int(elapsed_ms * self.speed))
