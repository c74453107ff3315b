"""Retry schedule: items of a round that failed, each tried again after a wait that grows. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

#: The first and the longest wait; it doubles in between.
FIRST_WAIT_MS: Final = 2_000
LONGEST_WAIT_MS: Final = 300_000
#: Items whose failures are remembered; the one that failed first is forgotten, and is then tried in every round.
MOST_ITEMS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Failure:
    first_ms: int
    attempts: int
    due_ms: int


class RetrySchedule:
    """When each failed item is due; an item that is not known is due. Not safe to call from several threads at once."""

    def __init__(self) -> None:
        self._failures: OrderedDict[Hashable, _Failure] = OrderedDict()

    def is_due(self, item: Hashable, now_ms: int) -> bool:
        """Return whether an item is to be tried now; a clock that was set back does not hold it up."""
        failure = self._failures.get(item)
        return failure is None or not failure.due_ms - LONGEST_WAIT_MS <= now_ms < failure.due_ms

    def fail(self, item: Hashable, now_ms: int) -> None:
        """Note that an item has failed."""
        before = self._failures.get(item)
        attempts = 1 if before is None else before.attempts + 1
        wait_ms = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(attempts - 1, 20))
        self._failures[item] = _Failure(now_ms if before is None else before.first_ms, attempts, now_ms + wait_ms)
        while len(self._failures) > MOST_ITEMS:
            self._failures.popitem(last=False)

    def succeed(self, item: Hashable) -> None:
        """Forget the failures of an item."""
        if self._failures:
            self._failures.pop(item, None)

    def sentence(self, now_ms: int) -> str:
        """Return what waits for another attempt, for people; empty where nothing does."""
        if not self._failures:
            return ""
        oldest_s = max(0, now_ms - min(failure.first_ms for failure in self._failures.values())) / 1000
        return (
            f"{len(self)} items could not be stored and are tried again, the oldest for {oldest_s:.0f} s: see the log"
        )

    def forget_ended(self, now_ms: int) -> None:
        """Forget items that were not tried for long after they were due: what they were about is over."""
        for item in [item for item, each in self._failures.items() if now_ms - each.due_ms > 2 * LONGEST_WAIT_MS]:
            del self._failures[item]

    def __len__(self) -> int:
        return len(self._failures)
