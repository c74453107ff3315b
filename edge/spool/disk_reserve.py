"""Disk space kept for the moment when the disk is full: deleting records needs some, and without it nothing ever would.

SQLite writes a deletion into its log before it frees a page, and the log's end into the file before it starts the log
again. A spool whose disk has filled up could send its records and never delete them.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

#: The log, which is written back at 4 MB, and as much again for the file that takes it.
RESERVE_BYTES: Final = 8_000_000
#: Without the reserve an append must fit into free pages of the file, so that writing the log back needs no more disk.
_FREE_PAGES: Final = 2500


class Reserve:
    """A file of `RESERVE_BYTES` beside the spool; missing while the disk is full."""

    def __init__(self, spool: Path) -> None:
        self._path = spool.with_name(f"{spool.name}.reserve")
        self._is_held = False

    def make(self) -> bool:
        """Take the space; False where the disk does not have it."""
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
        """Give the space back to the disk."""
        self._is_held = False
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return

    def allows_append(self, connection: sqlite3.Connection) -> bool:
        """Tell whether an append leaves room for deleting: the reserve is there, or the file itself has free pages."""
        if self.make():
            return True
        (free_pages,) = connection.execute("PRAGMA freelist_count").fetchone()
        return int(free_pages) > _FREE_PAGES


def is_full(error: Exception) -> bool:
    """Tell whether `error` says that the disk is full."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


def write_back(connection: sqlite3.Connection) -> None:
    """Bring the log into the file and give its space back."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
