"""Bad links, as pure functions from chunks of bytes to chunks of bytes; the same seed damages in the same way."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def cut(chunks: Iterable[bytes], seed: int, longest: int) -> list[bytes]:
    """Return the same bytes in pieces of 1 to `longest`, as a serial or TCP link may cut them."""
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
    """Return the chunks with a random `share` of them twice, one right after the other."""
    generator = np.random.default_rng((seed, 3))
    return [copy for chunk in chunks for copy in (chunk,) * (2 if generator.random() < share else 1)]


def delay(chunks: Iterable[bytes], seed: int, share: float, places: int) -> list[bytes]:
    """Return the chunks with a random `share` of them 1 to `places` later than they were sent."""
    generator = np.random.default_rng((seed, 4))
    due = [
        (index + (int(generator.integers(1, places, endpoint=True)) + 0.5 if generator.random() < share else 0), chunk)
        for index, chunk in enumerate(chunks)
    ]
    return [chunk for _, chunk in sorted(due, key=lambda pair: pair[0])]


def corrupt(chunks: Iterable[bytes], seed: int, share: float) -> list[bytes]:
    """Return the chunks with one bit turned in a random `share` of them; their lengths stay."""
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
