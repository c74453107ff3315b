"""What the uplink may send next and when it must begin again: pure, `now_s` is any clock that never goes back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

#: How many windows of sent records may wait for their commit ack.
_AHEAD_WINDOWS: Final = 10
#: After a stall so few records probe whether the other side commits again; progress doubles it.
_PROBE: Final = 8
#: How soon a record is sent again that the broker had nobody to give to.
_UNHEARD_S: Final = 0.5
#: How many separate ranges may be sent ahead of the backlog: the receiver has to keep them apart as well.
_MOST_ISLANDS: Final = 32
#: How many urgent records may be sent ahead of what lies before them; each is another range for the receiver.
_MOST_URGENT: Final = 64
#: The longest wait for a commit ack, however often it did not come.
_MOST_STALL_S: Final = 60.0


@dataclass(slots=True)
class SendWindow:
    """A cursor over the spool's records between two limits.

    A PUBACK makes room for another message in the broker's window (`limit`), the commit ack says what needs no more
    sending. Sent records that wait for the commit ack are bounded as well (`ahead`): a broker must not be filled with
    copies while no ingest runs. Without a commit ack for `stall_s` all begins again at the head, with a few records
    and at doubling intervals; each commit ack widens it again.

    While there is a backlog, newer records may be sent ahead of it: they make `islands` (first, last), which the cursor
    passes over when it comes to them. `urgent` records (alarms) go ahead of all others, one by one. What was sent ahead
    is not waited for; a stall or a new connection forgets it.
    """

    limit: int
    stall_s: float
    cursor: int = 0
    acked_seq: int = 0
    stalls: int = 0
    ahead: int = 0
    on_the_way: dict[int, int] = field(default_factory=dict)
    uncommitted: deque[int] = field(default_factory=deque)
    islands: deque[tuple[int, int]] = field(default_factory=deque)
    urgent: deque[int] = field(default_factory=deque)
    unheard: bool = False
    _urgent_upto: int = 0
    _progress_s: float = 0.0
    _limit_now: int = 0

    def restart(self, receive_maximum: int, now_s: float) -> None:
        """Begin at the head after a new connection, which lets `receive_maximum` messages be on the way."""
        self._limit_now = max(1, min(self.limit, receive_maximum))
        self.ahead = max(_PROBE, self._limit_now) if self.stalls == 0 else _PROBE
        self.on_the_way.clear()
        self._rewind(now_s)

    def room(self) -> int:
        """Return how many messages may be sent now: none behind one that nobody heard."""
        if self.unheard:
            return 0
        return max(0, min(self._limit_now - len(self.on_the_way), self.ahead - len(self.uncommitted)))

    def sent(self, mid: int, seq: int, now_s: float) -> None:
        """Note that the record up to `seq` went out as message `mid`."""
        if not self.uncommitted:
            self._progress_s = now_s
        self.on_the_way[mid] = seq
        self.uncommitted.append(seq)
        self.cursor = seq

    def ahead_from(self, old_seq: int) -> int:
        """Return after which record newer ones may be sent ahead of a backlog that ends with `old_seq`."""
        if not self.islands:
            return max(old_seq, self.cursor)
        end = self.islands[-1][1]
        return end if len(self.islands) >= _MOST_ISLANDS else max(old_seq, end)

    def sent_ahead(self, mid: int, first: int, seq: int) -> None:
        """Note that the record `first`..`seq` went out ahead of the backlog."""
        self.on_the_way[mid] = seq
        self._extend(first, seq)

    def next_urgent(self) -> tuple[int, int]:
        """Return after which record urgent ones are still to be sent, and how many may be."""
        return max(self.cursor, self._urgent_upto), _MOST_URGENT - len(self.urgent)

    def sent_urgent(self, mid: int, seq: int) -> None:
        """Note that the urgent record `seq` went out ahead of all that lies before it."""
        self.on_the_way[mid] = seq
        self.urgent.append(seq)
        self._urgent_upto = seq

    def join_ahead(self, seq: int) -> bool:
        """Let the records sent ahead go on over `seq` where that was sent as urgent; False where it was not."""
        if seq not in self.urgent:
            return False
        self.urgent.remove(seq)
        self._extend(seq, seq)
        return True

    def pass_over(self, first: int, seq: int, now_s: float) -> bool:
        """Move the cursor over what went ahead and holds the record `first`..`seq`; False where nothing does."""
        self._drop_ahead(self.cursor)
        if self.urgent and self.urgent[0] == seq:
            end = self.urgent.popleft()
        elif self.islands and first >= self.islands[0][0] and seq <= self.islands[0][1]:
            end = self.islands.popleft()[1]
        else:
            return False
        if not self.uncommitted:
            self._progress_s = now_s
        self.cursor = end
        self.uncommitted.append(end)
        return True

    def taken_upto(self) -> int:
        """Return the last record up to which the broker has answered for all that were sent."""
        if self.unheard:
            return self.acked_seq
        waiting = min(self.on_the_way.values(), default=None)
        return self.cursor if waiting is None else max((one for one in self.uncommitted if one < waiting), default=0)

    def puback(self, mid: int) -> bool:
        """Make room for what the broker has taken; False for a message that is not ours or of an older connection."""
        return self.on_the_way.pop(mid, None) is not None

    def note_unheard(self) -> None:
        """Note that the broker had nobody to give a record to: begin again soon, so that no later one overtakes it."""
        self.unheard = True

    @property
    def is_at_head(self) -> bool:
        """Tell whether the next record to send is the oldest that has no commit ack."""
        return not self.uncommitted

    def commit(self, seq: int, now_s: float) -> bool:
        """Note a commit ack; tell whether it was progress."""
        if seq <= self.acked_seq:
            return False
        self.acked_seq = seq
        self.cursor = max(self.cursor, seq)
        self._progress_s = now_s
        self.stalls = 0
        self.ahead = min(self.ahead * 2, self._limit_now * _AHEAD_WINDOWS)
        while self.uncommitted and self.uncommitted[0] <= seq:
            self.uncommitted.popleft()
        self._drop_ahead(seq)
        return True

    def rewind_when_stalled(self, now_s: float) -> bool:
        """Begin again at the head when the commit ack has been awaited for too long; tell whether it was so."""
        if not (self._waits or self.unheard) or now_s - self._progress_s < self.patience_s:
            return False
        self.stalls += 1
        self.ahead = _PROBE
        self._rewind(now_s)
        return True

    def waits_s(self, now_s: float) -> float:
        """Return how long a commit ack has been awaited; 0 where none is."""
        return now_s - self._progress_s if self._waits else 0.0

    @property
    def _waits(self) -> bool:
        return bool(self.uncommitted or self.islands or self.urgent)

    @property
    def patience_s(self) -> float:
        """How long the next commit ack may take."""
        first_s = _UNHEARD_S if self.unheard else self.stall_s
        return min(first_s * 2.0 ** min(self.stalls, 30), max(_MOST_STALL_S, self.stall_s))

    def forget(self) -> None:
        """Begin a new epoch: none of its records was sent or committed."""
        self.acked_seq = self.cursor = self.stalls = 0
        self._clear()

    def _rewind(self, now_s: float) -> None:
        self._clear()
        self.cursor = self.acked_seq
        self._progress_s = now_s

    def _clear(self) -> None:
        self.uncommitted.clear()
        self.islands.clear()
        self.urgent.clear()
        self._urgent_upto = 0
        self.unheard = False

    def _extend(self, first: int, seq: int) -> None:
        if self.islands and first <= self.islands[-1][1] + 1:
            self.islands[-1] = (self.islands[-1][0], seq)
        else:
            self.islands.append((first, seq))

    def _drop_ahead(self, seq: int) -> None:
        """Forget what went ahead and lies within what is behind the cursor or committed."""
        while self.islands and self.islands[0][1] <= seq:
            self.islands.popleft()
        while self.urgent and self.urgent[0] <= seq:
            self.urgent.popleft()
