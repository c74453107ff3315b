"""List of the logs on a card by MAVLink FTP: the folders of autopilots, walked entry by entry; pure."""

from __future__ import annotations

from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from edge.sources.mavlink.card.transfer.file_messages import FileAnswer
from edge.sources.mavlink.card.transfer.port import LogEntry
from headland.plain_numbers import is_digits

#: Where autopilots have their logs: ArduPilot on a card and in its simulator, PX4 on a card and in its simulator.
ROOTS: Final = ("/APM/LOGS", "logs", "/fs/microsd/log", "/log")
_SUFFIXES: Final = (".bin", ".ulg")
#: Folders of days that are looked into, the newest first.
_MOST_FOLDERS: Final = 3
_MOST_LOGS: Final = 2000
#: What a card may say, which nobody has authenticated: answers of one listing (each has 239 bytes, some ten names),
#: folders of days, the length of a name, and the size of a file, of which the protocol reads the first 4 GiB.
_MOST_ANSWERS: Final = 400
_MOST_DAYS: Final = 2000
_MOST_NAME_BYTES: Final = 64
_MOST_SIZE_DIGITS: Final = 10
_MOST_FILE_BYTES: Final = 2**32 - 1


class FileListing:
    """The walk. `path` and `offset` are what to list next; `is_complete` when there is nothing more.

    A list without an end is complete after `_MOST_ANSWERS`, with what it had until then.
    """

    def __init__(self) -> None:
        self.offset = 0
        self._answers = 0
        self._roots = list(ROOTS)
        self._days: list[str] = []
        self._entries: list[LogEntry] = []
        self.path: str = self._roots.pop(0)
        self.is_complete = False

    def take(self, answer: FileAnswer) -> None:
        """Take the next entries of the folder, each a letter, a name and, of a file, a tab and its size."""
        entries = [entry for entry in answer.data.split(b"\0") if entry] if not answer.error else []
        self._answers += 1
        if self._answers >= _MOST_ANSWERS:
            self.is_complete = True
        if not entries:
            self._go_on()
            return
        self.offset += len(entries)
        for entry in entries:
            if len(entry) <= _MOST_NAME_BYTES:
                self._note(entry.decode("utf-8", "replace"))

    def logs(self) -> list[LogEntry]:
        """Return the logs, the newest first: of days by their names, of numbers back from the widest hole in them."""
        logs = sorted(self._entries, key=lambda entry: entry.name)
        numbers = [_number_of(entry) for entry in logs]
        if not logs or None in numbers:
            return logs[::-1]
        known = [number for number in numbers if number is not None]
        holes = [after - before for before, after in pairwise(known)]
        if not holes or max(holes) <= 1:
            return logs[::-1]
        newest = holes.index(max(holes))
        return logs[newest::-1] + logs[:newest:-1]

    def _note(self, entry: str) -> None:
        kind, (name, _, size) = entry[:1], entry[1:].partition("\t")
        path = f"{self.path}/{name}"
        if kind == "D" and not name.startswith(".") and self.path in ROOTS and len(self._days) < _MOST_DAYS:
            self._days.append(path)
        size_bytes = _read_size(size) if kind == "F" and name.lower().endswith(_SUFFIXES) else None
        if size_bytes is not None and len(self._entries) < _MOST_LOGS:
            self._entries.append(LogEntry(path, size_bytes))

    def _go_on(self) -> None:
        """Go on with the next folder of a day, or the next root where there was nothing in this one."""
        self.offset = 0
        if self.path in ROOTS:
            self._days = sorted(self._days, reverse=True)[:_MOST_FOLDERS]
        if self._days:
            self.path = self._days.pop(0)
        elif self._roots and not self._entries:
            self.path = self._roots.pop(0)
        else:
            self.is_complete = True


def _read_size(text: str) -> int | None:
    """Return the size of a file in bytes, None for a text that is none or more than the protocol reads."""
    size_bytes = int(text) if is_digits(text, _MOST_SIZE_DIGITS) else None
    return None if size_bytes is None or size_bytes > _MOST_FILE_BYTES else size_bytes


def _number_of(entry: LogEntry) -> int | None:
    stem = PurePosixPath(entry.name).stem
    return int(stem) if is_digits(stem) else None
