from __future__ import annotations

from pathlib import Path

import pytest

from edge.agent.settings import load_settings
from edge.sources.modbus.settings import ModbusSettings
from firmware_sim.drone.scenarios import field_named
from firmware_sim.greenhouse.scenarios import house_named
from headland.errors import SettingsError
from station.local.folder import FarmFolder
from station.local.plan import UpSettings, make_plan
from station.server.scenarios import FARMS, farm_named


@pytest.mark.parametrize("name", sorted(FARMS))
def test_every_farm_flies_and_heats_what_there_is(name: str) -> None:
    farm = farm_named(name)
    for drone in farm.drones:
        assert field_named(drone.scenario).site == drone.site
    for house in farm.houses:
        assert house_named(house.scenario).site == house.site
        assert len(house_named(house.scenario).compartments) == house.compartments
    devices = [device for house in farm.houses for device in house.devices]
    assert len(set(devices)) == len(devices)


@pytest.mark.parametrize("name", sorted(FARMS))
def test_the_gateway_of_every_farm_reads_its_settings(tmp_path: Path, name: str) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    plan = make_plan(UpSettings(data_dir=folder.root, scenario=name, broker="iotcore"), folder, 8000)
    sources = load_settings(folder.edge_dir / "edge.toml", {}).source
    simulators = [part.name for part in plan.parts if part.name.startswith("sim-")]
    assert [source.name for source in sources] == simulators
    assert len(simulators) == len(farm_named(name).flying) + len(farm_named(name).houses)


def test_alarms_of_the_users_own_stand_in_the_place_of_those_that_come_along(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    asked = UpSettings(data_dir=folder.root, broker="iotcore")
    make_plan(asked, folder, 8000)
    alarms = load_settings(folder.edge_dir / "edge.toml", {}).alarms
    assert alarms.rules == ["greenhouse"]
    assert alarms.place_deg is not None, "its leaves without a sensor are estimated by day and night as at the station"
    (folder.root / "sources.toml").write_text("[alarms]\nrules = []\n", encoding="utf-8")
    make_plan(asked, folder, 8000)
    assert load_settings(folder.edge_dir / "edge.toml", {}).alarms.rules == []


def test_the_farms_own_gateway_gathers_for_a_tenth_of_a_second_while_followed_unless_its_user_says_otherwise(
    tmp_path: Path,
) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    asked = UpSettings(data_dir=folder.root, broker="iotcore")
    make_plan(asked, folder, 8000)
    batch = load_settings(folder.edge_dir / "edge.toml", {}).batch
    assert (batch.age_s(is_followed=True), batch.age_s(is_followed=False)) == (0.1, 0.5)
    (folder.root / "sources.toml").write_text("[batch]\nmax_age_s = 2.0\n", encoding="utf-8")
    make_plan(asked, folder, 8000)
    batch = load_settings(folder.edge_dir / "edge.toml", {}).batch
    assert (batch.age_s(is_followed=True), batch.age_s(is_followed=False)) == (2.0, 2.0)


def test_a_base_of_greenhouses_is_as_large_as_asked_for(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    asked = UpSettings(data_dir=folder.root, scenario="hubei-greenhouses", scale=200, broker="iotcore")
    (simulator,) = (part for part in make_plan(asked, folder, 8000).parts if part.name.startswith("sim-"))
    assert "--scale 200" in " ".join(simulator.command)
    (source,) = load_settings(folder.edge_dir / "edge.toml", {}).source
    assert isinstance(source, ModbusSettings)
    assert [node.device for node in source.nodes] == [f"greenhouse-{unit}" for unit in range(1, 201)]


@pytest.mark.parametrize(
    ("name", "scale", "reason"), [("demo", 12, "--scale applies to hubei"), ("hubei-greenhouses", 300, "2 to 240")]
)
def test_a_scale_that_cannot_be_is_refused_with_the_reason(name: str, scale: int, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        farm_named(name, scale)


def test_the_houses_of_a_farm_stand_in_the_same_weather(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    asked = UpSettings(data_dir=folder.root, scenario="chongqing-mixed", seed=7, broker="iotcore")
    houses = [" ".join(part.command) for part in make_plan(asked, folder, 8000).parts if "greenhouse" in part.name]
    assert len(houses) == 2
    assert all("--weather-seed 7" in command for command in houses)
    assert ["--seed 7" in command for command in houses] == [True, False]


def test_an_unknown_farm_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match="demo"):
        farm_named("nowhere")
