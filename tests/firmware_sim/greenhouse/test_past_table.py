import csv
from pathlib import Path

import pytest

from firmware_sim.greenhouse.past_table import CONTROLLER_STEPS, NODE_STEPS, write_past
from firmware_sim.greenhouse.scenarios import house_named
from headland.errors import SettingsError
from headland.units_of_time import HOUR_MS, MINUTE_MS

START_MS = 1_795_752_000_000


def make(
    folder: Path, seed: int = 1, *, is_stopped: bool = False, every_ms: int = 10 * MINUTE_MS
) -> tuple[bool, list[Path]]:
    scenario = house_named("chongqing-hill-film")
    paths = [folder / f"{unit}.csv" for unit in range(len(scenario.compartments))]
    is_whole = write_past(
        scenario, seed=seed, weather_seed=1, start_ms=START_MS + 1, end_ms=START_MS + HOUR_MS, every_ms=every_ms,
        steps=NODE_STEPS, paths=paths, is_stopped=lambda: is_stopped,
    )  # fmt: skip
    return is_whole, paths


def test_each_compartment_has_a_table_of_the_devices_steps_and_the_same_seed_the_same(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    is_whole, paths = make(tmp_path)
    _, again = make(tmp_path / "again")
    assert is_whole
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert paths[0].read_bytes() != paths[1].read_bytes()
    rows = list(csv.DictReader(paths[0].read_text().splitlines()))
    assert [int(row["time_ms"]) - START_MS for row in rows] == [minute * MINUTE_MS for minute in range(10, 60, 10)]
    for row in rows:
        assert set(row) == {"time_ms", *NODE_STEPS}
        assert -10 < float(row["air_temperature_degc"]) < 40
        assert float(row["co2_ppm"]) == round(float(row["co2_ppm"]))


@pytest.mark.parametrize("every_ms", [20_000, 30_000, MINUTE_MS, 90_000, 100_000])
def test_a_table_has_a_row_for_each_interval_that_is_asked(tmp_path: Path, every_ms: int) -> None:
    _, paths = make(tmp_path, every_ms=every_ms)
    first_ms = START_MS + every_ms - START_MS % every_ms
    times = [int(row["time_ms"]) for row in csv.DictReader(paths[0].read_text().splitlines())]
    assert times == list(range(first_ms, START_MS + HOUR_MS, every_ms))


def test_an_interval_below_a_millisecond_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="1 ms or more"):
        make(tmp_path, every_ms=0)


def test_a_stop_leaves_the_table_unfinished_and_it_is_said(tmp_path: Path) -> None:
    is_whole, _ = make(tmp_path, is_stopped=True)
    assert not is_whole


def test_a_controller_reports_more_than_a_node() -> None:
    assert set(NODE_STEPS) < set(CONTROLLER_STEPS)
