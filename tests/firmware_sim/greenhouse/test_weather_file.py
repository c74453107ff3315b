from __future__ import annotations

from pathlib import Path

import pytest

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import HOUSES
from firmware_sim.greenhouse.weather_file import COLUMNS, WeatherFile
from headland.errors import SettingsError

HEAD = ",".join((*COLUMNS, "rain_mm_h"))


def write(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join((head, *rows)) + "\n")
    return path


def test_between_its_rows_the_weather_is_interpolated_and_beyond_them_goes_on(tmp_path: Path) -> None:
    weather = WeatherFile(write(tmp_path / "w.csv", "1000,10,50,0,1,0", "3000,20,70,200,3,2"))
    middle = weather.at(2000)
    assert (middle.temperature_degc, middle.humidity_pct) == (15, 60)
    assert (middle.radiation_w_m2, middle.wind_m_s, middle.rain_mm_h) == (100, 2, 1)
    assert weather.at(0).temperature_degc == 10
    assert weather.at(99_000).temperature_degc == 20


def test_a_house_stands_in_the_weather_of_a_file(tmp_path: Path) -> None:
    weather = WeatherFile(write(tmp_path / "w.csv", "0,-7.5,80,0,2", head=",".join(COLUMNS)))
    house = Compartments(HOUSES["hubei-tomato"], 1, 1_795_000_000_000, weather)
    assert house.truth["outside_temperature_degc"][0] == -7.5


def test_the_station_counts_rain_in_whole_tips_from_its_start(tmp_path: Path) -> None:
    weather = WeatherFile(write(tmp_path / "w.csv", "0,10,95,0,1,36"))
    house = Compartments(HOUSES["hubei-tomato"], 1, 1_795_000_000_000, weather, step_ms=30_000)
    assert house.readings(1)["rain_total_mm"] == 0.0
    for _ in range(3):
        house.step()
    # 36 mm/h for 90 s are 0.9 mm: four tips of 0.2 mm, the fifth is not full yet.
    assert house.readings(1)["rain_total_mm"] == 0.8


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((), "at least one row"),
        (("1000,10,50,0,1,0", "1000,10,50,0,1,0"), "ordered by time_ms"),
        (("1000,warm,50,0,1,0",), "needs numbers"),
        (("1000,nan,50,0,1,0",), "numbers in all"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, rows: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SettingsError, match=reason):
        WeatherFile(write(tmp_path / "w.csv", *rows))


def test_a_missing_file_and_a_missing_column_are_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        WeatherFile(tmp_path / "none.csv")
    with pytest.raises(SettingsError, match="needs numbers in the columns"):
        WeatherFile(write(tmp_path / "w.csv", "1,2", head="time_ms,wind_speed_m_s"))
