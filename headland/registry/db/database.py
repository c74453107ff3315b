"""Database of the registry, SQLite or PostgreSQL: transactions, and its errors as exceptions of Headland."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import make_url

from headland.errors import HeadlandError, RetryLater, SettingsError
from headland.files.damage_notes import FileDamage, acknowledge_notes, load_notes
from headland.files.sqlite_wal import use_wal
from headland.registry.db import request_marks
from headland.registry.db.migration import current_revision, migrate
from headland.registry.db.sqlite_file import RegistryDamaged, SqliteFile, damaged_error
from headland.registry.models.errors import InvalidRecord, RecordConflict
from headland.runtime.cancellation import check_cancelled

#: Longest wait of a call: for another write, for a free connection, for a server's response.
_WAIT_S: Final = 10
#: Between two attempts to open a database that could not be opened.
_TRY_EVERY_S: Final = 2.0
_DRIVERS: Final = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
#: Marks a connection whose transaction will write.
_WRITES: Final = "headland_writes"
_JSON: Final[dict[str, Any]] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}


class Database:
    """An open, migrated database. All calls block and may be made from any thread.

    At the end of a `writing` block its changes are committed and on disk, or none of them; where the connection broke
    during the commit, RetryLater is raised and either may be true. Without `prepare` nothing is created or migrated.

    `deferred`: nothing is opened now; a call opens the database where that was not possible before, and raises
    RetryLater until it is. A SQLite file that is deleted or replaced meanwhile is written again or opened anew.
    """

    def __init__(self, url: str, *, prepare: bool = True, deferred: bool = False) -> None:
        self.url = _url(url)
        self.engine = _engine(self.url, is_managed=prepare)
        self._file = SqliteFile(Path(str(self.url.database))) if self.url.get_backend_name() == "sqlite" else None
        self._is_managed = prepare
        self._is_ready = False
        self._lock = threading.Lock()
        #: Why the database could not be opened at the last attempt.
        self._failure: str | None = None
        self._again_s = 0.0
        if not prepare or deferred:
            return
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def shown_url(self) -> str:
        """URL without the password."""
        return _shown(self.url)

    def damage(self) -> list[FileDamage]:
        """Return the notes on damage of a SQLite file, oldest first."""
        return [] if self._file is None else load_notes(self._file.path)

    def acknowledge_damage(self, now_ms: int, by: str) -> list[FileDamage]:
        """Acknowledge all open notes on damage; return them."""
        return [] if self._file is None else acknowledge_notes(self._file.path, now_ms, by)

    def is_empty(self) -> bool:
        """Return whether there is no registry yet; never creates a SQLite file."""
        if self.url.get_backend_name() == "sqlite" and not Path(str(self.url.database)).exists():
            return True
        with self.reading() as connection:
            return current_revision(connection) is None

    def examine(self) -> None:
        """Raise RegistryDamaged where the pages of a SQLite file are inconsistent."""
        if self._file is not None:
            with self.reading() as connection:
                self._file.examine(connection)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads. Raises RetryLater while the database is away."""
        self._ensure_ready()
        check_cancelled()
        with self._translated_errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open a writing transaction. Raises RetryLater while the database is away, RecordConflict for a used name."""
        self._ensure_ready()
        request = request_marks.REQUEST.get()
        with (
            self._translated_errors(),
            self.engine.execution_options(**{_WRITES: True}).begin() as connection,
        ):
            if request is not None and not request.is_marked:
                request_marks.write_mark(connection, request)
            yield connection
        if request is not None:
            request.is_marked = True

    def change_count(self) -> object | None:
        """Return what is another after any commit of any process; None where that is not known: on a server.

        Raises RetryLater while the database is away.
        """
        self._ensure_ready()
        return None if self._file is None or not self._is_managed else self._file.change_count()

    def scrub(self, tables: Sequence[sa.Table] = ()) -> bool:
        """Write the database again without what was deleted and overwritten; return False where readers prevented it.

        A SQLite file and its log hold no byte of it afterwards. PostgreSQL rewrites `tables`; its own log does until it
        is recycled. Raises RetryLater while the database is away.
        """
        self._ensure_ready()
        with self._translated_errors():
            if self._file is None:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    for table in tables:
                        connection.execute(sa.text(f"VACUUM FULL {table.name}"))
                return True
            pooled = self.engine.raw_connection()
            try:
                # Outside of any transaction: the connections begin theirs themselves.
                driver: Any = pooled.driver_connection
                driver.execute("PRAGMA secure_delete = ON").close()
                driver.execute("VACUUM").close()
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                pooled.close()
        return bool(busy == 0)

    def close(self) -> None:
        """Close the database; a second call does nothing."""
        self.engine.dispose()
        if self._file is not None:
            self._file.close()

    def _prepare(self) -> None:
        """Open the database and migrate it; a SQLite file is examined first, and created where there is none."""
        if self._file is not None:
            self._file.create()
        with self._translated_errors(), self.engine.execution_options(**{_WRITES: True}).begin() as connection:
            if self._file is not None:
                self._file.examine(connection)
            migrate(connection)
        if self._file is not None:
            with self._translated_errors():
                self._file.hold()
        self._is_ready = True

    def _ensure_ready(self) -> None:
        """Open the database where it is not open, at most every few seconds; raises RetryLater."""
        if not self._is_managed or (self._is_ready and (self._file is None or self._file.is_in_place())):
            return
        if self._failure is not None and (time.monotonic() < self._again_s or self._lock.locked()):
            raise RetryLater(self._failure)
        with self._lock:
            if self._is_ready and (self._file is None or self._file.is_in_place()):
                return
            # The connections are those of the file that could not be read, or is gone.
            self._is_ready = False
            self.engine.dispose()
            try:
                if self._file is not None and not self._file.is_in_place():
                    self._file.restore_place()
                self._prepare()
            except HeadlandError as error:
                self._failure = str(error)
                self._again_s = time.monotonic() + _TRY_EVERY_S
                raise (error if isinstance(error, RetryLater) else RetryLater(str(error))) from error
            self._failure = None

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Translate the driver's errors in the block."""
        try:
            yield
        except HeadlandError:
            raise
        except exc.IntegrityError as error:
            raise RecordConflict(
                f"The registry has such a record already, or another record refers to it: {error.orig}"
            ) from error
        except exc.DataError as error:
            raise InvalidRecord(f"The registry cannot store a value: {error.orig}") from error
        except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
            raise _connection_error(self.url, error) from error
        except exc.DBAPIError as error:
            if error.connection_invalidated:
                raise _connection_error(self.url, error) from error
            if isinstance(error.orig, sqlite3.DatabaseError):
                raise self._damaged(error.orig) from error
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # While a connection is made, or in a text whose bytes are damaged.
            if self._file is None:
                raise
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> RegistryDamaged:
        self._is_ready = False
        if self._file is not None:
            self._file.is_damaged = True
        return damaged_error(str(self.url.database), str(error))


def _connection_error(url: sa.URL, error: exc.SQLAlchemyError) -> RetryLater | SettingsError:
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split())
    shown = _shown(url)
    if "password authentication failed" in text or "no pg_hba.conf entry" in text:
        return SettingsError(f"The registry {shown} refuses the login: {text}")
    return RetryLater(f"The registry {shown} cannot be used now: {text}")


def _shown(url: sa.URL) -> str:
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _url(text: str) -> sa.URL:
    """Return the URL with our driver; raises SettingsError without showing a password."""
    try:
        url = make_url(text)
    except exc.ArgumentError as error:
        raise SettingsError(
            "registry.url is not a URL: write sqlite:///PATH or postgresql://USER@HOST/NAME."
        ) from error
    kind = url.get_backend_name()
    if kind not in _DRIVERS:
        raise SettingsError(f"registry.url: {kind!r} is not supported; use sqlite or postgresql.")
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise SettingsError("registry.url: a SQLite registry needs a file, sqlite:///PATH.")
        folder = Path(url.database).parent
        if not folder.is_dir():
            raise SettingsError(f"registry.url: the folder {folder} does not exist; create it, or name another file.")
    return url.set(drivername=_DRIVERS[kind])


def _engine(url: sa.URL, *, is_managed: bool) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        # A connection never creates a file: a registry that was deleted must not begin again without farms and keys.
        mode = "rw" if is_managed else "rwc"
        address = f"file:{quote(str(Path(str(url.database)).absolute()))}?mode={mode}"
        engine = sa.create_engine(
            url,
            creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False),
            pool_size=8,
            max_overflow=8,
            pool_timeout=_WAIT_S,
            **_JSON,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return sa.create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_timeout=_WAIT_S,
        pool_pre_ping=True,  # a restarted server is detected before a statement uses its dead connection
        pool_recycle=1800,
        **_JSON,
        connect_args={"connect_timeout": _WAIT_S, "application_name": "headland"},
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins no transaction by itself: `_begin_sqlite` does
    use_wal(connection, _WAIT_S)
    for pragma in (f"busy_timeout={round(_WAIT_S * 1000)}", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write takes its lock at once: a transaction that began as a read could be refused at its first write.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")
