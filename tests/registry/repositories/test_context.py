"""Answers of the registry are handed out again until anybody commits, and never longer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from headland.registry.models.access_table import Role
from headland.registry.models.models import Farm, Field
from headland.registry.models.people import Holding, HoldingKind, Person
from headland.registry.registry import Registry, open_registry
from headland.registry.repositories.context import LastRead
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.compilation import ROOT
from tests.registry.records import PLOT


class Statements:
    """Counts the statements of a registry's own connections."""

    def __init__(self, registry: Registry) -> None:
        self.count = 0
        event.listen(registry._database.engine, "before_cursor_execute", self._add)

    def _add(self, *_: object) -> None:
        self.count += 1


def names(repositories: OrganisationRepositories) -> list[str]:
    return sorted(farm.name for farm in repositories.farms.all())


def test_records_are_read_again_after_each_commit_whoever_made_it(
    registry: Registry, registry_url: str, repositories: OrganisationRepositories
) -> None:
    other = open_registry(registry_url)
    others = other.repositories(repositories.organisation, "other")
    expected: list[str] = []
    for number in range(6):
        writer = repositories if number % 2 else others
        made = writer.farms.add(Farm(name=f"farm-{number}"))
        expected.append(made.name)
        assert names(repositories) == names(others) == names(repositories) == expected
        if number == 3:
            writer.farms.delete(made.id, made.version)
            expected.pop()
            assert names(repositories) == names(others) == expected
    other.close()


def test_a_thread_that_looks_again_reads_nothing_where_nothing_changed(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    repositories = registry.repositories(registry.add_organisation("local", "Our farm", "test").id, "tester")
    repositories.farms.add(Farm(name="home"))
    assert names(repositories) == ["home"]
    statements = Statements(registry)
    for _ in range(3):
        assert names(repositories) == ["home"]
        assert repositories.alarms.active() == []
    looked = statements.count
    for _ in range(3):
        assert names(repositories) == ["home"]
        assert repositories.alarms.active() == []
    assert statements.count == looked < 4
    registry.close()


def test_many_records_are_read_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.registry.repositories.repository._MOST_REMEMBERED", 2)
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    repositories = registry.repositories(registry.add_organisation("local", "Our farm", "test").id, "tester")
    repositories.farms.add_all([Farm(name=f"farm-{number}") for number in range(3)])
    statements = Statements(registry)
    for _ in range(2):
        before = statements.count
        assert len(names(repositories)) == 3
        assert statements.count > before
    registry.close()


def test_a_commit_of_another_process_is_seen(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    organisation = registry.add_organisation("local", "Our farm", "test").id
    repositories = registry.repositories(organisation, "tester")
    assert names(repositories) == names(repositories) == []
    code = (
        "import sys; from headland.registry.registry import open_registry; "
        "from headland.registry.models.models import Farm; "
        "registry = open_registry(sys.argv[1]); "
        "registry.repositories(sys.argv[2], 'x').farms.add(Farm(name='home')); registry.close()"
    )
    words = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/r.sqlite", organisation]
    subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert names(repositories) == ["home"]
    registry.close()


def test_what_was_read_of_a_file_is_not_handed_out_for_the_one_that_replaced_it(tmp_path: Path) -> None:
    path, copied = tmp_path / "r.sqlite", tmp_path / "copy.sqlite"
    registry = open_registry(f"sqlite:///{path}")
    repositories = registry.repositories(registry.add_organisation("local", "Our farm", "test").id, "tester")
    repositories.farms.add(Farm(name="home"))
    registry.close()
    shutil.copy(path, copied)
    registry = open_registry(f"sqlite:///{path}")
    registry.repositories(repositories.organisation, "tester").farms.add(Farm(name="second"))
    registry.close()
    # Without a commit since it was opened: the count of the other file begins with the same number.
    registry = open_registry(f"sqlite:///{path}")
    repositories = registry.repositories(repositories.organisation, "tester")
    for _ in range(3):
        assert names(repositories) == ["home", "second"]
    copied.rename(path)
    assert names(repositories) == names(repositories) == ["home"]
    registry.close()


def test_what_is_committed_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    repositories = registry.repositories(registry.add_organisation("local", "Our farm", "test").id, "tester")
    last: LastRead[list[str]] = LastRead(registry._database)

    def read_before_a_commit() -> list[str]:
        found = [farm.name for farm in repositories.farms.list()]
        if not found:
            repositories.farms.add(Farm(name="home"))
        return found

    assert last.read("names", read_before_a_commit) == []
    assert last.read("names", read_before_a_commit) == ["home"]
    registry.close()


def test_a_request_uses_the_answers_of_the_request_before(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    organisation = registry.add_organisation("local", "Our farm", "test").id
    registry.repositories(organisation, "one").farms.add(Farm(name="home"))
    statements = Statements(registry)
    for by in ("one", "two", "three"):
        # Each request has repositories of its own.
        assert names(registry.repositories(organisation, by)) == ["home"]
    read_once = statements.count
    assert names(registry.repositories(organisation, "four")) == ["home"]
    assert statements.count == read_once == 2  # BEGIN and SELECT
    registry.close()


def test_whoever_sees_other_rows_or_less_of_them_gets_no_answer_of_another(tmp_path: Path) -> None:
    now_ms = [0]
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite", lambda: now_ms[0])
    organisation = registry.add_organisation("local", "Our farm", "test").id
    whole = registry.repositories(organisation, "manager")
    farm = whole.farms.add(Farm(name="home"))
    mine, other = (whole.fields.add(Field(farm=farm.id, name=name, geometry=PLOT, owner="Wang")) for name in "ab")
    person = whole.people.add(Person(name="Wang"))
    whole.holdings.add(Holding(field=mine.id, person=person.id, kind=HoldingKind.LEASE, end_ms=1000))
    for _ in range(2):
        member = registry.repositories(organisation, "member", person.id)
        pilot = registry.repositories(organisation, "pilot", role=Role.PILOT)
        assert {field.name for field in whole.fields.all()} == {"a", "b"}
        assert [(field.id, field.owner) for field in member.fields.all()] == [(mine.id, "Wang")]
        assert [field.id for field in member.field_records.all()] == [mine.id]
        assert {(field.id, field.owner) for field in pilot.fields.all()} == {(mine.id, ""), (other.id, "")}
    # Without any commit: the holding is over, the passes of its time are not.
    now_ms[0] = 2000
    assert [field.id for field in member.field_records.all()] == []
    assert [field.id for field in member.fields.all()] == [mine.id]
    registry.close()


def test_what_was_asked_least_lately_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headland.registry.repositories.context.MOST_QUESTIONS", 2)
    registry = open_registry(f"sqlite:///{tmp_path}/r.sqlite")
    last: LastRead[str] = LastRead(registry._database)
    asked: list[str] = []

    def ask(question: str) -> None:
        def read() -> str:
            asked.append(question)
            return question

        assert last.read(question, read) == question

    for question in ("a", "b", "a", "c", "a", "b"):
        ask(question)
    assert asked == ["a", "b", "c", "b"]
    registry.close()
