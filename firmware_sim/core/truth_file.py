"""Truth files: true values of a simulation, one row per simulated second, as the reference for tests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import Final

_LOGGER = logging.getLogger(__name__)

#: Size of a file at which another one is begun; the one before is kept: a simulator never fills a disk.
_MOST_BYTES: Final = 128 * 1024 * 1024


class TruthFile:
    """An append-only CSV file with a header. A full disk ends the file, not the simulator.

    An existing file with another header, of another machine or version, is renamed to `NAME.old.csv`. A file of
    `most_bytes` is renamed to `NAME.earlier.csv`, and the earlier one of before is deleted: both are logged.
    """

    def __init__(self, path: Path, columns: Sequence[str], most_bytes: int = _MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._header, self._most_bytes = path, ",".join(columns), most_bytes
        _set_aside(path, ",".join(columns))
        # Unbuffered: each row is one write, and readers see complete rows only.
        self._file: FileIO | None = path.open("ab", buffering=0)
        self._bytes = path.stat().st_size
        if self._bytes == 0:
            self._write_line(self._header)

    def append(self, time_ms: int, values: Sequence[str]) -> None:
        """Append a row; it is readable at once."""
        if self._bytes >= self._most_bytes and self._path.is_file():
            self._begin_another()
        self._write_line(",".join((str(time_ms), *values)))

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_line(self, line: str) -> None:
        if self._file is None:
            return
        try:
            self._bytes += self._file.write(f"{line}\n".encode())
        except OSError as error:
            _LOGGER.warning("The truth file %s is not continued: %s", self._path, error)
            self.close()

    def _begin_another(self) -> None:
        """Keep the file as the earlier one and begin another; where that fails, the file goes on."""
        if self._file is None:
            return
        earlier = self._path.with_suffix(".earlier.csv")
        try:
            deleted = earlier.stat().st_size if earlier.is_file() else 0
            self._path.replace(earlier)
            fresh = self._path.open("ab", buffering=0)
        except OSError as error:
            _LOGGER.warning("The truth file %s is not renewed: %s", self._path, error)
            self._bytes = 0
            return
        _LOGGER.info("The truth file %s is begun anew; %d bytes of the earlier one are deleted", self._path, deleted)
        self._file.close()
        self._file, self._bytes = fresh, 0
        self._write_line(self._header)


def _set_aside(path: Path, header: str) -> None:
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.readline(4096).decode(errors="replace").rstrip("\n")
    if first and first != header:
        path.replace(path.with_suffix(".old.csv"))
