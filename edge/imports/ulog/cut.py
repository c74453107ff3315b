"""Cut end of a ULog: pyulog reads its whole messages and says nothing of the one that is missing its end."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO, Final

_FILE_HEAD_BYTES: Final = 16
_HEAD: Final = struct.Struct("<HB")
#: The flags message, and where its body has the offsets of three parts that were appended after a crash.
_FLAGS: Final = ord("B")
_OFFSETS: Final = struct.Struct("<16x3Q")


def find_cut(path: Path) -> int:
    """Return how many bytes of a last message are there whose end is missing; 0 where the file ends with a whole one.

    A part that was appended later may follow an unfinished message: that is how the logger leaves a crash behind.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        starts = [_FILE_HEAD_BYTES, *(offset for offset in _appended(file) if _FILE_HEAD_BYTES < offset < size)]
        return _walk(file, max(starts), size)


def _appended(file: BinaryIO) -> tuple[int, ...]:
    file.seek(_FILE_HEAD_BYTES)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return ()
    length, kind = _HEAD.unpack(head)
    body = file.read(length)
    return _OFFSETS.unpack_from(body) if kind == _FLAGS and len(body) >= _OFFSETS.size else ()


def _walk(file: BinaryIO, at: int, size: int) -> int:
    """Walk from message to message; return what is left at the end."""
    while at + _HEAD.size <= size:
        file.seek(at)
        length, kind = _HEAD.unpack(file.read(_HEAD.size))
        if not kind:  # zeros, with which a file system fills up what the logger had reserved
            return 0
        end = at + _HEAD.size + length
        if end > size:
            break
        at = end
    return size - at
