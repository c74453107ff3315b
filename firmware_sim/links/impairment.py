"""Impairments of a link, on whole streams of chunks or in time. The same seed gives the same damage."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

import numpy as np

from firmware_sim.links.faults import Faults

#: Additional delay of a chunk that arrives out of order.
_REORDER_MS: Final = (20, 200)
#: Maximum number of chunks in transit; further ones are dropped.
_MAX_IN_TRANSIT: Final = 100_000


def cut(chunks: Iterable[bytes], seed: int, longest: int) -> list[bytes]:
    """Return the same bytes in pieces of 1 to `longest` bytes, as from a serial or TCP link."""
    stream = b"".join(chunks)
    generator = np.random.default_rng((seed, 1))
    pieces: list[bytes] = []
    start = 0
    while start < len(stream):
        size = int(generator.integers(1, longest, endpoint=True))
        pieces.append(stream[start : start + size])
        start += size
    return pieces


def lose(chunks: Iterable[bytes], seed: int, share: float) -> list[bytes]:
    """Return the chunks without a random `share` of them."""
    generator = np.random.default_rng((seed, 2))
    return [chunk for chunk in chunks if generator.random() >= share]


def duplicate(chunks: Iterable[bytes], seed: int, share: float) -> list[bytes]:
    """Return the chunks with a random `share` of them doubled."""
    generator = np.random.default_rng((seed, 3))
    return [copy for chunk in chunks for copy in (chunk,) * (2 if generator.random() < share else 1)]


def delay(chunks: Iterable[bytes], seed: int, share: float, places: int) -> list[bytes]:
    """Return the chunks with a random `share` of them moved back by 1 to `places` places."""
    generator = np.random.default_rng((seed, 4))
    due = [
        (index + (int(generator.integers(1, places, endpoint=True)) + 0.5 if generator.random() < share else 0), chunk)
        for index, chunk in enumerate(chunks)
    ]
    return [chunk for _, chunk in sorted(due, key=lambda pair: pair[0])]


def corrupt(chunks: Iterable[bytes], seed: int, share: float) -> list[bytes]:
    """Return the chunks with one bit inverted in a random `share` of them."""
    generator = np.random.default_rng((seed, 5))
    damaged: list[bytes] = []
    for chunk in chunks:
        if not chunk or generator.random() >= share:
            damaged.append(chunk)
            continue
        bit = int(generator.integers(0, 8 * len(chunk)))
        copy = bytearray(chunk)
        copy[bit // 8] ^= 1 << bit % 8
        damaged.append(bytes(copy))
    return damaged


class ImpairedLink:
    """One direction of an impaired link in time: a chunk arrives at once, late, twice, damaged or never.

    `dropped` counts the chunks that were lost, cut or in excess.
    """

    def __init__(self, faults: Faults, seed: int, start_ms: int) -> None:
        self._faults = faults
        self._start_ms = start_ms
        self._generator = np.random.default_rng((seed, 6))
        self._in_transit: list[tuple[int, int, bytes]] = []
        self._number = 0
        self.dropped = 0

    def carry(self, chunks: Iterable[bytes], now_ms: int) -> list[bytes]:
        """Accept chunks sent at `now_ms` and return those that arrive now, in order."""
        for chunk in chunks:
            self._accept(chunk, now_ms)
        arrived: list[bytes] = []
        while self._in_transit and self._in_transit[0][0] <= now_ms:
            arrived.append(heapq.heappop(self._in_transit)[2])
        return arrived

    def _accept(self, chunk: bytes, now_ms: int) -> None:
        faults, random = self._faults, self._generator.random
        since_s = (now_ms - self._start_ms) / 1000
        is_cut = any(cut.at_s <= since_s < cut.at_s + cut.amount for cut in faults.cuts)
        if is_cut or random() < faults.lose or len(self._in_transit) >= _MAX_IN_TRANSIT:
            self.dropped += 1
            return
        for _ in range(2 if random() < faults.duplicate else 1):
            due_ms = now_ms + round(faults.delay_s * 1000)
            if random() < faults.reorder:
                due_ms += int(self._generator.integers(*_REORDER_MS))
            damaged = self._invert_bit(chunk) if chunk and random() < faults.flip else chunk
            self._number += 1
            heapq.heappush(self._in_transit, (due_ms, self._number, damaged))

    def _invert_bit(self, chunk: bytes) -> bytes:
        bit = int(self._generator.integers(0, 8 * len(chunk)))
        copy = bytearray(chunk)
        copy[bit // 8] ^= 1 << bit % 8
        return bytes(copy)
