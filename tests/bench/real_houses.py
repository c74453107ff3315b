"""Public series of real greenhouses by our channels: the Autonomous Greenhouse Challenges and two houses in Arizona.

`data` is a copy of github.com/CEAOD/Data. Stamps are local; a day is a day.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from tests.agronomy.sensor_faults.planted import Series
from tests.bench.bench_forecast import CUCUMBER, LETTUCE, excel_hour, meteo_hours, stamp_hour

HOUR_MS = 3_600_000
LETTUCE_MAY: Final = Path("GH_Lettuce/Koidra.AGC2022.2")
ARIZONA: Final = Path("GH_Tomato/UAzAbenDataKubota")
#: Our channel by the name of a column, of all tables.
COLUMNS: Final = {
    "Tair": "air_temperature_degc", "Rhair": "relative_humidity_pct", "RHair": "relative_humidity_pct",
    "CO2air": "co2_ppm", "PARin": "par_umol_m2_s", "Tair_sigrow": "air_temperature_degc:1",
    "Rhair_sigrow": "relative_humidity_pct:1", "PARin_sigrow": "par_umol_m2_s:1",
    "Tleaf_ridder": "leaf_temperature_degc",
    "Tpipe": "pipe_temperature_degc", "PipeLow": "pipe_temperature_degc", "VentLee": "vent_open_pct",
    "AssimLight": "lamp_power_pct", "EnScr": "screen_closed_pct", "BlckScr": "screen_closed_pct:1",
    "T_Air": "air_temperature_degc", "rh_Air": "relative_humidity_pct", "co2_Air": "co2_ppm", "par": "par_umol_m2_s",
    "T_Air__sigrow": "air_temperature_degc:1", "rh_Air__sigrow": "relative_humidity_pct:1",
    "par__sigrow": "par_umol_m2_s:1", "T_Canopy__ridder": "leaf_temperature_degc", "T_Canopy": "leaf_temperature_degc",
    "lee_vent": "vent_open_pct", "vent_lee": "vent_open_pct", "thermal_opening": "screen_closed_pct",
    "thermal_screen": "screen_closed_pct", "T_Rail_Pipe": "pipe_temperature_degc",
    "Tout": "outside_temperature_degc", "Rhout": "outside_humidity_pct", "Iglob": "global_radiation_w_m2",
    "Windsp": "wind_speed_m_s", "T_Out": "outside_temperature_degc", "rh_Out": "outside_humidity_pct",
    "rad_Out": "global_radiation_w_m2", "airflow_Out": "wind_speed_m_s", "PARout": "outside_par_umol_m2_s",
    "par_Out": "outside_par_umol_m2_s",
}  # fmt: skip
NAMES_MAY: Final = ("CVA", "DigitalCucumbers", "Koala", "MondayLettuce", "Reference", "VeggieMight")
NAMES_FEBRUARY: Final = NAMES_MAY
NAMES_CUCUMBER: Final = ("AiCU", "Croperators", "Reference(Growers)", "Sonoma", "deep_greens", "iGrow")


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return [{key.strip(): value for key, value in row.items() if key} for row in csv.DictReader(file)]


def _series(time_ms: np.ndarray, rows: list[dict[str, str]]) -> Series:
    found: Series = {}
    for name, channel in COLUMNS.items():
        if name in rows[0]:
            value = np.array([float(row[name]) if row[name] not in {"", "NaN"} else np.nan for row in rows])
            known = np.isfinite(value)
            if known.any():
                found[channel] = (time_ms[known].astype(np.int64), value[known])
    return found


def _iso_ms(rows: list[dict[str, str]]) -> np.ndarray:
    return np.array([datetime.fromisoformat(r["timestamp"]).replace(tzinfo=UTC).timestamp() * 1000 for r in rows])


def read_houses(data: Path) -> dict[str, Series]:
    """Return the series of each house by its name, the weather outside among them, and of each station."""
    houses: dict[str, Series] = {}
    sky = _rows(data / LETTUCE / "weather.csv")
    houses["station/february"] = _series(np.array([stamp_hour(r["Date"]) for r in sky]) * HOUR_MS, sky)
    for name in NAMES_FEBRUARY:
        rows = _rows(data / LETTUCE / name / "GreenhouseClimate.csv")
        hours = np.array([stamp_hour(row["Date"]) for row in rows])
        houses[f"february/{name}"] = _series(hours * HOUR_MS, rows) | houses["station/february"]
    sky = _rows(data / LETTUCE_MAY / "weather.csv")
    houses["station/may"] = _series(_iso_ms(sky), sky)
    for name in NAMES_MAY:
        rows = _rows(data / LETTUCE_MAY / name / "climate_data.csv")
        houses[f"may/{name}"] = houses["station/may"] | _series(_iso_ms(rows), rows)
    sky = _rows(data / CUCUMBER / "meteo.csv")
    houses["station/cucumber"] = _series(np.array(list(meteo_hours(sky))) * HOUR_MS, sky)
    for name in NAMES_CUCUMBER:
        rows = _rows(data / CUCUMBER / name / "Greenhouse_climate.csv")
        hours = np.array([excel_hour(row["GHtime"]) for row in rows])
        houses[f"cucumber/{name}"] = _series(np.round(hours * 12) * (HOUR_MS // 12), rows) | houses["station/cucumber"]
    return houses | _arizona(data)


def _arizona(data: Path) -> dict[str, Series]:
    rows = [row for row in _rows(data / ARIZONA / "Air.csv") if ":" in row["TIMESTAMP"]]
    light = {row["TIMESTAMP"]: row for row in _rows(data / ARIZONA / "PAR.csv")}
    form = "%m/%d/%y %H:%M"
    time_ms = np.array([datetime.strptime(r["TIMESTAMP"], form).replace(tzinfo=UTC).timestamp() * 1000 for r in rows])
    order = np.argsort(time_ms, kind="stable")
    found: dict[str, Series] = {}
    for house in ("A", "B"):
        columns = {
            f"GH {house} Air Temp": "air_temperature_degc", f"GH {house} RH": "relative_humidity_pct",
            "Weatherstation Temp": "outside_temperature_degc", "Weatherstation RH": "outside_humidity_pct",
        }  # fmt: skip
        series: Series = {}
        for name, channel in columns.items():
            value = np.array([_number(row.get(name, "")) for row in rows])
            series[channel] = _known(time_ms[order], value[order])
        value = np.array([_number(light.get(r["TIMESTAMP"], {}).get(f"PAR GH {house} Attic", "")) for r in rows])
        series["par_umol_m2_s"] = _known(time_ms[order], value[order])
        found[f"arizona/{house}"] = series
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _known(time_ms: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(value) & np.concatenate(([True], np.diff(time_ms) > 0))
    return time_ms[known].astype(np.int64), value[known]
