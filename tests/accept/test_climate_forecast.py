"""The forecast on forty days of real lettuce: from a rolling origin, without a look ahead, beside two naive ones."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.climate.forecast import ForecastInputs, backtest, made_forecasts
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from tests.accept.conftest import Agreement
from tests.agronomy.climate.said_weather import Outside, Sky, with_weather

TABLES = Path("datasets/agc3_lettuce_2022")
#: Bleiswijk, an hour ahead of UTC in winter.
LATITUDE_DEG, LONGITUDE_DEG, AHEAD_OF_UTC_H = 52.0, 4.5, 1
#: Temperature and humidity inside, what a forecast explains them with, and the weather outside.
House = tuple[np.ndarray, np.ndarray, ForecastInputs, Outside]
#: Errors are told of every hour after the tenth day.
SINCE_H = 240


def read_hours(
    path: Path, columns: tuple[str, ...], first_hour: int | None = None
) -> tuple[int, dict[str, np.ndarray]]:
    """Return the first hour since 1970 and the mean of each hour, NaN where nothing was measured."""
    with path.open() as file:
        rows = [{key.strip(): value for key, value in row.items()} for row in csv.DictReader(file)]
    stamps = [datetime.strptime(row["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=UTC) for row in rows]
    hours = np.array([int(stamp.timestamp()) // 3600 - AHEAD_OF_UTC_H for stamp in stamps])
    start = int(hours[0]) if first_hour is None else first_hour
    at = hours - start
    found = {}
    for name in columns:
        value = np.array([float(row[name]) if row[name] not in ("", "NaN") else np.nan for row in rows])
        fit = np.isfinite(value) & (at >= 0)
        count = np.bincount(at[fit], minlength=int(at[-1]) + 1)
        total = np.bincount(at[fit], value[fit], len(count))
        found[name] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return start, found


@pytest.fixture(scope="module")
def house(real_data: Path) -> House:
    start, air = read_hours(real_data / TABLES / "reference_climate.csv", ("Tair", "Rhair"))
    _, sky = read_hours(real_data / TABLES / "weather.csv", ("Tout", "Rhout", "Iglob", "Windsp"), start)
    count = len(air["Tair"])
    hours = start + np.arange(count + MOST_AHEAD_H)
    elevation = elevation_deg(hours * 3_600_000 + 1_800_000, LATITUDE_DEG, LONGITUDE_DEG)
    weather = {
        "outside_vapour_kpa": actual_vapour_pressure_kpa(sky["Tout"], sky["Rhout"])[:count],
        "global_radiation_w_m2": sky["Iglob"][:count],
        "wind_speed_m_s": sky["Windsp"][:count],
    }
    around = ForecastInputs(np.maximum(np.sin(np.radians(elevation)), 0.0), (hours % 24).astype(np.float64), weather)
    outside = Outside(*(sky[name][:count] for name in ("Tout", "Rhout", "Iglob", "Windsp")))
    return air["Tair"], air["Rhair"], around, outside


@pytest.mark.parametrize(("which", "hours_known"), [("temperature", 780), ("humidity", 780)])
def test_six_hours_ahead_both_naive_forecasts_are_beaten_by_a_fifth(
    house: House, which: str, hours_known: int, agree: Agreement
) -> None:
    temperature, humidity, around, _ = house
    target, other = (temperature, humidity) if which == "temperature" else (humidity, temperature)
    skill = backtest(target, [other], around, 6, SINCE_H)
    assert skill is not None
    assert skill.n >= hours_known
    # An error of 80 % of the naive one at most: the deviation from none, in shares of it.
    for naive, rmse in (("as now", skill.persistence_rmse), ("as yesterday", skill.yesterday_rmse)):
        agree(f"{which} in six hours, error as a share of `{naive}`", skill.rmse / rmse, 0.0, naive, within=0.8)


@pytest.mark.parametrize("which", ["temperature", "humidity"])
@pytest.mark.parametrize("sky", ["perfect", "degraded"])
def test_with_the_weather_to_come_errors_are_smaller_than_without(
    house: House, which: str, sky: Sky, agree: Agreement
) -> None:
    temperature, humidity, around, outside = house
    target, other = (temperature, humidity) if which == "temperature" else (humidity, temperature)
    told, alone, hours = 0.0, 0.0, 0
    for ahead_h in (3, 6, 12, 24):
        without, known = made_forecasts(target, [other], around, ahead_h, SINCE_H)
        made, _ = made_forecasts(target, [other], with_weather(around, outside, sky), ahead_h, SINCE_H)
        both = np.isfinite(made - known) & np.isfinite(without - known)
        told += np.abs(made - known)[both].mean()
        alone += np.abs(without - known)[both].mean()
        hours += int(both.sum())
    assert hours >= 3000
    what = f"{which} 3 to 24 h ahead, error with {sky} weather as a share of that without"
    agree(what, told / alone, 0.0, "the forecast without weather", within=1.0)


def test_what_comes_after_an_origin_does_not_change_its_forecast(
    house: House,
) -> None:
    temperature, humidity, around, _ = house
    origin = 600
    whole, _ = made_forecasts(temperature, [humidity], around, 6, origin)
    changed = [np.where(np.arange(len(column)) <= origin, column, 99.0) for column in (temperature, humidity)]
    weather = {name: np.where(np.arange(len(c)) <= origin, c, 99.0) for name, c in around.weather.items()}
    blind, _ = made_forecasts(changed[0], [changed[1]], ForecastInputs(around.sun, around.clock_h, weather), 6, origin)
    assert blind[origin] == pytest.approx(whole[origin], abs=1e-9)
