"""The house model fitted to two weeks of real lettuce, on the two weeks after them, which the fit never saw."""

from __future__ import annotations

from pathlib import Path

import pytest

from headland.agronomy.house_twin.drive import HUMIDITY, TEMPERATURE
from headland.agronomy.house_twin.held_out import HeldOut
from station.simulation.house_fit import FitTables, HouseFit, fit_house
from tests.accept.conftest import Agreement

TABLES = Path("datasets/agc3_lettuce_2022")


@pytest.fixture(scope="module")
def later(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, HeldOut]:
    climate, weather = real_data / TABLES / "reference_climate.csv", real_data / TABLES / "weather.csv"
    tables = FitTables([(climate, "agc3-reference-climate"), (weather, "agc3-weather")])
    outcome = fit_house(tables, HouseFit(0, 14, 14, None, None), tmp_path_factory.mktemp("house") / "house.toml")
    return {channel: each for channel, each in outcome.figures.items() if each is not None}


@pytest.mark.parametrize(("channel", "within"), [(TEMPERATURE, 1.3), (HUMIDITY, 8.1)])
def test_two_later_weeks_are_told_better_than_by_yesterday_and_in_phase(
    later: dict[str, HeldOut], channel: str, within: float, agree: Agreement
) -> None:
    found = later[channel]
    assert found.hours > 300
    agree(f"{channel} of two later weeks, RMSE", found.rmse, 0.0, "the house", within=within)
    agree(f"{channel}, error as a share of `yesterday`", found.rmse / found.yesterday_rmse, 0.0, "yesterday", within=1)
    # The deviation from full correlation: at 1 there is none, above 1 the model runs against the house.
    agree(f"{channel} of two later weeks, 1 - r", found.correlation, 1.0, "the house", within=1)
