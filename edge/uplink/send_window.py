"""Send window of the uplink: which record may be sent next, and when to send again. Pure; `now_s` is monotonic."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

#: The most sent records that wait for their commit ack, in windows.
_AHEAD_WINDOWS: Final = 10
#: The number of records that are sent after a stall, to probe for commits; each commit ack doubles it. After further
#: stalls it is one record, so that short intervals fill a broker without ingest no faster.
_PROBE: Final = 8
#: How soon a record is sent again for which the broker had no subscriber.
_NO_SUBSCRIBERS_S: Final = 0.5
#: The most separate ranges that are sent ahead of the backlog: the receiver has to track them as well.
_MOST_RANGES: Final = 32
#: The most urgent records that are sent ahead of older ones; each is another range for the receiver.
_MOST_URGENT: Final = 64
#: A link that breaks takes the messages in flight with it: the next connection begins with half as many, but not fewer
#: than this, and each PUBACK permits so much of a message more.
_LEAST_IN_FLIGHT: Final = 4
_GROWTH: Final = 0.25
#: The longest wait for a commit ack, after however many stalls: so soon an ingest that has returned is found.
_MOST_STALL_S: Final = 7.5
#: A commit ack without progress shows that an ingest is there; it ends a wait that is at least so long.
_WAKE_S: Final = 1.0


@dataclass(slots=True)
class SendWindow:
    """A cursor over the spool's records between two limits.

    `limit` bounds the messages in flight: a PUBACK frees a place. `most_uncommitted` bounds the sent records that wait
    for their commit ack: a broker must not be filled with copies while no ingest runs. Without a commit ack for
    `stall_s` sending starts again at the head, with a few records and at doubling intervals; each commit ack widens
    the limit again. A new connection goes on behind what the broker has acknowledged, while no commit ack is overdue.

    While there is a backlog, newer records may be sent ahead of it: they form `ranges` (first, last), which the cursor
    skips when it reaches them. `urgent` records (alarms) are sent ahead of all others, one by one. Records sent ahead
    do not hold up the cursor; a stall forgets them.
    """

    limit: int
    stall_s: float
    cursor: int = 0
    acked_seq: int = 0
    stalls: int = 0
    most_uncommitted: int = 0
    in_flight: dict[int, int] = field(default_factory=dict)
    uncommitted: deque[int] = field(default_factory=deque)
    ranges: deque[tuple[int, int]] = field(default_factory=deque)
    urgent: deque[int] = field(default_factory=deque)
    no_subscribers: bool = False
    _urgent_upto: int = 0
    _progress_s: float = 0.0
    _limit_now: int = 0
    _in_flight_limit: float = 0.0

    def restart(self, receive_maximum: int, now_s: float) -> None:
        """Start on a new connection, which allows `receive_maximum` messages in flight.

        Records whose PUBACK is missing are sent again; all of them from the head where a commit ack is overdue.
        """
        self._limit_now = max(1, min(self.limit, receive_maximum))
        broken = len(self.in_flight)
        limit = max(broken / 2, _LEAST_IN_FLIGHT) if broken else self._in_flight_limit or self._limit_now
        self._in_flight_limit = min(limit, self._limit_now)
        is_overdue = self.stalls > 0 or self.no_subscribers or now_s - self._progress_s >= self.stall_limit_s
        if self._waits and not is_overdue:
            self._step_back()
        else:
            self._rewind(now_s)
            self.most_uncommitted = self._probe()
        if self.stalls == 0:
            self.most_uncommitted = max(self.most_uncommitted, _PROBE, self._limit_now)
        self.in_flight.clear()

    def free(self) -> int:
        """Return how many messages may be sent now: none behind one without subscribers."""
        if self.no_subscribers:
            return 0
        places = int(self._in_flight_limit) - len(self.in_flight)
        return max(0, min(places, self.most_uncommitted - len(self.uncommitted)))

    def sent(self, mid: int, seq: int, now_s: float) -> None:
        """Note that the record up to `seq` was sent as message `mid`."""
        if not self.uncommitted:
            self._progress_s = now_s
        self.in_flight[mid] = seq
        self.uncommitted.append(seq)
        self.cursor = seq

    def ahead_from(self, old_seq: int) -> int:
        """Return after which record newer ones may be sent ahead of a backlog that ends with `old_seq`."""
        if not self.ranges:
            return max(old_seq, self.cursor)
        end = self.ranges[-1][1]
        return end if len(self.ranges) >= _MOST_RANGES else max(old_seq, end)

    def sent_ahead(self, mid: int, first: int, seq: int) -> None:
        """Note that the record `first`..`seq` was sent ahead of the backlog."""
        self.in_flight[mid] = seq
        self._extend(first, seq)

    def next_urgent(self) -> tuple[int, int]:
        """Return after which record urgent ones are still unsent, and how many may be sent."""
        return max(self.cursor, self._urgent_upto), _MOST_URGENT - len(self.urgent)

    def sent_urgent(self, mid: int, seq: int) -> None:
        """Note that the urgent record `seq` was sent ahead of all older ones."""
        self.in_flight[mid] = seq
        self.urgent.append(seq)
        self._urgent_upto = seq

    def join_ahead(self, seq: int) -> bool:
        """Extend the range sent ahead over `seq` where that was sent as urgent; return False where it was not."""
        if seq not in self.urgent:
            return False
        self.urgent.remove(seq)
        self._extend(seq, seq)
        return True

    def skip_sent(self, first: int, seq: int, now_s: float) -> bool:
        """Move the cursor over the range sent ahead that contains `first`..`seq`; return False where none does."""
        self._drop_ahead(self.cursor)
        if self.urgent and self.urgent[0] == seq:
            end = self.urgent.popleft()
        elif self.ranges and first >= self.ranges[0][0] and seq <= self.ranges[0][1]:
            end = self.ranges.popleft()[1]
        else:
            return False
        if not self.uncommitted:
            self._progress_s = now_s
        self.cursor = end
        self.uncommitted.append(end)
        return True

    def acknowledged_upto(self) -> int:
        """Return the last record up to which the broker has acknowledged every sent one."""
        if self.no_subscribers:
            return self.acked_seq
        oldest_unanswered = min(self.in_flight.values(), default=None)
        if oldest_unanswered is None:
            return self.cursor
        return max((seq for seq in self.uncommitted if seq < oldest_unanswered), default=0)

    def puback(self, mid: int) -> bool:
        """Remove a message from those in flight; return False for an unknown message or one of an older connection."""
        self._in_flight_limit = min(self._in_flight_limit + _GROWTH, self._limit_now)
        return self.in_flight.pop(mid, None) is not None

    def note_no_subscribers(self) -> None:
        """Note that a record had no subscriber: it is sent again soon, and none after it before that."""
        self.no_subscribers = True

    @property
    def is_at_head(self) -> bool:
        """Whether the next record to send is the oldest without a commit ack."""
        return not self.uncommitted

    def commit(self, seq: int, now_s: float) -> bool:
        """Note a commit ack; return whether it made progress."""
        if seq <= self.acked_seq:
            return False
        self.acked_seq = seq
        self.cursor = max(self.cursor, seq)
        self._progress_s = now_s
        self.stalls = 0
        self.most_uncommitted = min(
            max(self.most_uncommitted * 2, _PROBE), max(self._limit_now * _AHEAD_WINDOWS, _PROBE)
        )
        while self.uncommitted and self.uncommitted[0] <= seq:
            self.uncommitted.popleft()
        self._drop_ahead(seq)
        return True

    def rewind_when_stalled(self, now_s: float) -> bool:
        """Start again at the head where the commit ack is overdue; return whether it was."""
        if not (self._waits or self.no_subscribers) or now_s - self._progress_s < self.stall_limit_s:
            return False
        self.stalls += 1
        self.most_uncommitted = self._probe()
        self._rewind(now_s)
        return True

    def wake(self, now_s: float) -> bool:
        """Start again at the head because an ingest has shown itself; return whether the window waited for one."""
        if not self.stalls or now_s - self._progress_s < _WAKE_S:
            return False
        self.stalls = 0
        self.most_uncommitted = _PROBE
        self._rewind(now_s)
        return True

    def waits_s(self, now_s: float) -> float:
        """Return how long a commit ack has been awaited; 0 where none is."""
        return now_s - self._progress_s if self._waits else 0.0

    @property
    def _waits(self) -> bool:
        return bool(self.uncommitted or self.ranges or self.urgent)

    @property
    def stall_limit_s(self) -> float:
        """The longest wait for the next commit ack."""
        first_s = _NO_SUBSCRIBERS_S if self.no_subscribers else self.stall_s
        return min(first_s * 2.0 ** min(self.stalls, 30), max(_MOST_STALL_S, self.stall_s))

    def reset(self) -> None:
        """Start a new epoch, of which no record was sent or committed."""
        self.acked_seq = self.cursor = self.stalls = 0
        self._clear()

    def _probe(self) -> int:
        return _PROBE if self.stalls <= 1 else 1

    def _step_back(self) -> None:
        """Forget what was sent from the first record on whose PUBACK is missing, in each order of sending."""
        unanswered = sorted(seq for seq in self.in_flight.values() if seq > self.acked_seq)
        if unanswered and unanswered[0] <= self.cursor:
            while self.uncommitted and self.uncommitted[-1] >= unanswered[0]:
                self.uncommitted.pop()
            self.cursor = self.uncommitted[-1] if self.uncommitted else self.acked_seq
        for at, (first, last) in enumerate(self.ranges):
            missing = next((seq for seq in unanswered if first <= seq <= last), None)
            if missing is not None:
                kept = [*islice(self.ranges, at), *([(first, missing - 1)] if missing > first else [])]
                self.ranges = deque(kept)
                break
        missing_urgent = next((at for at, seq in enumerate(self.urgent) if seq in unanswered), None)
        if missing_urgent is not None:
            self.urgent = deque(islice(self.urgent, missing_urgent))
            self._urgent_upto = self.urgent[-1] if self.urgent else 0

    def _rewind(self, now_s: float) -> None:
        self._clear()
        self.cursor = self.acked_seq
        self._progress_s = now_s

    def _clear(self) -> None:
        self.uncommitted.clear()
        self.ranges.clear()
        self.urgent.clear()
        self._urgent_upto = 0
        self.no_subscribers = False

    def _extend(self, first: int, seq: int) -> None:
        if self.ranges and first <= self.ranges[-1][1] + 1:
            self.ranges[-1] = (self.ranges[-1][0], seq)
        else:
            self.ranges.append((first, seq))

    def _drop_ahead(self, seq: int) -> None:
        """Forget what was sent ahead up to `seq`, which the cursor has passed or which is committed."""
        while self.ranges and self.ranges[0][1] <= seq:
            self.ranges.popleft()
        while self.urgent and self.urgent[0] <= seq:
            self.urgent.popleft()
