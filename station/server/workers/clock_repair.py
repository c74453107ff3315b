"""Thread that makes up for a wrong clock of the station: flags that it set, and alarms of gateways that it refused."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from headland.clock.station_clock.record import AGREE_MS, ClockRecord, DoubtCause
from headland.clock.station_clock.station_clock import StationClock
from headland.runtime.supervised_thread import SupervisedThread, SupervisedWorker

_LOGGER = logging.getLogger(__name__)

_CHECK_EVERY_S: Final = 1.0
#: Changes of the clock that wait to be made up for; the oldest is left out above that.
_MOST_WAITING: Final = 100


class JudgingStore(Protocol):
    """A store that can judge its samples by their times again."""

    def judge_again(self, since_ms: int, behind_ms: int, until_ms: int, flag_after_ms: int) -> tuple[int, int]:
        """Clear the flags of samples that a clock behind has flagged, and flag those after `flag_after_ms`."""
        ...


@dataclass(frozen=True, slots=True)
class ClockMistake:
    """What a clock got wrong: since `since_ms`, by itself, it was `behind_ms` behind the time; 0 where it was not."""

    since_ms: int
    behind_ms: int = 0


def find_mistake(before: ClockRecord, after: ClockRecord) -> ClockMistake | None:
    """Return what is to be made up for after a change of what is believed of the clock. Pure."""
    since_ms = before.believed_ms
    if after.doubt is not None:
        # Gateways say how far it is behind; of a jump, and of an earlier clock, what came before it was judged well.
        by_ms = after.doubt.by_ms or 0
        if after.doubt.cause is DoubtCause.GATEWAYS and by_ms < -AGREE_MS:
            return ClockMistake(since_ms, -by_ms)
        return None
    passed_ms = round((after.boot_s - before.boot_s) * 1000)
    return ClockMistake(since_ms, max(0, after.best_ms - before.best_ms - passed_ms))


class ClockRepair(SupervisedWorker):
    """Judges samples again, and asks for refused alarms again, after each change of what is believed of the clock.

    `ask_again` requests the replay of messages that were refused for their time. A store without `judge_again` keeps
    its flags.
    """

    def __init__(self, clock: StationClock, store: JudgingStore | None, ask_again: Callable[[], int]) -> None:
        self._clock = clock
        self._store = store
        self._ask_again = ask_again
        self._waiting: deque[ClockMistake] = deque(maxlen=_MOST_WAITING)
        self._thread = SupervisedThread("clock-repair", self.repair, every_s=_CHECK_EVERY_S, waits_first=True)
        clock.on_change = self._note

    def repair(self) -> None:
        """Make up for what waits. Raises RetryLater with the rest waiting."""
        while self._waiting:
            mistake = self._waiting[0]
            if self._store is not None:
                limits = self._clock.limits()
                behind_ms = mistake.behind_ms + AGREE_MS
                cleared, flagged = self._store.judge_again(
                    mistake.since_ms, behind_ms, limits.latest_until_ms, limits.flag_after_ms
                )
                if cleared or flagged:
                    _LOGGER.warning(
                        "the clock was wrong: %d samples are no longer flagged for it, %d are now", cleared, flagged
                    )
            asked = self._ask_again()
            if asked:
                _LOGGER.warning("the clock was wrong: %d messages that it refused are taken again", asked)
            self._waiting.popleft()

    def _note(self, before: ClockRecord, after: ClockRecord) -> None:
        mistake = find_mistake(before, after)
        if mistake is not None:
            self._waiting.append(mistake)
            self._thread.wake()
