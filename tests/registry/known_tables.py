"""The tables of a new registry, made from their metadata once in a process and repeated from their statements."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from headland.registry.db import migration

_STATEMENTS: Final[list[str]] = []
_TABLES: Final = sa.text("SELECT count(*) FROM sqlite_master")


def migrate_as_known(connection: sa.Connection) -> None:
    """Do what `migration.migrate` does; in an empty SQLite file by what it did in the first of them.

    A test may have hundreds of registries, and to make one takes 50 ms. What is made is the matter of
    tests/registry/db/test_migration.py, which makes them as a station does.
    """
    is_empty_file = connection.dialect.name == "sqlite" and not connection.scalar(_TABLES)
    if is_empty_file and _STATEMENTS:
        for statement in _STATEMENTS:
            connection.exec_driver_sql(statement)
        return
    migration.migrate(connection)
    if is_empty_file:
        _STATEMENTS.extend(_statements_of(connection))


def _statements_of(connection: sa.Connection) -> list[str]:
    """Return the statements that make the tables and rows of a file."""
    driver = connection.connection.driver_connection
    assert driver is not None
    statements: list[str] = [statement for statement in driver.iterdump() if statement not in _TRANSACTION]
    return statements


_TRANSACTION: Final = frozenset(("BEGIN TRANSACTION;", "COMMIT;"))
