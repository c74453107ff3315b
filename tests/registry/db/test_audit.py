"""The audit log records every change, and detects altered entries."""

from __future__ import annotations

import msgspec
import pytest
import sqlalchemy as sa

from headland.registry.db.tables.farm_tables import audit, organisations
from headland.registry.models.models import Farm
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.registry.conftest import ManualClock
from tests.registry.records import START_MS


@pytest.fixture
def farm(repositories: OrganisationRepositories, clock: ManualClock) -> Farm:
    """A farm that was added, changed and deleted: entries 2, 3 and 4."""
    made = repositories.farms.add(Farm(name="Home"))
    clock.advance(500)
    changed = repositories.farms.change(msgspec.structs.replace(made, note="sold"))
    repositories.farms.delete(changed.id, changed.version)
    return changed


def test_an_entry_has_actor_action_time_and_the_record_before_and_after(
    repositories: OrganisationRepositories, farm: Farm
) -> None:
    deleted, changed, added = repositories.audit_entries(farm.id)
    assert [entry.action for entry in (added, changed, deleted)] == ["add", "change", "delete"]
    assert [entry.seq for entry in (added, changed, deleted)] == [2, 3, 4]
    assert {entry.who for entry in (added, changed, deleted)} == {"tester"}
    assert (added.time_ms, changed.time_ms) == (START_MS, START_MS + 500)
    assert (added.before, deleted.after) == (None, None)
    assert changed.before == added.after
    assert msgspec.json.decode(changed.after or "", type=Farm) == farm
    assert deleted.before == changed.after


def test_the_log_is_read_in_pages_from_the_newest(repositories: OrganisationRepositories, farm: Farm) -> None:
    newest = repositories.audit_entries(limit=2)
    assert [entry.seq for entry in newest] == [4, 3]
    assert [entry.seq for entry in repositories.audit_entries(before_seq=3)] == [2, 1]


def test_an_unaltered_log_passes_the_check(repositories: OrganisationRepositories, farm: Farm) -> None:
    found = repositories.check_audit()
    assert (found.entries, found.broken_at) == (4, None)
    assert found.hash == repositories.audit_entries(limit=1)[0].hash


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        (audit.update().where(audit.c.seq == 3).values(after=None), 3),
        (audit.update().where(audit.c.seq == 2).values(who="someone else"), 2),
        (audit.update().where(audit.c.seq == 4).values(time_ms=0), 4),
        (audit.update().where(audit.c.seq == 1).values(hash="0" * 64), 1),
        (audit.delete().where(audit.c.seq == 3), 3),
        (audit.delete().where(audit.c.seq == 4), 4),
        (audit.delete(), 1),
        (organisations.update().values(audit_hash="0" * 64), 5),
    ],
    ids=["after", "who", "when", "hash", "taken out", "cut off", "emptied", "head"],
)
def test_a_changed_log_reports_where(
    registry: Registry,
    repositories: OrganisationRepositories,
    farm: Farm,
    statement: sa.Update | sa.Delete,
    broken_at: int,
) -> None:
    with registry._database.writing() as connection:
        connection.execute(statement)
    assert repositories.check_audit().broken_at == broken_at


def test_a_refused_change_leaves_no_entry(repositories: OrganisationRepositories, farm: Farm) -> None:
    with pytest.raises(Exception, match="no farm"):
        repositories.farms.change(farm)
    assert repositories.check_audit().entries == 4
