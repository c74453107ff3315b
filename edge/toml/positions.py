"""Lines of the values in a TOML file, which the standard parser does not report.

The text is known to be valid (`tomllib` has parsed it), so this scanner only has to find the values.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from typing import Final

#: Place of a value: table names and keys, and indices of arrays, from the top of the file.
TomlPath = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2}(?!"))'
    r"|'''.*?'''(?:'{0,2}(?!'))"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN: Final = re.compile(r"[^,\]}#\n]+")


def find_lines(text: str) -> dict[TomlPath, int]:
    """Return the line (from 1) on which each table, key and array item of a valid TOML text first appears."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def nearest_line(lines: dict[TomlPath, int], path: TomlPath) -> int:
    """Return the line of `path`, or of the nearest table around it in the file, or 1."""
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return 1


class _Scanner:
    """A scan of the text with one position, which each `_read_` method moves behind what it read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[TomlPath, int] = {}
        self._counts: dict[TomlPath, int] = {}

    def scan(self) -> dict[TomlPath, int]:
        table: TomlPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._read_header(2)
            elif self._text[self._at] == "[":
                table = self._read_header(1)
            else:
                self._read_pair(table)
            self._skip(_BLANK)
        return self._lines

    def _read_header(self, brackets: int) -> TomlPath:
        start = self._at
        self._at += brackets
        keys = self._read_keys()
        self._at += brackets
        path: TomlPath = ()
        for key in keys[:-1]:
            path = self._enter((*path, key), start)
        path = (*path, keys[-1])
        if brackets == 2:
            self._note(path, start)
            self._counts[path] = self._counts.get(path, 0) + 1
            path = (*path, self._counts[path] - 1)
        self._note(path, start)
        return path

    def _enter(self, path: TomlPath, start: int) -> TomlPath:
        """Return `path`, or its last item where it is an array of tables: headers below it belong to that item."""
        self._note(path, start)
        count = self._counts.get(path)
        return path if count is None else (*path, count - 1)

    def _read_pair(self, table: TomlPath) -> None:
        start = self._at
        keys = self._read_keys()
        for length in range(1, len(keys) + 1):
            self._note((*table, *keys[:length]), start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._read_value((*table, *keys))

    def _read_keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            if self._text[self._at] in "\"'":
                keys.append(_unquote(self._match(_STRING)))
            else:
                keys.append(self._match(_BARE_KEY))
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _read_value(self, path: TomlPath) -> None:
        match self._text[self._at]:
            case "[":
                self._read_list(path)
            case "{":
                self._read_items("}", lambda: self._read_pair(path))
            case '"' | "'":
                self._match(_STRING)
            case _:
                self._match(_PLAIN)

    def _read_list(self, path: TomlPath) -> None:
        index = 0

        def read_item() -> None:
            nonlocal index
            self._note((*path, index), self._at)
            self._read_value((*path, index))
            index += 1

        self._read_items("]", read_item)

    def _read_items(self, close: str, read_item: Callable[[], None]) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._text[self._at] != close:
            read_item()
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _note(self, path: TomlPath, at: int) -> None:
        self._lines.setdefault(path, self._text.count("\n", 0, at) + 1)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = self._at if match is None else match.end()

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no valid TOML at offset {self._at}")
        self._at = match.end()
        return match[0]


def _unquote(key: str) -> str:
    """Return a quoted key without its quotes, by the standard parser's own rules."""
    return next(iter(tomllib.loads(f"{key} = 0")))
