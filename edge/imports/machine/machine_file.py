"""Frame of the sources that read a machine's file: `run` of each reads all of it and returns."""

from __future__ import annotations

import threading
from pathlib import Path

from edge.imports.log_output import LogReport, hash_file
from edge.imports.machine.machine_output import MachineOutput


class MachineFile:
    """A file of a machine, what was read of it so far, and how far."""

    def __init__(self, path: Path, site: str, *, start_ms: int | None = None) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self.position_bytes = 0
        self._path, self._start_ms = path, start_ms
        self._stop = threading.Event()
        self._output = MachineOutput(site)

    def stop(self) -> None:
        """Make `run` return after the current part of the file."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return the numbers of rows and of losses, by name."""
        return self._output.counters()

    def report(self) -> LogReport:
        """Return the contents so far."""
        return self._output.report()

    def _digest(self) -> str:
        """Return the SHA-256 of the file, hex; of less than all of it after `stop`."""
        return hash_file(self._path, lambda _count: not self._stop.is_set())
