"""Parts of a file that arrive in any order, twice, or not at all; on the gateway's disk, so that a restart goes on.

The bytes lie at their own places in a sparse file, which ranges are there is in a small file beside it. Ranges are
written only after the bytes are on the disk: a power failure forgets some bytes, and never shows zeros for them.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

Range = tuple[int, int]


class Ranges:
    """Half-open ranges of integers, joined where they touch, in order."""

    def __init__(self, ranges: list[Range] | None = None) -> None:
        self.all: list[Range] = []
        for begin, end in ranges or ():
            self.add(begin, end)

    def add(self, begin: int, end: int) -> int:
        """Add a range; return how much of it is new."""
        if end <= begin:
            return 0
        new = sum(part_end - part_begin for part_begin, part_end in self.missing(begin, end))
        joined = [item for item in self.all if item[1] < begin or item[0] > end]
        touching = [item for item in self.all if not (item[1] < begin or item[0] > end)]
        low = min([begin, *(item[0] for item in touching)])
        high = max([end, *(item[1] for item in touching)])
        joined.insert(bisect_right(joined, (low, high)), (low, high))
        self.all = joined
        return new

    def missing(self, begin: int, end: int) -> list[Range]:
        """Return the parts of a range that are not there, in order."""
        parts: list[Range] = []
        at = begin
        for low, high in self.all:
            if high <= at or low >= end:
                continue
            if low > at:
                parts.append((at, low))
            at = max(at, high)
        if at < end:
            parts.append((at, end))
        return parts

    def remove(self, begin: int, end: int) -> None:
        """Take a range out."""
        parts = [((low, min(high, begin)), (max(low, end), high)) for low, high in self.all]
        self.all = [part for pair in parts for part in pair if part[0] < part[1]]

    def total(self) -> int:
        """Return how many integers are there."""
        return sum(end - begin for begin, end in self.all)


class _State(msgspec.Struct):
    """What is there of a file, and where it ends as far as is known."""

    ranges: list[Range] = []
    end: int | None = None


class SparseFile:
    """A file in parts. `end` is where it ends, None while that is not known."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises OSError."""
        self._path = path
        self._state_path = path.with_suffix(path.suffix + ".json")
        state = _State()
        if path.exists():
            with contextlib.suppress(OSError, msgspec.MsgspecError):
                state = msgspec.json.decode(self._state_path.read_bytes(), type=_State)
        self._ranges = Ranges(state.ranges)
        self.end = state.end
        path.touch()
        self._file: BinaryIO = path.open("r+b")
        self._is_changed = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    @property
    def total_bytes(self) -> int:
        """How many bytes of the file are there."""
        return self._ranges.total()

    def add(self, at: int, data: bytes) -> int:
        """Write bytes at their place; return how many of them are new. Raises OSError."""
        begin, end = at, at + len(data)
        parts = self._ranges.missing(begin, end)
        for low, high in parts:
            self._file.seek(low)
            self._file.write(data[low - begin : high - begin])
        if parts:
            self._is_changed = True
        return self._ranges.add(begin, end)

    def note_end(self, end: int) -> None:
        """Note where the file ends; the earliest such place counts."""
        if self.end is None or end < self.end:
            self.end = end
            self._is_changed = True

    def missing(self, begin: int, end: int) -> list[Range]:
        """Return the parts of a range that are still to come."""
        return self._ranges.missing(begin, end if self.end is None else min(end, self.end))

    def read(self, begin: int, end: int) -> bytes | None:
        """Return the bytes of a range, fewer where the file ends in it; None while one of them is missing."""
        end = end if self.end is None else min(end, self.end)
        if end <= begin:
            return b""
        if self._ranges.missing(begin, end):
            return None
        self._file.seek(begin)
        return self._file.read(end - begin)

    def last_part(self, beyond: int, most: int) -> Range:
        """Return the last bytes, `most` of them, of the first range that is there beyond a place; empty without one."""
        for low, high in self._ranges.all:
            if high > beyond:
                return max(low, beyond, high - most), high
        return 0, 0

    def take_out(self, begin: int, end: int) -> bytes:
        """Return the bytes of a range that is there, and count them as missing from now on."""
        data = self.read(begin, end) or b""
        if data:
            self._ranges.remove(begin, end)
            self._is_changed = True
        return data

    def save(self) -> None:
        """Write what is there to the disk. Raises OSError."""
        if not self._is_changed:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        new_path = self._state_path.with_suffix(".new")
        new_path.write_bytes(msgspec.json.encode(_State(self._ranges.all, self.end)))
        new_path.replace(self._state_path)
        self._is_changed = False

    def close(self) -> None:
        """Save, and close the file."""
        with contextlib.suppress(OSError):
            self.save()
        with contextlib.suppress(OSError):
            self._file.close()

    def delete(self) -> None:
        """Close the file and remove it from the gateway's disk."""
        self._file.close()
        for path in (self._path, self._state_path):
            path.unlink(missing_ok=True)
