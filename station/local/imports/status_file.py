"""Status file of `headland edge import --status FILE`: replaced as the import goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from edge.imports.importer import ImportReport, NothingReadable, Progress
from edge.imports.status import ImportStatus, status_of_error, status_of_progress, status_of_report
from headland.errors import DataDamaged, RetryLater, SettingsError
from station.server.files import write_whole

_EVERY_S: Final = 0.5


class StatusFile:
    """Writes the status of an import into a file; without a path it writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written_s = 0.0

    def show(self, progress: Progress) -> None:
        """Write how far the import is, at most twice a second."""
        now_s = time.monotonic()
        if now_s - self._written_s >= _EVERY_S:
            self._written_s = now_s
            self._write(status_of_progress(progress))

    def end(self, report: ImportReport) -> None:
        """Write the result."""
        self._write(status_of_report(report))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Write why the import in this block could not be made, and raise it on."""
        try:
            yield
        except NothingReadable as damage:
            self._write(status_of_report(damage.report))
            raise
        except RetryLater as error:
            self._write(ImportStatus(phase="waiting", waiting_for=str(error)))
            raise
        except (SettingsError, DataDamaged) as error:
            self._write(status_of_error(error))
            raise

    def _write(self, status: ImportStatus) -> None:
        if self._path is not None:
            write_whole(self._path, msgspec.json.encode(status))
