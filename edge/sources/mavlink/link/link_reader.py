"""Reader of a link: reads it often enough, and buffers the bytes of each peer, with their arrival, until decoding."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Final

from edge.sources.mavlink.link.udp_tcp import Link
from headland.clock import wall_clock_ms

#: Arrival (UTC in ms) and bytes; no bytes at the end of a peer that hung up.
Piece = tuple[int, bytes]

#: How often the link is read while bytes are buffered; this sets the precision of arrival times that no kernel notes.
_READS: Final = 5
#: Pause between two readings for one vehicle, and the longest, for many.
_PAUSE_S: Final = 0.02
_MAX_PAUSE_S: Final = 0.1
#: The pause for one vehicle where the kernel notes arrivals and nobody waits for an answer.
_REST_S: Final = 0.09
_IDLE_S: Final = 0.2
#: Ten times what a hundred vehicles send between two decodings.
_MAX_BYTES: Final = 5_000_000
#: Messages that a vehicle may send at one moment, and its messages in a second. A small receive buffer is read before
#: more than a share of what is left beside one burst is full.
_BURST: Final = 20
_RATE_HZ: Final = 160
_BUFFER_SHARE: Final = 0.2
_MIN_PAUSE_S: Final = 0.0003
#: Assumed number of vehicles before the first one is known.
_ASSUMED_VEHICLES: Final = 100


class LinkReader:
    """Bytes of a link that are not decoded yet, read as often as the receive buffer needs, also amid other work.

    `passed` is called with each peer's bytes as they come; then the link is also looked at more often while it is idle.
    """

    def __init__(self, link: Link, passed: Callable[[str, bytes], None] | None = None) -> None:
        self._link = link
        self._passed = passed
        self._pieces: dict[str, list[Piece]] = {}
        self._bytes = 0
        self._pause_s = _MIN_PAUSE_S
        self._due_s = 0.0

    def read(self, hold_s: float, vehicles: int, *, is_prompt: bool = True) -> None:
        """Read when the pause is over; bytes stay for `hold_s`. Raises OSError when the link is lost.

        Where that is not to be prompt, several datagrams come together, if their arrival is no less exact for that. The
        kernel's arrivals of a large fleet are not asked for: keeping each datagram costs a quarter of decoding it.
        """
        link = self._link
        if link.has_arrivals:
            link.arrivals_ms = () if hold_s <= _REST_S else None
        least_s = _PAUSE_S if is_prompt or link.arrivals_ms is None else _REST_S
        self._pause_s = min(pause_s(link.buffer_messages, hold_s, vehicles, least_s), link.buffer_s / 2)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._read(self._pause_s if self._pieces or self._passed is not None else _IDLE_S)

    @property
    def is_full(self) -> bool:
        """Whether so much is buffered that it must be decoded now."""
        return self._bytes > _MAX_BYTES

    def keep_up(self) -> None:
        """Read in the middle of other work, when the pause is over; raises OSError when the link is lost."""
        if time.monotonic() >= self._due_s:
            self._read(0.0)

    def take(self) -> Iterator[tuple[str, list[Piece]]]:
        """Yield the pieces of each peer, and keep up between them; raises OSError when the link is lost."""
        self._bytes = 0
        for peer in list(self._pieces):
            yield peer, self._pieces.pop(peer)
            self.keep_up()

    def take_rest(self) -> Iterator[tuple[str, list[Piece]]]:
        """Yield the remaining pieces of a link that was lost."""
        while self._pieces:
            peer = next(iter(self._pieces))
            yield peer, self._pieces.pop(peer)

    def _read(self, wait_s: float) -> None:
        chunks = self._link.receive(wait_s)
        if chunks:
            self._due_s = time.monotonic() + self._pause_s
            arrivals = self._link.arrivals_ms
            times_ms = repeat(wall_clock_ms(), len(chunks)) if arrivals is None else arrivals
            for (peer, data), at_ms in zip(chunks, times_ms, strict=True):
                if self._passed is not None:
                    self._passed(peer, data)
                self._pieces.setdefault(peer, []).append((at_ms, data))
                self._bytes += len(data)


def is_too_small(buffer_messages: float, vehicles: int) -> bool:
    """Return whether a burst of so many vehicles may exceed the kernel's receive buffer."""
    return buffer_messages < _BURST * vehicles


def pause_s(buffer_messages: float, hold_s: float, vehicles: int, least_s: float = _PAUSE_S) -> float:
    """Return the pause between readings for so many vehicles and a receive buffer of `buffer_messages`.

    It is `least_s` at least, as far as the buffer has room for that.
    """
    vehicles = vehicles or _ASSUMED_VEHICLES
    buffer_s = (buffer_messages - _BURST * vehicles) / (_RATE_HZ * vehicles)
    return min(_MAX_PAUSE_S, max(least_s, hold_s / _READS), max(_MIN_PAUSE_S, _BUFFER_SHARE * buffer_s))


def arrivals_ms(pieces: Sequence[Piece], ends: Sequence[int]) -> list[int]:
    """Return when each frame was complete, given where it ends in the joined pieces; `ends` rise."""
    arrivals: list[int] = []
    size = 0
    for at_ms, data in pieces:
        size += len(data)
        arrivals += [at_ms] * (bisect_right(ends, size, len(arrivals)) - len(arrivals))
    return arrivals
