"""The write-ahead log of SQLite files."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headland.files.sqlite_wal import use_wal
from tests.waiting import PATIENCE_S, wait_until


class CountingConnection(sqlite3.Connection):
    """A connection that counts its statements and never waits for a lock by itself."""

    statements = 0

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        self.statements += 1
        return super().execute(sql, *arguments)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a new file that holds its lock."""
    with contextlib.closing(sqlite3.connect(tmp_path / "file", check_same_thread=False)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield connection


@pytest.fixture
def second(tmp_path: Path, locked: sqlite3.Connection) -> Iterator[CountingConnection]:
    """Another connection to that file."""
    opened = sqlite3.connect(tmp_path / "file", timeout=0, check_same_thread=False, factory=CountingConnection)
    with contextlib.closing(opened):
        yield opened


def test_a_connection_waits_until_another_one_has_created_the_file(
    locked: sqlite3.Connection, second: CountingConnection
) -> None:
    thread = threading.Thread(target=use_wal, args=(second, PATIENCE_S), name="test-wal")
    thread.start()
    wait_until(lambda: second.statements >= 2)
    assert thread.is_alive()
    locked.execute("CREATE TABLE a (b)")
    locked.execute("COMMIT")
    thread.join(PATIENCE_S)
    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert second.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_a_file_that_stays_locked_raises_after_the_wait(second: CountingConnection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        use_wal(second, 0.02)
    assert second.statements >= 2


def test_any_other_error_raises_at_once(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"no database" * 1000)
    connection = sqlite3.connect(path, factory=CountingConnection)
    with contextlib.closing(connection), pytest.raises(sqlite3.DatabaseError, match="not a database"):
        use_wal(connection, PATIENCE_S)
    assert connection.statements == 1
