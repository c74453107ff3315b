"""DuckDB's checksums of blocks and log entries, and the correction of a single flipped bit by them.

A checksum is the XOR of the products of each word of 8 bytes with an odd factor, and of a hash of the remaining bytes.
A flip of bit b of a word changes its product in bit b and above only, so the lowest differing bit names b, and the
others name the word: with too few of them left, or with two words that fit, nothing is corrected.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Position that `find_flipped_bit` returns where the stored checksum itself has the flipped bit.
IN_CHECKSUM: Final = -1

_START: Final = 5381
_WORD_FACTOR: Final = np.uint64(0xBF58476D1CE4E5B9)
_REST_FACTOR: Final = 0xC6A4A7935BD1E995
_REST_START: Final = 0xE17A1465
_REST_SHIFT: Final = 47
_ALL_BITS: Final = 2**64 - 1
_WORD_BYTES: Final = 8
#: Bits by which one word must be told from all others: damage of another kind fits by chance once in 2^10 at most.
_PROOF_BITS: Final = 10
#: Zeros on either side of a bit that belongs to no value.
_ZERO_WORDS: Final = 8


def checksum(body: bytes) -> int:
    """Return the checksum of bytes."""
    words = np.frombuffer(body, "<u8", len(body) // _WORD_BYTES)
    products = int(np.bitwise_xor.reduce(words * _WORD_FACTOR)) if len(words) else 0
    rest = body[len(words) * _WORD_BYTES :]
    return _START ^ products ^ (_hash_rest(rest) if rest else 0)


def find_flipped_bit(body: bytes, stored: int) -> int | None:
    """Return the bit of `body`, or `IN_CHECKSUM`, whose flip makes body and stored checksum agree; None for no proof.

    Bit 8 k + b has the value 2^b in byte k.
    """
    difference = checksum(body) ^ stored
    if not difference:
        return None
    lowest = lowest_bit(difference)
    found: list[int] = []
    if lowest + _PROOF_BITS + (len(body) // _WORD_BYTES).bit_length() < 64:
        if difference == 1 << lowest:
            found.append(IN_CHECKSUM)
        found += (list_words(body, difference) * 8 + lowest).tolist()
    at = len(body) // _WORD_BYTES * _WORD_BYTES
    rest = body[at:]
    found += (
        at * 8 + bit for bit in range(8 * len(rest)) if _hash_rest(flip(rest, bit)) ^ _hash_rest(rest) == difference
    )
    if len(found) == 1:
        return found[0]
    return _find_lone_bit(body, difference)


def _find_lone_bit(body: bytes, difference: int) -> int | None:
    """Return the flipped bit where it is the only one set in the middle of zeros, as in the unused part of a block.

    That a zero elsewhere was flipped, and this bit belongs here, needs two such bits in one block.
    """
    lowest = lowest_bit(difference)
    words = np.frombuffer(body, "<u8", len(body) // _WORD_BYTES)
    lone = [
        at
        for at in np.flatnonzero(words == np.uint64(1 << lowest)).tolist()
        if at >= _ZERO_WORDS and np.count_nonzero(words[at - _ZERO_WORDS : at + _ZERO_WORDS + 1]) == 1
    ]
    is_flip = difference == int(_WORD_FACTOR) << lowest & _ALL_BITS
    return lone[0] * 64 + lowest if is_flip and len(lone) == 1 else None


def list_suspects(body: bytes, stored: int) -> NDArray[np.int64] | None:
    """Return the byte offsets of the words of which one has a flipped bit; None where more than one bit is wrong."""
    difference = checksum(body) ^ stored
    words = list_words(body, difference) if difference else np.empty(0, np.int64)
    return words if len(words) else None


def list_words(body: bytes, difference: int) -> NDArray[np.int64]:
    """Return the byte offsets of the words in which one flipped bit changes the checksum by `difference`."""
    words = np.frombuffer(body, "<u8", len(body) // _WORD_BYTES)
    flipped = words ^ np.uint64(1 << lowest_bit(difference))
    changes = (flipped * _WORD_FACTOR) ^ (words * _WORD_FACTOR)
    return np.flatnonzero(changes == np.uint64(difference)) * _WORD_BYTES


def flip(body: bytes, bit: int) -> bytes:
    """Return bytes with one bit flipped."""
    changed = bytearray(body)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def lowest_bit(number: int) -> int:
    """Return the position of the lowest bit that is set."""
    return (number & -number).bit_length() - 1


def _hash_rest(rest: bytes) -> int:
    """Return the hash of fewer than 8 bytes."""
    mixed = _REST_START ^ (len(rest) * _REST_FACTOR & _ALL_BITS)
    mixed = (mixed ^ int.from_bytes(rest, "little")) * _REST_FACTOR & _ALL_BITS
    mixed = (mixed ^ mixed >> _REST_SHIFT) * _REST_FACTOR & _ALL_BITS
    return mixed ^ mixed >> _REST_SHIFT
