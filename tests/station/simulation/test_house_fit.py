from __future__ import annotations

import csv
from dataclasses import asdict, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import HUMIDITY, TEMPERATURE
from headland.agronomy.house_twin.fit import with_parameters
from headland.agronomy.house_twin.held_out import LaterErrors
from headland.analysis.weather.house_what_if import compartment_of
from headland.errors import SettingsError
from headland.registry.models.house_model import HouseModel
from station.simulation.house_fit import FitTables, HouseFit, fit_house, model_of, read_table
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


def test_a_model_is_the_fitted_house_without_the_equipment_that_its_data_lack() -> None:
    errors = LaterErrors(96, 1.3, 0.2, 0.9, 0.0, 2.0)
    figures = {TEMPERATURE: errors, HUMIDITY: replace(errors, hours=90, rmse=7.0)}
    house = replace(glasshouse(), transmission=0.51)
    model = model_of(house, (), figures, (START_MS, START_MS + 1))
    np.testing.assert_equal(asdict(compartment_of(model)), asdict(house))
    assert model.held_out is not None
    assert (model.held_out.hours, model.held_out.temperature_rmse_k, model.held_out.humidity_rmse_pct) == (90, 1.3, 7.0)
    cold = compartment_of(model_of(house, {"pipe", "screen"}, figures, (START_MS, START_MS + 1)))
    assert (cold.heating_max_w_m2, cold.screen_saving, cold.transmission) == (0.0, 0.0, 0.51)
    assert model_of(house, (), {TEMPERATURE: None, HUMIDITY: errors}, (0, 1)).held_out is None


def test_days_that_repeat_make_a_model_that_is_no_better_than_yesterday() -> None:
    errors = LaterErrors(96, 1.3, 0.2, 0.9, 0.0, 0.0)
    model = model_of(glasshouse(), (), {TEMPERATURE: errors, HUMIDITY: errors}, (0, 1))
    assert model.held_out is not None
    assert (model.held_out.temperature_yesterday_rmse_k, model.held_out.humidity_yesterday_rmse_pct) == (0.0, 0.0)


def test_errors_that_no_record_takes_make_no_model() -> None:
    errors = LaterErrors(96, 21.0, 0.2, 0.9, 0.0, 2.0)
    with pytest.raises(SettingsError, match=r"makes no climate model: .*temperature_rmse_k"):
        model_of(glasshouse(), (), {TEMPERATURE: errors, HUMIDITY: errors}, (0, 1))


@pytest.mark.long
def test_a_fit_reports_later_days_in_words_and_writes_a_house(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, 9)
    outcome = fit_house(tables, HouseFit(0, 4, 4, None, None), tmp_path / "out.toml")
    assert "judged on the 4 days after them, which the fit never saw" in outcome.report
    assert "yesterday at this hour" in outcome.report
    assert "[parameter.transmission]" in (tmp_path / "out.toml").read_text()
    assert outcome.figures[TEMPERATURE] is not None
    assert msgspec.json.decode((tmp_path / "out.json").read_bytes(), type=HouseModel) == outcome.model
    assert outcome.model.held_out is not None
    assert outcome.model.held_out.temperature_rmse_k == outcome.figures[TEMPERATURE].rmse
    house = with_parameters(glasshouse(), outcome.fitted)
    np.testing.assert_equal(asdict(compartment_of(outcome.model)), asdict(house))
