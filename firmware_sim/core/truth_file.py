"""Truth files: what really happened, a row a simulated second, for tests to measure the product against."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from io import FileIO
from pathlib import Path

_LOGGER = logging.getLogger(__name__)


class TruthFile:
    """An append-only CSV with a header. A full disk ends the file, not the simulator.

    A file that begins with another header is of another machine or version: it is set aside as `NAME.old.csv`.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        _set_aside(path, ",".join(columns))
        # Unbuffered: a row is one write, so that readers find whole rows only.
        self._file: FileIO | None = path.open("ab", buffering=0)
        if path.stat().st_size == 0:
            self._put(",".join(columns))

    def append(self, time_ms: int, values: Sequence[str]) -> None:
        """Add one row; it is readable from now on."""
        self._put(",".join((str(time_ms), *values)))

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, line: str) -> None:
        if self._file is None:
            return
        try:
            self._file.write(f"{line}\n".encode())
        except OSError as error:
            _LOGGER.warning("the truth file %s ends here: %s", self._path, error)
            self.close()


def _set_aside(path: Path, header: str) -> None:
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.readline(4096).decode(errors="replace").rstrip("\n")
    if first and first != header:
        path.replace(path.with_suffix(".old.csv"))
