"""The two databases: durable settings, and their errors as exceptions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from headland.errors import RetryLater, SettingsError
from headland.registry.db import database
from headland.registry.db.database import Database
from headland.registry.db.tables.farm_tables import sites
from headland.registry.models.errors import RecordConflict
from headland.registry.models.models import Farm
from headland.registry.registry import open_registry
from tests.ports import find_free_port
from tests.postgres import Postgres


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("registry", "is not a URL"),
        ("mysql://root@127.0.0.1/x", "'mysql' is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////no/such/folder/r.sqlite", "the folder /no/such/folder does not exist"),
    ],
)
def test_an_invalid_url_is_refused_with_a_sentence(url: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        open_registry(url)


def test_sqlite_is_opened_with_durable_settings(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path}/r.sqlite")
    with opened.reading() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    opened.close()
    assert (tmp_path / "r.sqlite").stat().st_mode & 0o077 == 0
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_a_file_that_is_not_a_database_is_refused_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    before = path.read_bytes()
    with pytest.raises(RetryLater, match=r"r\.sqlite is not a registry.*back-up"):
        open_registry(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_database_that_another_process_locks_is_tried_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAIT_S", 0.05)
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    other = sqlite3.connect(tmp_path / "r.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLater, match="locked"):
        registry.add_organisation("local", "Our farm", "test")
    other.execute("ROLLBACK")
    other.close()
    registry.add_organisation("local", "Our farm", "test")
    registry.close()


def test_a_reference_that_slipped_past_the_checks_is_refused_by_the_database(url: str) -> None:
    registry = open_registry(url)
    ours = registry.add_organisation("ours", "Ours", "test")
    theirs = registry.add_organisation("theirs", "Theirs", "test")
    farm = registry.repositories(ours.id, "test").farms.add(Farm(name="Home"))
    row = {"id": "01x", "version": 1, "created_ms": 0, "changed_ms": 0, "name": "x", "time_zone": "UTC"}
    with pytest.raises(RecordConflict), registry._database.writing() as connection:
        connection.execute(sites.insert().values(organisation=theirs.id, farm=farm.id, **row))
    registry.close()


def test_a_server_that_is_away_is_tried_later_and_its_password_is_not_shown() -> None:
    with pytest.raises(RetryLater, match="cannot be used now") as caught:
        open_registry(f"postgresql://headland:geheim@127.0.0.1:{find_free_port()}/x")
    assert "geheim" not in str(caught.value)


@pytest.mark.services("postgresql")
def test_a_server_that_comes_back_is_used_again_without_a_restart(postgres: Postgres) -> None:
    registry = open_registry(postgres.new_database())
    organisation = registry.add_organisation("local", "Our farm", "test")
    postgres.kill()
    with pytest.raises(RetryLater):
        registry.organisations()
    postgres.start()
    assert registry.organisations() == [organisation]
    registry.close()
