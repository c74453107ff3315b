"""Migrations: registries of earlier versions open; processes may migrate at once, and die while they do."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from headland.errors import SettingsError
from headland.registry.db import database as database_module
from headland.registry.db import migration
from headland.registry.db.database import Database
from headland.registry.db.tables.farm_tables import METADATA
from headland.registry.migrations.versions import r0001_first
from headland.registry.models.models import Farm, ProductKind
from headland.registry.models.people import PersonRole
from headland.registry.registry import inspect_registry, open_registry
from tests.registry import known_tables

ROOT = Path(__file__).resolve().parents[3]
ROWS = (Path(__file__).parent / "development_rows.sql").read_text(encoding="utf-8")

OPEN = "import sys; from headland.registry.registry import open_registry; open_registry(sys.argv[1]).close()"
#: Dies with every table made and nothing committed.
DIE = """
import os, signal, sys
from headland.registry.db import database
real = database.migrate
def die(connection):
    real(connection)
    os.kill(os.getpid(), signal.SIGKILL)
database.migrate = die
database.Database(sys.argv[1])
"""


@pytest.fixture(autouse=True)
def _migrations_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "migrate", migration.migrate)


@pytest.mark.parametrize("place", ["first", "second"])
def test_the_tables_that_other_tests_have_are_those_of_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Held against each other where the statements are taken down, and where they are repeated."""

    def dump(name: str) -> list[str]:
        Database(f"sqlite:///{tmp_path}/{name}").close()
        with closing(sqlite3.connect(tmp_path / name)) as file:
            return list(file.iterdump())

    made = dump("migrated")
    monkeypatch.setattr(database_module, "migrate", known_tables.migrate_as_known)
    if place == "first":
        monkeypatch.setattr(known_tables, "_STATEMENTS", [])
    dump("taken down")
    assert dump("repeated") == made
    assert len(made) > 80


def run(script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def make_development_version(url: str, revision: str) -> None:
    """Make a registry with rows that carries the revision of a development version.

    The tables of revision 0008 equal those of the first step (decision 0032).
    """
    database = Database(url, prepare=False)
    with database.writing() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            r0001_first.upgrade()
        context.stamp(ScriptDirectory(str(Path(r0001_first.__file__).parents[1])), "r0001")
        for statement in ROWS.splitlines()[1:]:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    database.close()


def test_the_migrations_end_at_the_tables_of_the_code(url: str) -> None:
    database = Database(url)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


def test_a_registry_of_the_last_development_version_opens_with_all_that_it_held(url: str) -> None:
    make_development_version(url, "0008")
    registry = open_registry(url)
    repositories = registry.repositories(registry.organisation("local").id, "test")
    assert [farm.name for farm in repositories.farms.list()] == ["Home farm"]
    field = repositories.fields.list()[0]
    assert (field.name, field.zones[0].name) == ("North", "pond")
    assert field.area_m2 == pytest.approx(41_934.12218)
    assert repositories.products.list()[0].kind is ProductKind.GRANULAR
    assert str(repositories.seasons.list()[0].sowing_date) == "2026-10-25"
    assert repositories.devices.list()[0].channels["air_temperature_degc"].unit == "degC"
    audit = repositories.check_audit()
    assert (audit.entries, audit.broken_at) == (15, None)
    repositories.farms.add(Farm(name="Another"))
    assert registry.info().revision == migration.newest_revision()
    registry.close()


def test_the_newest_revision_is_the_head_of_the_steps_and_a_registry_of_it_opens_without_them(url: str) -> None:
    scripts = ScriptDirectory(str(ROOT / "headland" / "registry" / "migrations"))
    assert scripts.get_current_head() == migration.newest_revision()
    assert {script.revision for script in scripts.walk_revisions()} == migration._known_revisions()
    open_registry(url).close()
    code = f"{OPEN}; assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=120, cwd=ROOT)


def test_a_registry_of_an_older_development_version_is_refused_unchanged(url: str) -> None:
    make_development_version(url, "0007")
    with pytest.raises(SettingsError, match=r"revision 0007\): open it once with the last development version"):
        open_registry(url)
    info = inspect_registry(url)
    assert info is not None
    assert (info.revision, info.organisations) == ("0007", 1)


def test_processes_that_start_at_once_make_one_registry(url: str) -> None:
    processes = [run(OPEN, url) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in processes] == [("", 0)] * 2
    registry = open_registry(url)
    assert registry.organisations() == []
    registry.close()


def test_a_process_that_dies_in_a_migration_leaves_nothing_half_done(url: str) -> None:
    died = run(DIE, url)
    died.communicate()
    assert died.returncode == -signal.SIGKILL
    registry = open_registry(url)
    assert registry.add_organisation("local", "Our farm", "test").version == 1
    registry.close()


def test_a_registry_of_a_newer_version_is_refused_unchanged(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(SettingsError, match=r"newer Headland \(revision 9999\)"):
        open_registry(url)


def test_owners_of_fields_become_people_who_hold_them_and_the_text_remains(url: str) -> None:
    database = Database(url, prepare=False)
    with database.writing() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            r0001_first.upgrade()
        context.stamp(ScriptDirectory(str(Path(r0001_first.__file__).parents[1])), "r0001")
        for statement in ROWS.splitlines()[1:]:
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.execute(sa.text("UPDATE fields SET owner = ' 王芳 '"))
    database.close()
    registry = open_registry(url)
    repositories = registry.repositories(registry.organisation("local").id, "test")
    (field,), (person,), (holding,) = (
        repositories.fields.list(),
        repositories.people.list(),
        repositories.holdings.list(),
    )
    assert (field.owner, person.name, person.role) == (" 王芳 ", "王芳", PersonRole.MEMBER)
    assert (holding.field, holding.person, holding.parts, holding.of_parts) == (field.id, person.id, 1, 1)
    audit = repositories.check_audit()
    assert (audit.entries, audit.broken_at) == (17, None)
    # The text was changed beside the log, the new records were not.
    assert audit.altered == (f"field {field.id}",)
    registry.close()
