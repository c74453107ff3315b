"""Migrations: registries of earlier versions open; processes may migrate at once, and die while they do."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from headland.errors import SettingsError
from headland.registry.db import database as database_module
from headland.registry.db import migration
from headland.registry.db.database import Database
from headland.registry.db.tables import all_tables
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.models.models import Farm, ProductKind
from headland.registry.registry import inspect_registry, open_registry
from headland.registry.repositories.harvest.epcis_events import CapturedEvent
from headland.registry.repositories.harvest.epcis_query import EventQuery, FigureCondition, TermCondition
from tests.registry import known_tables
from tests.registry.records import fill

ROOT = Path(__file__).resolve().parents[3]
#: The first schema that opens, with a farm that older code wrote and its steps brought there, and a later one.
FIRST = (Path(__file__).parent / "r0027.sql").read_text(encoding="utf-8")
#: Kinds of records that came after the first schema.
LATER = frozenset(("irrigation_zones", "irrigations", "confirmations", "done_actions", "map_sources"))
#: What PostgreSQL calls otherwise.
IN_POSTGRESQL = {
    " DOUBLE": " DOUBLE PRECISION",
    " BLOB": " BYTEA",
    " DEFAULT 1 ": " DEFAULT true ",
    " WITHOUT ROWID": "",
}

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
        monkeypatch.setattr(known_tables, "_KNOWN", [])
    dump("taken down")
    assert dump("repeated") == made
    assert len(made) > 80


def run(script: str, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT, stderr=subprocess.PIPE, text=True)


def make_first_registry(url: str, revision: str = "r0027") -> Database:
    """Make a registry of the first schema, with its rows; let it say that it has a revision."""
    database = Database(url, prepare=False)
    with database.writing() as connection:
        for statement in FIRST.splitlines()[2:]:
            if statement.startswith("CREATE") and connection.dialect.name == "postgresql":
                for name, in_postgresql in IN_POSTGRESQL.items():
                    statement = statement.replace(name, in_postgresql)
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return database


def test_the_migrations_end_at_the_tables_of_the_code(url: str) -> None:
    database = make_first_registry(url)
    with database.writing() as connection:
        migration.migrate(connection)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    database.close()


#: What a database says of its own schema, apart from the order of columns.
ASKED = {
    "sqlite": (
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_autoindex%'",
        "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'",
        (
            'SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden'
            " FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table'"
        ),
        (
            'SELECT m.name, i."unique", i.origin, i.partial, x.seqno, x.name, x."desc", x.coll'
            " FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_xinfo(i.name) x"
            " WHERE m.type = 'table' AND x.key"
        ),
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        (
            'SELECT m.name, f."table", f."from", f."to", f.on_update, f.on_delete, f."match", f.seq'
            " FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        ),
    ),
    "postgresql": (
        "SELECT relkind, relname, relpersistence FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        (
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default,"
            " collation_name, is_identity, is_generated FROM information_schema.columns WHERE table_schema = 'public'"
        ),
        (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
        ),
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    ),
}


def schema_and_rows(
    database: Database,
) -> tuple[list[list[str]], dict[str, tuple[object, ...]], dict[str, list[sa.Row[Any]]]]:
    """Return what the database answers to `ASKED`, the names of its constraints, and the rows of its tables."""
    with database.reading() as connection:
        inspector = sa.inspect(connection)
        answers = [
            sorted(str(tuple(row)) for row in connection.exec_driver_sql(question))
            for question in ASKED[connection.dialect.name]
        ]
        names = inspector.get_table_names()
        constraints: dict[str, tuple[object, ...]] = {
            name: (
                inspector.get_pk_constraint(name),
                *(
                    sorted(found(name), key=str)
                    for found in (
                        inspector.get_foreign_keys,
                        inspector.get_unique_constraints,
                        inspector.get_check_constraints,
                    )
                ),
            )
            for name in names
        }
        rows = {name: list(connection.execute(sa.select(sa.text("*")).select_from(sa.table(name)))) for name in names}
    database.close()
    return answers, constraints, rows


def test_a_new_registry_has_the_tables_constraints_and_indexes_that_all_migrations_leave(
    url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    by_steps = make_first_registry(url)
    with by_steps.writing() as connection:
        migration.migrate(connection)
    is_file = url.startswith("sqlite")
    other = f"sqlite:///{tmp_path}/new.sqlite" if is_file else request.getfixturevalue("postgres").new_database()
    answers, constraints, rows = schema_and_rows(Database(other))
    assert (answers, constraints) == schema_and_rows(by_steps)[:2]
    assert len(constraints) == len(METADATA.tables) + 1
    assert all(answers[:-1])
    assert {name: found for name, found in rows.items() if found} == {
        "alembic_version": [(migration.newest_revision(),)]
    }


def test_a_new_registry_has_the_tables_of_every_module() -> None:
    folder = Path(str(all_tables.__file__)).parent
    assert {module.__name__.rpartition(".")[2] for module in all_tables.MODULES} == {
        path.stem for path in folder.glob("*.py")
    } - {"__init__", "all_tables"}


def test_a_registry_of_the_first_schema_opens_with_all_that_it_held(url: str, tmp_path: Path) -> None:
    make_first_registry(url).close()
    registry = open_registry(url)
    ours, theirs = (registry.repositories(registry.organisation(name).id, "test") for name in ("local", "neighbour"))
    like = open_registry(f"sqlite:///{tmp_path}/like.sqlite")
    kinds = fill(like.repositories(like.add_organisation("neighbour", "Their farm", "test").id, "test"))
    like.close()
    found = {kind: len(getattr(theirs, kind).list()) for kind in kinds}
    assert found == {kind: 0 if kind in LATER else 1 for kind in kinds}
    assert [farm.name for farm in ours.farms.list()] == ["Home farm"]
    (field,), (person,), (holding,) = ours.fields.list(), ours.people.list(), ours.holdings.list()
    assert (field.name, field.zones[0].name, field.owner, person.name) == ("North", "pond", " 王芳 ", "王芳")
    assert (holding.field, holding.person, holding.parts, holding.of_parts) == (field.id, person.id, 1, 1)
    assert field.area_m2 == pytest.approx(41_934.12218)
    assert ours.products.list()[0].kind is ProductKind.GRANULAR
    assert str(ours.seasons.list()[0].sowing_date) == "2026-10-25"
    assert ours.devices.list()[0].channels["air_temperature_degc"].unit == "degC"
    # Entries without salts and with them; the owner was changed beside the log.
    audits = [repositories.check_audit() for repositories in (ours, theirs)]
    assert [(audit.entries, audit.broken_at, audit.altered) for audit in audits] == [
        (17, None, (f"field {field.id}",)),
        (30, None, ()),
    ]
    ours.farms.add(Farm(name="Another"))
    assert ours.check_audit().broken_at is None
    assert registry.info().revision == migration.newest_revision()
    registry.close()


def test_events_of_before_are_found_by_what_they_name_and_are_not_stored_again(url: str) -> None:
    first = make_first_registry(url)
    id_, time = "ni:///sha-256;00?ver=CBV2.0", "2026-09-01T08:00:00+08:00"
    event = {
        "type": "ObjectEvent", "eventTime": time, "eventTimeZoneOffset": "+08:00", "action": "ADD",
        "bizStep": "packing", "eventID": id_,
        "quantityList": [{"epcClass": "urn:x:lot:1", "quantity": 2.5, "uom": "KGM"}],
    }  # fmt: skip
    with first.writing() as connection:
        row = {"id": id_, "body": json.dumps({"event": event, "prefixes": {}})}
        connection.execute(
            sa.text(
                "INSERT INTO epcis_events (organisation, seq, event_id, type, biz_step, event_ms, record_ms, body)"
                " SELECT id, 1, :id, 'ObjectEvent', 'packing', 1, 2, :body FROM organisations WHERE handle = 'local'"
            ),
            row,
        )
    first.close()
    registry = open_registry(url)
    epcis = registry.repositories(registry.organisation("local").id, "test").epcis
    of_lot = TermCondition(names=("epcClass",), values=("urn:x:lot:1",))
    of_step = TermCondition(names=("bizStep",), values=("https://ref.gs1.org/cbv/BizStep-packing",))
    heavy = FigureCondition(name="quantity", comparison="GE", value=2.5)
    (found,) = epcis.query(EventQuery(terms=(of_lot, of_step), figures=(heavy,)))
    assert (found, found.body) == (epcis.find(id_), row["body"])
    assert epcis.query(EventQuery(terms=(of_lot,), figures=(msgspec.structs.replace(heavy, comparison="GT"),))) == []
    again = CapturedEvent(event_id=id_, type="ObjectEvent", biz_step="packing", event_ms=1, body="{}", content=id_)
    assert epcis.capture([again]) == []
    registry.close()


def test_the_newest_revision_is_the_head_of_the_steps_and_a_registry_is_made_and_opened_without_them(url: str) -> None:
    scripts = ScriptDirectory(str(ROOT / "headland" / "registry" / "migrations"))
    assert scripts.get_current_head() == migration.newest_revision()
    assert {script.revision for script in scripts.walk_revisions()} == migration._known_revisions()
    code = f"{OPEN}; open_registry(sys.argv[1]).close(); assert 'alembic' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, url], check=True, timeout=120, cwd=ROOT)


@pytest.mark.parametrize("revision", ["0008", "r0001", "r0026"])
def test_a_registry_of_an_old_development_version_is_refused_unchanged(url: str, revision: str) -> None:
    make_first_registry(url, revision).close()
    with pytest.raises(SettingsError, match=rf"revision {revision}\): open it once with the commit [0-9a-f]{{8}} of"):
        open_registry(url)
    info = inspect_registry(url)
    assert info is not None
    assert (info.revision, info.organisations) == (revision, 2)


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
