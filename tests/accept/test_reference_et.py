"""A year of a real weather station: our reference evapotranspiration against the University of Idaho's Ref-ET 4.1."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from headland.agronomy.climate.evapotranspiration import et0_from_weather_mm, wind_at_2m_m_s
from headland.agronomy.climate.psychrometrics import saturation_vapour_pressure_kpa
from tests.accept.conftest import Agreement

STATION = Path("datasets/refet_fallon")
LATITUDE_DEG, ALTITUDE_M, WIND_HEIGHT_M = 39.4575, 1208.5, 3.0
MJ_PER_LANGLEY, M_S_PER_MPH = 0.041868, 0.44704


def read_station(folder: Path) -> dict[str, np.ndarray]:
    """The raw file in SI: it comes in degF, langley a day and mph."""
    with (folder / "FALN_Agrimet_daily_raw_2015.csv").open() as file:
        rows = list(csv.DictReader(file))
    raw = {
        name: np.array([np.nan if row[name] == "NO RECORD" else float(row[name]) for row in rows])
        for name in ("MN", "MX", "SR", "YM", "UA")
    }
    celsius = {name: (raw[name] - 32.0) / 1.8 for name in ("MN", "MX", "YM")}
    return {
        "low": celsius["MN"],
        "high": celsius["MX"],
        "vapour": np.array(saturation_vapour_pressure_kpa(celsius["YM"])),
        "solar": raw["SR"] * MJ_PER_LANGLEY,
        "wind": raw["UA"] * M_S_PER_MPH,
    }


def read_published(folder: Path) -> np.ndarray:
    """ETo as Ref-ET printed it, to a hundredth of a millimetre."""
    lines = (folder / "FALN_Agrimet_daily_raw_2015.out").read_text(encoding="latin-1").splitlines()
    rows = [line.split() for line in lines if len(line.split()) == 11 and line.split()[2] == "2015"]
    return np.array([float(row[9]) for row in rows])


def test_a_year_in_fallon_is_as_published(real_data: Path, agree: Agreement) -> None:
    day = read_station(real_data / STATION)
    short = read_published(real_data / STATION)
    assert len(day["low"]) == len(short) == 365
    known = np.isfinite(day["low"] + day["high"] + day["vapour"] + day["solar"] + day["wind"])
    assert known.sum() == 364  # one day says NO RECORD
    place = {"latitude_deg": LATITUDE_DEG, "altitude_m": ALTITUDE_M, "day_of_year": np.arange(1, 366)}
    args = (day["low"], day["high"], day["vapour"], day["solar"])
    own = et0_from_weather_mm(*args, wind_at_2m_m_s(day["wind"], WIND_HEIGHT_M), **place)  # type: ignore[arg-type]  # one dict of two types
    # FAO-56 takes a simpler clear sky than Ref-ET does.
    agree("ET0 of a day, Fallon 2015 [mm]", own[known], short[known], "Ref-ET 4.1", within=0.15)
    agree("ET0, mean of the year [mm]", own[known].mean(), short[known].mean(), "Ref-ET 4.1", within=0.05)
