"""Poll schedule: slots on a fixed grid, so that the duration of a poll does not accumulate. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class PollSchedule:
    """Slots at `start_s + k * period_s`; `now_s` is any monotonic clock."""

    period_s: float
    start_s: float
    slot: int = 0

    def wait_s(self, now_s: float) -> float:
        """Return the time until the next slot; 0 when it is due."""
        return max(0.0, self.start_s + self.slot * self.period_s - now_s)

    def advance(self, now_s: float) -> int:
        """Advance to the first slot after `now_s`; return how many slots in between were missed."""
        following = math.floor((now_s - self.start_s) / self.period_s) + 1
        missed = max(0, following - self.slot - 1)
        self.slot = max(following, self.slot + 1)
        return missed
