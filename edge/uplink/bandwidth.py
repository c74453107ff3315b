"""How the uplink divides its link between what is new and what has waited, and how much it may use: pure.

`now_s` is any clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

#: How far either side may run ahead of its share: what is new is sent at once after a while of backlog alone.
_MOST_BYTES: Final = 262_144.0
#: Into how many parts the time that counts as new is divided.
_PARTS: Final = 10


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: it fills at `bytes_s` up to one second's worth, and may go below empty by one message."""

    bytes_s: float
    level_bytes: float
    at_s: float

    @classmethod
    def full(cls, bytes_s: float, now_s: float) -> Bucket:
        """Return a bucket that allows one second's worth at once."""
        return cls(bytes_s, bytes_s, now_s)

    def refill(self, now_s: float) -> Bucket:
        """Return the bucket as it stands at `now_s`."""
        level = self.level_bytes + (now_s - self.at_s) * self.bytes_s
        return replace(self, level_bytes=min(level, self.bytes_s), at_s=now_s)

    def spend(self, size: int) -> Bucket:
        """Return the bucket after a message of `size` bytes went out."""
        return replace(self, level_bytes=self.level_bytes - size)

    @property
    def wait_s(self) -> float:
        """How long until something may be sent again."""
        return max(0.0, -self.level_bytes / self.bytes_s)


@dataclass(slots=True)
class Freshness:
    """Which records are older than `live_s`, told from the record numbers that were the last ones at past times.

    The records' own times are not asked: a source's clock may be wrong, and a log's is old.
    """

    live_s: float
    old_seq: int
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, last_seq: int, now_s: float) -> int:
        """Note the last record there is now; return the last one that is older than `live_s`."""
        if not self._seen or now_s - self._seen[-1][0] >= self.live_s / _PARTS:
            self._seen.append((now_s, last_seq))
        while self._seen and now_s - self._seen[0][0] >= self.live_s:
            self.old_seq = max(self.old_seq, self._seen.popleft()[1])
        return self.old_seq

    def forget(self, last_seq: int) -> None:
        """Begin a new epoch, whose records up to `last_seq` have all waited."""
        self.old_seq = last_seq
        self._seen.clear()


@dataclass(slots=True)
class Share:
    """Which is to be sent next so that `backlog` (0 to 1) of the bytes are what has waited.

    At 1 the order is kept: oldest first. At 0 what has waited goes only while there is nothing new.
    """

    backlog: float
    balance_bytes: float = 0.0

    @property
    def prefers_backlog(self) -> bool:
        """Tell whether the backlog is due."""
        if self.backlog in (0.0, 1.0):
            return self.backlog == 1.0
        return self.balance_bytes <= 0.0

    def sent(self, size: int, *, is_backlog: bool) -> None:
        """Note what went out."""
        moved = size * (1.0 - self.backlog) if is_backlog else -size * self.backlog
        self.balance_bytes = min(max(self.balance_bytes + moved, -_MOST_BYTES), _MOST_BYTES)
