"""Search of a log for a time since boot by looks of a few kilobytes; a generator, as its readers are."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

from edge.sources.mavlink.card.transfer.sparse_file import Range

Reads = Generator[Range, bytes, Any]

#: A look, how many follow where one shows no time, and how near to the place the looks come.
_PROBE_BYTES: Final = 1024
_PROBES: Final = 4
_NEAR_BYTES: Final = 16_384
#: Messages are in order but for this much.
DISORDER_US: Final = 1_000_000
_NEVER_US: Final = 1 << 63


class TimeSearch:
    """Searches a log of a size; `find_time` returns the time of the first whole message in some bytes, None without."""

    def __init__(self, size_bytes: int, find_time: Callable[[bytes], int | None]) -> None:
        self._size = size_bytes
        self._find_time = find_time

    def last_us(self) -> Reads:
        """Return the last time since boot; where the end has none, one that is later than all."""
        for back in (_PROBE_BYTES, 8 * _PROBE_BYTES):
            time_us = yield from self._time_at(max(0, self._size - back) // _PROBE_BYTES * _PROBE_BYTES)
            if time_us is not None:
                return time_us
        return _NEVER_US

    def seek(self, target_us: int) -> Reads:
        """Return a place before which all messages are earlier than a time."""
        low, high = 0, self._size
        while high - low > _NEAR_BYTES:
            middle = (low + high) // 2 // _PROBE_BYTES * _PROBE_BYTES
            time_us = yield from self._time_at(middle)
            if time_us is not None and time_us < target_us - DISORDER_US:
                low = middle
            else:
                high = middle
        return low

    def _time_at(self, at: int) -> Reads:
        """Return the time of the first message from a place on, None where there is none in some kilobytes."""
        buffer = b""
        for number in range(_PROBES):
            begin = at + number * _PROBE_BYTES
            if begin >= self._size:
                break
            buffer += yield begin, min(begin + _PROBE_BYTES, self._size)
            time_us = self._find_time(buffer)
            if time_us is not None:
                return time_us
        return None
