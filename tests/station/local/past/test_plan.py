from pathlib import Path

import pytest

from edge.imports.table.map import load_map
from edge.sources.modbus.registers import find_map
from edge.sources.modbus.registers import load_map as load_register_map
from firmware_sim.drone.scenarios import FIELDS
from firmware_sim.greenhouse.past_table import NODE_STEPS
from headland.units_of_time import DAY_MS, HOUR_MS
from station.local.folder import FarmFolder
from station.local.past.make import controller_steps, log_source, write_map
from station.local.past.plan import (
    FlightJob,
    ForecastJob,
    HouseJob,
    PastPlan,
    is_new,
    needs_past,
    read_plan,
    write_plan,
)
from station.server.scenarios import DEFAULT_FARM, FARMS

NOON_MS = 1_795_752_000_000


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    made = FarmFolder(tmp_path / "farm")
    made.create()
    return made


def plan_of(scenario: str = DEFAULT_FARM, scale: int | None = None) -> PastPlan:
    return PastPlan(scenario=scenario, scale=scale, seed=1, end_ms=NOON_MS)


def test_a_new_farm_gets_a_past_once_and_an_interrupted_one_the_rest_of_it(folder: FarmFolder) -> None:
    assert needs_past(folder, plan_of(), is_new=is_new(folder))
    folder.store_path.touch()
    assert not is_new(folder)
    later = PastPlan(scenario="demo", scale=None, seed=2, end_ms=NOON_MS + DAY_MS)
    assert needs_past(folder, later, is_new=is_new(folder))
    first = read_plan(folder)
    assert first == plan_of()
    write_plan(folder, PastPlan(scenario=DEFAULT_FARM, scale=None, seed=1, end_ms=NOON_MS, finished_ms=NOON_MS + 1))
    assert not needs_past(folder, later, is_new=is_new(folder))


@pytest.mark.parametrize("path", ["store/farm.duckdb", "edge/spool.sqlite"])
def test_a_farm_that_ran_before_gets_no_past(folder: FarmFolder, path: str) -> None:
    (folder.root / path).touch()
    assert not needs_past(folder, plan_of(), is_new=is_new(folder))
    assert read_plan(folder) is None


def test_a_farm_whose_store_is_a_server_gets_no_past(folder: FarmFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADLAND_STORE_URL", "influx+http://127.0.0.1:8086/farm")
    assert not is_new(folder)


@pytest.mark.parametrize("scenario", FARMS)
def test_every_scenario_has_a_past_that_ends_before_its_simulators_begin(scenario: str) -> None:
    jobs = list(plan_of(scenario).jobs())
    assert len({job.name for job in jobs}) == len(jobs)
    flights = [job for job in jobs if isinstance(job, FlightJob)]
    houses = [job for job in jobs if isinstance(job, HouseJob)]
    assert (
        {job.drone.scenario for job in flights} == {drone.scenario for drone in FARMS[scenario].drones} <= set(FIELDS)
    )
    assert {job.house for job in houses} == set(FARMS[scenario].houses)
    assert all(NOON_MS - 8 * DAY_MS < job.start_ms < NOON_MS - HOUR_MS for job in flights)
    for house in FARMS[scenario].houses:
        newest, rest = (job for job in houses if job.house == house)
        assert (newest.start_ms, newest.end_ms, newest.is_newest) == (NOON_MS - 2 * DAY_MS, NOON_MS, True)
        assert (rest.start_ms, rest.end_ms, rest.is_newest) == (NOON_MS - 14 * DAY_MS, newest.start_ms, False)


def test_the_newest_days_of_every_house_come_before_anything_else() -> None:
    jobs = list(plan_of().jobs())
    newest = [job for job in jobs if isinstance(job, HouseJob) and job.is_newest]
    assert len(newest) == len(FARMS[DEFAULT_FARM].houses)
    assert jobs[: len(newest)] == newest


def test_the_forecasts_of_a_past_come_after_the_samples_of_its_houses_and_only_where_there_is_one() -> None:
    """What is learned of them changes with their first day: by then what was measured is there."""
    jobs = list(plan_of().jobs())
    at = [isinstance(job, ForecastJob) for job in jobs].index(True)
    assert all(isinstance(job, HouseJob) for job in jobs[:at])
    assert not any(isinstance(job, HouseJob) for job in jobs[at:])
    for name, farm in FARMS.items():
        assert any(isinstance(job, ForecastJob) for job in plan_of(name).jobs()) == bool(farm.houses)


def test_a_log_of_the_past_is_read_with_the_profile_of_its_sprayer_or_spreader() -> None:
    for farm in FARMS.values():
        for drone in farm.drones:
            source = log_source(drone, 1)
            assert source.simulated
            assert source.sprayer is not None
            assert source.sprayer.value or source.sprayer.flow_battery_id is not None, drone.scenario


def test_the_default_farm_has_three_greenhouses_and_passes_on_two_fields() -> None:
    farm = FARMS[DEFAULT_FARM]
    assert sum(len(house.devices) for house in farm.houses) == 3
    assert len({drone.scenario for drone in farm.drones if drone.past}) == 2


def test_the_past_of_many_compartments_is_shorter() -> None:
    house, forecasts = plan_of("hubei-greenhouses", 240).jobs()
    assert isinstance(house, HouseJob)
    assert (house.start_ms, house.end_ms) == (NOON_MS - DAY_MS, NOON_MS)
    assert isinstance(forecasts, ForecastJob)
    assert forecasts.start_ms == (NOON_MS - DAY_MS) // DAY_MS * DAY_MS


def test_jobs_that_are_done_are_not_made_again() -> None:
    names = [job.name for job in plan_of().jobs()]
    left = PastPlan(scenario=DEFAULT_FARM, scale=None, seed=1, end_ms=NOON_MS, done=tuple(names[:-1]))
    assert [job.name for job in left.jobs()] == names[-1:]


def test_the_past_has_the_channels_that_the_gateway_reads_now_and_no_other() -> None:
    path = find_map("greenhouse-sim.toml")
    assert path is not None
    assert set(controller_steps()) == {register.channel for register in load_register_map(path).register}


@pytest.mark.parametrize("steps", [controller_steps(), NODE_STEPS])
def test_the_tables_of_the_past_have_a_valid_map_and_leave_the_descriptor_alone(
    tmp_path: Path, steps: dict[str, float]
) -> None:
    path = tmp_path / "map.toml"
    write_map(path, "greenhouse-1", "greenhouse", "jurong", tuple(steps))
    loaded = load_map(path)
    assert {column.channel for column in loaded.map.column} == set(steps)
    assert (loaded.map.simulated, loaded.map.describes) == (True, False)
