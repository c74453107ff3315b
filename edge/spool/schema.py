"""The spool's file: its tables, opening it, and moving a damaged one aside."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Final

#: What a row is: telemetry may be dropped, a record with events may not, and a gap stands for what was dropped. Of a
#: thinned one every n-th row of telemetry is left. An urgent one holds alarms alone, and goes out before the others.
TELEMETRY: Final = 0
EVENTS: Final = 1
GAP: Final = 2
THINNED: Final = 3
EVENTS_THINNED: Final = 4
URGENT: Final = 5

_VERSION: Final = 3
#: `first` is below `seq` only for a gap and for thinned telemetry. `bytes` is the payload's size.
_TABLES: Final = (
    """CREATE TABLE state (
        one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT NOT NULL, last_seq INTEGER NOT NULL,
        dropped_records INTEGER NOT NULL, dropped_points INTEGER NOT NULL) STRICT""",
    """CREATE TABLE records (
        seq INTEGER PRIMARY KEY, first INTEGER NOT NULL, kind INTEGER NOT NULL, points INTEGER NOT NULL,
        oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,
        payload BLOB NOT NULL) STRICT""",
)
#: What version 2 added. An age says: when the spool had run for `run_s` seconds, `seq` was its last record.
_ADDED_IN_2: Final = (
    "ALTER TABLE state ADD COLUMN thinned_points INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE ages (run_s INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT",
)

#: What version 3 added: urgent records are found without a look at the others. A reader of version 2 would drop them.
_ADDED_IN_3: Final = (f"CREATE INDEX urgent ON records (kind) WHERE kind = {URGENT}",)

#: A larger file (256 MB) is not read through at the start, which would take a slow card minutes: damage in it is found,
#: and met in the same way, when what is damaged is read.
_CHECKED_PAGES: Final = 65_536

#: SQLite's primary result codes for a file that is damaged (sqlite.org/rescode.html).
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def open_file(path: Path) -> sqlite3.Connection:
    """Return a connection to the spool in `path`, made new where there is none. Raises sqlite3.DatabaseError.

    A commit is on the disk when it returns: WAL with synchronous=FULL.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
    try:
        # One process owns the file: a second one is told at once, instead of sending everything twice.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=16777216")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create(connection)
        if version < _VERSION:
            _bring_up(connection, version)
        connection.execute("COMMIT")
        _check(connection, max(version, _VERSION))
    except BaseException:
        connection.close()
        raise
    return connection


def new_epoch() -> str:
    """Return a new epoch id: random, so that no two spools of a gateway ever share one."""
    return secrets.token_hex(8)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell whether `error` says that the file is damaged, not that the disk is full or the file in use."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def move_aside(path: Path, time_ms: int) -> Path:
    """Rename a damaged file and its journal, so that a new spool can take its place; return the new path."""
    aside = path.with_name(f"{path.name}.damaged-{time_ms}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _create(connection: sqlite3.Connection) -> None:
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO state VALUES (1, ?, 0, 0, 0)", (new_epoch(),))


def _bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Bring a file of an older version to this one."""
    for added_in, changes in ((2, _ADDED_IN_2), (3, _ADDED_IN_3)):
        for change in changes if version < added_in else ():
            connection.execute(change)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _check(connection: sqlite3.Connection, version: int) -> None:
    """Raise as for damage where the file's pages do not hold together or its state is missing."""
    if version != _VERSION:
        raise sqlite3.NotSupportedError(f"version {version} of the file is newer than this software")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    said = "ok"
    if pages <= _CHECKED_PAGES:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok" or connection.execute("SELECT count(*) FROM state").fetchone() != (1,):
        error = sqlite3.DatabaseError(f"the file is damaged: {said}")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
