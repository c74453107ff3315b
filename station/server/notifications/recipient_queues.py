"""Due notices by recipient: one attempt at a time for each, and a share of the workers that slow ones cannot take."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from headland.alarms.notification.delivery_policy import retry_wait_s
from headland.registry.models.alarms import Notice

#: An attempt that takes longer makes its recipient a slow one.
SLOW_S: Final = 2.0
#: While a lane has notices that must wait, they are looked at so often.
_LOOK_EVERY_S: Final = 1.0
#: Recipients whose past attempts are remembered; beyond it, those without due notices are forgotten.
_MOST_REMEMBERED: Final = 2000


_Attempt = tuple[str, int, int]  # the notice's id, its attempts before, and when it was due


@dataclass(slots=True)
class _Recipient:
    lane: str
    due: deque[Notice] = field(default_factory=deque)
    in_flight: bool = False
    #: Until its first success a recipient counts as slow.
    is_slow: bool = True
    failures: int = 0
    aside_from_s: float = 0.0
    aside_until_s: float = 0.0


class RecipientQueues:
    """Notices that wait for a worker of their lane (the kind of recipient). From any thread.

    A recipient that fails is put aside, for longer each time; those that are slow, or have never succeeded, have at
    most half of a lane's workers at once. `workers` has the number of workers by lane.
    """

    def __init__(self, workers: Mapping[str, int], clock: Callable[[], float]) -> None:
        self._workers = workers
        self._clock = clock
        self._recipients: dict[str, _Recipient] = {}
        #: Attempts that were begun: what was read before they ended must not begin them again.
        self._begun: OrderedDict[_Attempt, None] = OrderedDict()
        self._changed = threading.Condition()
        self._is_closed = False

    def close(self) -> None:
        """Let every `take` return at once."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def fill(self, notices: Iterable[tuple[str, Notice]]) -> None:
        """Replace what waits by the due notices of each recipient, with their lanes."""
        with self._changed:
            for recipient in self._recipients.values():
                recipient.due.clear()
            for lane, notice in notices:
                recipient = self._recipients.setdefault(notice.recipient, _Recipient(lane))
                recipient.lane = lane
                if _attempt(notice) not in self._begun:
                    recipient.due.append(notice)
            for name in [name for name, other in self._recipients.items() if not other.due and not other.in_flight]:
                if len(self._recipients) <= _MOST_REMEMBERED:
                    break
                del self._recipients[name]
            if any(recipient.due for recipient in self._recipients.values()):
                self._changed.notify_all()

    def take(self, lane: str, wait_s: float) -> Notice | None:
        """Return the next notice of a lane, whose recipient is then in flight; None where none comes in time."""
        with self._changed:
            recipient = self._next(lane)
            if recipient is None and wait_s > 0 and not self._is_closed:
                # One that was put aside may be attempted again without further notice.
                has_due = any(other.due for other in self._recipients.values() if other.lane == lane)
                self._changed.wait(min(wait_s, _LOOK_EVERY_S) if has_due else wait_s)
                recipient = self._next(lane)
            if recipient is None:
                return None
            recipient.in_flight = True
            notice = recipient.due.popleft()
            self._begun[_attempt(notice)] = None
            while len(self._begun) > _MOST_REMEMBERED:
                self._begun.popitem(last=False)
            return notice

    def finish(self, notice: Notice, *, is_over: bool, is_recorded: bool, took_s: float) -> None:
        """Note the end of an attempt: `is_over` where the recipient answered, whatever it said.

        One whose outcome is not recorded is made again.
        """
        with self._changed:
            if not is_recorded:
                self._begun.pop(_attempt(notice), None)
            recipient = self._recipients.get(notice.recipient)
            if recipient is None:
                return
            recipient.in_flight = False
            recipient.is_slow = not is_over or took_s > SLOW_S
            recipient.failures = 0 if is_over else recipient.failures + 1
            recipient.aside_from_s = self._clock()
            wait_s = retry_wait_s(recipient.failures) if recipient.failures else 0.0
            recipient.aside_until_s = recipient.aside_from_s + wait_s
            self._changed.notify_all()

    def put_aside(self) -> int:
        """Return the number of recipients that are put aside now."""
        with self._changed:
            now_s = self._clock()
            return sum(_is_aside(recipient, now_s) for recipient in self._recipients.values())

    def _next(self, lane: str) -> _Recipient | None:
        now_s = self._clock()
        of_lane = [recipient for recipient in self._recipients.values() if recipient.lane == lane]
        slow_in_flight = sum(recipient.in_flight and recipient.is_slow for recipient in of_lane)
        may_be_slow = slow_in_flight < max(1, self._workers[lane] // 2)
        ready = [
            recipient
            for recipient in of_lane
            if recipient.due
            and not recipient.in_flight
            and not _is_aside(recipient, now_s)
            and (may_be_slow or not recipient.is_slow)
        ]
        return min(ready, key=_order, default=None)


def _attempt(notice: Notice) -> _Attempt:
    return notice.id, notice.attempts, notice.due_ms


def _is_aside(recipient: _Recipient, now_s: float) -> bool:
    """Tell whether a recipient is put aside; a clock that was set back makes it no longer."""
    return recipient.aside_from_s <= now_s < recipient.aside_until_s


def _order(recipient: _Recipient) -> tuple[bool, int, int]:
    """Return the order of service: who is quick, who failed least, who has waited longest."""
    return recipient.is_slow, recipient.failures + recipient.due[0].attempts, recipient.due[0].due_ms
