"""The tables of a new registry, made from their metadata once in a process and copied from there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Final

import sqlalchemy as sa

from headland.registry.db import migration

#: The bytes of a file that has them, once it was made.
_KNOWN: Final[list[bytes]] = []
_TABLES: Final = sa.text("SELECT count(*) FROM sqlite_master")


def migrate_as_known(connection: sa.Connection) -> None:
    """Do what `migration.migrate` does; in an empty SQLite file by what it did in the first of them.

    A test may have hundreds of registries, and to make one takes 50 ms. What is made is the matter of
    tests/registry/db/test_migration.py, which makes them as a station does.
    """
    is_empty_file = connection.dialect.name == "sqlite" and not connection.scalar(_TABLES)
    if is_empty_file and _KNOWN:
        driver = _driver(connection)
        driver.execute("COMMIT")  # of the caller's transaction, within which no file is copied
        with closing(sqlite3.connect(":memory:")) as known:
            known.deserialize(_KNOWN[0])
            known.backup(driver)
        driver.execute("BEGIN IMMEDIATE")
        return
    migration.migrate(connection)
    if is_empty_file:
        with closing(sqlite3.connect(":memory:")) as known:
            known.executescript("\n".join(_driver(connection).iterdump()))
            _KNOWN.append(known.serialize())


def _driver(connection: sa.Connection) -> sqlite3.Connection:
    """Return SQLite's own connection."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver
