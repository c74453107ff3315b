"""Misuses planted in a real house with its weather, and the real samples themselves, of which none is named.

The layer was developed on this house; `tests.bench.bench_plausibility` judges it on houses that it has not seen.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from headland.agronomy.plausibility.judgement import judge_samples
from headland.agronomy.plausibility.sun_course import SunPlace
from tests.accept.conftest import Agreement
from tests.bench.bench_forecast import read_rows, stamp_hour
from tests.bench.bench_plausibility import (
    AIR,
    BLEISWIJK,
    CO2,
    DUTCH,
    HOUSE_MISUSES,
    HUMIDITY,
    PAR,
    WEATHER,
    Series,
    count_real,
    judge,
    numbers,
    series_of,
)

TABLES, STATION = Path("datasets/agc3_lettuce_2022"), Path("datasets/refet_fallon")
FALLON = SunPlace(39.4575, -118.77388, 1208.5, -8.0)


@pytest.fixture(scope="module")
def house(real_data: Path) -> Series:
    sky, rows = (read_rows(real_data / TABLES / name) for name in ("weather.csv", "reference_climate.csv"))
    outside = {channel: numbers(sky, column) for channel, column in WEATHER.items()}
    weather = series_of(outside, np.array([stamp_hour(row["Date"]) for row in sky]), DUTCH)
    inside = {AIR: "Tair", HUMIDITY: "Rhair", CO2: "CO2air", PAR: "PARin"}
    own = {channel: numbers(rows, column) for channel, column in inside.items()}
    own_hours = np.array([stamp_hour(row["Date"]) for row in rows])
    return Series("lettuce Reference", series_of(own, own_hours, DUTCH, weather), BLEISWIJK, indoors=True)


def test_no_real_sample_of_a_house_is_named(house: Series, agree: Agreement) -> None:
    told, named = Counter[str](), list[str]()
    count_real(house, told, named)
    assert told["rows"] > 12_000
    agree("real samples named, a house", told["named"], 0, "its own table", within=0)
    assert named == []


def test_nine_of_ten_misuses_of_a_house_are_named_with_the_right_cause(house: Series, agree: Agreement) -> None:
    told, missed = Counter[str](), list[str]()
    judge(house, HOUSE_MISUSES, told, missed)
    assert told["planted"] >= 40
    agree("misuses named rightly, a house", told["right"] / told["planted"], 1.0, "planted", within=0.1)


def test_a_station_in_fahrenheit_is_named_all_year_and_its_celsius_never(real_data: Path, agree: Agreement) -> None:
    with (real_data / STATION / "FALN_Agrimet_daily_raw_2015.csv").open() as file:
        rows = list(csv.DictReader(file))
    midnights = [datetime(int(r["YEAR"]), int(r["MONTH"]), int(r["DAY"]), 8, tzinfo=UTC).timestamp() for r in rows]
    # The low of a day is at dawn, its high in the afternoon.
    time_ms = np.array([round((s + hour * 3600) * 1000) for s in midnights for hour in (6, 15)], np.int64)
    degf = np.array([float(row[name]) for row in rows for name in ("MN", "MX")])
    named = Counter[str]()
    for at in range(0, len(time_ms) - 40, 20):
        some = slice(at, at + 20)
        real = judge_samples({AIR: (time_ms[some], (degf[some] - 32.0) / 1.8)}, FALLON, indoors=False)
        found = judge_samples({AIR: (time_ms[some], degf[some])}, FALLON, indoors=False)
        named["real"] += len(real)
        named["degf"] += AIR in found and found[AIR].cause == "unit_fahrenheit"
        named["spans"] += 1
    assert named["real"] == 0
    agree("spans of ten days in Fahrenheit named", named["degf"] / named["spans"], 1.0, "AgriMet Fallon", within=0.2)
