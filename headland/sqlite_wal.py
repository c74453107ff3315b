"""Write-ahead log of SQLite files that several connections open at once."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

_EVERY_S: Final = 0.005


def use_wal(connection: sqlite3.Connection, within_s: float) -> None:
    """Set the file's journal mode to WAL, and wait up to `within_s` for another connection that has it locked.

    SQLite refuses this one change at once instead of waiting for `busy_timeout`, so of two that open a new file at the
    same time one would fail. Raises sqlite3.Error.
    """
    deadline_s = time.monotonic() + within_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            is_locked = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_locked or time.monotonic() >= deadline_s:
                raise
        else:
            return
        time.sleep(_EVERY_S)
