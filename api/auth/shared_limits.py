"""Limits that several processes share: token buckets in a file that each has in its memory, and what was forgotten."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.auth.rate_limiter import Draw, Rate

#: Names of which the level is known; a name has a place in one group, where the one unused for longest makes room.
_GROUPS: Final = 2048
_OF_GROUP: Final = 8
_SLOT: Final = struct.Struct("=Qdd")
_COUNT: Final = struct.Struct("=Q")
_GROUP_BYTES: Final = _OF_GROUP * _SLOT.size
_SIZE: Final = _COUNT.size + _GROUPS * _GROUP_BYTES


class SharedLimits:
    """Token buckets, and a count of what was forgotten, of all processes that open the same file.

    The times of all are those of this machine's monotonic clock. What a killed process was writing is at worst the
    level of one name.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        self._memory = mmap.mmap(self._file.fileno(), _SIZE)
        self._lock = threading.Lock()

    @staticmethod
    def create(path: Path) -> None:
        """Make the file."""
        path.write_bytes(bytes(_SIZE))

    def close(self) -> None:
        """Close the file."""
        self._memory.close()
        self._file.close()

    def buckets(self, kind: str, rate: Rate) -> SharedTokenBuckets:
        """Return the buckets of a kind."""
        return SharedTokenBuckets(self, kind, rate)

    def forgotten(self) -> int:
        """Return how often something was forgotten, by any process."""
        count: int = _COUNT.unpack_from(self._memory, 0)[0]
        return count

    def forget(self) -> None:
        """Count that something was forgotten."""
        with self._alone():
            _COUNT.pack_into(self._memory, 0, self.forgotten() + 1)

    def take(self, name: str, rate: Rate, now_s: float) -> Draw:
        """Take a token of a name where there is one."""
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        mark, group = int.from_bytes(digest[:8]) | 1, int.from_bytes(digest[8:]) % _GROUPS
        start = _COUNT.size + group * _GROUP_BYTES
        with self._alone():
            slots = [_SLOT.unpack_from(self._memory, start + place * _SLOT.size) for place in range(_OF_GROUP)]
            place = next((place for place, (known, _, _) in enumerate(slots) if known == mark), None)
            if place is None:
                place = min(range(_OF_GROUP), key=lambda each: slots[each][2] if slots[each][0] else -1.0)
                level, then_s = rate.burst, now_s
            else:
                _, level, then_s = slots[place]
            draw = rate.draw(min(rate.burst, level + max(0.0, now_s - then_s) * rate.per_s))
            _SLOT.pack_into(self._memory, start + place * _SLOT.size, mark, draw.left, max(now_s, then_s))
        return draw

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the file; the system's lock is one for all threads of a process, and ends with it."""
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


class SharedTokenBuckets:
    """One bucket per name, of all processes."""

    def __init__(self, shared: SharedLimits, kind: str, rate: Rate) -> None:
        self._shared = shared
        self._kind = kind
        self._rate = rate

    def take(self, name: str, now_s: float) -> Draw:
        """Take a token where there is one."""
        return self._shared.take(f"{self._kind} {name}", self._rate, now_s)
