"""Accuracy of the greenhouse forecast in real compartments, with and without a weather forecast, beside naive ones.

`--data` is a copy of the public data of the Autonomous Greenhouse Challenges (github.com/CEAOD/Data): five compartments
of lettuce (2022) and six of cucumber (2018), Bleiswijk, with the weather outside. Forecasts are made from a rolling
origin after the tenth day with what was known then. Figures by crop, target and hours ahead: lowest, median and highest
over the compartments of the error, of its share of "as now" and of "as yesterday", and of the share of outcomes within
the band of nine of ten errors of the seven days before.

`with` is the mean absolute error with the weather to come as a share of that without: the weather as it was measured
(`perfect`), with the errors of the simulated provider and of radiation (`degraded`), and with its bias as well (`raw`),
which a station corrects. `better` counts the compartments below 1. The weather's part was developed on the lettuce's
`Reference` and on `AiCU`: neither counts there.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.forecast import ForecastInputs, made_forecasts, skill_of
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from tests.agronomy.climate.said_weather import SKIES, Outside, with_weather

Floats = NDArray[np.float64]

LATITUDE_DEG, LONGITUDE_DEG, AHEAD_OF_UTC_H = 52.0, 4.5, 1
SINCE_H, WEEK_H = 240, 168
LETTUCE: Final = Path("GH_Lettuce/Koidra.AGC2022.1")
CUCUMBER: Final = Path("GH_Cucumber/AutonomousGreenhouseChallenge2018")
#: The lettuce's `Reference` is the compartment that the forecast was developed on.
COMPARTMENTS: Final = {
    "lettuce": [LETTUCE / name for name in ("CVA", "DigitalCucumbers", "Koala", "MondayLettuce", "VeggieMight")],
    "cucumber": [
        CUCUMBER / name for name in ("AiCU", "Croperators", "Reference(Growers)", "Sonoma", "deep_greens", "iGrow")
    ],
}
#: The compartment that the part of the weather to come was developed on, beside `Reference`.
DEVELOPED_ON: Final = frozenset({"AiCU"})


def excel_hour(day: str) -> float:
    """Return the hour since 1970 of a day number of Excel, in local time."""
    return (float(day) - 25_569.0) * 24.0


def stamp_hour(text: str) -> float:
    """Return the hour since 1970 of a local time such as 2/1/2022 0:04."""
    form = "%m/%d/%Y %H:%M" if ":" in text else "%m/%d/%Y"
    return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp() / 3600.0


def meteo_hours(rows: list[dict[str, str]]) -> Iterable[float]:
    """Return the hours of rows five minutes apart whose stamps are days at midnight and times otherwise."""
    first = datetime.fromtimestamp(stamp_hour(rows[0]["time"]) * 3600.0, tz=UTC)
    return [(first + timedelta(minutes=5 * at)).timestamp() / 3600.0 for at in range(len(rows))]


def by_hour(
    hours: Floats, rows: list[dict[str, str]], names: Iterable[str], first: int, count: int
) -> dict[str, Floats]:
    """Return the mean of some columns in each hour of UTC, NaN where nothing was measured."""
    at = np.floor(hours).astype(np.int64) - AHEAD_OF_UTC_H - first
    means = {}
    for name in names:
        value = np.array([float(row[name]) if row[name] not in {"", "NaN"} else np.nan for row in rows])
        fit = np.isfinite(value) & (at >= 0) & (at < count)
        n, total = np.bincount(at[fit], minlength=count), np.bincount(at[fit], value[fit], count)
        means[name] = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return means


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(encoding="utf-8-sig") as file:
        return [{key.strip(): value for key, value in row.items() if key} for row in csv.DictReader(file)]


def read_house(data: Path, crop: str, folder: Path) -> tuple[dict[str, Floats], ForecastInputs, Outside]:
    """Return temperature and humidity by hour, what a forecast explains them with, and the weather."""
    if crop == "lettuce":
        rows, sky = read_rows(data / folder / "GreenhouseClimate.csv"), read_rows(data / LETTUCE / "weather.csv")
        hours = np.array([stamp_hour(row["Date"]) for row in rows])
        sky_hours, names = np.array([stamp_hour(row["Date"]) for row in sky]), ("Tair", "Rhair")
    else:
        rows, sky = read_rows(data / folder / "Greenhouse_climate.csv"), read_rows(data / CUCUMBER / "meteo.csv")
        hours = np.array([excel_hour(row["GHtime"]) for row in rows])
        sky_hours, names = np.array(list(meteo_hours(sky))), ("Tair", "RHair")
    first = int(np.floor(hours[0])) - AHEAD_OF_UTC_H
    count = int(np.floor(hours[-1])) - AHEAD_OF_UTC_H - first + 1
    air = by_hour(hours, rows, names, first, count)
    outside = by_hour(sky_hours, sky, ("Tout", "Rhout", "Iglob", "Windsp"), first, count)
    ahead = first + np.arange(count + MOST_AHEAD_H)
    elevation = elevation_deg(ahead * 3_600_000 + 1_800_000, LATITUDE_DEG, LONGITUDE_DEG)
    weather = {
        "outside_vapour_kpa": actual_vapour_pressure_kpa(outside["Tout"], outside["Rhout"]),
        "global_radiation_w_m2": outside["Iglob"],
        "wind_speed_m_s": outside["Windsp"],
    }
    sun = np.maximum(np.sin(np.radians(elevation)), 0.0)
    inputs = ForecastInputs(sun, np.asarray(ahead % 24, np.float64), weather)
    return {"temperature": air[names[0]], "humidity": air[names[1]]}, inputs, Outside(*outside.values())


def measure(
    air: dict[str, Floats], inputs: ForecastInputs, outside: Outside, which: str, ahead_h: int
) -> dict[str, float]:
    """Return the errors of one compartment's forecasts, and how many outcomes were in their band."""
    target = air[which]
    others = [column for name, column in air.items() if name != which]
    made, known = made_forecasts(target, others, inputs, ahead_h, SINCE_H)
    error = made - known
    yesterday = np.full(len(target), np.nan)
    lag = 24 - ahead_h
    yesterday[lag:] = target[: len(target) - lag]
    skill = skill_of(error, target - known, yesterday - known)
    assert skill is not None
    figures = {
        "hours": skill.n, "rmse": skill.rmse, "of_now": skill.rmse / skill.persistence_rmse,
        "of_yesterday": skill.rmse / skill.yesterday_rmse, "in_band": in_band(error, ahead_h),
    }  # fmt: skip
    for sky in SKIES:
        said, _ = made_forecasts(target, others, with_weather(inputs, outside, sky), ahead_h, SINCE_H)
        both = np.isfinite(said - known) & np.isfinite(error)
        without, told = np.abs(error[both]).mean(), np.abs(said - known)[both].mean()
        figures |= {"hours_both": int(both.sum()), "mae": without, f"mae_{sky}": told, f"with_{sky}": told / without}
        figures |= {f"in_band_{sky}": in_band(said - known, ahead_h)}
    return figures


def in_band(error: Floats, ahead_h: int) -> float:
    """Return the share of the errors that nine of ten of the week before were not below."""
    weeks = np.lib.stride_tricks.sliding_window_view(np.abs(error), WEEK_H)[SINCE_H - ahead_h : -1 - ahead_h]
    now = np.abs(error[SINCE_H + WEEK_H :])
    told = np.isfinite(now) & (np.isfinite(weeks).sum(axis=1) >= WEEK_H // 2)
    return float(np.mean(now[told] <= np.nanquantile(weeks[told], 0.9, axis=1)))


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--ahead", type=int, nargs="*", default=[6, 24])
    options = parser.parse_args()
    found: dict[str, float] = {}
    for crop, folders in COMPARTMENTS.items():
        houses = {folder.name: read_house(options.data, crop, folder) for folder in folders}
        for which, ahead_h in ((which, ahead_h) for which in ("temperature", "humidity") for ahead_h in options.ahead):
            by_name = {name: measure(*house, which, ahead_h) for name, house in houses.items()}
            for sky in SKIES:
                others = [row[f"with_{sky}"] for name, row in by_name.items() if name not in DEVELOPED_ON]
                found[f"{crop}_{which}_{ahead_h}_h_better_{sky}"] = int(np.sum(np.array(others) < 1.0))
            rows = list(by_name.values())
            for figure in rows[0]:
                values = np.array([row[figure] for row in rows])
                pick: dict[str, Callable[[Floats], float]] = {"low": np.min, "median": np.median, "high": np.max}
                for name, of in pick.items():
                    found[f"{crop}_{which}_{ahead_h}_h_{figure}_{name}"] = round(float(of(values)), 3)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
