"""Lines of text: split from a stream of bytes, and parsed as JSON, CSV or key=value. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

from edge.sources.mapping.field_map import Measurement
from edge.sources.mapping.json_tree import flatten, parse_json

LineFormat = Literal["json", "csv", "key_value"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Separators of pairs; a key contains none of them.
_BETWEEN_PAIRS: Final = re.compile(r"[\s,;]+")
_MOST_FIELDS: Final = 1000


class LineSplitter:
    """Splits received bytes into complete lines without their end; a stream may start within a line.

    Counts `partial_lines` and `overlong_lines`, which are left out. With `keep_first` the bytes before the first end
    are a line as well: for a format that shows by itself whether its start is missing.
    """

    def __init__(self, longest: int, counts: Counter[str], *, keep_first: bool) -> None:
        self._longest = longest
        self._counts = counts
        self._buffer = bytearray()
        self._skipping = "" if keep_first else "partial_lines"

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that end in `data`."""
        self._buffer += data
        if b"\n" not in data and len(self._buffer) <= self._longest:
            return []
        *whole, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        lines = []
        for line in whole:
            if self._skipping or len(line) > self._longest:
                self._counts[self._skipping or "overlong_lines"] += 1
                self._skipping = ""
            else:
                lines.append(line.rstrip(b"\r"))
        if len(self._buffer) > self._longest:
            self._skipping = self._skipping or "overlong_lines"
            self._buffer.clear()
        return lines

    def close(self) -> None:
        """Note the end of the stream; an incomplete line is discarded."""
        if self._buffer or self._skipping == "overlong_lines":
            self._counts["partial_lines"] += 1
        self._buffer.clear()


def read_text(line: bytes) -> str | None:
    """Return the line as text; None where it is not UTF-8 or has control characters, as noise has."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def parse_line(text: str, kind: LineFormat, delimiter: str, columns: Sequence[str]) -> list[Measurement] | None:
    """Return the measurements of a line, columns by name or by index; None where the line has another format.

    A header line has no measurements.
    """
    match kind:
        case "json":
            return _parse_json(text)
        case "csv":
            return _parse_csv(text, delimiter, columns)
        case "key_value":
            return _parse_pairs(text)


def _parse_json(text: str) -> list[Measurement] | None:
    try:
        tree = parse_json(text)
        return [Measurement(*leaf) for leaf in flatten(tree).items()] if isinstance(tree, dict) else None
    except ValueError:
        return None


def _parse_csv(text: str, delimiter: str, columns: Sequence[str]) -> list[Measurement] | None:
    cells = [cell.strip().strip('"') for cell in text.split(delimiter)]
    if columns and cells == list(columns):
        return []
    if len(cells) > _MOST_FIELDS or (columns and len(cells) != len(columns)):
        return None
    return [Measurement(columns[index] if columns else index, cell) for index, cell in enumerate(cells)]


def _parse_pairs(text: str) -> list[Measurement] | None:
    pairs = [pair.partition("=") for pair in _BETWEEN_PAIRS.split(text.strip())]
    if len(pairs) > _MOST_FIELDS or not all(key and equals for key, equals, _ in pairs):
        return None
    return [Measurement(key, value) for key, _, value in pairs]
