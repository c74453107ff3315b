"""How far each series reaches: what tells a surely new sample from one that may be stored already, and the latest.

Per series four numbers: `latest_ms`, the newest stored sample that may be the latest; `top_ms`, the newest stored at
all; `ahead_ms`, at most the oldest stored sample between the two. Nothing is stored inside (latest_ms, ahead_ms) nor
above top_ms, so a sample there needs no look-up. They differ only where a clock ran ahead.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.store.port import Flags, Index, Times, Values

NEVER_MS: Final = int(np.iinfo(np.int64).min)
_FOR_EVER_MS: Final = int(np.iinfo(np.int64).max)


class Frontier:
    """The frontiers of all series by id. Not safe against threads: its owner locks."""

    def __init__(self) -> None:
        self.latest_ms: Times = np.empty(0, np.int64)
        self.latest_value: Values = np.empty(0, np.float64)
        self.latest_quality: Flags = np.empty(0, np.uint8)
        self._top_ms: Times = np.empty(0, np.int64)
        self._ahead_ms: Times = np.empty(0, np.int64)

    def grow(self, count: int) -> None:
        """Make room for series up to id `count` - 1; new ones hold nothing."""
        have = len(self._top_ms)
        if count > have:
            more = max(count, 2 * have, 64) - have
            self.latest_ms = np.append(self.latest_ms, np.full(more, NEVER_MS))
            self.latest_value = np.append(self.latest_value, np.zeros(more))
            self.latest_quality = np.append(self.latest_quality, np.zeros(more, np.uint8))
            self._top_ms = np.append(self._top_ms, np.full(more, NEVER_MS))
            self._ahead_ms = np.append(self._ahead_ms, np.full(more, _FOR_EVER_MS))

    def surely_new(self, sid: Index, time_ms: Times) -> NDArray[np.bool_]:
        """Tell which samples cannot be stored yet; ids beyond those known are of series that hold nothing."""
        if not len(sid) or not len(self._top_ms):
            return np.ones(len(sid), np.bool_)
        known = np.minimum(sid, len(self._top_ms) - 1)
        new = (time_ms > self._top_ms[known]) | ((time_ms > self.latest_ms[known]) & (time_ms < self._ahead_ms[known]))
        return new | (sid >= len(self._top_ms))

    def advance(self, sid: Index, time_ms: Times, value: Values, quality: Flags) -> None:
        """Take in stored samples that may be the latest; at most one of each series, its newest."""
        self._top_ms[sid] = np.maximum(self._top_ms[sid], time_ms)
        newer = time_ms > self.latest_ms[sid]
        sid = sid[newer]
        self.latest_ms[sid] = time_ms[newer]
        self.latest_value[sid] = value[newer]
        self.latest_quality[sid] = quality[newer]

    def advance_ahead(self, sid: Index, time_ms: Times) -> None:
        """Take in stored samples that may never be the latest."""
        np.maximum.at(self._top_ms, sid, time_ms)
        np.minimum.at(self._ahead_ms, sid, time_ms)

    def cut(self, sid: Index, cut_ms: int) -> None:
        """Forget what was before `cut_ms` in the series `sid`."""
        self.latest_ms[sid[self.latest_ms[sid] < cut_ms]] = NEVER_MS
        empty = sid[self._top_ms[sid] < cut_ms]
        self._top_ms[empty] = NEVER_MS
        self._ahead_ms[empty] = _FOR_EVER_MS

    def holds_samples(self, sid: int) -> bool:
        """Tell whether a series holds at least one sample."""
        return bool(self._top_ms[sid] != NEVER_MS)

    def count_filled(self) -> int:
        """Return how many series hold at least one sample."""
        return int(np.count_nonzero(self._top_ms != NEVER_MS))
