"""Wait of a batch for further messages that share its transaction."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

#: A transaction costs some milliseconds of a processor, however little is in it: where nobody follows the live values
#: and few messages arrive, a batch waits for so long, and no longer than that without a message. A gateway that nobody
#: follows sends one each half second.
PATIENT_S: Final = 2.0
_PATIENT_GAP_S: Final = 0.7
#: A gateway that sends its records again has less patience, half a second at least: for so long after that, no batch
#: waits longer than this.
_HURRY_S: Final = 600.0
_HURRIED_S: Final = 0.3
#: Messages in two seconds that are few, and so few that waiting joins none. A gateway that catches up has four in
#: flight at first, and more with each commit: soon they are not few.
_FEW: Final = 40
_ALONE: Final = 3
#: Messages in two seconds that are few of one topic, though they are many of all: two hundred gateways send one each in
#: ten seconds, and one that catches up has more than this after its first commit. From so many of all on, batches fill.
_FEW_OF_ONE: Final = 6
_FULL: Final = 2000
_WINDOW_S: Final = 2.0


class BatchWait:
    """The wait of each batch, at least `least_s`; used by the writer's thread.

    The first messages after two seconds of silence wait for no more than that: single ones are as quick as ever.
    """

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self._taken: deque[tuple[float, Counter[str]]] = deque()
        #: Messages of the last two seconds by topic, and all of them.
        self._recent: Counter[str] = Counter()
        self._messages = 0
        self._hurry_until_s = -math.inf

    def note(self, topics: Iterable[str], now_s: float) -> None:
        """Note the topics of a batch's messages."""
        taken = Counter(topics)
        self._taken.append((now_s, taken))
        self._recent.update(taken)
        self._messages += taken.total()

    def note_repeated(self, now_s: float) -> None:
        """Note that a record came again."""
        self._hurry_until_s = now_s + _HURRY_S

    def waits_s(self, now_s: float, *, is_followed: bool) -> tuple[float, float]:
        """Return how long the next batch waits after its first message, and at most after each further one."""
        while self._taken and self._taken[0][0] < now_s - _WINDOW_S:
            self._forget(self._taken.popleft()[1])
        if is_followed or not self._are_few():
            return self._least_s, self._least_s
        if now_s < self._hurry_until_s:
            hurried_s = max(self._least_s, _HURRIED_S)
            return hurried_s, hurried_s
        return max(self._least_s, PATIENT_S), max(self._least_s, _PATIENT_GAP_S)

    def _are_few(self) -> bool:
        """Return whether the recent messages are so few that the next ones may wait for one another."""
        if self._messages < _FEW:
            return self._messages >= _ALONE
        return self._messages < _FULL and max(self._recent.values()) <= _FEW_OF_ONE

    def _forget(self, taken: Counter[str]) -> None:
        for topic, messages in taken.items():
            self._messages -= messages
            self._recent[topic] -= messages
            if not self._recent[topic]:
                del self._recent[topic]
