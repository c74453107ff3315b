"""Write-ahead log of a DuckDB file: its frames, and its repair up to the first entry that cannot be read.

After a header without a checksum come entries: size and checksum, 8 bytes each, and the body. A transaction ends with
a flush entry. DuckDB takes an entry that is too long for the end of a torn log and drops the rest without a word, and
refuses to open a file whose log has a wrong checksum; therefore the log is examined before it is opened.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headland.store.duckdb.repair.checksums import IN_CHECKSUM, checksum, find_flipped_bit, flip

_FRAME: Final = struct.Struct("<QQ")
#: Version entry of a log without encryption: its kind, version 2, the 16 numbers that identify the file, and the
#: number of its checkpoint, as variable-length integers.
_HEADER: Final = re.compile(
    rb"d\0be\0\x02f\0\x10(?:[\x80-\xff]\x01|[\x00-\x7f]){16}g\0[\x80-\xff]{0,9}[\x00-\x7f]\xff\xff"
)
_SHORTEST_HEADER: Final = 26
_FLUSH_BODY: Final = b"d\0d\xff\xff"
#: Begin of an entry for rows that their transaction has written into blocks of the file itself.
_ROWS_IN_BLOCKS: Final = b"d\0\x1d"
_FLUSH: Final = _FRAME.pack(len(_FLUSH_BODY), checksum(_FLUSH_BODY)) + _FLUSH_BODY


@dataclass(frozen=True, slots=True)
class LogScan:
    """Contents of a log: `body` is what can be read, with `corrected` flipped bits set right and `restored` pages.

    `lost_bytes` follow the last whole transaction in a log that is damaged, and hold `lost_commits` ends of
    transactions at least. Without damage both are 0: a transaction that a crash left unfinished was never
    acknowledged, and is removed when the log is opened.
    """

    body: bytes
    corrected: int = 0
    lost_bytes: int = 0
    lost_commits: int = 0
    restored: int = 0

    @property
    def is_damaged(self) -> bool:
        """Whether the log differs from what was written."""
        return bool(self.corrected or self.lost_bytes or self.restored)


def scan_log(log: bytes, expected_header: bytes | None = None, *, foreign: bool = False) -> LogScan:
    """Examine a log. `expected_header` is what DuckDB writes for its file; it replaces a header with one wrong bit.

    `foreign`: the header names another file, or another checkpoint of this one; such a log is not readable.
    """
    header = None if foreign else _HEADER.match(log)
    corrected = 0
    if header is None:
        is_unknown = expected_header is None or log.startswith(expected_header) or expected_header.startswith(log)
        if not foreign and (len(log) <= _SHORTEST_HEADER or is_unknown):
            # Of a crash at its first bytes, or of a version of DuckDB that is not known here.
            return LogScan(log)
        if not _is_one_bit_off(log, expected_header):
            return LogScan(b"", 0, len(log), max(1, log.count(_FLUSH)))
        log, corrected, at = (
            (expected_header or b"") + log[len(expected_header or b"") :],
            1,
            len(expected_header or b""),
        )
    else:
        at = header.end()
    changed = bytearray(log)
    whole_until = at
    while at < len(log):
        entry = _read_entry(log, at)
        if entry is None:
            return _cut(bytes(changed[:whole_until]), log[whole_until:], log[at:], corrected)
        frame, is_corrected = entry
        changed[at : at + len(frame)] = frame
        corrected += is_corrected
        at += len(frame)
        if frame == _FLUSH:
            whole_until = at
    return LogScan(bytes(changed), corrected)


def names_blocks(log: bytes) -> bool:
    """Return whether entries of a log refer to blocks of the file; also where that cannot be told."""
    header = _HEADER.match(log)
    if header is None:
        return len(log) > 0
    at = header.end()
    while at < len(log) and (entry := _read_entry(log, at)) is not None:
        frame, _ = entry
        if frame.startswith(_ROWS_IN_BLOCKS, _FRAME.size):
            return True
        at += len(frame)
    return False


def needs_header(log: bytes) -> bool:
    """Return whether a log's header is not one of a known form."""
    return len(log) > 0 and _HEADER.match(log) is None


def _is_one_bit_off(log: bytes, expected_header: bytes | None) -> bool:
    """Return whether the header differs from the expected one in one bit, not of the number of its checkpoint.

    With another number the log may really be that of an older or a newer state of the file.
    """
    if expected_header is None or _HEADER.fullmatch(expected_header) is None:
        return False
    start = log[: len(expected_header)]
    number_at = expected_header.rindex(b"g\0") + 2
    if start[number_at:-2] != expected_header[number_at:-2]:
        return False
    return (int.from_bytes(start) ^ int.from_bytes(expected_header)).bit_count() == 1


def _cut(readable: bytes, dropped: bytes, unreadable: bytes, corrected: int) -> LogScan:
    """Return the log up to a point, damaged unless the rest is only an unfinished transaction."""
    commits = unreadable.count(_FLUSH)
    size, _ = _FRAME.unpack_from(unreadable.ljust(_FRAME.size, b"\0"))
    is_torn = not commits and (len(unreadable) < _FRAME.size + size or not any(unreadable))
    if is_torn:
        return LogScan(readable + dropped, corrected)
    return LogScan(readable, corrected, len(dropped), max(commits, 1))


def _read_entry(log: bytes, at: int) -> tuple[bytes, bool] | None:
    """Return the whole entry at a position, and whether a bit of it was corrected; None where it is unreadable."""
    if at + _FRAME.size > len(log):
        return None
    size, stored = _FRAME.unpack_from(log, at)
    start = at + _FRAME.size
    if size <= len(log) - start:
        body = log[start : start + size]
        if checksum(body) == stored:
            return log[at : start + size], False
        bit = find_flipped_bit(body, stored)
        # The next entry proves that the size is right.
        if bit is not None and _is_boundary(log, start + size):
            right = body if bit == IN_CHECKSUM else flip(body, bit)
            return _FRAME.pack(size, checksum(right)) + right, True
    for bit in range(64):
        other = size ^ 1 << bit
        if 0 < other <= len(log) - start:
            body = log[start : start + other]
            if checksum(body) == stored and _is_boundary(log, start + other):
                return _FRAME.pack(other, stored) + body, True
    return None


def _is_boundary(log: bytes, at: int) -> bool:
    """Return whether a readable entry, or the end of the log, is at a position."""
    if at == len(log):
        return True
    if at + _FRAME.size > len(log):
        return False
    size, stored = _FRAME.unpack_from(log, at)
    start = at + _FRAME.size
    return 0 < size <= len(log) - start and checksum(log[start : start + size]) == int(stored)


def write_log(path: Path, body: bytes) -> None:
    """Replace a log, durably, in one step."""
    part = path.with_name(path.name + ".mending")
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
