"""Wait of a batch for further messages that share its transaction."""

from __future__ import annotations

from collections import deque
from typing import Final

#: A transaction costs some milliseconds of a processor, however little is in it: where nobody follows the live values
#: and few messages arrive, a batch waits for so long.
_PATIENT_S: Final = 0.3
#: Messages a second that are few, and so few that waiting joins none. A gateway that catches up sends more as soon as
#: four of its messages are in flight.
_FEW: Final = 20
_ALONE: Final = 3
_WINDOW_S: Final = 1.0


class BatchWait:
    """The wait of each batch, at least `least_s`; used by the writer's thread.

    The first messages after a second of silence wait for no more than that: single ones are as quick as ever.
    """

    def __init__(self, least_s: float) -> None:
        self._least_s = least_s
        self._taken: deque[tuple[float, int]] = deque()

    def note(self, messages: int, now_s: float) -> None:
        """Note the messages of a batch."""
        self._taken.append((now_s, messages))

    def wait_s(self, now_s: float, *, is_followed: bool) -> float:
        """Return how long the next batch waits after its first message."""
        while self._taken and self._taken[0][0] < now_s - _WINDOW_S:
            self._taken.popleft()
        recent = sum(messages for _, messages in self._taken)
        return max(self._least_s, _PATIENT_S) if _ALONE <= recent < _FEW and not is_followed else self._least_s
