"""Rate limiter: token buckets in a bounded table. Pure but for its lock."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """Rate of a token bucket: `burst` at once, then `per_s` a second."""

    burst: float
    per_s: float

    def draw(self, level: float) -> Draw:
        """Return what is left of a bucket of `level` tokens after one was taken, where there is one."""
        wait_s = max(0.0, (1.0 - level) / self.per_s)
        return Draw(self, level if wait_s else level - 1.0, wait_s)


@dataclass(frozen=True, slots=True)
class Draw:
    """An attempt at a token: tokens left, and the seconds until there is one, 0 where one was taken."""

    rate: Rate
    left: float
    wait_s: float


class RateBuckets(Protocol):
    """Token buckets by name."""

    def take(self, name: str, now_s: float) -> Draw:
        """Take a token where there is one."""
        ...


class TokenBuckets:
    """One bucket per name; beyond `most` names, the one unused for longest is forgotten."""

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, now_s: float) -> Draw:
        """Take a token where there is one."""
        with self._lock:
            draw = self._rate.draw(self._level(name, now_s))
            self._levels[name] = (draw.left, now_s)
            self._levels.move_to_end(name)
            while len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return draw

    def _level(self, name: str, now_s: float) -> float:
        level, then_s = self._levels.get(name, (self._rate.burst, now_s))
        return min(self._rate.burst, level + max(0.0, now_s - then_s) * self._rate.per_s)
