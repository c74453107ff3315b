from __future__ import annotations

import csv
from pathlib import Path

import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import HOUSES
from firmware_sim.greenhouse.truth import CLIMATE_COLUMNS, HOUR_COLUMNS, SENSOR_COLUMNS, HouseTruth

#: Ten minutes before an hour ends, in the middle of the night in China.
START_MS = 1_795_000_000_000 // 3_600_000 * 3_600_000 + 10 * 3_600_000 - 600_000


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The truth of twenty minutes of the base, ten on either side of a full hour."""
    where = tmp_path_factory.mktemp("truth")
    scenario = HOUSES["hubei-greenhouses"]
    house = Compartments(scenario, 3, START_MS)
    truth = HouseTruth(where, scenario, 3, house)
    for _ in range(1200):
        house.step()
        truth.record(house)
    truth.close()
    return where


def test_the_climate_is_written_once_a_minute_for_every_compartment(folder: Path) -> None:
    rows = rows_of(folder / "greenhouse-3.csv")
    assert tuple(rows[0]) == CLIMATE_COLUMNS
    assert len(rows) == 20 * 12
    assert {row["compartment"] for row in rows} == {str(unit) for unit in range(1, 13)}
    assert all(int(row["time_ms"]) % 60_000 == 0 for row in rows)


def test_hours_hold_sums_and_means_of_what_they_cover(folder: Path) -> None:
    rows = rows_of(folder / "greenhouse-hours-3.csv")
    assert tuple(rows[0]) == HOUR_COLUMNS
    assert len(rows) == 24
    assert float(rows[0]["seconds_s"]) == 599
    assert float(rows[12]["seconds_s"]) == 601
    for row in rows:
        hours = float(row["seconds_s"]) / 3600
        assert 0 <= float(row["leaf_condensation_h"]) <= hours + 1e-6
        assert 0 <= float(row["cover_condensation_h"]) <= hours + 1e-6
        assert float(row["light_mol_m2"]) >= 0
    climate = [row for row in rows_of(folder / "greenhouse-3.csv") if row["compartment"] == "5"]
    late = [float(row["air_temperature_degc"]) for row in climate[-10:]]
    assert float(rows[16]["air_temperature_degc"]) == pytest.approx(sum(late) / len(late), abs=0.2)


def test_every_sensor_and_the_planted_faults_are_listed(folder: Path) -> None:
    rows = rows_of(folder / "greenhouse-sensors-3.csv")
    assert tuple(rows[0]) == SENSOR_COLUMNS
    assert len(rows) == 12 * 12
    planted = [
        (row["compartment"], row["channel"], row["planted"], int(row["planted_from_ms"]))
        for row in rows
        if row["planted"]
    ]
    assert planted == [
        ("2", "relative_humidity_pct", "stuck", START_MS + 2 * 3_600_000),
        ("7", "co2_ppm", "dead", START_MS + 4 * 3_600_000),
    ]
