"""Behaviour of every kind of record, on both databases."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date
from typing import Any

import msgspec
import pytest

from headland.registry.models.errors import InvalidRecord, NotFound, RecordConflict, VersionConflict
from headland.registry.models.models import Farm, Field, Gateway, Season, VersionedRecord
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.repositories.repository import Repository
from tests.registry.conftest import ManualClock
from tests.registry.records import PLOT, START_MS, fill

SHELVES = ["farms", "sites", "fields", "greenhouses", "zones", "gateways", "devices", "members", "products",
           "implements", "seasons", "prescriptions", "notes", "alarm_rules", "alarm_recipients", "maintenance",
           "webhooks", "plant_protection", "keys", "people", "holdings", "tariffs", "subsidy_rules",
           "forecast_providers", "crop_bands", "duty_rotas", "germplasm", "trial_variables", "trials",
           "irrigation_zones", "irrigations", "confirmations", "done_actions", "map_sources"]  # fmt: skip


def repository(repositories: OrganisationRepositories, name: str) -> Repository[Any]:
    found: Repository[Any] = getattr(repositories, name)
    return found


def test_every_kind_of_record_comes_back_as_it_was_added(repositories: OrganisationRepositories) -> None:
    kept = fill(repositories)
    plain = {name for name in OrganisationRepositories.rows() if isinstance(getattr(repositories, name), Repository)}
    assert set(kept) == set(SHELVES) == plain
    for name, record in kept.items():
        assert repository(repositories, name).get(record.id) == record
        assert repository(repositories, name).list() == [record]
        assert (record.version, record.created_ms, record.changed_ms) == (1, START_MS, START_MS)


def test_nothing_of_an_organisation_is_found_changed_or_deleted_by_another(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    for name, record in fill(repositories).items():
        theirs = repository(neighbour, name)
        assert theirs.list() == []
        with pytest.raises(NotFound):
            theirs.get(record.id)
        with pytest.raises(NotFound):
            theirs.get(record.id, also_deleted=True)
        with pytest.raises(NotFound):
            theirs.change(record)
        with pytest.raises(NotFound):
            theirs.delete(record.id, 1)
        assert repository(repositories, name).get(record.id) == record
        assert neighbour.audit_entries(record.id) == []


def test_a_list_by_a_value_and_by_none_has_only_those_records(repositories: OrganisationRepositories) -> None:
    fill(repositories)
    (loose,), (zone,) = repositories.devices.list(), repositories.zones.list()
    placed = repositories.devices.add(msgspec.structs.replace(loose, name="placed", zone=zone.id))
    for _ in range(2):  # the second time with the query of the first
        assert repositories.devices.list(zone=zone.id) == [placed]
        assert repositories.devices.list(zone=None) == list(repositories.devices.all(zone=None)) == [loose]
        assert repositories.devices.list(zone="no such zone") == []
        assert repositories.devices.list(limit=1) == [loose]
        assert repositories.devices.list(after=loose.id, limit=1) == [placed]


def test_a_record_cannot_refer_to_another_organisations(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    farm = repositories.farms.add(Farm(name="Ours"))
    with pytest.raises(NotFound, match="no farm"):
        neighbour.fields.add(Field(farm=farm.id, name="Stolen", geometry=PLOT))


def test_two_organisations_may_use_the_same_names_but_a_gateways_login_is_one_organisations(
    repositories: OrganisationRepositories, neighbour: OrganisationRepositories
) -> None:
    fill(repositories)
    fill(neighbour)
    repositories.gateways.add(Gateway(name="gw-9", site="home"))
    with pytest.raises(RecordConflict, match="gateway 'gw-9' exists already"):
        neighbour.gateways.add(Gateway(name="gw-9", site="home"))


def test_a_change_makes_a_new_version_and_an_old_one_is_refused(
    repositories: OrganisationRepositories, clock: ManualClock
) -> None:
    first = repositories.farms.add(Farm(name="Home"))
    clock.advance(1000)
    second = repositories.farms.change(msgspec.structs.replace(first, name="Hill"))
    assert (second.version, second.created_ms, second.changed_ms) == (2, START_MS, START_MS + 1000)
    assert repositories.farms.get(first.id) == second
    with pytest.raises(VersionConflict, match="at version 2, not 1") as caught:
        repositories.farms.change(msgspec.structs.replace(first, name="Lost"))
    assert (caught.value.expected, caught.value.current) == (1, 2)
    with pytest.raises(VersionConflict):
        repositories.farms.delete(first.id, 1)


def test_one_of_many_concurrent_changes_of_a_version_wins(repositories: OrganisationRepositories) -> None:
    farm = repositories.farms.add(Farm(name="Home"))
    won: list[str] = []

    def change(name: str) -> None:
        with suppress(VersionConflict):
            won.append(repositories.farms.change(msgspec.structs.replace(farm, name=name)).name)

    threads = [threading.Thread(target=change, args=(f"name {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert repositories.farms.get(farm.id).name == won[0]
    assert repositories.check_audit().broken_at is None


def test_a_deleted_record_is_not_listed_and_remains_for_history(
    repositories: OrganisationRepositories,
) -> None:
    farm = repositories.farms.add(Farm(name="Home"))
    repositories.farms.delete(farm.id, farm.version)
    assert repositories.farms.list() == []
    with pytest.raises(NotFound):
        repositories.farms.get(farm.id)
    assert repositories.farms.get(farm.id, also_deleted=True).name == "Home"
    assert repositories.farms.add(Farm(name="Home")).id != farm.id


def test_a_record_that_others_refer_to_is_not_deleted(repositories: OrganisationRepositories) -> None:
    kept = fill(repositories)
    with pytest.raises(RecordConflict, match="1 of its trials name this field and are never deleted: keep it"):
        repositories.fields.delete(kept["fields"].id, 1)
    repositories.trials.delete(kept["trials"].id, 1)
    with pytest.raises(RecordConflict, match="1 of its seasons still refer to this field: delete them"):
        repositories.fields.delete(kept["fields"].id, 1)
    repositories.seasons.delete(kept["seasons"].id, 1)
    repositories.prescriptions.delete(kept["prescriptions"].id, 1)
    repositories.holdings.delete(kept["holdings"].id, 1)
    repositories.irrigations.delete(kept["irrigations"].id, 1)
    repositories.irrigation_zones.delete(kept["irrigation_zones"].id, 1)
    repositories.fields.delete(kept["fields"].id, 1)
    with pytest.raises(NotFound, match="no field"):
        repositories.seasons.add(Season(field=kept["fields"].id, name="2027", crop="rice"))


def test_a_name_is_unique_among_records_that_are_not_deleted(repositories: OrganisationRepositories) -> None:
    repositories.farms.add(Farm(name="Home"))
    other = repositories.farms.add(Farm(name="Hill"))
    with pytest.raises(RecordConflict, match="A farm 'Home' exists already"):
        repositories.farms.add(Farm(name="Home"))
    with pytest.raises(RecordConflict, match="A farm 'Home' exists already"):
        repositories.farms.change(msgspec.structs.replace(other, name="Home"))


def test_a_list_continues_after_the_last_id_and_filters_by_field(repositories: OrganisationRepositories) -> None:
    farms = [repositories.farms.add(Farm(name=f"farm {number}")) for number in range(5)]
    assert [farm.id for farm in farms] == sorted(farm.id for farm in farms)
    assert repositories.farms.list(limit=2) == farms[:2]
    assert repositories.farms.list(after=farms[1].id, limit=2) == farms[2:4]
    assert repositories.farms.list(name="farm 3") == [farms[3]]
    assert list(repositories.farms.all()) == farms


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (Farm(name=""), "name"),
        (Farm(name="x" * 201), "name"),
        (Farm(name="a\0b"), "NUL"),
        (Farm(name="\ud800"), "farm"),
        (Farm(name="a", latitude_deg=91.0, longitude_deg=0.0), "latitude_deg"),
        (Farm(name="a", latitude_deg=float("nan"), longitude_deg=0.0), "latitude_deg"),
        (Farm(name="a", latitude_deg=10.0), "both longitude_deg and latitude_deg"),
        (Farm(name=3), "name"),  # type: ignore[arg-type]
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_invalid_record_is_refused_with_its_field(
    repositories: OrganisationRepositories, record: Farm, why: str
) -> None:
    with pytest.raises(InvalidRecord, match=why):
        repositories.farms.add(record)
    assert repositories.farms.list() == []
    assert repositories.audit_entries(limit=5)[0].kind == "organisation"


def test_a_record_stores_dates_numbers_and_texts_exactly(repositories: OrganisationRepositories) -> None:
    kept: dict[str, VersionedRecord] = fill(repositories)
    season = repositories.seasons.get(kept["seasons"].id)
    assert (season.sowing_date, season.harvest_date, season.target_yield_t_ha) == (date(2026, 10, 25), None, 6.75)
    farm = repositories.farms.add(Farm(name="句容 «Süd» 🌾", longitude_deg=0.1 + 0.2, latitude_deg=1e-7))
    assert repositories.farms.get(farm.id) == farm
