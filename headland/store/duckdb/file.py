"""The DuckDB file of a store: opened by one process, migrated to the newest schema, read with pooled cursors."""

from __future__ import annotations

import logging
import math
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from headland.clock import wall_clock_ms
from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError
from headland.files.damage_notes import DamageKind, FileDamage, add_note, load_notes, open_sentences
from headland.runtime.cancellation import cancellable, check_cancelled
from headland.store.core.state import StoreState
from headland.store.duckdb import sql
from headland.store.duckdb.connection import open_database
from headland.store.duckdb.errors import translate_error
from headland.store.duckdb.parity_keeper import ParityKeeper
from headland.store.duckdb.paths import aside_of, copy_of, parity_of, remove_database, size_of, sync_folder, wal_of
from headland.store.duckdb.repair.blocks import find_damaged
from headland.store.duckdb.repair.file_repair import note_deleted, repair_file
from headland.store.duckdb.repair.log_repair import complete_note, mend_log
from headland.store.duckdb.repair.parity import ParityFile
from headland.store.duckdb.tables.compaction import Progress, no_progress, write_copy
from headland.store.duckdb.tables.contents import load_state
from headland.store.duckdb.tables.transaction import count, transaction

_LOGGER = logging.getLogger(__name__)

Answer = TypeVar("Answer")

#: Memory of a query that exceeds the normal limit: as a normal limit, caches would fill it for good.
_LARGE_QUERY_MB: Final = 192
#: Time that a large query waits for the others.
_WAIT_FOR_LARGE_S: Final = 120.0
#: Memory while many rows or the log are moved: a checkpoint with too little memory ends the database.
LARGE_WORK_MB: Final = 192

#: What stays cached of the file when nobody reads: the answers to an open dashboard. The system caches the rest.
_KEPT_CACHE_BYTES: Final = 4 * 2**20
_MEMORY: Final = """
    SELECT coalesce(sum(memory_usage_bytes), 0), coalesce(sum(memory_usage_bytes) FILTER (tag = 'BASE_TABLE'), 0)
    FROM duckdb_memory()
"""

#: Time that readers have to finish before they are interrupted at closing.
_WAIT_FOR_READERS_S: Final = 2.0

# DuckDB shares a database opened twice in a process; two writers with two states in memory must not.
_OPEN_PATHS: Final[set[Path]] = set()
_OPEN_PATHS_LOCK: Final = threading.Lock()

_FOREIGN_LOG: Final = re.compile(r"WAL does not match database|WAL checkpoint iteration does not match")
#: What a migration adds to a file, as a share of its size: one that writes all samples again (0.9 measured), another.
_REWRITING_GROWTH: Final = 1.1
_OTHER_GROWTH: Final = 0.1
#: What a migration leaves free for everything else on the disk.
_LEFT_FREE_BYTES: Final = 50_000_000
#: Time for the examination of a file before it is opened: one of some gigabytes, where it is in memory.
EXAMINATION_S: Final = 2.0


class DuckDBFile:
    """A database file: `connection` is for the writer thread only, `query()` for all others."""

    def __init__(self, path: Path, memory_limit_mb: int, threads: int) -> None:
        self.path = path.resolve()
        self._memory_limit_mb = memory_limit_mb
        self._settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_limit_mb}MB",
            "threads": threads,
            # Never load anything from the network.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Memory of finished work goes back to the system at once: by default up to 128 MB a thread are held.
            "allocator_flush_threshold": "4MB",
            "allocator_bulk_deallocation_flush_threshold": "16MB",
            "allocator_background_threads": True,
            # The writer thread checkpoints between transactions.
            "checkpoint_threshold": "1TB",
        }
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._borrowed: list[duckdb.DuckDBPyConnection] = []
        self._larger_limits_mb: list[int] = []
        self._rewriting = False
        self._large = threading.RLock()
        self._changed = threading.Condition()
        self._opened_as: tuple[int, int] | None = None
        self._log_seen: tuple[int, int] | None = None
        self.parity = ParityKeeper(self.path)
        #: Damage that a reader met; the maintenance thread has the file repaired.
        self.damage_seen: DataDamaged | None = None
        #: Why commits are not in the file at the store's path now; None where they are.
        self.trouble: str | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the writer's connection. Raises RetryLater while the file is not open."""
        if self._connection is None:
            raise RetryLater(f"The store {self.path} is closed.")
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._connection is not None

    def memory_bytes(self) -> int:
        """Return how much memory DuckDB holds now, its cache of the file included; 0 while the file is not open."""
        # While the file is exchanged for a copy, a cursor would keep the old one open.
        with self._changed:
            return self._memory()[0]

    def _memory(self) -> tuple[int, int]:
        """Return the bytes that DuckDB holds, and how many of them are its cache of the file."""
        connection = self._connection
        if connection is not None:
            with suppress(duckdb.Error), connection.cursor() as cursor:
                total, cached = cursor.execute(_MEMORY).fetchall()[0]
                return int(total), int(cached)
        return 0, 0

    def release_cache(self, kept_bytes: int = _KEPT_CACHE_BYTES) -> bool:
        """Free what is cached of the file beyond `kept_bytes`, least recently used first; called by the writer thread.

        Return whether that was possible: not while anybody reads, who would be short of memory.
        """
        with self._changed:
            if self._borrowed or self._larger_limits_mb:
                return False
            total, cached = self._memory()
            if cached > kept_bytes:
                with suppress(duckdb.Error):
                    self.connection.execute(f"SET memory_limit = '{(total - cached + kept_bytes) // 1024}KiB'")
                try:
                    self.connection.execute(f"SET memory_limit = '{self._memory_limit_mb}MB'")
                except duckdb.OutOfMemoryException:
                    return False  # what is held of deleted rows until the next checkpoint is more than that
            return True

    def damage(self) -> tuple[str, ...]:
        """Return what is wrong with the files now, and was and is not acknowledged, as sentences."""
        return (*open_sentences(load_notes(self.path)), *([] if self.trouble is None else [self.trouble]))

    def open(self, most_s: float = EXAMINATION_S) -> StoreState:
        """Open or create the file and return its state; it is examined for at most `most_s`.

        A damaged log or file is repaired first, and noted; the damaged bytes are kept. Raises RetryLater while another
        process has the file, SettingsError for one that is not for this version, and DataDamaged when nothing of it
        can be read and it has been moved aside.
        """
        with _OPEN_PATHS_LOCK:
            if self.path in _OPEN_PATHS:
                raise RetryLater(f"The store {self.path} is already open in this process.")
            _OPEN_PATHS.add(self.path)
        try:
            log_damage = self._examine(most_s)
            state, connection, foreign = self._open_repaired()
            complete_note(self.path, log_damage or foreign, state)
        except BaseException:
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.discard(self.path)
            raise
        with self._changed:
            self._connection = connection
            self.damage_seen = None
        self._opened_as = identity_of(self.path)
        self.parity.open()
        return state

    def query(self, read: Callable[[duckdb.DuckDBPyConnection], Answer]) -> Answer:
        """Return the result of `read` with a cursor; run it again with more memory where the normal limit is too low.

        Only one such query runs at a time. Raises RetryLater where that memory is too little as well, or where the
        others take too long.
        """
        try:
            with self.reading() as cursor:
                return read(cursor)
        except RetryLater as error:
            if not isinstance(error.__cause__, duckdb.OutOfMemoryException):
                raise
        with self.large_query(), self.more_memory(), self.reading() as cursor:
            return read(cursor)

    @contextmanager
    def large_query(self) -> Iterator[None]:
        """Run the block while no other large query runs."""
        until_s = time.monotonic() + _WAIT_FOR_LARGE_S
        while not self._large.acquire(timeout=0.1):
            check_cancelled()
            if time.monotonic() > until_s:
                raise RetryLater("Other large queries are under way: request less data, or try again later.")
        try:
            yield
        finally:
            self._large.release()

    @contextmanager
    def more_memory(self, limit_mb: int = _LARGE_QUERY_MB) -> Iterator[None]:
        """Let DuckDB use more memory in the block; it is released after the last such block."""
        self._set_memory_limit(self._larger_limits_mb.append, limit_mb)
        try:
            yield
        finally:
            self._set_memory_limit(self._larger_limits_mb.remove, limit_mb)

    def _set_memory_limit(self, change: Callable[[int], None], limit_mb: int) -> None:
        with self._changed:
            change(limit_mb)
            limit_mb = max(self._memory_limit_mb, *self._larger_limits_mb, 0)
            # A failed database refuses this as well; it is opened anew with the normal limit.
            with suppress(duckdb.Error):
                if self._connection is not None:
                    self._connection.cursor().execute(f"SET memory_limit = '{limit_mb}MB'").close()

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Provide a cursor for exclusive use in the block."""
        check_cancelled()
        with self._changed:
            self._changed.wait_for(lambda: not self._rewriting)
            cursor = self._idle.pop() if self._idle and self.is_open else self.connection.cursor()
            self._borrowed.append(cursor)
        healthy = False
        try:
            with cancellable(cursor.interrupt):
                yield cursor
            healthy = True
        except duckdb.Error as error:
            check_cancelled()  # which interrupted it
            translated = translate_error(error, self.path)
            if isinstance(translated, DataDamaged):
                self.damage_seen = translated
            raise translated from error
        finally:
            with self._changed:
                self._borrowed.remove(cursor)
                if healthy:
                    self._idle.append(cursor)
                else:
                    # A cursor whose result was not read to the end refuses the next query.
                    cursor.close()
                self._changed.notify_all()

    def close(self) -> None:
        """Wait for the readers, interrupt the slow ones, and close the file."""
        with self._changed:
            connection, self._connection = self._connection, None
            while not self._changed.wait_for(lambda: not self._borrowed, _WAIT_FOR_READERS_S):
                for cursor in self._borrowed:
                    cursor.interrupt()
            idle, self._idle = self._idle, []
        if connection is None:
            return
        for open_connection in (*idle, connection):
            # A failed database refuses even this.
            with suppress(duckdb.Error):
                open_connection.close()
        self.parity.close()
        with _OPEN_PATHS_LOCK:
            _OPEN_PATHS.discard(self.path)

    def rewrite(self, progress: Progress) -> None:
        """Replace the file by a copy without holes; called by the writer thread between transactions.

        The copy is complete and on the disk before it takes the file's name in one step: a crash leaves one or the
        other. Readers use the old file until then, and wait during the exchange.
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
            self._changed.wait_for(lambda: not self._borrowed)
            try:
                self._exchange(copy)
            finally:
                self._rewriting = False
                self._changed.notify_all()
                remove_database(copy)

    def _exchange(self, copy: Path) -> None:
        """Close the file, which removes its log, rename the copy to it, and open the copy."""
        if self.displacement() == "replaced":
            raise RetryLater(f"The file of the store {self.path} was replaced by another one.")
        self.connection.execute("CHECKPOINT")
        idle, self._idle = self._idle, []
        # One that is in use in this moment refuses: then the file stays open, and the exchange is tried again later.
        for open_connection in (*idle, self.connection):
            open_connection.close()
        self._connection = None
        self.parity.close()
        self._log_seen = None
        try:
            if not size_of(wal_of(self.path)):
                wal_of(self.path).unlink(missing_ok=True)
                copy.replace(self.path)
                sync_folder(self.path.parent)
        finally:
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.discard(self.path)
            self._connection = open_database(self.path, self._settings)
            self._opened_as = identity_of(self.path)
            self.parity.open()
            with _OPEN_PATHS_LOCK:
                _OPEN_PATHS.add(self.path)

    def displacement(self) -> DamageKind | None:
        """Return whether the path of the open file was deleted, or names another file now; None where all is well."""
        if self._opened_as is None or not self.is_open:
            return None
        present = identity_of(self.path)
        if present is None:
            return "deleted"
        return None if present == self._opened_as else "replaced"

    def lost_log(self) -> bool:
        """Return whether the log was deleted or replaced since the last call, with commits that are not in the file."""
        log = identity_of(wal_of(self.path)) if self.is_open else None
        before, self._log_seen = self._log_seen, log
        return before is not None and log != before

    def put_back(self, now_ms: int) -> None:
        """Write everything in the deleted but still open file to its path again, and note it."""
        self.rewrite(no_progress)
        sentence = (
            f"The file of the store {self.path} was deleted while the station was running; it was written again from "
            "the open file, and nothing was lost. Find out who deletes files there."
        )
        add_note(self.path, FileDamage(kind="deleted", found_ms=now_ms, sentence=sentence, lost_samples=0))

    def save_log(self, now_ms: int) -> None:
        """Move the commits of a deleted but still open log into the file, and note it."""
        self.checkpoint()
        sentence = (
            f"The log of the store {self.path} was deleted or replaced while the station was running; its commits were "
            "moved into the file, and nothing was lost. Find out who changes files there."
        )
        add_note(self.path, FileDamage(kind="deleted", found_ms=now_ms, sentence=sentence, lost_samples=0))

    def checkpoint(self) -> None:
        """Move the log into the file; called by the writer thread."""
        self.connection.execute("CHECKPOINT").fetchall()
        self._log_seen = None

    def keep_aside(self, now_ms: int) -> None:
        """Write everything in the replaced but still open file beside the new one, note it, and close the file."""
        kept = aside_of(self.path, now_ms)
        sentence = (
            f"The file of the store {self.path} was replaced by another one while the station was running, which is "
            f"used from now on. What was stored before is in {kept.name}: to have both, stop the station and run "
            f"`headland store copy {kept} {self.path}`."
        )
        write_copy(self.connection, kept, no_progress)
        add_note(self.path, FileDamage(kind="replaced", found_ms=now_ms, sentence=sentence, kept=(kept.name,)))
        # A checkpoint would delete the log of the new file, which has the same name.
        self.connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        self.close()
        if self._log_seen is not None and identity_of(wal_of(self.path)) == self._log_seen:
            wal_of(self.path).unlink()
        self._log_seen = None

    def size_bytes(self) -> int:
        """Return the size of the file and its write-ahead log."""
        return sum(size_of(path) for path in (self.path, wal_of(self.path)))

    def _examine(self, most_s: float) -> FileDamage | None:
        """Repair a damaged log, and a file with a damaged block; a large file is not read to its end.

        Returns the damage of the log.
        """
        if not self.path.exists():
            if size_of(wal_of(self.path)):
                note_deleted(self.path, wall_clock_ms())
            return None
        damage = mend_log(self.path, wall_clock_ms())
        location = find_damaged(self.path, most_s, ParityFile(parity_of(self.path)))
        if location is not None and size_of(self.path):
            repair_file(self.path, f"the block at byte {location:,} differs from its checksum", wall_clock_ms())
        return damage

    def _open_repaired(self) -> tuple[StoreState, duckdb.DuckDBPyConnection, FileDamage | None]:
        """Open the file; where DuckDB cannot read it, repair it and open it again.

        Returns the damage of a log that belongs to another file, too.
        """
        damage = None
        try:
            return *self._open_connection(), None
        except DataDamaged as error:
            cause = error.__cause__
            if cause is not None and _FOREIGN_LOG.search(str(cause)):
                damage = mend_log(self.path, wall_clock_ms(), foreign=True)
            else:
                repair_file(self.path, str(cause or error).splitlines()[0], wall_clock_ms())
        return *self._open_connection(), damage

    def _open_connection(self) -> tuple[StoreState, duckdb.DuckDBPyConnection]:
        connection = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not (size_of(self.path) or size_of(wal_of(self.path)))
            connection = open_database(self.path, self._settings)
            # Remove the rest of an interrupted rewriting or backup; this process has the file to itself.
            remove_database(copy_of(self.path))
            connection.execute(f"SET memory_limit = '{max(self._memory_limit_mb, LARGE_WORK_MB)}MB'")
            migrate_schema(connection, self.path, is_new=is_new)
            state = load_state(connection)
            connection.execute(f"SET memory_limit = '{self._memory_limit_mb}MB'")
        except OSError as error:
            raise SettingsError(f"The store's folder {self.path.parent} cannot be used: {error.strerror}.") from error
        except (duckdb.Error, HeadlandError) as error:
            if connection is not None:
                connection.close()
            if isinstance(error, HeadlandError):
                raise
            raise translate_error(error, self.path) from error
        return state, connection


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a path, None where it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def migrate_schema(connection: duckdb.DuckDBPyConnection, path: Path, *, is_new: bool) -> None:
    """Create or migrate the schema. Raises SettingsError for a newer file or one of another program."""
    version = 0 if is_new else _schema_version(connection, path)
    newest = len(sql.MIGRATIONS)
    if version > newest:
        raise SettingsError(
            f"The store {path} was written by a newer Headland (schema {version}, this one knows {newest}); update it."
        )
    if version < newest:
        samples = count(connection, sql.COUNT_POINTS) if version else 0
        if samples:
            _check_room(path, version)
        began_s = time.monotonic()
        if samples:
            _LOGGER.info("the store %s is brought from schema %d to %d: %d samples", path, version, newest, samples)
        with transaction(connection):
            if not version:
                connection.execute(sql.CREATE_VERSION)
            for migration in sql.MIGRATIONS[version:]:
                connection.execute(migration)
            connection.execute(sql.SET_VERSION.format(version=newest))
        if samples:
            _LOGGER.info("the store %s has schema %d, after %.1f s", path, newest, time.monotonic() - began_s)


def _check_room(path: Path, version: int) -> None:
    """Refuse a migration that would fill the disk, before it writes anything. Raises RetryLater."""
    growth = _REWRITING_GROWTH if version < sql.REWRITTEN_IN else _OTHER_GROWTH
    needed, there = growth * size_of(path) + _LEFT_FREE_BYTES, shutil.disk_usage(path.parent).free
    if there < needed:
        raise RetryLater(
            f"The store {path} must be brought to a newer schema, which needs {math.ceil(needed / 1e6):,} MB of free "
            f"disk, and there are {there / 1e6:,.0f} MB: free some, or move the store to a larger disk, and start "
            "again. Nothing was changed."
        )


def _schema_version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Return the version of a file's schema, 0 where it has no tables. Raises SettingsError for another program's."""
    try:
        return count(connection, sql.GET_VERSION)
    except duckdb.CatalogException:  # to list the tables first takes an eighth of the opening
        if connection.execute(sql.LIST_TABLES).fetchall():
            raise SettingsError(f"{path} is a DuckDB file, but not a Headland store; name another file.") from None
        return 0
