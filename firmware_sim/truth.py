"""Truth files: what really happened, a row a simulated second, for tests to measure the product against."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_LOGGER = logging.getLogger(__name__)


class TruthFile:
    """An append-only CSV; the header is written when the file is new. A full disk stops the file, not the simulator."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists() or path.stat().st_size == 0
        self._path = path
        self._file: TextIO | None = path.open("a", encoding="utf-8", newline="")
        if new:
            self._put(",".join(columns))

    def append(self, time_ms: int, values: Sequence[str]) -> None:
        """Add one row; it is readable from now on."""
        self._put(",".join((str(time_ms), *values)))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, line: str) -> None:
        if self._file is None:
            return
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            _LOGGER.warning("the truth file %s ends here: %s", self._path, error)
            self._file = None
