"""Order of a device's data times: one in the future must not hide all data after it, and a clock's step is no gap."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from headland.units_of_time import HOUR_MS

#: After so many samples in a row, each this far behind the newest time, the newest time counts as wrong.
_ROWS: Final = 3
_FAR_MS: Final = HOUR_MS
#: A change of the wall clock against one that is never set that is a step, and no correction of its rate.
_STEP_MS: Final = 1000
#: How long after a step rows may come that were stamped before it.
_STAMPED_BEFORE_S: Final = 10.0


class TimeStep(Enum):
    """Relation of a time to those before it."""

    FORWARD = auto()  # later than all before
    LATE = auto()  # not later: late data, or a repeated time
    RESET = auto()  # the clock was set back: earlier times no longer count


@dataclass(slots=True)
class TimeOrder:
    """Tracks the newest time."""

    newest_ms: int | None = None
    _far_behind: int = 0

    def classify(self, time_ms: int) -> TimeStep:
        """Note the next time and return its relation to those before it."""
        newest = self.newest_ms
        if newest is None or time_ms > newest:
            self.newest_ms, self._far_behind = time_ms, 0
            return TimeStep.FORWARD
        self._far_behind = self._far_behind + 1 if newest - time_ms > _FAR_MS else 0
        if self._far_behind < _ROWS:
            return TimeStep.LATE
        self.newest_ms, self._far_behind = time_ms, 0
        return TimeStep.RESET


@dataclass(slots=True)
class WallClock:
    """The gateway's wall clock beside one that is never set: how far it is ahead now, and was before its last step.

    A row may have been stamped just before a step and arrive just after it.
    """

    _ahead_ms: float | None = None
    _before_ms: float | None = None
    _stepped_s: float = -math.inf

    def note(self, now_ms: int, passed_s: float) -> None:
        """Note both clocks."""
        ahead_ms = now_ms - passed_s * 1000
        if self._ahead_ms is not None and abs(ahead_ms - self._ahead_ms) > _STEP_MS:
            self._before_ms, self._stepped_s = self._ahead_ms, passed_s
        elif passed_s - self._stepped_s > _STAMPED_BEFORE_S:
            self._before_ms = None
        self._ahead_ms = ahead_ms

    def distance_ms(self, time_ms: int, passed_s: float) -> float:
        """Return how far a time is from now."""
        known = [ahead_ms for ahead_ms in (self._ahead_ms, self._before_ms) if ahead_ms is not None]
        return min((abs(time_ms - passed_s * 1000 - ahead_ms) for ahead_ms in known), default=math.inf)
