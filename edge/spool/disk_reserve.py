"""Disk space reserved for a full disk: deleting records needs some, and without it no record could be deleted.

SQLite writes a deletion into its log before it frees a page, and writes the end of the log into the file before it
starts the log again. A spool on a full disk could send its records and never delete them.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

#: The log, which is written back at 4 MB, and as much again for the file it is written to.
RESERVE_BYTES: Final = 8_000_000
#: Without the reserve an append must fit into free pages of the file, so that writing the log back needs no more disk.
_FREE_PAGES: Final = 2500


class DiskReserve:
    """A file of `RESERVE_BYTES` beside the spool; absent while the disk is full."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(f"{spool.name}.reserve")
        self._is_held = False

    def allocate(self) -> bool:
        """Allocate the space; return False where the disk does not have it."""
        if self._is_held:
            return True
        try:
            with self._path.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self.release()
            return False
        self._is_held = True
        return True

    def release(self) -> None:
        """Return the space to the disk."""
        self._is_held = False
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return

    def allows_append(self, connection: sqlite3.Connection) -> bool:
        """Return whether an append leaves space for deletions: in the reserve, or in free pages of the file."""
        if self.allocate():
            return True
        (free_pages,) = connection.execute("PRAGMA freelist_count").fetchone()
        return int(free_pages) > _FREE_PAGES


def is_full(error: Exception) -> bool:
    """Return whether `error` means that the disk is full."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def write_back(connection: sqlite3.Connection) -> None:
    """Write the log into the file and free the log's space."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
