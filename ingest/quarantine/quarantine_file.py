"""File of ingest beside the store, with the quarantine: kept through damage, deletion and replacement."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from headland.errors import QuarantineUnavailable, RetryLater
from headland.files.sqlite_wal import use_wal
from headland.store.number_sets import Range, merge, subtract
from ingest.accounting import ledger, posts, spool_reports
from ingest.quarantine import replays

_LOGGER = logging.getLogger(__name__)

#: How long a statement waits for another connection's lock.
_WAIT_S: Final = 5.0

T = TypeVar("T")


class _DamagedRows(sqlite3.DatabaseError):
    """A table has values that no statement wrote: SQLite reads many a damaged page without an error."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


_SCHEMA = """
CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL UNIQUE,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    properties TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    count INTEGER NOT NULL
)
"""
#: Columns added since the first version: an older file gets them when it is opened.
_ADDED = {
    "gateway": "TEXT",
    "epoch": "TEXT",
    "first": "INTEGER",
    "seq": "INTEGER",
    "replays": "INTEGER NOT NULL DEFAULT 0",
    "asked_ms": "INTEGER",
}
#: Owners of devices, in the file of ingest: they outlive a store that was replaced.
_OWNERS = "CREATE TABLE IF NOT EXISTS device_owners (device TEXT PRIMARY KEY, gateway TEXT NOT NULL)"
#: How far spools were committed, in the file of ingest: known also after the store was replaced.
_MARKS = (
    "CREATE TABLE IF NOT EXISTS spool_marks (gateway TEXT NOT NULL, epoch TEXT NOT NULL, high_water INTEGER NOT NULL, "
    "PRIMARY KEY (gateway, epoch))"
)
#: Digests of the newest records of spools, as `RecordDigests.dump` returns them.
_DIGESTS = (
    "CREATE TABLE IF NOT EXISTS spool_digests (gateway TEXT NOT NULL, epoch TEXT NOT NULL, digests BLOB NOT NULL, "
    "PRIMARY KEY (gateway, epoch))"
)
#: What is being taken from another worker's file, until it is deleted there.
_MOVES = "CREATE TABLE IF NOT EXISTS moves (source TEXT PRIMARY KEY, gateways TEXT NOT NULL)"
#: The numbers of the station by which its books are compared. Not saved from a damaged file: it has lost something.
_NUMBERS = "CREATE TABLE IF NOT EXISTS station_numbers (station TEXT PRIMARY KEY, number INTEGER NOT NULL)"
_TABLES = (
    _SCHEMA,
    ledger.SCHEMA,
    ledger.COUNTS_SCHEMA,
    spool_reports.SCHEMA,
    _OWNERS,
    _MARKS,
    _DIGESTS,
    _MOVES,
    _NUMBERS,
    replays.SCHEMA,
    posts.SCHEMA,
)
#: Columns whose text is JSON.
_JSON: Final = {
    ("refused", "properties"),
    ("fates", "ranges"),
    ("spool_reports", "data"),
    ("moves", "gateways"),
    ("posts", "devices"),
}
_SALVAGED = ("refused", "device_owners", "spool_marks", "spool_digests", "moves", posts.TABLE)
_KEPT: Final = frozenset((*_SALVAGED, *ledger.TABLES, spool_reports.TABLE, replays.TABLE, "station_numbers"))
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS refused_asked ON refused (id) WHERE asked_ms IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS refused_gateway ON refused (gateway, id)",
)
#: What the header of a current file says: changes with any statement, so that nobody has to remember to count it up.
_CURRENT = zlib.crc32(repr((_TABLES, _ADDED, _INDEXES)).encode()) & 0x7FFFFFFF


class QuarantineFile:
    """A SQLite file. `read` opens a connection of its own, from any thread; `write`, `keep` and `close` share one.

    One thread alone calls these. `damaged` and `restored` count files that were moved aside and written again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._is_suspect = False
        self.damaged = 0
        self.restored = 0

    def close(self) -> None:
        """Close the writer's connection; the next `write` opens it again."""
        connection, self._connection, self._file = self._connection, None, None
        if connection is not None:
            connection.close()

    def keep(self) -> None:
        """Write the file again where it was deleted or replaced while it is open, and move a damaged one aside.

        On the thread that commits, every second or so. What is open has everything that was added. Raises RetryLater.
        """
        if self._is_suspect:  # a reader met rows that were not written; the next opening looks at all of them
            self.close()
            self._is_suspect = False
        if self._connection is None:
            if self._path.exists():
                self.write(lambda connection: connection.execute("SELECT 1 FROM fates LIMIT 1").fetchall())
            return
        if _identity(self._path) == self._file:
            return
        _LOGGER.error("the quarantine file %s was deleted or replaced; it is written again", self._path)
        self.restored += 1
        try:
            fresh = self._path.with_name(f"{self._path.name}.restored")
            for part in _parts(fresh):
                part.unlink(missing_ok=True)
            with contextlib.closing(sqlite3.connect(fresh)) as copy:
                self._connection.backup(copy)
            self.close()
            if self._path.exists():
                move_aside(self._path)
            for part in _parts(self._path):
                part.unlink(missing_ok=True)
            fresh.rename(self._path)
        except (sqlite3.Error, OSError) as error:
            raise QuarantineUnavailable(f"the quarantine file {self._path} cannot be written: {error}") from error

    @staticmethod
    def touch(connection: sqlite3.Connection) -> None:
        """Write a page of the file as it is: shows whether it can be written."""
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA user_version = {_CURRENT}")

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = _connect(self._path)
            try:
                _check_rows(connection)
            except (sqlite3.Error, UnicodeDecodeError):
                connection.close()
                raise
            self._connection = connection
            self._file = _identity(self._path)
        return self._connection

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run the work in one transaction, on the thread that commits; a damaged file is moved aside first."""
        try:
            try:
                return self._transact(work)
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                if not _is_damage(error):
                    raise
                self._replace_damaged(error)
                return self._transact(work)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise QuarantineUnavailable(f"the quarantine file {self._path} cannot be written: {error}") from error

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open()
        try:
            with connection:
                return work(connection)
        except (TypeError, ValueError):
            _check_rows(connection)
            raise

    def _replace_damaged(self, error: Exception) -> None:
        """Move the damaged file aside and begin another one with what can be read of it."""
        self.close()
        aside = move_aside(self._path)
        self.damaged += 1
        connection = self._open()
        kept = 0
        for table in (*_SALVAGED, *ledger.TABLES, spool_reports.TABLE, replays.TABLE):
            with connection:
                kept += _salvage(connection, aside, table)
        with connection:
            ledger.record_dispositions(connection, _missing_messages(connection))
        _LOGGER.error(
            "the quarantine file was damaged (%s); it was moved to %s, %d rows of it are in the new file",
            error,
            aside,
            kept,
        )

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open a connection for a reader; raises RetryLater where the file cannot be used now."""
        try:
            path = self._path if self._path.exists() else ":memory:"
            with contextlib.closing(sqlite3.connect(path, timeout=_WAIT_S)) as connection:
                _prepare(connection)
                try:
                    yield connection
                except (TypeError, ValueError):
                    _check_rows(connection)
                    raise
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._is_suspect = self._is_suspect or _is_damage(error)
            raise RetryLater(f"the quarantine file {self._path} cannot be read: {error}") from error

    @contextlib.contextmanager
    def read_as_it_is(self) -> Iterator[sqlite3.Connection]:
        """Open the file for a reader that writes nothing, not even beside it; raises QuarantineUnavailable."""
        log = self._path.with_name(f"{self._path.name}-wal")
        try:
            # With a log SQLite needs the shared memory beside it; without one the file alone is everything.
            is_whole = not log.exists() or log.stat().st_size == 0
            address = f"{self._path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_whole else ''}"
            with contextlib.closing(sqlite3.connect(address, timeout=_WAIT_S, uri=True)) as connection:
                _check_rows(connection)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise QuarantineUnavailable(f"the quarantine file {self._path} cannot be read: {error}") from error


def move_aside(path: Path) -> Path:
    """Rename a SQLite file with its journal to make place for a new one; return the new path."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    for part, moved in zip(_parts(path), _parts(aside), strict=True):
        if part.exists():
            part.rename(moved)
    return aside


def _parts(path: Path) -> list[Path]:
    return [path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))]


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_damage(error: Exception) -> bool:
    # Text that is no UTF-8 has no code of its own; nor has an error whose own text names a damaged part.
    if isinstance(error, UnicodeDecodeError) or str(error).startswith("Could not decode to UTF-8"):
        return True
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _check_rows(connection: sqlite3.Connection) -> None:
    """Raise _DamagedRows where a value is of another type than its column, or text that is no JSON."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in tables:
        if table in _KEPT:
            wrong = " OR ".join(_wrong_values(connection, table))
            if connection.execute(f"SELECT 1 FROM {table} WHERE {wrong} LIMIT 1").fetchone():  # noqa: S608
                raise _DamagedRows(f"rows of its table {table} were damaged")
            texts = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[2] == "TEXT"]
            if texts:  # that each is UTF-8 is known once it was read
                deque(connection.execute(f"SELECT {', '.join(texts)} FROM {table}"), maxlen=0)  # noqa: S608


def _wrong_values(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    """Yield the conditions of a value in a table that no statement writes; all names are our constants."""
    for _, column, declared, is_required, _, key in connection.execute(f"PRAGMA table_info({table})"):
        is_number = (declared, key) == ("INTEGER", 1)  # a row's own number is never anything else
        if not is_number:
            nothing = "" if is_required or key else ", 'null'"
            yield f"typeof({column}) NOT IN ('{declared.lower()}'{nothing})"
        if (table, column) in _JSON:
            yield f"NOT json_valid({column})"
        if (table, column) == ("fates", "fate"):
            known = ", ".join(f"'{disposition}'" for disposition in ledger.Disposition)
            yield f"fate NOT IN ({known})"


def _salvage(connection: sqlite3.Connection, damaged: Path, table: str) -> int:
    """Copy the rows of a damaged file's table as far as they can be read, from both ends; return how many."""
    kept = 0
    for order in ("ASC", "DESC"):
        with (
            contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
            contextlib.closing(sqlite3.connect(damaged)) as source,
        ):
            whole = f"NOT ({' OR '.join(_wrong_values(source, table))})"
            rows = source.execute(f"SELECT * FROM {table} WHERE {whole} ORDER BY rowid {order}")  # noqa: S608
            names = ", ".join(column[0] for column in rows.description)
            marks = ", ".join("?" * len(rows.description))
            statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our constants
            for row in rows:
                kept += connection.execute(statement, row).rowcount
    return kept


def _missing_messages(connection: sqlite3.Connection) -> list[ledger.DispositionEntry]:
    """Return as lost what the saved ledger has as waiting in quarantine, and of which the message was not saved."""
    query = "SELECT gateway, epoch, first, seq FROM refused WHERE gateway NOT NULL AND epoch NOT NULL"
    there: dict[tuple[str, str], list[Range]] = {}
    for gateway, epoch, first, last in connection.execute(query):
        there.setdefault((gateway, epoch), []).append((first, last))
    waiting = (ledger.Disposition.QUARANTINED, ledger.Disposition.REFUSED)
    gone = [
        ledger.DispositionEntry(
            gateway,
            epoch,
            ledger.Disposition.LOST,
            subtract(counts.ranges, merge(there.get((gateway, epoch), ()))),
        )
        for (gateway, epoch, disposition), counts in ledger.read_counts(connection).items()
        if disposition in waiting
    ]
    return [entry for entry in gone if entry.ranges]


def _connect(path: Path) -> sqlite3.Connection:
    # One thread writes; another closes after the first has ended.
    connection = sqlite3.connect(path, timeout=_WAIT_S, check_same_thread=False)
    try:
        use_wal(connection, _WAIT_S)
        connection.execute("PRAGMA synchronous = FULL")
        _prepare(connection)
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Create the tables or update those of an older version; writes nothing where they are current.

    One transaction: two threads that open a new file at once would otherwise both add the same column.
    """
    if _version(connection) == _CURRENT:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statement in _TABLES:
            connection.execute(statement)
        present = {row[1] for row in connection.execute("PRAGMA table_info(refused)")}
        for name, kind in _ADDED.items():
            if name not in present:
                connection.execute(f"ALTER TABLE refused ADD COLUMN {name} {kind}")
        for statement in _INDEXES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_CURRENT}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
