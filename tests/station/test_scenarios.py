from __future__ import annotations

from pathlib import Path

import pytest

from edge.settings import load_settings
from firmware_sim.house_scenario import house_named
from firmware_sim.scenario import field_named
from headland.errors import SettingsError
from station.farm_folder import FarmFolder
from station.farm_plan import UpSettings, make_plan
from station.scenarios import FARMS, farm_named


@pytest.mark.parametrize("name", sorted(FARMS))
def test_every_farm_flies_and_heats_what_there_is(name: str) -> None:
    farm = farm_named(name)
    for drone in farm.drones:
        assert field_named(drone.scenario).site == drone.site
    for house in farm.houses:
        assert house_named(house.scenario).site == house.site
    assert len({house.device for house in farm.houses}) == len(farm.houses)


@pytest.mark.parametrize("name", sorted(FARMS))
def test_the_gateway_of_every_farm_reads_its_settings(tmp_path: Path, name: str) -> None:
    folder = FarmFolder(tmp_path / "farm")
    folder.create()
    plan = make_plan(UpSettings(data_dir=folder.root, scenario=name, broker="iotcore"), folder, 8000)
    sources = load_settings(folder.edge_dir / "edge.toml", {}).source
    simulators = [part.name for part in plan.parts if part.name.startswith("sim-")]
    assert [source.name for source in sources] == simulators
    assert len(simulators) == len(farm_named(name).drones) + len(farm_named(name).houses)


def test_an_unknown_farm_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match="demo"):
        farm_named("nowhere")
