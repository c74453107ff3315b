"""Truth files: true values of a simulation, one row per simulated second, as the reference for tests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

_LOGGER = logging.getLogger(__name__)


class TruthFile:
    """An append-only CSV file with a header. A full disk ends the file, not the simulator.

    An existing file with another header, of another machine or version, is renamed to `NAME.old.csv`.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        _set_aside(path, ",".join(columns))
        # Unbuffered: each row is one write, and readers see complete rows only.
        self._file: FileIO | None = path.open("ab", buffering=0)
        if path.stat().st_size == 0:
            self._write_line(",".join(columns))

    def append(self, time_ms: int, values: Sequence[str]) -> None:
        """Append a row; it is readable at once."""
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
            self._file.write(f"{line}\n".encode())
        except OSError as error:
            _LOGGER.warning("The truth file %s is not continued: %s", self._path, error)
            self.close()


def _set_aside(path: Path, header: str) -> None:
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.readline(4096).decode(errors="replace").rstrip("\n")
    if first and first != header:
        path.replace(path.with_suffix(".old.csv"))
