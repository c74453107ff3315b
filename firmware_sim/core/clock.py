"""Simulated clock: faster than real time from a start in the past, and real time after it has caught up."""

from __future__ import annotations

from dataclasses import dataclass

from headland.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SimClock:
    """Maps real time to simulated time; both are epoch milliseconds UTC.

    It is `start_ms` at real time `anchor_ms`, runs `speed` times as fast as real time, and equals real time after it
    has caught up. It is never ahead of real time and is monotonic while real time is. A start in the future means now.
    """

    speed: float
    start_ms: int
    anchor_ms: int

    def __post_init__(self) -> None:
        """Validate the speed; raises SettingsError."""
        if not 0 < self.speed <= 1_000_000:
            raise SettingsError(f"The speed {self.speed} is not valid: give a number above 0; 1 is real time.")

    def now_ms(self, real_ms: int) -> int:
        """Return the simulated time at real time `real_ms`."""
        elapsed_ms = max(0, real_ms - self.anchor_ms)
        return min(real_ms, self.start_ms + int(elapsed_ms * self.speed))
