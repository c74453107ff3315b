"""Hourly evapotranspiration of a real station through the analysis, against the University of Idaho's Ref-ET 4.1.

`--data` has `FALN_Agrimet_hourly_raw_2015.csv` and `.out` (github.com/WSWUP/RefET, tests/data): a year of AgriMet
Fallon, Nevada. Ref-ET took each record for the mean of the hour that ends at its stamp, in standard time all year. The
figures are the 95th percentile of the difference [mm/h] and that of the year [%], of the short and the tall reference,
with the stamps declared so, and with what the radiation shows of a clock in local time.

The radiation itself does not agree with Ref-ET: `middle_off` is the month's middle of the radiation less that of the
sun at the stamps [h], in standard time; about 0 is an instant in standard time, 0.5 the mean of the hour before.
"""

from __future__ import annotations

import argparse
import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.stamps import Stamp
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.site_weather import answer_hourly_weather
from headland.contract.records import Descriptor
from headland.store.memory import MemoryStore
from tests.api.farm import OWN, write_series

Floats = NDArray[np.float64]

LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_M, WIND_HEIGHT_M = 39.4575, -118.77388, 1208.5, 3.0
STANDARD, LOCAL = ZoneInfo("Etc/GMT+8"), ZoneInfo("America/Los_Angeles")
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
#: Columns of the published table.
COLUMNS: Final = {"et_asce_tall_hourly_mm": 10, "et_asce_short_hourly_mm": 11}


def read_station(path: Path, zone: ZoneInfo) -> tuple[NDArray[np.int64], dict[str, Floats]]:
    """Return the stamps in a zone, and the record in SI: it comes in degF, mph and langley an hour."""
    with path.open() as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> Floats:
        return np.array([np.nan if row[name] in {"", "NO RECORD"} else float(row[name]) for row in rows])

    moments = [
        datetime(int(row["YEAR"]), int(row["MONTH"]), int(row["DAY"]), int(row["HOUR"]), tzinfo=zone) for row in rows
    ]
    air, dew = ((column(name) - 32.0) / 1.8 for name in ("OB", "TP"))
    humidity = 100.0 * saturation_vapour_pressure_kpa(dew) / saturation_vapour_pressure_kpa(air)
    return np.array([round(moment.timestamp() * 1000) for moment in moments]), {
        "air_temperature_degc": air, "relative_humidity_pct": np.minimum(humidity, 100.0),
        "wind_speed_m_s": column("WS") * 0.44704, "global_radiation_w_m2": column("SI") * 41_868.0 / 3600.0,
    }  # fmt: skip


def read_published(path: Path) -> dict[tuple[int, int, int], list[str]]:
    """Return the rows of Ref-ET by month, day and hour of their stamp."""
    rows = (line.split() for line in path.read_text(encoding="latin-1").splitlines())
    return {
        (int(row[0]), int(row[1]), int(row[4]) // 100): row
        for row in rows
        if len(row) > 11 and row[2] == "2015" and row[0].isdigit()
    }


def compare(data: Path, zone: ZoneInfo, stamp: Stamp | None) -> dict[str, float]:
    """Return how far the hours are from Ref-ET's."""
    time_ms, columns = read_station(data / "FALN_Agrimet_hourly_raw_2015.csv", zone)
    published = read_published(data / "FALN_Agrimet_hourly_raw_2015.out")
    store = MemoryStore()
    ordered = np.argsort(time_ms, kind="stable")
    for channel, measured in columns.items():
        told = ordered[np.isfinite(measured[ordered])]
        told = told[np.diff(time_ms[told], prepend=0) > 0]
        write_series(store, OWN, "fallon", "weather", "agrimet", time_ms[told], {channel: measured[told]})
    store.describe(OWN, "gw-1", Descriptor(device="agrimet", kind="weather", site="fallon", name="agrimet"))
    place = HouseLocation(zone, True, LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_M)
    house = House("fallon", list(store.devices(OWN)), place, {})
    pairs: dict[str, list[tuple[float, float]]] = {name: [] for name in COLUMNS}
    scope = OrgScope(store, None, OWN, int(time_ms[-1]) + 1)
    for start_ms in range(int(time_ms[0]), int(time_ms[-1]), 30 * DAY_MS):
        window = Window(start_ms, min(start_ms + 30 * DAY_MS, int(time_ms[-1])))
        for (_, end_ms), answers in answer_hourly_weather(scope, house, window, WIND_HEIGHT_M, stamp).days:
            end = datetime.fromtimestamp(end_ms / 1000.0, tz=zone)
            row = published.get((end.month, end.day, end.hour))
            for name, column in COLUMNS.items():
                value = answers[name].value
                if row is not None and value is not None:
                    pairs[name].append((value, float(row[column])))
    found = {}
    for name, both in pairs.items():
        ours, theirs = np.array(both).T
        short = name.removesuffix("_hourly_mm")
        found[f"{short}_p95_mm_h"] = round(float(np.quantile(np.abs(ours - theirs), 0.95)), 4)
        found[f"{short}_year_pct"] = round(100.0 * float(ours.sum() / theirs.sum() - 1.0), 2)
        found[f"{short}_hours"] = len(both)
    return found


def middle_off_h(data: Path) -> list[float]:
    """Return by month the middle of the radiation less that of the sun at the stamps [h]."""
    time_ms, columns = read_station(data / "FALN_Agrimet_hourly_raw_2015.csv", STANDARD)
    sun = np.maximum(np.sin(np.radians(elevation_deg(time_ms, LATITUDE_DEG, LONGITUDE_DEG))), 0.0)
    light = np.nan_to_num(columns["global_radiation_w_m2"])
    moments = [datetime.fromtimestamp(at / 1000.0, tz=STANDARD) for at in time_ms.tolist()]
    month, hour = (np.array([getattr(moment, name) for moment in moments]) for name in ("month", "hour"))
    found = []
    for number in range(1, 13):
        inside = month == number
        middles = [float(np.average(hour[inside], weights=each[inside])) for each in (light, sun)]
        found.append(round(middles[0] - middles[1], 2))
    return found


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    found: dict[str, Any] = {"middle_off_h": middle_off_h(options.data)}
    found["as_ref_et"] = compare(options.data, STANDARD, "before")
    found["as_observed"] = compare(options.data, LOCAL, None)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
