"""Reads a link at its pace, and keeps what came until it is worth decoding: by peer, with when it came."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from edge.sources.mavlink.link.udp_tcp import Link
from headland.clock import wall_clock_ms

#: When bytes came (UTC in ms), and they; a peer that hung up ends with none.
Piece = tuple[int, bytes]

#: So often is the link read while bytes are kept: that is how exactly it is known when something came.
_READINGS: Final = 5
#: Between two readings: what is worth it for one vehicle, and for many.
_REST_S: Final = 0.02
_MAX_REST_S: Final = 0.1
_IDLE_S: Final = 0.2
#: Ten times what a hundred vehicles say before they are taken.
_MOST_BYTES: Final = 5_000_000
#: Where the kernel has little room for so many vehicles, it is emptied in time for what all say at one moment, and then
#: before more than a share of what is left is full.
_BURST: Final = 20
_RATE_HZ: Final = 160
_ROOM_SHARE: Final = 0.2
_MIN_REST_S: Final = 0.0003
#: Before anyone is known there may be as many as this.
_UNKNOWN: Final = 100


class LinkReader:
    """What came on a link and was not taken yet; read as often as the kernel's room asks, also amid other work."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pieces: dict[str, list[Piece]] = {}
        self._bytes = 0
        self._rest_s = _MIN_REST_S
        self._due_s = 0.0

    def read(self, hold_s: float, vehicles: int) -> None:
        """Read when it is time again, for bytes that are kept for `hold_s`; raises OSError when the link is lost."""
        link = self._link
        self._rest_s = min(rest_s(link.buffer_messages, hold_s, vehicles), link.buffer_s / 2)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._read(self._rest_s if self._pieces else _IDLE_S)

    @property
    def is_full(self) -> bool:
        """Whether so much was read that it has to be taken now."""
        return self._bytes > _MOST_BYTES

    def keep_up(self) -> None:
        """Read in the middle of other work when it is time; raises OSError when the link is lost."""
        if time.monotonic() >= self._due_s:
            self._read(0.0)

    def take(self) -> Iterator[tuple[str, list[Piece]]]:
        """Yield what each peer sent, and read between them when it is time; raises OSError when the link is lost."""
        self._bytes = 0
        for peer in list(self._pieces):
            yield peer, self._pieces.pop(peer)
            self.keep_up()

    def take_rest(self) -> Iterator[tuple[str, list[Piece]]]:
        """Yield what is left of a link that was lost."""
        while self._pieces:
            peer = next(iter(self._pieces))
            yield peer, self._pieces.pop(peer)

    def _read(self, wait_s: float) -> None:
        chunks = self._link.receive(wait_s)
        if chunks:
            self._due_s = time.monotonic() + self._rest_s
            now_ms = wall_clock_ms()
            for peer, data in chunks:
                self._pieces.setdefault(peer, []).append((now_ms, data))
                self._bytes += len(data)


def is_too_small(buffer_messages: float, vehicles: int) -> bool:
    """Tell whether what so many vehicles say at one moment may be more than the kernel keeps."""
    return buffer_messages < _BURST * vehicles


def rest_s(buffer_messages: float, hold_s: float, vehicles: int) -> float:
    """Return how long a link of so many vehicles may be left alone, whose kernel keeps `buffer_messages`."""
    vehicles = vehicles or _UNKNOWN
    buffer_s = (buffer_messages - _BURST * vehicles) / (_RATE_HZ * vehicles)
    return min(_MAX_REST_S, max(_REST_S, hold_s / _READINGS), max(_MIN_REST_S, _ROOM_SHARE * buffer_s))


def arrivals_ms(pieces: Sequence[Piece], ends: Sequence[int]) -> list[int]:
    """Return when each frame was whole, given where it ends in the pieces joined; `ends` rise."""
    arrivals: list[int] = []
    size = 0
    for at_ms, data in pieces:
        size += len(data)
        arrivals += [at_ms] * (bisect_right(ends, size) - len(arrivals))
    return arrivals
