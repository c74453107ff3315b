"""Schema migrations of the registry: forward only, in one transaction, by one process at a time.

A step is a file in `migrations/versions/` in Alembic's form, with `upgrade()` alone; its operations run on the
connection that opens the registry. There is no step back: restore a back-up instead. A new registry gets the tables of
the code at once: those that all steps together leave of the first one, which tests/registry/db/r0027.sql keeps.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from headland.errors import SettingsError
from headland.registry.db.tables.all_tables import METADATA

_FOLDER: Final = Path(__file__).parents[1] / "migrations"
#: The advisory lock of PostgreSQL that one migration at a time holds; any number that nothing else uses.
_LOCK: Final = 0x4865_6164_6C61_6E64
#: The oldest revision that is opened, the form of older ones, and the newest commit that brings them there (decision
#: 0032).
_FIRST: Final = "r0027"
_OF_DEVELOPMENT: Final = re.compile(r"000[1-8]|r00[0-2]\d")
_LAST_OF_DEVELOPMENT: Final = "ac23f308"
#: As Alembic makes it.
_VERSION: Final = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def migrate(connection: sa.Connection) -> None:
    """Make the tables of an empty database, or apply the missing steps, within the connection's transaction.

    The transaction has SQLite's write lock already; PostgreSQL's lock is taken here and ends with the transaction.
    Raises SettingsError for the database of a newer Headland, or of an old development version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    revision = current_revision(connection)
    if revision is None:
        _make_tables(connection)
        return
    refusal = refusal_of(revision)
    if refusal is not None:
        raise SettingsError(refusal)
    if revision != newest_revision():
        apply_steps(connection, revision)


def _make_tables(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        # The tables do not say it themselves: SQLAlchemy would load all of PostgreSQL for every registry.
        for index in (index for table in METADATA.tables.values() for index in table.indexes):
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    METADATA.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert().values(version_num=newest_revision()))


def apply_steps(connection: sa.Connection, revision: str) -> None:
    """Apply the steps after a revision."""
    # Ten megabytes and a tenth of a second that a registry of the newest revision does not need.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_FOLDER))
    context = MigrationContext.configure(connection)
    steps = [step for step in scripts.iterate_revisions("head", revision) if step.revision != revision]
    with Operations.context(context):
        for step in reversed(steps):
            step.module.upgrade()
            context.stamp(scripts, step.revision)


def current_revision(connection: sa.Connection) -> str | None:
    """Return the revision of a database, None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    revision: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return revision


def newest_revision() -> str:
    """Return the revision that this version of Headland needs."""
    return max(_known_revisions())


@functools.cache
def _known_revisions() -> frozenset[str]:
    """Return the revisions that this version can reach, each the beginning of its file's name."""
    return frozenset(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("r[0-9]*.py"))


def refusal_of(revision: str) -> str | None:
    """Return why this version does not open a registry of a revision, and what to do; None where it does."""
    if _OF_DEVELOPMENT.fullmatch(revision) and revision < _FIRST:
        return (
            f"The registry was made by an old development version (revision {revision}): open it once with the commit "
            f"{_LAST_OF_DEVELOPMENT} of Headland, which brings it to {_FIRST}, or move it away to start anew."
        )
    if revision not in _known_revisions():
        return (
            f"The registry was made by a newer Headland (revision {revision}): update this one, or use an older "
            "back-up."
        )
    return None
