"""Organisations, keys and described devices."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from headland.contract.records import ChannelInfo
from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict
from headland.registry.models.models import Member, Scope
from headland.registry.registry import Registry
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from tests.registry.conftest import ManualClock
from tests.registry.records import START_MS, descriptor, fill


def test_an_organisation_is_found_by_its_handle(registry: Registry) -> None:
    ours = registry.add_organisation("local", "Our farm", "test")
    theirs = registry.add_organisation("coop-1", "合作社", "test")
    assert registry.organisation("coop-1") == theirs
    assert registry.organisations() == [ours, theirs]
    with pytest.raises(RecordConflict, match="'local' exists already"):
        registry.add_organisation("local", "Again", "test")
    with pytest.raises(InvalidRecord, match="not a handle"):
        registry.add_organisation("a/b", "Slash", "test")
    with pytest.raises(NotFound):
        registry.organisation("nobody")
    with pytest.raises(NotFound, match="no organisation"):
        fill(registry.repositories("01nothing", "test"))


def test_a_key_gives_access_to_its_organisation_until_it_expires(
    registry: Registry, repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    record, key = repositories.add_key("app", Scope.WRITE, expires_ms=START_MS + 1000)
    access = registry.authenticate(key)
    assert access is not None
    assert (access.organisation.id, access.scope, access.key) == (repositories.organisation, Scope.WRITE, record.id)
    assert access.by == f"key:{record.prefix}"
    assert key.startswith(record.prefix)
    assert repositories.keys.get(record.id).last_used_ms == START_MS
    clock.advance(1000)
    assert registry.authenticate(key) is None


def test_a_deleted_or_guessed_key_gives_no_access(registry: Registry, repositories: OrganisationRepositories) -> None:
    record, key = repositories.add_key("app", Scope.READ)
    for guess in ("", "hl_", key[:-1], key + "x", key[:-4] + "aaaa", key.upper(), record.prefix, "' OR 1=1 --"):
        assert registry.authenticate(guess) is None, guess
    repositories.keys.delete(record.id, record.version)
    assert registry.authenticate(key) is None


def test_a_key_is_nowhere_in_the_database(registry: Registry, repositories: OrganisationRepositories) -> None:
    _, key = repositories.add_key("app", Scope.ADMIN)
    secret = key.partition(".")[2]
    with registry._database.reading() as connection:
        for table in ("api_keys", "audit"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()
            assert rows
            assert secret not in repr(rows)


def test_a_keys_last_use_is_written_at_most_once_a_minute_and_is_no_change(
    registry: Registry, repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    record, key = repositories.add_key("app", Scope.READ)
    registry.authenticate(key)
    clock.advance(59_000)
    registry.authenticate(key)
    assert repositories.keys.get(record.id).last_used_ms == START_MS
    clock.advance(1000)
    registry.authenticate(key)
    used = repositories.keys.get(record.id)
    assert (used.last_used_ms, used.version) == (START_MS + 60_000, 1)
    assert [entry.action for entry in repositories.audit_entries(record.id)] == ["add"]


def test_a_person_has_access_to_each_organisation_as_a_member(
    registry: Registry, repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    member = repositories.members.add(Member(subject="idp|7", name="Li", role=Scope.ADMIN))
    neighbour.members.add(Member(subject="idp|7", name="Li", role=Scope.READ))
    neighbour.members.add(Member(subject="idp|8", name="Wang", role=Scope.ADMIN))
    found = [(access.organisation.id, access.scope, access.by) for access in registry.memberships("idp|7")]
    assert found == [
        (repositories.organisation, Scope.ADMIN, "member:idp|7"),
        (neighbour.organisation, Scope.READ, "member:idp|7"),
    ]
    repositories.members.delete(member.id, member.version)
    assert [access.organisation.id for access in registry.memberships("idp|7")] == [neighbour.organisation]
    assert registry.memberships("idp|9") == []


def test_a_described_device_is_stored_and_an_unchanged_descriptor_writes_nothing(
    repositories: OrganisationRepositories,
) -> None:
    made = repositories.record_descriptor("gw-1", descriptor())
    assert (made.name, made.gateway, made.title) == ("greenhouse-1", "gw-1", "House 1")
    assert made.channels == {"air_temperature_degc": ChannelInfo(unit="degC", interval_s=1.0)}
    assert repositories.record_descriptor("gw-1", descriptor()) == made
    moved = repositories.record_descriptor("gw-2", descriptor(software="2.0"))
    assert (moved.id, moved.version, moved.gateway, moved.software) == (made.id, 2, "gw-2", "2.0")
    assert len(repositories.audit_entries(made.id)) == 2


def test_fields_that_people_set_outlive_the_next_descriptor(repositories: OrganisationRepositories) -> None:
    kept = fill(repositories)
    device = repositories.devices.get(kept["devices"].id)
    repositories.devices.change(replace(device, zone=kept["zones"].id))
    assert repositories.record_descriptor(device.gateway, descriptor(name="House one")).zone == kept["zones"].id


def test_a_device_simulated_once_remains_simulated(repositories: OrganisationRepositories) -> None:
    repositories.record_descriptor("gw-1", descriptor(simulated=True))
    assert repositories.record_descriptor("gw-1", descriptor(simulated=False)).simulated is True
