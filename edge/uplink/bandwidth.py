"""Bandwidth of the uplink: its limit, and its division between new records and a backlog. Pure.

`now_s` is any monotonic clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

#: How far either side may exceed its share: new records are sent at once after a time of backlog alone.
_MOST_BYTES: Final = 262_144.0
#: The number of parts of the time during which a record is new.
_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: it fills at `bytes_s` up to one second's worth, and may fall below empty by one message."""

    bytes_s: float
    level_bytes: float
    at_s: float

    @classmethod
    def full(cls, bytes_s: float, now_s: float) -> Bucket:
        """Return a bucket that allows one second's worth at once."""
        return cls(bytes_s, bytes_s, now_s)

    def refill(self, now_s: float) -> Bucket:
        """Return the bucket at `now_s`."""
        level = self.level_bytes + (now_s - self.at_s) * self.bytes_s
        return replace(self, level_bytes=min(level, self.bytes_s), at_s=now_s)

    def spend(self, size: int) -> Bucket:
        """Return the bucket after a message of `size` bytes was sent."""
        return replace(self, level_bytes=self.level_bytes - size)

    @property
    def wait_s(self) -> float:
        """The wait until a message may be sent again."""
        return max(0.0, -self.level_bytes / self.bytes_s)


@dataclass(slots=True)
class Freshness:
    """Finds the records older than `live_s`, from the last record numbers at past times.

    The records' own times are not used: a source's clock may be wrong, and a log file's times are old.
    """

    live_s: float
    old_seq: int
    _last_seqs: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, last_seq: int, now_s: float) -> int:
        """Note the last record now; return the last record older than `live_s`."""
        if not self._last_seqs or now_s - self._last_seqs[-1][0] >= self.live_s / _PARTS:
            self._last_seqs.append((now_s, last_seq))
        while self._last_seqs and now_s - self._last_seqs[0][0] >= self.live_s:
            self.old_seq = max(self.old_seq, self._last_seqs.popleft()[1])
        return self.old_seq

    def reset(self, last_seq: int) -> None:
        """Start a new epoch, whose records up to `last_seq` are all old."""
        self.old_seq = last_seq
        self._last_seqs.clear()


@dataclass(slots=True)
class BacklogShare:
    """Chooses what to send next so that `backlog` (0 to 1) of the bytes are of the backlog.

    At 1 the order is kept: oldest first. At 0 the backlog is sent only while there is no new record.
    """

    backlog: float
    balance_bytes: float = 0.0

    @property
    def prefers_backlog(self) -> bool:
        """Whether the backlog is due."""
        if self.backlog in (0.0, 1.0):
            return self.backlog == 1.0
        return self.balance_bytes <= 0.0

    def sent(self, size: int, *, is_backlog: bool) -> None:
        """Note a message of `size` bytes that was sent."""
        moved = size * (1.0 - self.backlog) if is_backlog else -size * self.backlog
        self.balance_bytes = min(max(self.balance_bytes + moved, -_MOST_BYTES), _MOST_BYTES)
