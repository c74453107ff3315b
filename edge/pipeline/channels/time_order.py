"""Whether the time of a device's data goes forward: one stamp from the future must not stop all that comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from headland.units_of_time import HOUR_MS

#: So many samples in a row, this far behind the newest time, mean that it was the newest that was wrong.
_ROWS: Final = 3
_FAR_MS: Final = HOUR_MS


class Turn(Enum):
    """What a time is beside those before it."""

    FORWARD = auto()  # later than all before
    BEHIND = auto()  # not later: late data, or a repeated time
    ANEW = auto()  # the clock was set back: what was before counts no more


@dataclass(slots=True)
class DataTime:
    """The newest time so far."""

    newest_ms: int | None = None
    _far_behind: int = 0

    def take(self, time_ms: int) -> Turn:
        """Note the next time and say what it is."""
        newest = self.newest_ms
        if newest is None or time_ms > newest:
            self.newest_ms, self._far_behind = time_ms, 0
            return Turn.FORWARD
        self._far_behind = self._far_behind + 1 if newest - time_ms > _FAR_MS else 0
        if self._far_behind < _ROWS:
            return Turn.BEHIND
        self.newest_ms, self._far_behind = time_ms, 0
        return Turn.ANEW
