"""Write-ahead log of SQLite files that several connections open at once."""

from __future__ import annotations

import sqlite3
import time
from typing import Final

_EVERY_S: Final = 0.005


def use_wal(connection: sqlite3.Connection, within_s: float) -> None:
    """Set the file's journal mode to WAL, and wait up to `within_s` for another connection that has it locked.

    SQLite refuses this one change at once instead of waiting for `busy_timeout`, so of two that open a new file at the
    same time one would fail. No clock is read: a simulation has its own. Raises sqlite3.Error.
    """
    tries_left = round(within_s / _EVERY_S)
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").close()
        except sqlite3.OperationalError as error:
            is_locked = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_locked or tries_left <= 0:
                raise
        else:
            return
        tries_left -= 1
        time.sleep(_EVERY_S)
