"""The one file of the DuckDB engine: opened by one process, brought to the newest schema, read by pooled cursors."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from headland.clock import wall_clock_ms
from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError
from headland.store.core.state import StoreState
from headland.store.duckdb import sql
from headland.store.duckdb.compaction import Progress, write_copy
from headland.store.duckdb.contents import load_state
from headland.store.duckdb.paths import copy_of, move_aside, remove_database, size_of, sync_folder, wal_of
from headland.store.duckdb.transaction import count, transaction

_LOGGER = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: What a question may use that does not fit into the memory kept at all times: a cache would grow into it for ever.
_LARGE_QUESTION_MB: Final = 512
#: What it may use while it moves many rows or its log: a checkpoint that has too little ends the database.
LARGE_WORK_MB: Final = 192

#: So long a reader may take to finish once the file is to be closed.
_WAIT_FOR_READERS_S: Final = 2.0

# DuckDB would share one database between two openers in a process; two writers with two memories must not.
_OPEN_PATHS: Final[set[Path]] = set()
_OPEN_PATHS_LOCK: Final = threading.Lock()

_LOCKED: Final = re.compile(r"[Cc]ould not set lock|[Cc]onflicting lock")
_NEWER: Final = re.compile(r"version number|newer version|storage version", re.IGNORECASE)
_NO_ROOM: Final = re.compile(r"No space left|File too large|Disk quota|Could not write|Cannot allocate memory")
_DAMAGED: Final = re.compile(
    r"not a valid DuckDB database|[Cc]orrupt|[Cc]hecksum|[Dd]eserializ|replaying WAL|not read enough bytes"
)


class DuckDBFile:
    """An open file: `connection` for the writer thread alone, `ask()` for everyone else."""

    def __init__(self, path: Path, memory_limit_mb: int, threads: int) -> None:
        self.path = path.resolve()
        self._memory_limit_mb = memory_limit_mb
        self._settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_limit_mb}MB",
            "threads": threads,
            # Nothing is ever fetched from the network.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # The writer thread checkpoints by itself, between transactions.
            "checkpoint_threshold": "1TB",
        }
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._lent: list[duckdb.DuckDBPyConnection] = []
        self._larger_limits_mb: list[int] = []
        self._rewriting = False
        self._changed = threading.Condition()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the writer's connection. Raises RetryLater while the file is not open."""
        if self._connection is None:
            raise RetryLater(f"The store {self.path} is closed.")
        return self._connection

    @property
    def is_open(self) -> bool:
        """Tell whether the file is open."""
        return self._connection is not None

    def open(self) -> StoreState:
        """Open or create the file and return what it holds.

        Raises RetryLater while another process has it, SettingsError for a file that is not for this version, and
        DataDamaged when it is not readable and has been moved aside.
        """
        with _OPEN_PATHS_LOCK:
            if self.path in _OPEN_PATHS:
                raise RetryLater(f"The store {self.path} is already open in this process.")
            _OPEN_PATHS.add(self.path)
        try:
            state, connection = self._open_connection()
        except BaseException:
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.discard(self.path)
            raise
        with self._changed:
            self._connection = connection
        return state

    def ask(self, question: Callable[[duckdb.DuckDBPyConnection], Answer]) -> Answer:
        """Return what `question` makes of a cursor; asked again with more memory where what is kept is too little.

        Raises RetryLater where that is too little as well.
        """
        try:
            with self.reading() as cursor:
                return question(cursor)
        except RetryLater as error:
            if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
                raise
        with self.more_memory(), self.reading() as cursor:
            return question(cursor)

    @contextmanager
    def more_memory(self, limit_mb: int = _LARGE_QUESTION_MB) -> Iterator[None]:
        """Let DuckDB use more memory in the block; what it filled meanwhile is given back after the last such block."""
        self._set_memory_limit(self._larger_limits_mb.append, limit_mb)
        try:
            yield
        finally:
            self._set_memory_limit(self._larger_limits_mb.remove, limit_mb)

    def _set_memory_limit(self, change: Callable[[int], None], limit_mb: int) -> None:
        with self._changed:
            change(limit_mb)
            limit_mb = max(self._memory_limit_mb, *self._larger_limits_mb, 0)
            # A failed database refuses this too, and is opened anew with the small limit.
            with suppress(duckdb.Error):
                if self._connection is not None:
                    self._connection.cursor().execute(f"SET memory_limit = '{limit_mb}MB'").close()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a cursor that nobody else uses meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._rewriting)
            cursor = self._idle.pop() if self._idle and self.is_open else self.connection.cursor()
            self._lent.append(cursor)
        healthy = False
        try:
            yield cursor
            healthy = True
        except duckdb.Error as error:
            raise sentence_of(error, self.path) from error
        finally:
            with self._changed:
                self._lent.remove(cursor)
                if healthy:
                    self._idle.append(cursor)
                else:
                    # Its answer may not have been read to the end; such a cursor refuses the next question.
                    cursor.close()
                self._changed.notify_all()

    def close(self) -> None:
        """Wait for the readers, interrupt those that take long, and let the file go."""
        with self._changed:
            connection, self._connection = self._connection, None
            while not self._changed.wait_for(lambda: not self._lent, _WAIT_FOR_READERS_S):
                for cursor in self._lent:
                    cursor.interrupt()
            idle, self._idle = self._idle, []
        if connection is None:
            return
        for each in (*idle, connection):
            # A database that failed refuses even this; closing is all that is left to do with it.
            with suppress(duckdb.Error):
                each.close()
        with _OPEN_PATHS_LOCK:
            _OPEN_PATHS.discard(self.path)

    def rewrite(self, progress: Progress) -> None:
        """Put a copy without holes in the place of the file; to be called by the writer thread, between transactions.

        The copy is complete and on the disk before it takes the file's name, in one step: a crash leaves the one or the
        other. Readers wait while the file is exchanged, and meanwhile read the old one.
        """
        copy = copy_of(self.path)
        remove_database(copy)
        try:
            write_copy(self.connection, copy, progress)
        except BaseException:
            remove_database(copy)
            raise
        with self._changed:
            self._rewriting = True
            self._changed.wait_for(lambda: not self._lent)
            try:
                self._exchange(copy)
            finally:
                self._rewriting = False
                self._changed.notify_all()
                remove_database(copy)

    def _exchange(self, copy: Path) -> None:
        """Close the file, which leaves no log of it, let the copy take its name, and open that."""
        self.connection.execute("CHECKPOINT")
        idle, self._idle = self._idle, []
        connection, self._connection = self.connection, None
        for each in (*idle, connection):
            each.close()
        try:
            if not size_of(wal_of(self.path)):
                wal_of(self.path).unlink(missing_ok=True)
                copy.replace(self.path)
                sync_folder(self.path.parent)
        finally:
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.discard(self.path)
            self._connection = duckdb.connect(str(self.path), config=self._settings)
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.add(self.path)

    def size_bytes(self) -> int:
        """Return what the file and its write-ahead log take on the disk."""
        return sum(size_of(path) for path in (self.path, wal_of(self.path)))

    def _open_connection(self) -> tuple[StoreState, duckdb.DuckDBPyConnection]:
        connection = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = duckdb.connect(str(self.path), config=self._settings)
            # What a rewriting that was cut short has left; whoever holds the file alone may remove it.
            remove_database(copy_of(self.path))
            connection.execute(f"SET memory_limit = '{max(self._memory_limit_mb, LARGE_WORK_MB)}MB'")
            bring_up_to_date(connection, self.path)
            state = load_state(connection)
            connection.execute(f"SET memory_limit = '{self._memory_limit_mb}MB'")
        except OSError as error:
            raise SettingsError(f"The store's folder {self.path.parent} cannot be used: {error.strerror}.") from error
        except (duckdb.Error, HeadlandError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, HeadlandError):
                raise
            sentence = sentence_of(error, self.path)
            if isinstance(sentence, DataDamaged):
                moved = move_aside(self.path, wall_clock_ms())
                raise DataDamaged(
                    f"The store {self.path} was not readable and has been moved to {moved}; "
                    f"start again to go on with an empty one ({first_line(error)})."
                ) from error
            raise sentence from error
        return state, connection


def bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Create the schema, or bring an older one forward. Raises SettingsError for a file that is newer or not ours."""
    tables = {row[0] for row in connection.execute(sql.LIST_TABLES).fetchall()}
    if "schema_version" in tables:
        version = count(connection, sql.GET_VERSION)
    elif tables:
        raise SettingsError(f"{path} is a DuckDB file, but not a store of Headland; name another file.")
    else:
        version = 0
    newest = len(sql.MIGRATIONS)
    if version > newest:
        raise SettingsError(
            f"The store {path} was written by a newer Headland (schema {version}, this one knows {newest}); update it."
        )
    if version < newest:
        with transaction(connection):
            if not version:
                connection.execute(sql.CREATE_VERSION)
            for migration in sql.MIGRATIONS[version:]:
                connection.execute(migration)
            connection.execute(sql.SET_VERSION.format(version=newest))


def sentence_of(error: duckdb.Error, path: Path) -> HeadlandError:
    """Return what a person is told about an error of DuckDB's, as the exception that says what to do."""
    text = str(error)
    if _LOCKED.search(text):
        return RetryLater(
            f"The store {path} is in use by another process{_holder(text)}; stop that one or use another data folder."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return RetryLater(f"The store {path} has too little memory for this; raise its memory limit.")
    if _NO_ROOM.search(text):
        return RetryLater(f"The store {path} cannot be written, is the disk full? ({first_line(error)})")
    if _DAMAGED.search(text) or isinstance(error, duckdb.SerializationException | duckdb.InternalException):
        return DataDamaged(f"The store {path} is damaged: {first_line(error)}.")
    if _NEWER.search(text):
        return SettingsError(f"The store {path} was written by another version of DuckDB: {first_line(error)}.")
    return RetryLater(f"The store {path} cannot be used now: {first_line(error)}.")


def first_line(error: Exception) -> str:
    """Return the first line of an error's text without its full stop."""
    return str(error).strip().split("\n")[0].rstrip(".")[:300]


def _holder(text: str) -> str:
    match = re.search(r"PID (\d+)", text)
    return f" (process {match[1]})" if match else ""
