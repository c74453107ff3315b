"""Parity of a DuckDB file and of its log, each in a file beside it: damage within one page of a group is undone.

A group is a block or a header of the file, or 64 pages of the log; a page has 4 KiB. Of each group the parity file has
the checksums of the pages, which name the damaged one, and the XOR of all pages, which gives it back. A flipped bit, a
bad sector and a torn write are within one page each. It takes 1.7 % of the disk of the store.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headland.store.duckdb.repair.checksums import checksum

PAGE_BYTES: Final = 4096
BLOCK_BYTES: Final = 262_144
#: Headers of a file before its blocks: one page each.
HEADERS: Final = 3
_PAGES: Final = BLOCK_BYTES // PAGE_BYTES
_CHECKSUM_BYTES: Final = 8

_MAGIC: Final = b"HLPARIT2"
#: Magic, identity of the file, number of its checkpoint, header of that checkpoint, checksum of these.
_HEAD: Final = struct.Struct("<8sQQQI")
_RECORDS_AT: Final = PAGE_BYTES
#: Checksum of the rest, number of bytes, version of the group, checkpoint at which it was read, and the checksums of
#: the pages; then the XOR.
_RECORD: Final = struct.Struct(f"<IIQQ{_PAGES}I")
_RECORD_BYTES: Final = _RECORD.size + PAGE_BYTES


class FileCheckpoint(NamedTuple):
    """A state of a file: its identity, the number of its last checkpoint, and the header that has it."""

    identity: int
    iteration: int
    header: int


class LogExtent(NamedTuple):
    """The first `size` bytes of the log that follows a checkpoint."""

    state: FileCheckpoint
    size: int


@dataclass(frozen=True, slots=True)
class Group:
    """Parity of the first `size` bytes of a group, with zeros up to a whole page.

    `version` is the checksum that DuckDB wrote into a block, 0 in the log. `iteration` is the checkpoint at which the
    whole group was read last: a block that DuckDB has written since may have the same checksum and other content.
    """

    version: int
    iteration: int
    size: int
    sums: tuple[int, ...]
    parity: bytes

    def damaged_pages(self, body: bytes) -> list[int]:
        """Return the places of the pages of a body that differ from their checksums."""
        pages = _pages_of(body[: self.size])
        return [place for place, page in enumerate(pages) if zlib.crc32(page) != self.sums[place]]

    def restore(self, body: bytes) -> bytes | None:
        """Return the body with its one damaged page restored; None where none or several are damaged."""
        damaged = self.damaged_pages(body)
        if len(damaged) != 1 or len(body) < self.size:
            return None
        pages = _pages_of(body[: self.size])
        pages[damaged[0]] = 0
        pages[damaged[0]] = np.frombuffer(_xor_of(pages), np.uint8) ^ np.frombuffer(self.parity, np.uint8)
        if zlib.crc32(pages[damaged[0]]) != self.sums[damaged[0]]:
            return None
        return pages.tobytes()[: self.size] + body[self.size :]


def make_group(body: bytes, version: int, iteration: int) -> Group:
    """Return the parity of bytes that were read at a checkpoint."""
    pages = _pages_of(body)
    return Group(version, iteration, len(body), tuple(map(zlib.crc32, pages)), _xor_of(pages))


def _pages_of(body: bytes) -> NDArray[np.uint8]:
    """Return bytes as rows of a page each, with zeros at the end."""
    pages = np.zeros((-(-len(body) // PAGE_BYTES), PAGE_BYTES), np.uint8)
    pages.reshape(-1)[: len(body)] = np.frombuffer(body, np.uint8)
    return pages


def _xor_of(pages: NDArray[np.uint8]) -> bytes:
    return bytes(np.bitwise_xor.reduce(pages.view("<u8"), axis=0))


class ParityFile:
    """A parity file: a head, and one record for each group. What is torn or damaged in it counts as missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read_head(self) -> FileCheckpoint | None:
        """Return the state of which every group is here."""
        head = self._read(0, _HEAD.size)
        if len(head) < _HEAD.size:
            return None
        magic, identity, iteration, header, own = _HEAD.unpack(head)
        if magic != _MAGIC or zlib.crc32(head[:-4]) != own:
            return None
        return FileCheckpoint(identity, iteration, header)

    def write_head(self, state: FileCheckpoint) -> None:
        """Set the state of which every group is here."""
        head = _HEAD.pack(_MAGIC, *state, 0)
        self._write(0, head[:-4] + struct.pack("<I", zlib.crc32(head[:-4])))

    def read(self, position: int) -> Group | None:
        """Return the parity of a group, None where it is not there."""
        record = self._read(_RECORDS_AT + position * _RECORD_BYTES, _RECORD_BYTES)
        if len(record) < _RECORD_BYTES:
            return None
        own, size, version, iteration, *sums = _RECORD.unpack_from(record)
        if zlib.crc32(record[4:]) != own or not 0 < size <= BLOCK_BYTES:
            return None
        return Group(version, iteration, size, tuple(sums[: -(-size // PAGE_BYTES)]), record[_RECORD.size :])

    def write(self, position: int, group: Group) -> None:
        """Set the parity of a group."""
        sums = (*group.sums, *(0 for _ in range(_PAGES - len(group.sums))))
        record = _RECORD.pack(0, group.size, group.version, group.iteration, *sums) + group.parity
        self._write(_RECORDS_AT + position * _RECORD_BYTES, struct.pack("<I", zlib.crc32(record[4:])) + record[4:])

    def count(self) -> int:
        """Return the number of records."""
        try:
            return max(0, self._path.stat().st_size - _RECORDS_AT) // _RECORD_BYTES
        except OSError:
            return 0

    def versions(self) -> list[int]:
        """Return the version of each group, unverified."""
        with self._path.open("rb") as file:
            found = []
            for position in range(self.count()):
                file.seek(_RECORDS_AT + position * _RECORD_BYTES)
                found.append(struct.unpack("<IIQ", file.read(16))[2])
        return found

    def is_of_this_form(self) -> bool:
        """Return whether the file was begun by this version; else its records mean nothing."""
        return self._read(0, len(_MAGIC)) == _MAGIC

    def clear(self) -> None:
        """Begin the file anew, without a record."""
        self._path.unlink(missing_ok=True)
        self._write(0, _MAGIC)

    def _read(self, at: int, size: int) -> bytes:
        try:
            with self._path.open("rb") as file:
                file.seek(at)
                return file.read(size)
        except OSError:
            return b""

    def _write(self, at: int, body: bytes) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, body, at)
        finally:
            os.close(descriptor)


def read_checkpoint(headers: bytes) -> FileCheckpoint | None:
    """Return the state of a file by its three headers; None where the first, or both others, are damaged."""
    pages = [headers[at : at + PAGE_BYTES] for at in range(0, HEADERS * PAGE_BYTES, PAGE_BYTES)]
    if len(pages[-1]) < PAGE_BYTES or not _is_sound(pages[0]):
        return None
    found = [(_iteration_of(page), place) for place, page in enumerate(pages) if place and _is_sound(page)]
    return FileCheckpoint(zlib.crc32(pages[0]), *max(found)) if found else None


def is_current(headers: bytes, head: FileCheckpoint | None) -> bool:
    """Return whether the parity is certainly of the last checkpoint of a file, as far as its headers tell.

    Of a damaged newest header the number is known, too: the other one has the number before. Where the other one is
    damaged, it may have been that of a later checkpoint: `is_of_all_blocks` tells then.
    """
    numbers = _sound_numbers(headers, head)
    if head is None or numbers is None:
        return False
    if len(numbers) == HEADERS - 1:
        return max(numbers.values()) == head.iteration
    return head.header not in numbers and max(numbers.values(), default=-1) == head.iteration - 1


def is_of_all_blocks(headers: bytes, blocks: Iterable[bytes], parity: ParityFile) -> bool:
    """Return whether a damaged header leaves no doubt of the parity because each block of the file is as it says.

    A later checkpoint would have written some. A new file has the same number in both headers, and no blocks.
    """
    head = parity.read_head()
    numbers = _sound_numbers(headers, head)
    if head is None or not numbers or max(numbers.values()) not in (head.iteration, head.iteration - 1):
        return False
    end = HEADERS
    for position, block in enumerate(blocks, HEADERS):
        group = parity.read(position)
        if group is None or group.version != _number_at(block) or group.damaged_pages(block):
            return False
        end = position + 1
    return end == parity.count()


def _sound_numbers(headers: bytes, head: FileCheckpoint | None) -> dict[int, int] | None:
    """Return the checkpoints of the undamaged headers by their places; None where the head is of another file."""
    pages = [headers[at : at + PAGE_BYTES] for at in range(0, len(headers), PAGE_BYTES)]
    if head is None or len(headers) < HEADERS * PAGE_BYTES:
        return None
    if _is_sound(pages[0]) and zlib.crc32(pages[0]) != head.identity:
        return None
    return {place: _iteration_of(page) for place, page in enumerate(pages) if place and _is_sound(page)}


def _is_sound(block: bytes) -> bool:
    return checksum(block[_CHECKSUM_BYTES:]) == _number_at(block)


def _iteration_of(header: bytes) -> int:
    return int.from_bytes(header[_CHECKSUM_BYTES : _CHECKSUM_BYTES + 8], "little")


def _number_at(block: bytes) -> int:
    return int.from_bytes(block[:_CHECKSUM_BYTES], "little")


def groups_of(size: int) -> Iterator[tuple[int, int]]:
    """Yield place and length of each group of a file of so many bytes: headers, then whole blocks."""
    for header in range(HEADERS):
        yield header * PAGE_BYTES, PAGE_BYTES
    for at in range(HEADERS * PAGE_BYTES, size - BLOCK_BYTES + 1, BLOCK_BYTES):
        yield at, BLOCK_BYTES


def read_headers(descriptor: int) -> bytes:
    """Return the headers of an open file."""
    return os.pread(descriptor, HEADERS * PAGE_BYTES, 0)


def cover_file(descriptor: int, parity: ParityFile, lists: Collection[int], most_groups: int) -> bool:
    """Bring the parity of an open file up to date for at most `most_groups` groups; return whether there are no more.

    DuckDB writes a block anew under another number, or with another checksum; only in blocks with `lists` it changes
    some pages in place, and its checksum may stay the same: they are always read.

    A block that is being written differs from its checksum, and is left for the next time.
    """
    state = read_checkpoint(read_headers(descriptor))
    head = parity.read_head()
    if state is None or state == head:
        return True
    if not parity.is_of_this_form() or (head is not None and head.identity != state.identity):
        parity.clear()
    known = parity.versions() if parity.count() else []
    complete = True
    for position, (at, size) in enumerate(groups_of(os.fstat(descriptor).st_size)):
        version = _number_at(os.pread(descriptor, _CHECKSUM_BYTES, at))
        is_list = position - HEADERS in lists
        if position < len(known) and known[position] == version and not is_list:
            continue
        if not most_groups and not is_list:
            return False
        most_groups -= not is_list
        body = os.pread(descriptor, size, at)
        if len(body) == size and _is_sound(body):
            parity.write(position, make_group(body, _number_at(body), state.iteration))
        elif any(body):
            complete = False
    if complete and state == read_checkpoint(read_headers(descriptor)):
        parity.write_head(state)
    return True


def cover_log(descriptor: int, log: Path, extent: LogExtent, parity: ParityFile) -> None:
    """Bring the parity of a log up to date; the extent ends with a whole transaction. Bytes once written remain."""
    state, size = extent
    if parity.read_head() != state:
        parity.clear()
        parity.write_head(state)
    first = max(0, parity.count() - 1)
    with log.open("rb") as file:
        for position in range(first, -(-size // BLOCK_BYTES)):
            known, wanted = parity.read(position), min(BLOCK_BYTES, size - position * BLOCK_BYTES)
            if known is not None and known.size == wanted:
                continue
            file.seek(position * BLOCK_BYTES)
            body = file.read(wanted)
            if read_checkpoint(read_headers(descriptor)) != state:
                return
            if body:
                parity.write(position, make_group(body, 0, state.iteration))


def is_of(group: Group, body: bytes, *, is_current: bool) -> bool:
    """Return whether the parity is of this version of a header or block.

    It has the checksum that is in the block or, where that is damaged as well, is of the file's last checkpoint.
    """
    return is_current or _number_at(body) == group.version


def differs(group: Group | None, block: bytes, current: FileCheckpoint | None) -> bool:
    """Return whether one page of a header or block is damaged though its checksum agrees.

    DuckDB's checksum does not see words that are lost in pairs, as in a page of zeros where words repeated themselves.
    For the same reason a block that was written anew with the same words in other places has the checksum of before:
    only what was read at `current`, the last checkpoint where the parity is of it, overrules a checksum that agrees.
    """
    return (
        group is not None
        and current is not None
        and group.iteration == current.iteration
        and _number_at(block) == group.version
        and len(block) == group.size
        and len(group.damaged_pages(block)) == 1
    )


def restore_block(group: Group, body: bytes) -> bytes | None:
    """Return a restored header or block that agrees with its checksum; None where that is not possible."""
    right = group.restore(body)
    return right if right is not None and _is_sound(right) else None


def restore_log(log: bytes, parity: ParityFile, state: FileCheckpoint | None) -> tuple[bytes, int]:
    """Return a log with its damaged pages restored as far as possible, and the number of these."""
    if state is None or parity.read_head() != state:
        return log, 0
    pieces, restored = [], 0
    for position, at in enumerate(range(0, len(log), BLOCK_BYTES)):
        piece = log[at : at + BLOCK_BYTES]
        group = parity.read(position)
        right = group.restore(piece) if group is not None else None
        restored += right is not None
        pieces.append(piece if right is None else right)
    return b"".join(pieces), restored
