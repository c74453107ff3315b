"""Blocks of a DuckDB file: their checksums, and which parts of a damaged block may hold the wrong bit.

Three headers of 4 KiB come first, then blocks of 256 KiB; each begins with the checksum of the rest. A damaged page is
restored from the parity where there is one; else a flipped bit is corrected where the checksum proves it.
"""

from __future__ import annotations

import math
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from headland.store.duckdb.paths import wal_of
from headland.store.duckdb.repair.checksums import checksum, find_flipped_bit, flip, list_suspects, lowest_bit
from headland.store.duckdb.repair.log_file import names_blocks
from headland.store.duckdb.repair.parity import (
    BLOCK_BYTES,
    HEADERS,
    PAGE_BYTES,
    ParityFile,
    differs,
    groups_of,
    is_current,
    is_of,
    is_of_all_blocks,
    restore_block,
)

#: A database header: checksum, iteration, places of the metadata and of the list of free blocks, number of blocks.
_COUNT_AT: Final = 32
_BLOCK_COUNT: Final = struct.Struct("<Q")
_CHECKSUM: Final = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class DamagedBlock:
    """A block whose content differs from its checksum; `number` is -1 to -3 for the headers.

    `suspects` are the byte offsets, from the end of the checksum, of the words of 8 bytes of which one has its bit
    `bit` flipped; None where more than one bit is wrong.
    """

    number: int
    location: int
    stored: int
    bit: int
    suspects: NDArray[np.int64] | None
    #: Damaged pages of 4 KiB, counted from the begin of the checksum, where the parity names them.
    pages: tuple[int, ...] | None = None

    @classmethod
    def missing(cls, number: int) -> DamagedBlock:
        """Return the damage of a block that is behind the end of a shortened file."""
        return cls(number, HEADERS * PAGE_BYTES + number * BLOCK_BYTES, 0, 0, None)

    def may_touch(self, start: int, end: int) -> bool:
        """Return whether the bytes [start, end) after the checksum may be wrong."""
        if self.pages is not None:
            first, last = (start + _CHECKSUM.size) // PAGE_BYTES, (end + _CHECKSUM.size - 1) // PAGE_BYTES
            return any(first <= page <= last for page in self.pages)
        if self.suspects is None:
            return True
        return bool(((self.suspects + 8 > start) & (self.suspects < end)).any())


@dataclass(slots=True)
class BlockReport:
    """Result of `mend_blocks`: the numbers of restored pages and corrected bits, and the other damaged blocks.

    `missing` are blocks behind the end of the file that its header counts; DuckDB cuts free ones off as well.
    """

    corrected: int = 0
    restored: int = 0
    damaged: dict[int, DamagedBlock] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)


def mend_blocks(path: Path, parity: ParityFile) -> BlockReport:
    """Restore damaged pages by the parity, correct flipped bits where the checksum proves them.

    The checksums of other damaged blocks are made to agree: after that the database opens whatever its content; what a
    damaged block holds is not to be trusted. Work on a copy.
    """
    report, unfinished = BlockReport(), _UnfinishedCheckpoint(path)
    with path.open("r+b") as file:
        headers = file.read(HEADERS * PAGE_BYTES)
        has_parity = is_current(headers, parity.read_head()) or is_of_all_blocks(headers, _bodies(path), parity)
        current = parity.read_head() if has_parity else None
        for number, location, body, stored in _blocks(path):
            group, block = parity.read(number + HEADERS), _CHECKSUM.pack(stored) + body
            if checksum(body) == stored and not differs(group, block, current):
                continue
            if unfinished.has(number):
                continue
            if group is not None and not is_of(group, block, is_current=has_parity):
                group = None
            whole = restore_block(group, block) if group is not None else None
            if whole is not None:
                report.restored += 1
                _write(file, location, whole)
                continue
            bit = find_flipped_bit(body, stored)
            if bit is None:
                pages = tuple(group.damaged_pages(block)) if group is not None else None
                suspects = list_suspects(body, stored) if group is None else None
                lowest = lowest_bit(checksum(body) ^ stored)
                report.damaged[number] = DamagedBlock(number, location, stored, lowest, suspects, pages)
                right = (_other_header(headers, number) or body) if number < 0 else body
            else:
                report.corrected += 1
                right = flip(body, bit) if bit >= 0 else body
            _write(file, location, _CHECKSUM.pack(checksum(right)) + right)
        _fill_up(file, report)
    return report


def _other_header(headers: bytes, number: int) -> bytes | None:
    """Return the content of the other database header, of the checkpoint before or after; None where it is damaged.

    What is left of a damaged header opens nothing; the rows of the checkpoint before are there for the most part.
    """
    if number == -HEADERS:
        return None
    at = PAGE_BYTES if number == -1 else 2 * PAGE_BYTES
    header = headers[at : at + PAGE_BYTES]
    body = header[_CHECKSUM.size :]
    return body if len(header) == PAGE_BYTES and checksum(body) == _CHECKSUM.unpack_from(header)[0] else None


def _fill_up(file: BinaryIO, report: BlockReport) -> None:
    """Append empty blocks for those that a shortened file has lost."""
    file.seek(0)
    headers = file.read(HEADERS * PAGE_BYTES)
    if len(headers) < HEADERS * PAGE_BYTES or any(number < 0 for number in report.damaged):
        return
    wanted = max(_BLOCK_COUNT.unpack_from(headers, place + _COUNT_AT)[0] for place in (PAGE_BYTES, 2 * PAGE_BYTES))
    there = max(0, os.fstat(file.fileno()).st_size - len(headers)) // BLOCK_BYTES
    of_zeros = checksum(b"")
    for number in range(there, wanted):
        location = len(headers) + number * BLOCK_BYTES
        report.missing.add(number)
        file.truncate(location)
        _write(file, location, _CHECKSUM.pack(of_zeros))
        file.truncate(location + BLOCK_BYTES)


def find_damaged(path: Path, most_s: float, parity: ParityFile) -> int | None:
    """Return the location of the first block that differs from its checksum or parity; None after the last.

    It is None after `most_s` as well.
    """
    until_s, unfinished = time.monotonic() + most_s, _UnfinishedCheckpoint(path)
    current = None
    if path.exists():
        with path.open("rb") as file:
            head = parity.read_head()
            current = head if is_current(file.read(HEADERS * PAGE_BYTES), head) else None
    for number, location, body, stored in _blocks(path):
        group = parity.read(number + HEADERS) if current is not None else None
        is_wrong = checksum(body) != stored or differs(group, _CHECKSUM.pack(stored) + body, current)
        if is_wrong and not unfinished.has(number):
            return location
        if time.monotonic() > until_s:
            return None
    return None


class _UnfinishedCheckpoint:
    """Blocks behind those that the headers count: a checkpoint that was killed left them, and nothing refers to them.

    DuckDB writes them in any order, so that some are still empty. A transaction may have written rows there as well;
    its entry in the log names the blocks then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: float | None = None

    def has(self, number: int) -> bool:
        """Return whether a block is one of those."""
        if self._first is None:
            self._first = self._find_first()
        return number >= self._first

    def _find_first(self) -> float:
        with self._path.open("rb") as file:
            headers = [file.read(PAGE_BYTES) for _ in range(HEADERS)][1:]
        if any(
            len(each) < PAGE_BYTES or checksum(each[_CHECKSUM.size :]) != _CHECKSUM.unpack_from(each)[0]
            for each in headers
        ):
            return math.inf
        log = wal_of(self._path)
        if log.exists() and names_blocks(log.read_bytes()):
            return math.inf
        return float(max(_BLOCK_COUNT.unpack_from(each, _COUNT_AT)[0] for each in headers))


@contextmanager
def corrected(path: Path, block: DamagedBlock, suspect: int) -> Iterator[None]:
    """Correct the bit of one suspect of a mended file in the block; undo it where the block raises."""
    with path.open("r+b") as file:
        file.seek(block.location)
        mended = file.read(_CHECKSUM.size)
        place = block.location + _CHECKSUM.size + suspect + block.bit // 8
        _write(file, block.location, _CHECKSUM.pack(block.stored))
        byte = _flip_at(file, place, block.bit % 8)
    try:
        yield
    except BaseException:
        with path.open("r+b") as file:
            _write(file, block.location, mended)
            _write(file, place, byte)
        raise


def _write(file: BinaryIO, at: int, body: bytes) -> None:
    file.seek(at)
    file.write(body)


def _flip_at(file: BinaryIO, at: int, bit: int) -> bytes:
    """Flip a bit of a byte of a file; return the byte before."""
    file.seek(at)
    before = file.read(1)
    _write(file, at, bytes([before[0] ^ 1 << bit]))
    return before


def _blocks(path: Path) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield number, location, body and stored checksum of every whole block; headers have the numbers -3 to -1."""
    with path.open("rb") as file:
        for number, (location, size) in enumerate(groups_of(os.fstat(file.fileno()).st_size), -HEADERS):
            file.seek(location)
            block = file.read(size)
            if len(block) < size:
                return
            yield number, location, block[_CHECKSUM.size :], _CHECKSUM.unpack_from(block)[0]


def _bodies(path: Path) -> Iterator[bytes]:
    """Yield every whole block behind the headers."""
    return (_CHECKSUM.pack(stored) + body for number, _, body, stored in _blocks(path) if number >= 0)
