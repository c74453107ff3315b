"""Accuracy of the fitted house model in real compartments, later and where the fit never looked.

`--data` is a copy of the public data of the Autonomous Greenhouse Challenges (github.com/CEAOD/Data): lettuce (2022)
and cucumber (2018), Bleiswijk. The model is driven by the measured weather, vents, screens, pipe, lamps and carbon
dioxide, and runs for two weeks without seeing the temperature or humidity inside.

`own`: fitted on two weeks of a compartment, judged on its next two. `other`: fitted on two weeks of two compartments of
a crop, `FITTED_ON`, judged on the others in all weeks. Physics and fit were developed on the lettuce's `Reference` and
`MondayLettuce` and on the cucumber's `AiCU`: the others are the judges.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.house_model.compartment import Compartment, structure_of
from headland.agronomy.house_twin.base import glasshouse
from headland.agronomy.house_twin.drive import Drive, drive_of, run, sampled
from headland.agronomy.house_twin.fit import fit, hourly, with_parameters
from headland.agronomy.house_twin.held_out import LaterErrors, held_out
from headland.errors import SettingsError
from tests.bench.bench_forecast import CUCUMBER, LETTUCE, excel_hour, meteo_hours, read_rows, stamp_hour

Floats = NDArray[np.float64]
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
WEEKS_DAYS: Final = 14
#: First days of the stretches of two weeks: of the lettuce from the planting on; the cucumbers were planted late.
STRETCHES: Final = {"lettuce": (0, 14, 28), "cucumber": (20, 34, 48, 62)}
FITTED_ON: Final = {"lettuce": ("Reference", "MondayLettuce"), "cucumber": ("AiCU", "Sonoma")}
HOUSES: Final = {
    "lettuce": ("Reference", "MondayLettuce", "CVA", "DigitalCucumbers", "Koala", "VeggieMight"),
    "cucumber": ("AiCU", "Sonoma", "Croperators", "Reference(Growers)", "deep_greens", "iGrow"),
}
WEATHER: Final = {
    "Tout": "outside_temperature_degc",
    "Rhout": "outside_humidity_pct",
    "Iglob": "global_radiation_w_m2",
    "Windsp": "wind_speed_m_s",
    "Pyrgeo": "longwave_balance_w_m2",
}
LETTUCE_INSIDE: Final = {
    "Tair": "air_temperature_degc",
    "Rhair": "relative_humidity_pct",
    "CO2air": "co2_ppm",
    "VentLee": "vent_open_pct:1",
    "VentWind": "vent_open_pct:2",
    "AssimLight": "lamp_power_pct",
    "EnScr": "screen_closed_pct:1",
    "BlckScr": "screen_closed_pct:2",
    "Tpipe": "pipe_temperature_degc",
    "PARin": "par_umol_m2_s",
}
CUCUMBER_INSIDE: Final = {
    "Tair": "air_temperature_degc",
    "RHair": "relative_humidity_pct",
    "CO2air": "co2_ppm",
    "VentLee": "vent_open_pct:1",
    "Ventwind": "vent_open_pct:2",
    "AssimLight": "lamp_power_pct",
    "EnScr": "screen_closed_pct:1",
    "BlackScr": "screen_closed_pct:2",
    "PipeLow": "pipe_temperature_degc:1",
    "PipeGrow": "pipe_temperature_degc:2",
}
Columns = dict[str, tuple[Floats, Floats]]


def columns_of(rows: list[dict[str, str]], hours: Floats, names: dict[str, str]) -> Columns:
    """Return the columns with their times [ms of local time] by channel."""
    return {
        channel: (
            hours * HOUR_MS,
            np.array([float(row[name]) if row.get(name) not in (None, "", "NaN") else np.nan for row in rows]),
        )
        for name, channel in names.items()
    }


def read_columns(data: Path, crop: str, name: str) -> tuple[Columns, int]:
    """Return the columns of a compartment and its weather, and the first whole hour [ms]."""
    if crop == "lettuce":
        rows, sky = (
            read_rows(data / LETTUCE / name / "GreenhouseClimate.csv"),
            read_rows(data / LETTUCE / "weather.csv"),
        )
        hours, inside = np.array([stamp_hour(row["Date"]) for row in rows]), LETTUCE_INSIDE
        sky_hours = np.array([stamp_hour(row["Date"]) for row in sky])
    else:
        rows, sky = (
            read_rows(data / CUCUMBER / name / "Greenhouse_climate.csv"),
            read_rows(data / CUCUMBER / "meteo.csv"),
        )
        hours, inside = np.array([excel_hour(row["GHtime"]) for row in rows]), CUCUMBER_INSIDE
        sky_hours = np.array(list(meteo_hours(sky)))
    columns = columns_of(rows, hours, inside) | columns_of(sky, sky_hours, WEATHER)
    return columns, int(np.ceil(hours[0])) * HOUR_MS


def drive(read: tuple[Columns, int], since_day: int, days: int = WEEKS_DAYS) -> Drive:
    """Return the drive of some days."""
    columns, first_ms = read
    return drive_of(sampled(columns, first_ms + since_day * DAY_MS, first_ms + (since_day + days) * DAY_MS))


def judged(
    house: Compartment[float], read: tuple[Columns, int], from_day: int, since_day: int
) -> dict[str, LaterErrors | None]:
    """Return the errors of two weeks; the model runs on its own from `from_day`, while its crop grows."""
    since = min(from_day, since_day)
    try:
        through = drive(read, since, since_day + WEEKS_DAYS - since)
    except SettingsError as error:
        print(f"left out: {error}")
        return {}
    course, hours = run(structure_of([house]), through), 24 * (since_day - since)
    return {
        "temperature": held_out(hourly(course.air_degc)[:, 0], hourly(through.air_degc), hours),
        "humidity": held_out(hourly(course.humidity_pct)[:, 0], hourly(through.humidity_pct), hours),
    }


def told(
    kind: str, crop: str, name: str, since_day: int, by_target: dict[str, LaterErrors | None]
) -> list[dict[str, object]]:
    """Return the rows of a judgement, and print them."""
    rows: list[dict[str, object]] = []
    for target, each in by_target.items():
        if each is None:
            continue
        row = {
            "kind": kind, "crop": crop, "house": name, "day": since_day, "target": target, "hours": each.hours,
            "rmse": each.rmse, "bias": each.bias, "r": each.correlation, "late_h": each.late_h,
            "yesterday": each.yesterday_rmse,
        }  # fmt: skip
        rows.append({key: round(value, 2) if isinstance(value, float) else value for key, value in row.items()})
        print(" ".join(f"{key}={value}" for key, value in rows[-1].items()), flush=True)
    return rows


def main() -> None:
    """Fit, judge and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--crop", choices=sorted(HOUSES), nargs="*", default=sorted(HOUSES))
    parser.add_argument("--house", nargs="*", help="only these compartments")
    parser.add_argument("--kind", choices=("own", "other"), nargs="*", default=["own", "other"])
    options = parser.parse_args()
    rows: list[dict[str, object]] = []
    for crop in options.crop:
        names = [name for name in HOUSES[crop] if not options.house or name in options.house]
        read = {name: read_columns(options.data, crop, name) for name in {*names, *FITTED_ON[crop]}}
        days = STRETCHES[crop]
        if "own" in options.kind:
            for name in names:
                for since, later in pairwise(days):
                    house = with_parameters(glasshouse(), fit(glasshouse(), [drive(read[name], since)]))
                    rows += told("own", crop, name, later, judged(house, read[name], since, later))
        if "other" in options.kind:
            common = fit(glasshouse(), [drive(read[name], days[1]) for name in FITTED_ON[crop]])
            house = with_parameters(glasshouse(), common)
            for name in names:
                for since in days:
                    rows += told("other", crop, name, since, judged(house, read[name], days[1], since))
    if options.json:
        print(json.dumps(rows))


if __name__ == "__main__":
    main()
