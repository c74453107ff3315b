"""Declared passes are never changed, and an altered ledger is detected."""

from __future__ import annotations

import msgspec
import pytest
import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import ledger, ledger_heads
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.models import Pass
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.registry.records import START_MS, fill


@pytest.fixture
def declared(repositories: OrganisationRepositories) -> Pass:
    filled = fill(repositories)
    return Pass(
        field=filled["fields"].id,
        device="uav-1",
        start_ms=START_MS,
        end_ms=START_MS + 600_000,
        product=filled["products"].id,
        planned_rate_ha=98.0,
    )


def test_a_pass_declared_twice_is_one(repositories: OrganisationRepositories, declared: Pass) -> None:
    first = repositories.passes.declare(declared)
    assert repositories.passes.declare(declared) == first
    assert repositories.passes.of_field(declared.field) == [first]
    assert repositories.passes.get(first.id) == first
    assert repositories.audit_entries(first.id)[0].action == "add"


def test_a_pass_with_other_values_at_the_same_start_is_refused(
    repositories: OrganisationRepositories, declared: Pass
) -> None:
    repositories.passes.declare(declared)
    with pytest.raises(RecordConflict, match="with other values"):
        repositories.passes.declare(msgspec.structs.replace(declared, planned_rate_ha=90.0))


def test_a_pass_needs_a_field_and_a_length(repositories: OrganisationRepositories, declared: Pass) -> None:
    with pytest.raises(NotFound):
        repositories.passes.declare(msgspec.structs.replace(declared, field="none"))
    with pytest.raises(InvalidRecord, match="at most two days"):
        repositories.passes.declare(msgspec.structs.replace(declared, end_ms=START_MS + 3 * 86_400_000))


def test_another_organisation_sees_neither_pass_nor_ledger(
    repositories: OrganisationRepositories, registry: Registry, declared: Pass
) -> None:
    kept = repositories.passes.declare(declared)
    repositories.ledger.append("as_applied", declared.field, kept.id, {"applied_kg": 45.7})
    other = registry.repositories(registry.add_organisation("another", "Another", "test").id, "test")
    with pytest.raises(NotFound):
        other.passes.get(kept.id)
    assert other.passes.of_field(declared.field) == []
    assert other.ledger.read() == []
    assert other.ledger.check().entries == 0


def test_the_same_fact_again_adds_no_entry(repositories: OrganisationRepositories) -> None:
    first = repositories.ledger.append("as_applied", "f", "p", {"b": 1, "a": 2})
    assert repositories.ledger.append("as_applied", "f", "p", {"a": 2, "b": 1}) == first
    assert repositories.ledger.append("as_applied", "f", "p", {"a": 3}).seq == 2
    assert [entry.seq for entry in repositories.ledger.read(pass_id="p")] == [1, 2]
    assert repositories.ledger.read(field="g") == []
    assert repositories.ledger.check().broken_at is None


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        (ledger.update().where(ledger.c.seq == 2).values(body='{"applied_kg":9}'), 2),
        (ledger.update().where(ledger.c.seq == 1).values(field="other"), 1),
        (ledger.delete().where(ledger.c.seq == 2), 2),
        (ledger.delete().where(ledger.c.seq == 3), 3),
        (ledger_heads.update().values(hash="0" * 64), 4),
    ],
    ids=["changed", "moved", "taken out", "cut off", "head"],
)
def test_a_changed_ledger_reports_where(
    repositories: OrganisationRepositories, registry: Registry, statement: sa.Executable, broken_at: int
) -> None:
    for number in range(3):
        repositories.ledger.append("as_applied", "f", f"p{number}", {"applied_kg": number})
    assert repositories.ledger.check().broken_at is None
    with registry._database.writing() as connection:
        connection.execute(statement)
    assert repositories.ledger.check().broken_at == broken_at
