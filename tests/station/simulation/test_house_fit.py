from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.house_twin.drive import TEMPERATURE
from headland.errors import SettingsError
from station.simulation.house_fit import FitTables, HouseFit, fit_house, read_table
from tests.agronomy.house_twin.measured_house import START_MS, columns

_UNITS = {"degc": "degC", "pct": "%", "w_m2": "W/m2", "m_s": "m/s", "ppm": "ppm", "umol_m2_s": "umol/m2/s"}


def unit_of(channel: str) -> str:
    return next(unit for end, unit in _UNITS.items() if channel.partition(":")[0].endswith("_" + end))


def write_tables(folder: Path, days: int, without: str = "nothing") -> FitTables:
    """Write the table of a house with everything in it, its map, and return both twice: climate and weather."""
    known = {name: column for name, column in columns(days).items() if not name.startswith(without)}
    times = next(iter(known.values()))[0]
    lines = ['device = "house"', "[time]", 'name = "t"', 'format = "epoch_ms"', 'zone = "UTC"']
    for name in known:
        lines += ["[[column]]", f'name = "{name}"', f'channel = "{name}"', f'unit = "{unit_of(name)}"']
    (folder / "house-map.toml").write_text("\n".join(lines))
    with (folder / "house.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["t", *known])
        for at, time_ms in enumerate(times):
            table.writerow([int(time_ms), *(f"{column[1][at]:.3f}" for column in known.values())])
    return FitTables([(folder / "house.csv", "house-map.toml")] * 2)


def test_a_table_is_read_by_the_map_of_imports(tmp_path: Path) -> None:
    (path, name), _ = write_tables(tmp_path, 1).tables
    times, values = read_table(path, name)[TEMPERATURE]
    assert times[0] == START_MS
    assert values == pytest.approx(columns(1)[TEMPERATURE][1], abs=1e-3)
    assert np.diff(times).max() == 300_000


def test_more_days_than_the_tables_have_are_refused(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, 9)
    with pytest.raises(SettingsError, match=r"have 9\.0 days from there on, and 14 to fit and 14 to judge"):
        fit_house(tables, HouseFit(0, 14, 14, None, None), tmp_path / "out.toml")
    assert not (tmp_path / "out.toml").exists()


def test_a_house_without_the_positions_of_its_vents_is_refused(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, 9, without="vent_open")
    with pytest.raises(SettingsError, match="vent_open_pct"):
        fit_house(tables, HouseFit(0, 4, 4, None, None), tmp_path / "out.toml")


@pytest.mark.long
def test_a_fit_reports_later_days_in_words_and_writes_a_house(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, 9)
    outcome = fit_house(tables, HouseFit(0, 4, 4, None, None), tmp_path / "out.toml")
    assert "judged on the 4 days after them, which the fit never saw" in outcome.report
    assert "yesterday at this hour" in outcome.report
    assert "[parameter.transmission]" in (tmp_path / "out.toml").read_text()
    assert outcome.figures[TEMPERATURE] is not None
