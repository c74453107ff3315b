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


class RateBuckets(Protocol):
    """Token buckets by name."""

    def take(self, name: str, now_s: float) -> float:
        """Take a token and return 0; without a token return the seconds to wait."""
        ...


class TokenBuckets:
    """One bucket per name; beyond `most` names, the one unused for longest is forgotten."""

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, now_s: float) -> float:
        """Take a token and return 0; without a token return the seconds to wait."""
        with self._lock:
            level = self._level(name, now_s)
            wait_s = max(0.0, (1.0 - level) / self._rate.per_s)
            self._levels[name] = (level if wait_s else level - 1.0, now_s)
            self._levels.move_to_end(name)
            while len(self._levels) > self._most:
                self._levels.popitem(last=False)
        return wait_s

    def _level(self, name: str, now_s: float) -> float:
        level, then_s = self._levels.get(name, (self._rate.burst, now_s))
        return min(self._rate.burst, level + max(0.0, now_s - then_s) * self._rate.per_s)
