"""What every kind of record does, on both databases."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date
from typing import Any

import msgspec
import pytest

from headland.registry.errors import Conflict, InvalidRecord, NotFound, VersionConflict
from headland.registry.estate import Estate
from headland.registry.records import Farm, Field, Gateway, Kept, Season
from headland.registry.shelf import Shelf
from tests.registry.conftest import HandClock
from tests.registry.records import PLOT, START_MS, fill

SHELVES = ["farms", "sites", "fields", "greenhouses", "zones", "gateways", "devices", "members", "products",
           "implements", "seasons", "prescriptions", "notes", "alarm_rules", "alarm_recipients", "maintenance",
           "webhooks", "keys"]  # fmt: skip


def shelf(estate: Estate, name: str) -> Shelf[Any]:
    found: Shelf[Any] = getattr(estate, name)
    return found


def test_every_kind_of_record_comes_back_as_it_was_kept(estate: Estate) -> None:
    kept = fill(estate)
    assert set(kept) == set(SHELVES) == {name for name, each in vars(estate).items() if isinstance(each, Shelf)}
    for name, record in kept.items():
        assert shelf(estate, name).get(record.id) == record
        assert shelf(estate, name).list() == [record]
        assert (record.version, record.created_ms, record.changed_ms) == (1, START_MS, START_MS)


def test_nothing_of_an_organisation_is_found_changed_or_deleted_by_another(estate: Estate, neighbour: Estate) -> None:
    for name, record in fill(estate).items():
        theirs = shelf(neighbour, name)
        assert theirs.list() == []
        with pytest.raises(NotFound):
            theirs.get(record.id)
        with pytest.raises(NotFound):
            theirs.get(record.id, also_deleted=True)
        with pytest.raises(NotFound):
            theirs.change(record)
        with pytest.raises(NotFound):
            theirs.delete(record.id, 1)
        assert shelf(estate, name).get(record.id) == record
        assert neighbour.history(record.id) == []


def test_a_record_cannot_refer_to_another_organisations(estate: Estate, neighbour: Estate) -> None:
    farm = estate.farms.add(Farm(name="Ours"))
    with pytest.raises(NotFound, match="no farm"):
        neighbour.fields.add(Field(farm=farm.id, name="Stolen", geometry=PLOT))


def test_two_organisations_may_use_the_same_names_but_a_gateways_login_is_one_organisations(
    estate: Estate, neighbour: Estate
) -> None:
    fill(estate)
    fill(neighbour)
    estate.gateways.add(Gateway(name="gw-9", site="home"))
    with pytest.raises(Conflict, match="gateway 'gw-9' already"):
        neighbour.gateways.add(Gateway(name="gw-9", site="home"))


def test_a_change_makes_a_new_version_and_an_old_one_is_refused(estate: Estate, clock: HandClock) -> None:
    first = estate.farms.add(Farm(name="Home"))
    clock.advance(1000)
    second = estate.farms.change(msgspec.structs.replace(first, name="Hill"))
    assert (second.version, second.created_ms, second.changed_ms) == (2, START_MS, START_MS + 1000)
    assert estate.farms.get(first.id) == second
    with pytest.raises(VersionConflict, match="at version 2, not 1") as caught:
        estate.farms.change(msgspec.structs.replace(first, name="Lost"))
    assert (caught.value.expected, caught.value.found) == (1, 2)
    with pytest.raises(VersionConflict):
        estate.farms.delete(first.id, 1)


def test_of_many_who_change_one_version_at_once_one_wins(estate: Estate) -> None:
    farm = estate.farms.add(Farm(name="Home"))
    won: list[str] = []

    def change(name: str) -> None:
        with suppress(VersionConflict):
            won.append(estate.farms.change(msgspec.structs.replace(farm, name=name)).name)

    threads = [threading.Thread(target=change, args=(f"name {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert estate.farms.get(farm.id).name == won[0]
    assert estate.check_history().broken_at is None


def test_a_deleted_record_is_gone_from_lists_and_still_there_for_history(estate: Estate) -> None:
    farm = estate.farms.add(Farm(name="Home"))
    estate.farms.delete(farm.id, farm.version)
    assert estate.farms.list() == []
    with pytest.raises(NotFound):
        estate.farms.get(farm.id)
    assert estate.farms.get(farm.id, also_deleted=True).name == "Home"
    assert estate.farms.add(Farm(name="Home")).id != farm.id


def test_what_others_refer_to_is_not_deleted_from_under_them(estate: Estate) -> None:
    kept = fill(estate)
    with pytest.raises(Conflict, match="1 of its seasons still refer to this field"):
        estate.fields.delete(kept["fields"].id, 1)
    estate.seasons.delete(kept["seasons"].id, 1)
    estate.prescriptions.delete(kept["prescriptions"].id, 1)
    estate.fields.delete(kept["fields"].id, 1)
    with pytest.raises(NotFound, match="no field"):
        estate.seasons.add(Season(field=kept["fields"].id, name="2027", crop="rice"))


def test_a_name_is_given_once_among_the_living(estate: Estate) -> None:
    estate.farms.add(Farm(name="Home"))
    other = estate.farms.add(Farm(name="Hill"))
    with pytest.raises(Conflict, match="There is a farm 'Home' already"):
        estate.farms.add(Farm(name="Home"))
    with pytest.raises(Conflict, match="There is a farm 'Home' already"):
        estate.farms.change(msgspec.structs.replace(other, name="Home"))


def test_a_list_goes_on_after_the_last_id_and_narrows_by_field(estate: Estate) -> None:
    farms = [estate.farms.add(Farm(name=f"farm {number}")) for number in range(5)]
    assert [farm.id for farm in farms] == sorted(farm.id for farm in farms)
    assert estate.farms.list(limit=2) == farms[:2]
    assert estate.farms.list(after=farms[1].id, limit=2) == farms[2:4]
    assert estate.farms.list(name="farm 3") == [farms[3]]
    assert list(estate.farms.all()) == farms


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
def test_a_record_that_cannot_be_is_refused_with_its_field(estate: Estate, record: Farm, why: str) -> None:
    with pytest.raises(InvalidRecord, match=why):
        estate.farms.add(record)
    assert estate.farms.list() == []
    assert estate.history(limit=5)[0].kind == "organisation"


def test_a_record_keeps_dates_numbers_and_words_exactly(estate: Estate) -> None:
    kept: dict[str, Kept] = fill(estate)
    season = estate.seasons.get(kept["seasons"].id)
    assert (season.sowing_date, season.harvest_date, season.target_yield_t_ha) == (date(2026, 10, 25), None, 6.75)
    farm = estate.farms.add(Farm(name="句容 «Süd» 🌾", longitude_deg=0.1 + 0.2, latitude_deg=1e-7))
    assert estate.farms.get(farm.id) == farm
