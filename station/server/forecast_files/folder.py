"""Folder of forecast files: what is whole and new in it. Nothing in it is changed, moved or deleted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

#: Files that are looked at, the newest first, and the size of one.
MOST_FILES: Final = 500
MOST_BYTES: Final = 256 * 1024 * 1024
GRIB_SUFFIXES: Final = frozenset((".grib", ".grib2", ".grb", ".grb2"))
TABLE_SUFFIXES: Final = frozenset((".csv",))
_PIECE_BYTES: Final = 1024 * 1024


class FileMark(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file: by which it is recognised, its content's digest, its model's runs, and its fault."""

    name: str
    size: int
    changed_ns: int
    digest: str = ""
    runs_ms: tuple[int, ...] = ()
    fault: str = ""

    def is_same(self, other: FileMark) -> bool:
        """Tell whether a file has not been written since."""
        return (self.name, self.size, self.changed_ns) == (other.name, other.size, other.changed_ns)


@dataclass(slots=True)
class ForecastFolder:
    """Looks at a folder; a file is whole where it had the same size and time at two looks, one after the other."""

    path: Path
    _before: dict[str, FileMark] | None = None

    def new_files(self, known: Iterable[FileMark]) -> list[FileMark]:
        """Return the whole files that are not known, the oldest first. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True)
        seen = {mark.name: mark for mark in self._list()}
        before, self._before = self._before or {}, seen
        old = {mark.name: mark for mark in known}
        whole = (mark for name, mark in seen.items() if name in before and mark.is_same(before[name]))
        new = [mark for mark in whole if mark.name not in old or not mark.is_same(old[mark.name])]
        return sorted(new, key=lambda mark: (mark.changed_ns, mark.name))

    def _list(self) -> list[FileMark]:
        """Return the forecast files of the folder, no links and nothing hidden."""
        marks = []
        for path in self.path.iterdir():
            if path.suffix.lower() not in GRIB_SUFFIXES | TABLE_SUFFIXES or path.name.startswith("."):
                continue
            try:
                found = path.lstat()
            except OSError:
                continue
            if path.is_file() and not path.is_symlink():
                marks.append(FileMark(name=path.name, size=found.st_size, changed_ns=found.st_mtime_ns))
        return sorted(marks, key=lambda mark: -mark.changed_ns)[:MOST_FILES]


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's content, as 32 hexadecimal digits. Raises OSError."""
    made = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            made.update(piece)
    return made.hexdigest()[:32]
