"""Check file beside a spool: what the spool held, so that a spool that holds less, or another one, is noticed.

SQLite takes a damaged frame of its log for the end of the log, and a copy of a spool looks like the spool. The file is
overwritten in place, in two slots by turns: a write that a power cut tears leaves the other slot.
"""

from __future__ import annotations

import errno
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from struct import Struct
from typing import Final

import msgspec

from edge.spool.identity.place import SpoolPlace

#: Each slot is of two pages, so that no write of one touches the other.
_SLOT_BYTES: Final = 8192
_HEADER: Final = Struct("<4sIII")  # magic, counter, size of the text, CRC-32 of counter, size and text
_MAGIC: Final = b"HSC1"


class Unaccepted(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """Messages that were read and that the spool did not accept, with their samples and events."""

    messages: int = 0
    points: int = 0
    events: int = 0

    def __add__(self, other: Unaccepted) -> Unaccepted:
        """Return the sum."""
        return Unaccepted(self.messages + other.messages, self.points + other.points, self.events + other.events)


class CheckRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """State of a spool: numbers count from 1 in the epoch.

    `last`: the last number in use. `acked`: everything up to it was deleted after a commit ack. `published`: ranges
    that may have been published. `renewals` and `shortened` are those of `SpoolStatus`. `unreported`: missing records
    (epoch, first, last, records) whose report is record `report`, until a commit ack confirms it, and `doubts` the
    renewals of which nobody knows how many records they cost (time, epoch before, why). `base` and `stale_upto` are
    those of `SpoolTotals`. `unaccepted` is lost with the process. `ended` are the epochs before this one, the newest
    last, each with the record up to which it was acked and the gateway's id then. `told` are the last ranges (epoch,
    first, last) that were reported as missing under this gateway's id.
    """

    gateway: str
    epoch: str
    last: int = 0
    acked: int = 0
    published: list[tuple[int, int]] = []
    place: SpoolPlace = SpoolPlace()
    renewals: int = 0
    shortened: int = 0
    unreported: list[tuple[str, int, int, int]] = []
    doubts: list[tuple[int, str, str]] = []
    report: int = 0
    base: int = 0
    stale_upto: int = 0
    unaccepted: Unaccepted = Unaccepted()
    ended: list[tuple[str, int, str]] = []
    told: list[tuple[str, int, int]] = []


class Unreadable(Enum):
    """Why there is no check record."""

    MISSING = auto()
    DAMAGED = auto()


class CheckFile:
    """The file, in two slots; `sync` makes the bytes of an open file durable."""

    def __init__(self, path: Path, sync: Callable[[int], None]) -> None:
        self.path = path
        self._sync = sync
        self._fd = -1
        self._counter = 0

    def read(self) -> CheckRecord | Unreadable:
        """Return the newest record. Raises OSError where the file exists and cannot be read."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Unreadable.MISSING
        records = [record for at in (0, _SLOT_BYTES) if (record := _decode(data[at : at + _SLOT_BYTES])) is not None]
        if not records:
            return Unreadable.DAMAGED if data.strip(b"\0") else Unreadable.MISSING
        self._counter, newest = max(records, key=lambda record: record[0])
        return newest

    def write(self, record: CheckRecord, *, durable: bool) -> None:
        """Write a record in place of the last but one, and where `durable` wait for the disk. Raises OSError."""
        text = msgspec.json.encode(record)
        if len(text) > _SLOT_BYTES - _HEADER.size:
            raise OSError(errno.EFBIG, "the record does not fit its place in the check file")
        self._counter += 1
        size = len(text)
        crc = zlib.crc32(text, self._counter ^ size)
        slot = _HEADER.pack(_MAGIC, self._counter & 0xFFFFFFFF, size, crc) + text
        os.pwrite(self._open(), slot, self._counter % 2 * _SLOT_BYTES)
        if durable:
            self._sync(self._fd)

    def sync(self) -> None:
        """Make what was written durable. Raises OSError."""
        if self._fd >= 0:
            self._sync(self._fd)

    def is_in_place(self) -> bool:
        """Return whether the open file is the one at the path."""
        if self._fd < 0:
            return True
        try:
            return os.path.samestat(os.fstat(self._fd), self.path.stat())
        except OSError:
            return False

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def delete(self) -> None:
        """Delete the closed file. Raises OSError."""
        self.path.unlink(missing_ok=True)

    def _open(self) -> int:
        if self._fd < 0:
            is_new = not self.path.exists()
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            os.posix_fallocate(self._fd, 0, 2 * _SLOT_BYTES)
            if is_new:
                os.fsync(self._fd)
                sync_folder(self.path.parent)
        return self._fd


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the file system can."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _decode(slot: bytes) -> tuple[int, CheckRecord] | None:
    if len(slot) < _HEADER.size:
        return None
    magic, counter, size, crc = _HEADER.unpack_from(slot)
    text = slot[_HEADER.size : _HEADER.size + size]
    if magic != _MAGIC or len(text) != size or zlib.crc32(text, counter ^ size) != crc:
        return None
    try:
        return counter, msgspec.json.decode(text, type=CheckRecord)
    except msgspec.MsgspecError:
        return None
