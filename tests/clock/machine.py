"""A machine whose clock a test sets."""

from __future__ import annotations

from dataclasses import dataclass

from headland.clock.station_clock.station_clock import ClockSources
from headland.units_of_time import DAY_MS, HOUR_MS

NOW_MS = 1_790_000_000_000
YEAR_MS = 365 * DAY_MS
#: Steps of the station's clock, both ways.
STEPS_MS = [sign * step for step in (HOUR_MS, 6 * HOUR_MS, DAY_MS, YEAR_MS, 10 * YEAR_MS) for sign in (1, -1)]


@dataclass(slots=True)
class ClockedMachine:
    """True time runs by `run`; the machine's clock shows it with a `step_ms`."""

    true_ms: int = NOW_MS
    up_s: float = 1000.0
    boot: str = "first"
    step_ms: int = 0
    is_synchronised: bool | None = False

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.true_ms += round(seconds * 1000)
        self.up_s += seconds

    def boot_again(self, seconds: float, step_ms: int = 0) -> None:
        """Let time pass with the machine off."""
        self.true_ms += round(seconds * 1000)
        self.up_s, self.boot, self.step_ms = 10.0, f"{self.boot}+", step_ms

    def now_ms(self) -> int:
        """Return what the clock shows."""
        return self.true_ms + self.step_ms

    def sources(self) -> ClockSources:
        """Return the machine's clocks."""
        return ClockSources(self.now_ms, lambda: self.up_s, lambda: self.boot, lambda: self.is_synchronised)
