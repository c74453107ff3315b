"""Order of a device's data times: one timestamp in the future must not hide all data after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from headland.units_of_time import HOUR_MS

#: After so many samples in a row, each this far behind the newest time, the newest time counts as wrong.
_ROWS: Final = 3
_FAR_MS: Final = HOUR_MS


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
