"""Beginning of a text file: its encoding and the mark between its cells, as they are found."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from edge.imports.table.map import Encoding

_HEAD_BYTES: Final = 65_536
DELIMITERS: Final = (",", ";", "\t", "|")
#: Decoders in the order in which they are tried: UTF-8 refuses nearly every text of another encoding.
_ENCODINGS: Final[tuple[Encoding, ...]] = ("utf-8", "gb18030", "windows-1252", "latin-1")


@dataclass(frozen=True, slots=True)
class TextHead:
    """The first lines of a text, and its encoding, which is certain only where `is_utf8`."""

    lines: Sequence[str]
    encoding: Encoding
    is_utf8: bool


def read_head(path: Path, encoding: str | None = None) -> TextHead:
    """Return the beginning of a text in the encoding given, else in the first that fits it. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if len(head) == _HEAD_BYTES:  # the last line, and a letter of it, may be cut
        head = head[: head.rfind(b"\n") + 1] or head
    found: Encoding = next((name for name in _ENCODINGS if _decodes(head, name)), "latin-1")
    chosen: Encoding = next((name for name in get_args(Encoding) if name == encoding), found)
    lines = [line.removeprefix("\ufeff") for line in head.decode(chosen, errors="replace").splitlines()]
    return TextHead(lines, chosen, found == "utf-8")


def find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that divides the most of the first lines alike."""
    first = [line for line in lines if line.strip()][:10]

    def alike(mark: str) -> tuple[int, int]:
        widths = [len(next(csv.reader([line], delimiter=mark), [])) for line in first]
        header = widths[0] if widths else 1
        return (0, 0) if header < 2 else (widths.count(header), header)

    return max(DELIMITERS, key=alike)


def _decodes(head: bytes, encoding: str) -> bool:
    try:
        head.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
