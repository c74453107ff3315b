"""SQLite file of a registry: its examination, and its place while it is open."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from headland.clock import wall_clock_ms
from headland.errors import RetryLater, SettingsError
from headland.files.damage_notes import FileDamage, add_note

_LOG_ENDINGS: Final = ("-wal", "-shm")


class RegistryDamaged(RetryLater):
    """The registry's file cannot be read; it is left as it is, and may be replaced while the station runs."""


def damaged_error(path: str, reason: str) -> RegistryDamaged:
    """Return the error for a file that SQLite cannot read, with the remedy."""
    return RegistryDamaged(
        f"{path} is not a registry, or it is damaged ({reason}). It is left as it is, and data of gateways is stored "
        "meanwhile. Put a back-up of the file in its place (docs/how-to/registry.md), or move it away and start again "
        "for a new registry, without farms and keys."
    )


class SqliteFile:
    """The file of an open database, kept open by connections of its own: to copy it, to lock it, to see its changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Whether SQLite could not read it; what replaces it then is the remedy.
        self.is_damaged = False
        self._keeper: sqlite3.Connection | None = None
        self._guard: sqlite3.Connection | None = None
        self._watcher: sqlite3.Connection | None = None
        self._watching = threading.Lock()
        self._opened = 0
        self._retired: list[sqlite3.Connection] = []
        self._identity: tuple[int, int] | None = None
        self._logs: dict[Path, tuple[int, int] | None] = {}

    def create(self) -> None:
        """Create the file, if missing, readable by this user only: it holds personal data and hashes of keys."""
        try:
            self.path.touch(mode=0o600)
        except OSError as error:
            raise SettingsError(f"registry.url: {self.path} cannot be written: {error.strerror}.") from error

    def examine(self, connection: sa.Connection) -> None:
        """Raise RegistryDamaged where the file's pages are inconsistent."""
        problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if problem != "ok":
            self.is_damaged = True
            raise damaged_error(str(self.path), " ".join(str(problem).split()))

    def hold(self) -> None:
        """Note which file is open, and keep it open."""
        self._release()
        connections = [sqlite3.connect(self.path, check_same_thread=False) for _ in range(3)]
        self._keeper, self._guard, self._watcher = connections
        self._opened += 1
        for connection in connections:
            # Reads the file, so that it is really open.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._identity = _identity(self.path)
        logs = [self.path.with_name(self.path.name + ending) for ending in _LOG_ENDINGS]
        self._logs = {log: _identity(log) for log in logs}
        self.is_damaged = False

    def change_count(self) -> tuple[int, int] | None:
        """Return what is another after any commit of any process; None where that is not known.

        It takes some microseconds: SQLite looks at the header of its log.
        """
        with self._watching:
            if self._watcher is None:
                return None
            try:
                return self._opened, int(self._watcher.execute("PRAGMA data_version").fetchone()[0])
            except sqlite3.Error:
                return None

    def is_in_place(self) -> bool:
        """Return whether the path still names the open file."""
        return self._identity is None or _identity(self.path) == self._identity

    def restore_place(self) -> None:
        """Write a deleted file again from the open one, or keep a copy of a replaced one beside the new; note it.

        Raises RetryLater where that is not possible now.
        """
        keeper, guard, was_deleted = self._keeper, self._guard, not self.path.exists()
        if keeper is None or guard is None or (self.is_damaged and not was_deleted):
            self._release()
            return
        now_ms = wall_clock_ms()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_ms / 1000))
        kept = self.path.with_name(f"{self.path.name}.damaged-{stamp}")
        part = self.path.with_name(self.path.name + ".writing")
        try:
            part.unlink(missing_ok=True)
            part.touch(mode=0o600)
            # Held for good: what still waits to write to the old file must fail rather than be lost.
            guard.execute("BEGIN IMMEDIATE")
            with closing(sqlite3.connect(part)) as copy:
                keeper.backup(copy)
                copy.execute("PRAGMA synchronous=FULL")
            keeper.close()
            self._retired.append(guard)
            self._keeper = self._guard = self._identity = None
            self._stop_watching()
            # The logs of the old file, which have this name still, must not be replayed on the new one.
            for log, identity in self._logs.items():
                if identity is not None and _identity(log) == identity:
                    log.unlink()
            part.rename(self.path if was_deleted else kept)
        except (OSError, sqlite3.Error) as error:
            with suppress(sqlite3.Error):
                guard.rollback()
            raise RetryLater(f"The registry's file {self.path} is gone and cannot be written again: {error}") from error
        self._note(kept, now_ms, was_deleted=was_deleted)

    def close(self) -> None:
        """Close the file."""
        self._release()
        retired, self._retired = self._retired, []
        for connection in retired:
            connection.close()

    def _note(self, kept: Path, now_ms: int, *, was_deleted: bool) -> None:
        if was_deleted:
            sentence = (
                f"The registry's file {self.path} was deleted while the station was running; it was written again from "
                "the open file, and nothing was lost. Find out who deletes files there."
            )
            add_note(self.path, FileDamage(kind="deleted", found_ms=now_ms, sentence=sentence))
            return
        sentence = (
            f"The registry's file {self.path} was replaced by another one while the station was running, which is used "
            f"from now on. What it held before is kept as {kept.name}."
        )
        add_note(self.path, FileDamage(kind="replaced", found_ms=now_ms, sentence=sentence, kept=(kept.name,)))

    def _release(self) -> None:
        held = [connection for connection in (self._keeper, self._guard) if connection is not None]
        self._keeper = self._guard = self._identity = None
        self._stop_watching()
        for connection in held:
            with suppress(sqlite3.Error):
                connection.close()

    def _stop_watching(self) -> None:
        with self._watching:
            watcher, self._watcher = self._watcher, None
            if watcher is not None:
                watcher.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
