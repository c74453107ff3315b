"""Ids: opaque, unique without asking anyone, and in the order in which they were made."""

from __future__ import annotations

import secrets
import threading
from typing import Final

#: Crockford's base 32: no letter that looks like a digit.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH: Final = 26
_RANDOM_BITS: Final = 80


class IdMaker:
    """Makes ids of 26 letters and digits: 48 bits of epoch milliseconds, then 80 random bits (the ULID layout).

    Those of one maker sort as they were made, also within a millisecond and when the clock is set back. Safe to share
    between threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def make(self, now_ms: int) -> str:
        """Return a new id for something made at `now_ms`."""
        with self._lock:
            fresh = (now_ms << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
            # Not by one: the next id must not be guessable from the last.
            number = fresh if fresh > self._last else self._last + 1 + secrets.randbits(32)
            self._last = number
        return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
