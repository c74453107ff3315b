"""Counters of several processes that serve the same address, summed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

#: How long a process that says nothing still counts [s]; each says something every five seconds.
FORGOTTEN_AFTER_S: Final = 20.0


class SummedCounters:
    """The counters of processes by name; from any thread. A name is that of one process and is never used again.

    What a process counted remains after its end, so that no sum falls; `levels` are what is there now, and end with it.
    """

    def __init__(self, levels: frozenset[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._levels = levels
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: dict[str, tuple[Mapping[str, float], float]] = {}
        self._ended: Counter[str] = Counter()

    def hear(self, process: str, counters: Mapping[str, float]) -> None:
        """Take the counters of a process."""
        with self._lock:
            self._heard[process] = counters, self._clock()

    def sum(self) -> Counter[str]:
        """Return the sums."""
        with self._lock:
            if self._heard:
                self._forget()
            added: Counter[str] = Counter(self._ended)
            for counters, _ in self._heard.values():
                added.update(counters)
        return added

    def _forget(self) -> None:
        now_s = self._clock()
        for name in [name for name, (_, heard_s) in self._heard.items() if now_s - heard_s > FORGOTTEN_AFTER_S]:
            counters, _ = self._heard.pop(name)
            self._ended.update({each: count for each, count in counters.items() if each not in self._levels})
