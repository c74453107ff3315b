"""Sensor faults planted in forty days of real lettuce: each is found, and what is named in the house as it is, is true.

The probe beside, `_sigrow`, and the leaf thermometer of this table hang in another compartment of the trial (the table
of `DigitalCucumbers` has the very same values): beside the house's own they are no second sensor, and are not read.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.sensor_faults.detector import find_faults
from headland.units_of_time import DAY_MS
from tests.agronomy.sensor_faults.planted import Planted, Series, plant

TABLES = Path("datasets/agc3_lettuce_2022")
AIR, HUMIDITY, CO2, LIGHT = "air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s"
INSIDE = {
    "Tair": AIR, "Rhair": HUMIDITY, "CO2air": CO2, "PARin": LIGHT, "Tpipe": "pipe_temperature_degc",
    "VentLee": "vent_open_pct", "AssimLight": "lamp_power_pct", "EnScr": "screen_closed_pct",
}  # fmt: skip
OUTSIDE = {
    "Tout": "outside_temperature_degc", "Rhout": "outside_humidity_pct", "Iglob": "global_radiation_w_m2",
    "Windsp": "wind_speed_m_s", "PARout": "outside_par_umol_m2_s",
}  # fmt: skip
FIRST_D, DAYS, ONSET_D = 16, 24, 13


def read_table(path: Path, columns: dict[str, str]) -> Series:
    with path.open() as file:
        rows = [{key.strip(): value for key, value in row.items()} for row in csv.DictReader(file)]
    stamps = [datetime.strptime(row["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=UTC) for row in rows]
    time_ms = np.array([int(stamp.timestamp() * 1000) for stamp in stamps], np.int64)
    start_ms = int(time_ms[0]) + FIRST_D * DAY_MS
    found: Series = {}
    for name, channel in columns.items():
        value = np.array([float(row[name]) if row[name] not in ("", "NaN") else np.nan for row in rows])
        fit = np.isfinite(value) & (time_ms >= start_ms) & (time_ms < start_ms + DAYS * DAY_MS)
        found[channel] = (time_ms[fit], value[fit])
    return found


@pytest.fixture(scope="module")
def house(real_data: Path) -> Series:
    folder = real_data / TABLES
    return read_table(folder / "reference_climate.csv", INSIDE) | read_table(folder / "weather.csv", OUTSIDE)


def test_the_house_as_it_is_has_no_fault(house: Series) -> None:
    assert find_faults(house) == []


@pytest.mark.parametrize(
    ("kind", "channel", "size"),
    [
        ("stuck", AIR, 0.05),
        ("stuck", HUMIDITY, 0.3),
        ("alternating", AIR, 0.6),
        ("alternating", CO2, 40.0),
        ("noise", AIR, 10.0),
        ("noise", HUMIDITY, 10.0),
        ("spikes", HUMIDITY, 25.0),
        ("step", AIR, 4.0),
        ("step", HUMIDITY, 18.0),
        ("gain", AIR, 1.3),
        ("gain", "global_radiation_w_m2", 1.4),
        ("drift", HUMIDITY, 1.8),
    ],
)
def test_a_planted_fault_is_found_in_its_channel_alone(house: Series, kind: str, channel: str, size: float) -> None:
    onset_ms = int(house[AIR][0][0]) + ONSET_D * DAY_MS
    lasts_ms = 3 * DAY_MS if kind in {"stuck", "alternating", "noise"} else 100 * DAY_MS
    fault = Planted(kind, channel, onset_ms, onset_ms + lasts_ms, size)
    found = find_faults(plant(house, fault, np.random.default_rng(8)))
    assert {one.channel for one in found} == {channel}
    alike = {"spikes": {"spike"}, "step": {"step", "gain"}, "gain": {"step", "gain"}}
    assert {one.kind for one in found} <= alike.get(kind, {kind})
    early_ms = 3 * DAY_MS if kind == "drift" else DAY_MS
    assert onset_ms - early_ms <= min(one.start_ms for one in found) <= onset_ms + 3 * DAY_MS
