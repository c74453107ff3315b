"""Disease rules against vectors worked from their published tables."""

from __future__ import annotations

import pytest

from headland.agronomy.climate.disease import (
    BOTRYTIS_LEVELS,
    DOWNY_MILDEWS,
    HumidDay,
    MildewDay,
    blitecast,
    botrytis_incidence,
    botrytis_index,
    hutton_periods,
    infection_share,
    level_of,
    powdery_mildew_index,
    smith_periods,
    wallin_severity,
    wetness_needed_h,
)

#: Hours, degC, index, incidence.
BROOME = (
    (4, 12, -2.061062, 0.11293939),
    (4, 28, -1.986758, 0.12060027),
    (8, 16, -0.856882, 0.2979912),
    (12, 20, 0.38445, 0.59494594),
    (12, 28, -0.664542, 0.33972005),
    (16, 16, 0.934102, 0.71790675),
    (24, 12, 0.872958, 0.70536082),
    (24, 20, 3.416766, 0.96822443),
)


@pytest.mark.parametrize(("hours", "degc", "index", "incidence"), BROOME)
def test_botrytis_grows_with_wet_hours_as_published(hours: float, degc: float, index: float, incidence: float) -> None:
    found = botrytis_index(hours, degc)
    assert found == pytest.approx(index, abs=1e-6)
    assert botrytis_incidence(index) == pytest.approx(incidence, abs=1e-6)


def test_botrytis_is_clamped_to_where_it_was_measured() -> None:
    assert botrytis_index(12.0, 5.0) == botrytis_index(12.0, 12.0)
    assert botrytis_index(12.0, 38.0) == botrytis_index(12.0, 32.0)
    assert botrytis_index(12.0, 41.0) is None
    assert botrytis_index(0.0, 20.0) is None
    assert [level_of(index, BOTRYTIS_LEVELS) for index in (0.4, 0.5, 1.0)] == ["low", "moderate", "high"]


def test_powdery_mildew_starts_after_three_days_on_end() -> None:
    good, poor = MildewDay(6.0), MildewDay(5.9)
    assert powdery_mildew_index([good, good, good]) == [20, 40, 60]
    assert powdery_mildew_index([good, good, poor, good, good, good, poor]) == [20, 40, 0, 20, 40, 60, 50]


def test_powdery_mildew_goes_on_by_its_daily_steps() -> None:
    days = [MildewDay(7.0), MildewDay(7.0, hot=True), MildewDay(3.0), MildewDay(3.0, hot=True)]
    assert powdery_mildew_index(days, started_at=60) == [80, 90, 80, 70]
    assert powdery_mildew_index([MildewDay(9.0)] * 4, started_at=60) == [80, 100, 100, 100]
    assert powdery_mildew_index([MildewDay(0.0)] * 8, started_at=60)[-2:] == [0, 0]


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
        (2, ["no_spray", "warning", "warning", "spray_7_days", "spray_7_days", "spray_5_days"]),
        (5, ["no_spray", "warning", "spray_7_days", "spray_5_days", "spray_5_days", "spray_5_days"]),
    ],
)
def test_blitecast_reads_its_matrix(favourable_days: int, messages: list[str]) -> None:
    assert [blitecast(severity, favourable_days) for severity in (2, 3, 4, 5, 6, 7)] == messages


def test_smith_and_hutton_need_two_days_on_end() -> None:
    days = [HumidDay(11.0, 12.0), HumidDay(10.0, 11.0), HumidDay(9.9, 20.0), HumidDay(12.0, 7.0), HumidDay(12.0, 6.0)]
    assert smith_periods(days) == [False, True, False, False, False]
    assert hutton_periods(days) == [False, True, False, False, True]
    assert smith_periods([]) == []


def test_an_infection_needs_least_wetness_at_its_best_temperature() -> None:
    downy = DOWNY_MILDEWS["cucumber"]
    assert wetness_needed_h(downy, 20.0) == pytest.approx(2.0)
    needed = [wetness_needed_h(downy, degc) for degc in (5.0, 12.0, 20.0, 24.0, 27.0)]
    assert None not in needed
    assert all(each >= 2.0 for each in needed if each is not None)
    assert wetness_needed_h(downy, 28.0) is None
    assert infection_share(downy, 3.0, 20.0) == pytest.approx(1.5)
    assert infection_share(downy, 30.0, 0.5) == 0.0
