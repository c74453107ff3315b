"""Bring a database to the tables of today: forward only, in one transaction, by one process at a time.

A step is a file in `migrations/versions/` in Alembic's form, `upgrade()` alone; its operations run on the connection
that opens the registry. There is no other way to run them, and none back: that is what a back-up is for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from headland.errors import SettingsError

_FOLDER: Final = Path(__file__).parents[1] / "migrations"
#: The advisory lock of PostgreSQL that one migration at a time holds; any number that nothing else uses.
_LOCK: Final = 0x4865_6164_6C61_6E64


def migrate(connection: sa.Connection, target: str = "head") -> None:
    """Apply what is missing within the connection's transaction. Raises SettingsError for a newer Headland's database.

    The transaction has SQLite's write lock already; PostgreSQL's lock is taken here and ends with the transaction.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    scripts = ScriptDirectory(str(_FOLDER))
    found = current_revision(connection)
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise SettingsError(
            f"The registry was made by a newer Headland (revision {found}): update this one, or use an older back-up."
        )
    context = MigrationContext.configure(connection)
    steps = [script for script in scripts.iterate_revisions(target, found or "base") if script.revision != found]
    with Operations.context(context):
        for script in reversed(steps):
            script.module.upgrade()
            context.stamp(scripts, script.revision)


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision that a database has, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str:
    """Return the revision that this version of Headland needs."""
    return str(ScriptDirectory(str(_FOLDER)).get_current_head())
