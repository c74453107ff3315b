"""Entries of the registry that the station makes by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from headland.contract.records import Descriptor
from headland.i18n import LANGUAGES, find_term
from headland.registry.models.errors import RecordConflict
from headland.registry.models.models import Farm
from headland.registry.registry import Registry
from headland.store.memory import MemoryStore
from station.cli.app import app
from station.cli.commands.up import language_of_locale
from station.local.folder import FarmFolder
from station.local.plan import UpSettings, make_plan
from station.server.organisation import (
    add_demo,
    add_gateway,
    delete_gateway,
    ensure_organisation,
    open_first_organisation,
)
from station.server.place_names import place_name
from station.server.scenarios import FARMS
from station.server.settings import StationSettings
from station.server.storage.registries import open_registry, registry_url
from station.server.workers.registry_sync import RegistrySync
from tests.store.batches import batch, key

DRONE = Descriptor(device="drone-1", kind="drone", site="jurong", name="Drone 1")


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = open_registry(registry_url(None, tmp_path / "registry.sqlite"))
    yield opened
    opened.close()


def test_the_first_estate_is_made_once_and_has_a_farm(registry: Registry) -> None:
    made = ensure_organisation(registry, "local", "test")
    assert [farm.name for farm in made.farms.list()] == ["Home farm"]
    again = ensure_organisation(registry, "local", "test")
    assert again.organisation == made.organisation
    assert len(again.farms.list()) == 1


def test_the_demo_has_the_field_that_its_drone_flies_and_what_people_changed_stays(registry: Registry) -> None:
    repositories = ensure_organisation(registry, "local", "test")
    add_demo(repositories, "demo")
    field = repositories.fields.list()[0]
    # 120 m by 60 m are flown there.
    assert field.area_m2 == pytest.approx(7200, rel=0.005)
    assert [house.name for house in repositories.greenhouses.list()] == ["greenhouse-1"]
    assert {site.name: site.time_zone for site in repositories.sites.list()} == dict.fromkeys(
        ("jurong", "wuhan"), "Asia/Shanghai"
    )
    assert [(each.name, each.swath_m) for each in repositories.implements.list()] == [("demo sprayer", 5.0)]
    # Where there is nothing better a map shows a house at its site.
    wuhan = repositories.sites.list(name="wuhan")[0]
    assert (wuhan.longitude_deg, wuhan.latitude_deg) == (114.35, 30.55)
    repositories.fields.change(replace(field, owner="Zhang"))
    add_demo(repositories, "demo")
    assert [each.owner for each in repositories.fields.list()] == ["Zhang"]


def test_every_compartment_of_a_base_is_a_greenhouse_and_the_forests_edge_is_none(registry: Registry) -> None:
    repositories = ensure_organisation(registry, "local", "test")
    add_demo(repositories, "hubei-greenhouses", 20)
    assert {house.name for house in repositories.greenhouses.all()} == {f"greenhouse-{unit}" for unit in range(1, 21)}
    add_demo(repositories, "chongqing-mixed")
    added = {house.name for house in repositories.greenhouses.all()} - {f"greenhouse-{unit}" for unit in range(1, 21)}
    assert added == {"film-house-1", "film-house-2"}


def test_a_simulated_farms_places_have_names_of_its_language_and_are_made_once_in_any(registry: Registry) -> None:
    repositories = ensure_organisation(registry, "local", "test")
    add_demo(repositories, "jurong-farm", language="zh")
    fields, houses = repositories.fields.all, repositories.greenhouses.all
    assert {field.name for field in fields()} == {"东坡麦田", "河西油菜田"}
    assert {house.name for house in houses()} == {"1 号棚", "2 号棚", "3 号棚"}
    assert {each.name for each in repositories.implements.all()} == {"东坡麦田撒播机", "河西油菜田喷雾机"}
    before = {each.id for each in (*fields(), *houses())}
    # The next start may be that of another person, whose locale is another one.
    add_demo(repositories, "jurong-farm", language="en")
    assert {each.id for each in (*fields(), *houses())} == before
    assert len(repositories.implements.list()) == 2


def test_the_first_records_have_names_of_the_language_and_are_not_made_again_in_another(registry: Registry) -> None:
    registry.first_language = "zh"
    repositories = ensure_organisation(registry, "local", "test")
    assert registry.organisation("local").name == "本机"
    (farm,) = repositories.farms.list()
    assert farm.name == "我的农场"
    repositories.farms.delete(farm.id, farm.version)
    for language in LANGUAGES:
        registry.first_language = language
        assert ensure_organisation(registry, "local", "test").farms.list() == []


def test_every_site_and_product_of_the_simulation_has_a_chinese_name() -> None:
    for farm in FARMS.values():
        for site in (*(drone.site for drone in farm.drones), *(house.site for house in farm.houses)):
            assert re.search("[\u4e00-\u9fff]", find_term("simulated_sites", site, "zh") or ""), site
        for flight in (flight for drone in farm.drones for flight in drone.past if flight.product):
            assert re.search("[\u4e00-\u9fff]", place_name(flight.product, "zh")), flight.product


def test_every_simulated_place_has_a_chinese_name() -> None:
    for farm in FARMS.values():
        places = [drone.scenario for drone in farm.drones]
        places += [device for house in farm.houses if house.kind == "greenhouse" for device in house.devices]
        for place in places:
            assert place_name(place, "en") == place
            assert re.search("[\u4e00-\u9fff]", place_name(place, "zh")), place


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_that_of_the_locales_texts(environment: dict[str, str], language: str) -> None:
    assert language_of_locale(environment) == language


def test_the_sync_learns_devices_and_gateways_from_the_store_and_writes_only_changes(registry: Registry) -> None:
    store = MemoryStore()
    sync = RegistrySync(registry, store, "local")
    assert sync.sync() == 0
    store.describe("local", "gw-1", DRONE)
    store.describe("elsewhere", "gw-9", DRONE)
    assert sync.sync() == 1
    repositories = ensure_organisation(registry, "local", "test")
    assert [(device.name, device.gateway) for device in repositories.devices.list()] == [("drone-1", "gw-1")]
    assert [(gateway.name, gateway.site) for gateway in repositories.gateways.list()] == [("gw-1", "jurong")]
    entries = repositories.check_audit().entries
    assert sync.sync() == 0
    assert RegistrySync(registry, store, "local").sync() == 1  # another process looks, and finds nothing to write
    assert repositories.check_audit().entries == entries
    store.describe("local", "gw-1", replace(DRONE, software="4.6"))
    assert sync.sync() == 1
    assert repositories.devices.list()[0].software == "4.6"


def test_what_was_deleted_comes_back_only_when_it_is_heard_of_again(registry: Registry, tmp_path: Path) -> None:
    store = MemoryStore()
    store.describe("local", "gw-1", DRONE)
    RegistrySync(registry, store, "local").sync()
    repositories = ensure_organisation(registry, "local", "test")
    device = repositories.devices.list()[0]
    repositories.devices.delete(device.id, device.version)
    delete_gateway(repositories, "gw-1")
    RegistrySync(registry, store, "local").sync()  # a station that starts again
    assert (repositories.devices.list(), repositories.gateways.list()) == ([], [])
    later_ms = (repositories.devices.deleted_ms(name="drone-1") or 0) + 1000
    heard = key("battery_voltage_v", device="drone-1", kind="drone", site="jurong", organisation="local")
    store.write(batch((heard, later_ms, 22.2)))
    RegistrySync(registry, store, "local").sync()
    assert [each.name for each in repositories.devices.list()] == ["drone-1"]
    assert [each.name for each in repositories.gateways.list()] == ["gw-1"]


def test_a_demo_does_not_bring_back_what_people_deleted(registry: Registry) -> None:
    repositories = ensure_organisation(registry, "local", "test")
    add_demo(repositories, "demo")
    for repository in (repositories.fields, repositories.greenhouses, repositories.sites, repositories.farms):
        for record in repository.list():
            repository.delete(record.id, record.version)
    add_demo(ensure_organisation(registry, "local", "test"), "demo")
    assert repositories.farms.list() == []


def test_the_station_of_a_simulated_farm_is_told_what_is_simulated(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    plan = make_plan(UpSettings(data_dir=tmp_path, broker="iotcore", scenario="chongqing"), folder, free_port)
    command = next(part.command for part in plan.parts if part.name == "station")
    told: list[StationSettings] = []
    monkeypatch.setattr("station.server.serve.run_station", told.append)
    assert CliRunner().invoke(app, list(command)[list(command).index("station", 4) :]).exit_code == 0
    assert told[0].demo == "chongqing"
    assert told[0].registry_url == registry_url(None, folder.registry_path)
    assert f"registry    {told[0].registry_url}" in plan.lines


def test_a_gateways_login_belongs_to_one_organisation(registry: Registry) -> None:
    ours, theirs = ensure_organisation(registry, "local", "test"), ensure_organisation(registry, "coop", "test")
    add_gateway(ours, "gw-1", "home")
    add_gateway(ours, "gw-1", "home")
    with pytest.raises(RecordConflict, match="'gw-1' exists already"):
        add_gateway(theirs, "gw-1", "home")
    delete_gateway(theirs, "gw-1")
    assert len(ours.gateways.list()) == 1
    delete_gateway(ours, "gw-1")
    add_gateway(theirs, "gw-1", "home")
    ours.farms.add(Farm(name="Hill"))
    assert ours.gateways.list() == []


def gateways_of(folder: FarmFolder) -> list[str]:
    with open_first_organisation(registry_url(None, folder.registry_path), "test") as repositories:
        return [gateway.name for gateway in repositories.gateways.list()]


@pytest.mark.services("mosquitto")  # the other broker accepts no further gateway
def test_a_gateway_that_is_added_or_removed_is_known_to_the_registry(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    words = ["gw-2", "--data", str(tmp_path)]
    assert CliRunner().invoke(app, ["gateway", "add", *words, "--site", "north"]).exit_code == 0
    assert gateways_of(folder) == ["gw-2"]
    assert CliRunner().invoke(app, ["gateway", "remove", *words]).exit_code == 0
    assert gateways_of(folder) == []


@pytest.mark.services("mosquitto")  # the other broker accepts no further gateway
def test_a_registry_that_is_away_costs_a_new_gateway_nothing_but_a_sentence(tmp_path: Path, free_port: int) -> None:
    away = ["--registry", f"postgresql://headland@127.0.0.1:{free_port}/farm"]
    done = CliRunner().invoke(app, ["gateway", "add", "gw-2", "--data", str(tmp_path), *away])
    assert done.exit_code == 0
    assert 'id = "gw-2"' in done.stdout
    assert "The registry was not updated: " in done.stderr
