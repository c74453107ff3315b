"""Chill against xclim 0.62 and chillR's offset, over sixty days of computed temperatures."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.thermal_time import chill_indices, portions_by_hour, utah_by_hour
from headland.agronomy.series.time_grid import Periods

HOUR = np.arange(1440)
HOURS = np.arange(1441)


def wave(mean: float, swing: float) -> np.ndarray:
    return mean + swing * np.sin(2 * np.pi * (HOUR - 9) / 24)


#: Mean and swing [degC], portions with 273.15 (xclim), Utah units, hours from 0 to 7.2 degC.
XCLIM = (
    (7.0, 5.0, 41.529023, 1080.0, 780),
    (4.0, 0.0, 44.42473, 1440.0, 1440),
    (6.0, 0.0, 50.079527, 1440.0, 1440),
    (10.0, 0.0, 46.399848, 720.0, 0),
    (12.5, 7.5, 0.0, 180.0, 420),
)


@pytest.mark.parametrize(("mean", "swing", "portions", "units", "hours"), XCLIM)
def test_sixty_days_give_what_xclim_gives(mean: float, swing: float, portions: float, units: float, hours: int) -> None:
    temperature = wave(mean, swing)
    assert portions_by_hour(temperature, offset_k=273.15)[-1] == pytest.approx(portions, abs=1e-5)
    assert utah_by_hour(temperature).sum() == pytest.approx(units)
    by_day = chill_indices(Periods(0, 24 * np.arange(61)), Periods(0, 12 * HOURS), "t", np.repeat(temperature, 12))
    assert by_day[0].value.sum() == hours


@pytest.mark.parametrize(("mean", "swing", "portions"), [(7.0, 5.0, 41.601), (6.0, 0.0, 49.839), (4.0, 0.0, 43.501)])
def test_the_fitted_offset_gives_what_its_authors_package_gives(mean: float, swing: float, portions: float) -> None:
    assert portions_by_hour(wave(mean, swing))[-1] == pytest.approx(portions, abs=0.001)


def test_portions_are_unknown_from_a_missing_hour_on_and_utah_units_only_in_it() -> None:
    assert np.isfinite(portions_by_hour(np.array([5.0, np.nan, 5.0]))).tolist() == [True, False, False]
    assert np.isfinite(utah_by_hour(np.array([5.0, np.nan, 20.0]))).tolist() == [True, False, True]


def test_chill_by_day_adds_up_to_that_of_all_hours_and_ends_where_an_hour_is_missing() -> None:
    hours = Periods(0, 12 * np.arange(24 * 6 + 1))
    days = Periods(0, 24 * np.arange(7))
    hourly = wave(7.0, 5.0)[: 24 * 6]
    steps = np.repeat(hourly, 12)
    found = {index.name: index for index in chill_indices(days, hours, "t", steps)}
    assert found["chill_hours"].value.sum() == np.count_nonzero((hourly >= 0.0) & (hourly <= 7.2))
    assert found["chill_units"].value.sum() == pytest.approx(utah_by_hour(hourly).sum())
    gathered = [portions_by_hour(hourly[: 24 * day])[-1] for day in range(1, 7)]
    assert found["chill_portions_since"].value == pytest.approx(gathered)
    steps[12 * 30 : 12 * 31] = np.nan  # an hour of the second day
    holed = {index.name: index for index in chill_indices(days, hours, "t", steps)}
    assert np.isfinite(holed["chill_portions_since"].value).tolist() == [True] + [False] * 5
    assert np.isfinite(holed["chill_hours"].value).all()
