"""Merkle tree of RFC 9162, section 2: hashes, inclusion proofs, consistency proofs, and their verification."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

#: Bytes of a hash, SHA-256.
HASH_BYTES: Final = 32
#: Returns the hash of a complete subtree: it covers the leaves `index << level` up to `(index + 1) << level`.
NodeReader = Callable[[int, int], bytes]


def hash_leaf(content: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x00" + content).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two children (RFC 9162, 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class RunningRoot:
    """Root of a tree to which leaves are appended one by one, in memory that grows with its logarithm."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def append(self, leaf_hash: bytes) -> None:
        """Append the hash of a leaf."""
        level, merged = 0, leaf_hash
        while self._peaks and self._peaks[-1][0] == level:
            merged = hash_node(self._peaks.pop()[1], merged)
            level += 1
        self._peaks.append((level, merged))
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far; of an empty tree the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256().digest()
        root = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            root = hash_node(peak, root)
        return root


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    running = RunningRoot()
    for leaf_hash in leaf_hashes:
        running.append(leaf_hash)
    return running.root()


def root_at(read: NodeReader, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _hash_range(read, 0, size) if size else hashlib.sha256().digest()


def prove_inclusion(read: NodeReader, index: int, size: int) -> list[bytes]:
    """Return the path that proves a leaf in the tree of the first `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_hash_range(read, middle, high))
            high = middle
        else:
            path.append(_hash_range(read, low, middle))
            low = middle
    return path[::-1]


def prove_consistency(read: NodeReader, old: int, new: int) -> list[bytes]:
    """Return the path that proves the tree of `old` leaves to be the beginning of that of `new` (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves is not the beginning of one of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    low, high, is_whole = 0, new, True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(_hash_range(read, middle, high))
            high = middle
        else:
            path.append(_hash_range(read, low, middle))
            low, is_whole = middle, False
    if not is_whole:
        path.append(_hash_range(read, low, high))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a path proves a leaf in a tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(path):
        return False
    place, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = hash_node(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hash_node(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a path proves one tree to be the beginning of another (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new or not _are_hashes(path):
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == hashlib.sha256().digest()
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = hash_node(sibling, found_old), hash_node(sibling, found_new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found_new = hash_node(found_new, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _hash_range(read: NodeReader, low: int, high: int) -> bytes:
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return read(level, low >> level)
    middle = low + _split(count)
    return hash_node(_hash_range(read, low, middle), _hash_range(read, middle, high))


def _are_hashes(path: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in path)
