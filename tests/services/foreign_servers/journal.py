"""Journal of a server: the numbers that it served and when, and the next one after a restart."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

FIRST = 400


class Served(NamedTuple):
    """A number that a server has served, and when [s since the epoch]."""

    number: int
    time_s: float


class Journal:
    """Writes each number before it is sent: what a reader has is always in the file."""

    def __init__(self, path: Path) -> None:
        before = read_journal(path)
        self.next = before[-1].number + 1 if before else FIRST
        self._file = path.open("a")

    def take(self) -> int:
        """Return the next number, once it is written."""
        number = self.next
        self.next += 1
        self._file.write(f"{number} {time.time():.6f}\n")
        self._file.flush()
        return number


def read_journal(path: Path) -> list[Served]:
    """Return what was served; the last line may be cut by a kill."""
    if not path.exists():
        return []
    lines = [line for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [Served(int(number), float(time_s)) for number, time_s in (line.split() for line in lines)]
