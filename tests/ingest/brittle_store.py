"""The reference store behind a check that may raise."""

from __future__ import annotations

from collections.abc import Callable

from headland.errors import RetryLater
from headland.store.memory import MemoryStore
from headland.store.port import SeriesFilter, WriteBatch, WriteResult


class BrittleStore(MemoryStore):
    """Calls `check` before each write; `tries` counts the writes begun."""

    def __init__(self) -> None:
        super().__init__()
        self.check: Callable[[WriteBatch], None] = lambda _: None
        self.tries = 0

    def write(self, batch: WriteBatch) -> WriteResult:
        self.tries += 1
        self.check(batch)
        return super().write(batch)


def count_points(store: MemoryStore) -> int:
    """Return how many samples of the organisation `home` are stored."""
    return sum(len(samples.time_ms) for samples in store.raw(SeriesFilter("local"), 0, 2**60))


def is_away(_: WriteBatch) -> None:
    """Fail as a store does that cannot work now."""
    raise RetryLater("the disk is away")
