"""The spool's SQLite file: its tables and their rows, opening it, and moving a damaged file aside."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.spool.machine import SpoolMachine
from edge.spool.settings import SpoolOwner
from headland.contract.records import Event

#: Kinds of rows. Telemetry may be dropped, a record with events may not; a gap replaces what was dropped. A thinned row
#: keeps every n-th row of telemetry. An urgent row holds alarms alone and is sent before the others.
TELEMETRY: Final = 0
EVENTS: Final = 1
GAP: Final = 2
THINNED: Final = 3
EVENTS_THINNED: Final = 4
URGENT: Final = 5

#: Disk space of a record beside its payload (measured: 1.34 KB for a row of 1 KB).
ROW_BYTES: Final = 340
INSERT: Final = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
#: The columns of a `SpoolRow`, in its order.
ROW_COLUMNS: Final = "seq, first, kind, points, oldest_ms, newest_ms, bytes"

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
#: Added in version 2. A row of `ages`: when the spool had run for `run_s` seconds, `seq` was its last record.
_ADDED_IN_2: Final = (
    "ALTER TABLE state ADD COLUMN thinned_points INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE ages (run_s INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT",
)

#: Added in version 3: an index of the urgent records alone. A reader of version 2 would drop urgent records.
_ADDED_IN_3: Final = (f"CREATE INDEX urgent ON records (kind) WHERE kind = {URGENT}",)

#: A larger file (256 MB) is not checked whole at the start, which would take minutes on a slow card: damage in it is
#: detected, and handled in the same way, when the damaged page is read.
_CHECKED_PAGES: Final = 65_536

#: SQLite's primary result codes for a file that is damaged (sqlite.org/rescode.html).
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """A record of the spool without its payload."""

    seq: int
    first: int
    kind: int
    points: int
    oldest_ms: int
    newest_ms: int
    bytes: int


@dataclass(frozen=True, slots=True)
class SpoolTotals:
    """Contents of the file, and what was removed from it so far. `bytes` is the disk space of the records.

    Records up to `thinned_upto` have been thinned where that was possible.
    """

    epoch: str
    last_seq: int = 0
    dropped_records: int = 0
    dropped_points: int = 0
    thinned_points: int = 0
    records: int = 0
    bytes: int = 0
    thinned_upto: int = 0


def open_file(path: Path, machine: SpoolMachine) -> sqlite3.Connection:
    """Return a connection to the spool in `path`; creates the file where there is none. Raises sqlite3.DatabaseError.

    A commit is on the disk when it returns: WAL with synchronous=FULL.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=1.0, factory=machine.connection_class
    )
    try:
        # One process owns the file: a second one fails at once instead of sending everything twice.
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=16777216")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            _create(connection, machine.make_epoch())
        if version < _VERSION:
            _upgrade(connection, version)
        connection.execute("COMMIT")
        _check(connection, max(version, _VERSION))
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether `error` means a damaged file, as opposed to a full disk or a file in use."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _DAMAGED


def move_aside(path: Path, time_ms: int) -> Path:
    """Rename a damaged file and its journal to make place for a new spool; return the new path."""
    aside = path.with_name(f"{path.name}.damaged-{time_ms}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def damaged_event(owner: SpoolOwner, time_ms: int, moved_to: str, why: str) -> Event:
    """Return the event that reports that a damaged spool was moved aside, with the records in it."""
    return Event(
        t=time_ms,
        device=owner.gateway,
        kind="spool_damaged",
        device_kind="gateway",
        site=owner.site,
        clock=owner.clock,
        data={"moved_to": moved_to, "why": why[:200]},
    )


def _create(connection: sqlite3.Connection, epoch: str) -> None:
    for table in _TABLES:
        connection.execute(table)
    connection.execute("INSERT INTO state VALUES (1, ?, 0, 0, 0)", (epoch,))


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Upgrade a file of an older version to the current one."""
    for added_in, changes in ((2, _ADDED_IN_2), (3, _ADDED_IN_3)):
        for change in changes if version < added_in else ():
            connection.execute(change)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _check(connection: sqlite3.Connection, version: int) -> None:
    """Raise the error for a damaged file where its pages are inconsistent or its state is missing."""
    if version != _VERSION:
        raise sqlite3.NotSupportedError(f"version {version} of the file is newer than this software")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    result = "ok"
    if pages <= _CHECKED_PAGES:
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok" or connection.execute("SELECT count(*) FROM state").fetchone() != (1,):
        error = sqlite3.DatabaseError(f"the file is damaged: {result}")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
