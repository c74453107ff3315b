"""The spool's SQLite file: its tables and their rows, opening it, and moving a damaged file aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from edge.spool.identity.machine import SpoolMachine
from edge.spool.settings import SpoolOwner
from headland.contract.records import SPOOL_DAMAGED, EpochReason, Event

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

_VERSION: Final = 4
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

#: Added in version 4: which epoch this is, and from where its numbers count. A record's number is its `seq` less
#: `base`, so that a new epoch changes no row: records up to `stale_upto` still have the header of an earlier epoch,
#: which is replaced when they are read. `acked`: everything up to it was deleted after a commit ack.
_ADDED_IN_4: Final = (
    "ALTER TABLE state ADD COLUMN base INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE state ADD COLUMN stale_upto INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE state ADD COLUMN acked INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE state ADD COLUMN gateway TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE state ADD COLUMN epoch_before TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE state ADD COLUMN epoch_reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE state ADD COLUMN epoch_ms INTEGER NOT NULL DEFAULT 0",
)

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

    Rows are numbered on when an epoch begins; a record's number is its row's less `base`. Rows up to `stale_upto` have
    the header of an earlier epoch, rows up to `acked_row` were deleted, rows up to `thinned_upto` have been thinned
    where that was possible. `head_row` is where the oldest record begins, and `has_holes` whether rows are missing
    behind it, as read at the opening.
    """

    epoch: str
    last_row: int = 0
    dropped_records: int = 0
    dropped_points: int = 0
    thinned_points: int = 0
    records: int = 0
    bytes: int = 0
    thinned_upto: int = 0
    base: int = 0
    stale_upto: int = 0
    acked_row: int = 0
    head_row: int = 0
    has_holes: bool = False
    gateway: str = ""
    epoch_before: str = ""
    epoch_reason: str = ""
    epoch_ms: int = 0

    @property
    def last_seq(self) -> int:
        """The last number in use in this epoch."""
        return self.last_row - self.base

    @property
    def acked_seq(self) -> int:
        """The number up to which everything was deleted after a commit ack."""
        return self.acked_row - self.base


@dataclass(frozen=True, slots=True)
class FirstEpoch:
    """What a new file begins with: an epoch of a gateway."""

    epoch: str
    gateway: str
    time_ms: int


def open_file(path: Path, machine: SpoolMachine, first: FirstEpoch) -> tuple[sqlite3.Connection, int]:
    """Return a connection to the spool in `path` and its version before, 0 for a new file, which begins with `first`.

    A commit is on the disk when it returns: WAL with synchronous=FULL. Raises sqlite3.DatabaseError.
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
        if version != _VERSION:
            version = _true_version(connection, version)
        if version == 0:
            _create(connection, first.epoch)
        if version < _VERSION:
            _upgrade(connection, version)
        if version == 0:
            connection.execute(
                "UPDATE state SET gateway = ?, epoch_reason = ?, epoch_ms = ?",
                (first.gateway, str(EpochReason.NEW), first.time_ms),
            )
        connection.execute("COMMIT")
        _check(connection, path, max(version, _VERSION))
    except UnicodeDecodeError as error:  # Python cannot even read SQLite's sentence about the damage
        connection.close()
        raise _damage(str(error)) from error
    except BaseException as error:
        connection.close()
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if isinstance(error, sqlite3.OperationalError) and code == sqlite3.SQLITE_ERROR:
            # Statements that fit any spool do not fit this file, or Python cannot read a name in it.
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise
    return connection, int(version)


def has_version(path: Path) -> bool:
    """Return whether the file itself is a spool, as opposed to one that is missing or so far in its log alone."""
    try:
        with path.open("rb") as file:
            return file.read(64)[60:64] not in (b"", bytes(4))  # user_version, as sqlite.org/fileformat2.html has it
    except OSError:
        return False


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether `error` means a damaged file, as opposed to a full disk or a file in use."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:  # a text that is not one: Python raises this, not SQLite
        return "decode to UTF-8" in str(error)
    return code & 0xFF in _DAMAGED


def move_aside(path: Path, time_ms: int, what: str = "damaged") -> Path:
    """Rename a file that is `what`, and its journal, to make place for a new spool; return the new path."""
    aside = path.with_name(f"{path.name}.{what}-{time_ms}")
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
        kind=SPOOL_DAMAGED,
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
    for added_in, changes in ((2, _ADDED_IN_2), (3, _ADDED_IN_3), (4, _ADDED_IN_4)):
        for change in changes if version < added_in else ():
            connection.execute(change)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _true_version(connection: sqlite3.Connection, version: int) -> int:
    """Return the version of a file whose header says another one than this software's: a bit of it may have flipped.

    A file without tables is new, or all of it was in its log. The versions that may follow soon are believed.
    """
    columns = _columns(connection)
    if not columns:
        return 0
    is_one_bit = (version ^ _VERSION).bit_count() == 1
    if is_one_bit and not _VERSION < version < 2 * _VERSION and columns == _present_columns():
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        return _VERSION
    return version


def _columns(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the names of all tables with those of their columns."""
    names = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {name: [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')] for name in sorted(names)}


@cache
def _present_columns() -> dict[str, list[str]]:
    """Return what `_columns` returns for a file of this version."""
    with closing(sqlite3.connect(":memory:")) as connection:
        _create(connection, "")
        _upgrade(connection, 1)
        return _columns(connection)


def _check(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Raise the error for a damaged file where its pages are inconsistent or its state is missing."""
    if version != _VERSION:
        raise sqlite3.NotSupportedError(f"version {version} of the file is newer than this software")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    result = "ok" if _columns(connection) == _present_columns() else "its tables have other columns"
    if _forbids_writing(path):
        result = "its header forbids writing"
    if result == "ok" and pages <= _CHECKED_PAGES:
        (result,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if result != "ok" or connection.execute("SELECT count(*) FROM state").fetchone() != (1,):
        raise _damage(result)


def _damage(what: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(f"the file is damaged: {what}")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _forbids_writing(path: Path) -> bool:
    """Return whether a file's header forbids writing, which no spool's does (sqlite.org/fileformat2.html, byte 18)."""
    try:
        with path.open("rb") as file:
            return file.read(20)[18:20] not in (b"", b"\x01\x01", b"\x02\x02")
    except OSError:
        return False
