"""SQLite's pages read without SQLite, compared with what SQLite itself reads."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from edge.spool.salvage.pages import Value, leaf_rows, page_size_of, read_transactions

ROWS = [
    (number, number * 10**at, None if at % 3 else -number, bytes([number % 256]) * (number * 37 % 9000))
    for number in range(1, 200)
    for at in [number % 16]
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.sqlite"


def fill(path: Path, page_bytes: int) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size={page_bytes}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b INTEGER, c INTEGER, d BLOB)")
    for row in ROWS:
        connection.execute("INSERT INTO t VALUES (?, ?, ?, ?)", row)
    return connection


def rows_in(pages: dict[int, bytes]) -> dict[int, list[Value]]:
    return {
        rowid: columns
        for number, page in pages.items()
        for rowid, columns in leaf_rows(page, number, pages.__getitem__)
    }


@pytest.mark.parametrize("page_bytes", [512, 4096, 65_536])
def test_rows_of_the_file_and_of_the_log_are_those_that_sqlite_reads(path: Path, page_bytes: int) -> None:
    connection = fill(path, page_bytes)
    log = path.with_name("some.sqlite-wal").read_bytes()
    pages: dict[int, bytes] = {}
    for transaction in read_transactions(log, page_bytes):
        pages.update(transaction)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = path.read_bytes()
    assert page_size_of(data) == page_bytes
    in_file = {at // page_bytes + 1: data[at : at + page_bytes] for at in range(0, len(data), page_bytes)}
    for found in (rows_in(in_file), rows_in(pages)):
        stored = {number: columns for number, columns in found.items() if len(columns) == 4}
        assert stored == {number: [None, *rest] for number, *rest in ROWS}


def test_damaged_pages_and_logs_give_fewer_rows_and_no_exception(path: Path) -> None:
    connection = fill(path, 4096)
    log = path.with_name("some.sqlite-wal").read_bytes()
    connection.close()
    dice = random.Random(3)
    for _ in range(30):
        broken = bytearray(log[: dice.randrange(len(log))])
        for _ in range(50):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        pages: dict[int, bytes] = {}
        for transaction in read_transactions(bytes(broken), 4096):
            pages.update(transaction)

        def page_of(number: int, pages: dict[int, bytes] = pages) -> bytes:
            return pages[number]

        for number, page in pages.items():
            assert len(list(leaf_rows(page, number, page_of))) <= 4096
    assert list(read_transactions(b"", 4096)) == []
    assert list(leaf_rows(b"", 1, lambda _number: b"")) == []
