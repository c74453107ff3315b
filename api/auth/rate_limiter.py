"""How much anybody may ask: token buckets, in a table that cannot grow without end. Pure but for its lock."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    per_s: float


class Buckets:
    """One bucket for each name; of more than `most` names, that which was not asked for longest begins anew."""

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, now_s: float) -> float:
        """Take one; return 0, or how many seconds to wait where there is none, which takes nothing."""
        with self._lock:
            level = self._level(name, now_s)
            wait_s = max(0.0, (1.0 - level) / self._rate.per_s)
            self._levels[name] = (level if wait_s else level - 1.0, now_s)
            self._levels.move_to_end(name)
            while len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return wait_s

    def wait_s(self, name: str, now_s: float) -> float:
        """Return how long to wait for the next one; nothing is taken."""
        with self._lock:
            return max(0.0, (1.0 - self._level(name, now_s)) / self._rate.per_s)

    def _level(self, name: str, now_s: float) -> float:
        level, then_s = self._levels.get(name, (self._rate.burst, now_s))
        return min(self._rate.burst, level + max(0.0, now_s - then_s) * self._rate.per_s)
