"""Late blight rules and Blitecast against their published tables, and unknown days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.blight import (
    HumidDay,
    blitecast,
    blitecast_indices,
    hutton_periods,
    smith_periods,
    wallin_severity,
)
from headland.agronomy.climate.disease import humid_indices
from headland.agronomy.series.answer import Method
from headland.agronomy.series.indicator import Index, precomputed_index
from headland.agronomy.series.time_grid import make_periods
from headland.units_of_time import DAY_MS, HOUR_MS

DAYS = 30


def daily(name: str, value: np.ndarray, coverage: float = 1.0) -> Index:
    known = np.full(DAYS, 288)
    return precomputed_index(name, "1", Method(name, 1, name), (name,), value, np.full(DAYS, coverage), known)


def warmth_of(degc: float, lowest_degc: float | None = None) -> Index:
    lowest = degc if lowest_degc is None else lowest_degc
    return replace(daily("t", np.full(DAYS, degc)), low=np.full(DAYS, lowest))


def told(severity: float, rain_mm: float, degc: float = 18.0, lowest_degc: float | None = None) -> dict[str, Index]:
    rain, warmth = daily("rain", np.full(DAYS, rain_mm)), warmth_of(degc, lowest_degc)
    found = blitecast_indices(daily("severity", np.full(DAYS, severity)), warmth, rain, ("t",))
    return {index.name: index for index in found}


@pytest.mark.parametrize(
    ("severity", "rain_mm", "degc", "code"),
    [
        # A week's severity of 0, 7 and 14 in a dry spell, and in a wet one (35 mm in ten days).
        (0, 0.0, 18.0, -1), (1, 0.0, 18.0, 2), (0, 3.5, 18.0, -1), (1, 3.5, 18.0, 2),
        # As wet, but too warm for the fungus: no day is favourable.
        (0.5, 3.5, 27.0, -1), (0.5, 3.5, 18.0, 0),
    ],
)  # fmt: skip
def test_a_steady_month_is_advised_by_the_published_table(
    severity: float, rain_mm: float, degc: float, code: int
) -> None:
    found = told(severity, rain_mm, degc)
    assert found["blitecast_code"].value[-1] == code
    assert found["late_blight_severity_7_d"].value[-1] == 7 * severity
    assert found["rain_favourable_day"].value[-1] == float(rain_mm > 3.0 and degc < 25.5)


def test_a_week_of_favourable_rain_turns_a_warning_into_a_spray() -> None:
    severity = np.zeros(DAYS)
    severity[-4:] = 1.0  # four in a week: 0 when dry, 1 when wet
    codes = [
        blitecast_indices(daily("s", severity), warmth_of(18.0), daily("r", np.full(DAYS, rain)), ("t",))[2].value[-1]
        for rain in (0.0, 4.0)
    ]
    assert codes == [0.0, 1.0]


def test_nothing_is_advised_without_enough_days_nor_across_a_gap() -> None:
    found = told(1.0, 4.0)
    assert np.isfinite(found["blitecast_code"].value).tolist() == [False] * 15 + [True] * 15
    rain = np.full(DAYS, 4.0)
    rain[10] = np.nan
    holed = blitecast_indices(
        daily("s", np.ones(DAYS)), warmth_of(18.0), daily("r", rain), ("t",)
    )[2]  # fmt: skip
    assert np.isfinite(holed.value).tolist() == [False] * 26 + [True] * 4


@pytest.mark.parametrize(
    ("hours", "degc", "severity"),
    [(9, 9, 0), (10, 13, 0), (13, 9, 0), (13, 20, 2), (15, 13, 1), (16, 9, 1), (16, 20, 3), (18, 13, 2), (19, 9, 2),
     (19, 20, 4), (21, 13, 3), (22, 9, 3), (22, 20, 4), (24, 13, 4), (24, 5, 0), (24, 28, 0), (10, 20, 1)],
)  # fmt: skip
def test_wallins_table_gives_its_severity(hours: float, degc: float, severity: int) -> None:
    assert wallin_severity(hours, degc) == severity


@pytest.mark.parametrize(
    ("favourable_days", "messages"),
    [
        (0, ["no_spray", "no_spray", "warning", "spray_7_days", "spray_7_days", "spray_5_days"]),
        (4, ["no_spray", "no_spray", "warning", "spray_7_days", "spray_7_days", "spray_5_days"]),
        (5, ["no_spray", "warning", "spray_7_days", "spray_5_days", "spray_5_days", "spray_5_days"]),
    ],
)
def test_blitecast_reads_its_matrix(favourable_days: int, messages: list[str]) -> None:
    assert [blitecast(severity, favourable_days) for severity in (2, 3, 4, 5, 6, 7)] == messages


@pytest.mark.parametrize(("lowest_degc", "favourable"), [(7.1, 0.0), (7.2, 1.0), (6.0, 0.0), (12.0, 1.0)])
def test_a_wet_day_with_a_cold_night_is_not_favourable(lowest_degc: float, favourable: float) -> None:
    found = told(0.0, 3.5, 12.0, lowest_degc)
    assert found["rain_favourable_day"].value[-1] == favourable


def test_the_rules_that_were_corrected_have_a_new_version() -> None:
    versions = {name: index.method.version for name, index in told(0.0, 0.0).items()}
    assert versions == {"rain_favourable_day": 2, "late_blight_severity_7_d": 1, "blitecast_code": 2}


def test_smith_and_hutton_need_two_consecutive_days() -> None:
    days = [HumidDay(11.0, 12.0), HumidDay(10.0, 11.0), HumidDay(9.9, 20.0), HumidDay(12.0, 7.0), HumidDay(12.0, 6.0)]
    assert smith_periods(days) == [False, True, False, False, False]
    assert hutton_periods(days) == [False, True, False, False, True]
    assert smith_periods([]) == []


def test_a_humid_night_counts_whole_on_the_day_on_which_it_ends() -> None:
    days = make_periods([0, DAY_MS, 2 * DAY_MS], 3 * DAY_MS)
    hour = days.time_ms / HOUR_MS
    night = (hour >= 19.0) & (hour < 31.0)
    air = Air(np.full(days.steps, 16.0), np.where(night, 95.0, 60.0))
    severity = next(index for index in humid_indices(days, air) if index.name == "late_blight_severity")
    # Twelve hours at 16 degC are 1; the night that began before the first step is not whole.
    np.testing.assert_equal(severity.value, [np.nan, 1.0, 0.0])
    assert severity.windows is not None
    assert severity.windows[1] == (DAY_MS // 2, DAY_MS + DAY_MS // 2)
