import csv
from pathlib import Path

from firmware_sim.greenhouse.past_table import CONTROLLER_STEPS, NODE_STEPS, write_past
from firmware_sim.greenhouse.scenarios import house_named
from headland.units_of_time import HOUR_MS, MINUTE_MS

START_MS = 1_795_752_000_000


def make(folder: Path, seed: int = 1, *, is_stopped: bool = False) -> tuple[bool, list[Path]]:
    scenario = house_named("chongqing-hill-film")
    paths = [folder / f"{unit}.csv" for unit in range(len(scenario.compartments))]
    is_whole = write_past(
        scenario, seed=seed, weather_seed=1, start_ms=START_MS + 1, end_ms=START_MS + HOUR_MS, every_ms=10 * MINUTE_MS,
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


def test_a_stop_leaves_the_table_unfinished_and_it_is_said(tmp_path: Path) -> None:
    is_whole, _ = make(tmp_path, is_stopped=True)
    assert not is_whole


def test_a_controller_reports_more_than_a_node() -> None:
    assert set(NODE_STEPS) < set(CONTROLLER_STEPS)
