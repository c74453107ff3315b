from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.greenhouse.house_file import FoundParameter, with_house, write_house
from firmware_sim.greenhouse.scenarios import house_named
from firmware_sim.greenhouse.simulator import GreenhouseSettings
from headland.agronomy.house_model.parameters import PARAMETERS
from headland.errors import SettingsError

TOMATO = house_named("hubei-tomato").compartments[0]


def written(folder: Path) -> Path:
    """Return a file in which every parameter is at its highest, which six digits may round up."""
    found = [FoundParameter(each.name, each.high, each.low, each.high, shown=True) for each in PARAMETERS]
    path = folder / "house.toml"
    write_house(path, {"height_m": 5.2, "cover_ratio": 1.4}, found, ["temperature: error 1.00 K"])
    return path


def test_what_a_fit_writes_is_what_the_simulator_runs(tmp_path: Path) -> None:
    path = written(tmp_path)
    house = GreenhouseSettings(house_path=path).house()
    for each in PARAMETERS:
        assert getattr(house.compartments[0], each.name) == pytest.approx(each.high, rel=1e-5)
    assert house.compartments[0].height_m == 5.2
    assert house.compartments[0].day_degc == TOMATO.day_degc


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[parameter.leakage]\nvalue = 3.0\n", "parameter.leakage in .* is 3: give 1e-05 to 0.002"),
        ("[parameter.colour]\nvalue = 3.0\n", "which no house has"),
        ("[parameter.leakage]\nvalue = 'much'\n", "needs a number"),
        ("[size]\nheight_m = nan\n", "size.height_m in .* is nan"),
        ("leakage = true\n", "needs a number"),
        ("[parameter", "cannot be read"),
    ],
)
def test_a_wrong_house_file_is_refused_with_the_place(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "house.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        with_house(TOMATO, path)
