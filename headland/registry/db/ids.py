"""Record ids: opaque, unique without coordination, and in the order of creation."""

from __future__ import annotations

import secrets
import threading
from typing import Final

#: Crockford's base 32: without letters that resemble digits.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80


class IdMaker:
    """Makes ids of 26 letters and digits: 48 bits of epoch milliseconds, then 80 random bits (the ULID layout).

    Ids of one maker sort by creation, also within a millisecond and after the clock was set back. Thread-safe.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def make(self, now_ms: int) -> str:
        """Return a new id for a record created at `now_ms`."""
        with self._lock:
            fresh = (now_ms << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
            # A random step: the next id must not be guessable from the last.
            number = fresh if fresh > self._last else self._last + 1 + secrets.randbits(32)
            self._last = number
        return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
