"""Chill against xclim 0.62 and chillR's offset, over sixty days of made temperatures."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.chill import chill_hours, chill_portions, utah_units
from headland.agronomy.climate.chill_indices import chill_indices
from headland.agronomy.series.time_grid import Periods

HOUR = np.arange(1440)


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
    assert chill_portions(temperature, offset_k=273.15) == pytest.approx(portions, abs=1e-5)
    assert utah_units(temperature) == pytest.approx(units)
    assert chill_hours(temperature) == hours


@pytest.mark.parametrize(("mean", "swing", "portions"), [(7.0, 5.0, 41.601), (6.0, 0.0, 49.839), (4.0, 0.0, 43.501)])
def test_the_fitted_offset_gives_what_its_authors_package_gives(mean: float, swing: float, portions: float) -> None:
    assert chill_portions(wave(mean, swing)) == pytest.approx(portions, abs=0.001)


def test_a_missing_hour_is_said_and_not_stepped_over() -> None:
    with pytest.raises(ValueError, match="need every hour"):
        chill_portions(np.array([5.0, np.nan, 5.0]))
    assert utah_units(np.array([5.0, np.nan, 20.0])) == 0.0


def test_chill_by_day_adds_up_to_that_of_all_hours_and_ends_where_an_hour_is_missing() -> None:
    hours = Periods(0, 12 * np.arange(24 * 6 + 1))
    days = Periods(0, 24 * np.arange(7))
    hourly = wave(7.0, 5.0)[: 24 * 6]
    steps = np.repeat(hourly, 12)
    found = {index.name: index for index in chill_indices(days, hours, "t", steps)}
    assert found["chill_hours"].value.sum() == chill_hours(hourly)
    assert found["chill_units"].value.sum() == pytest.approx(utah_units(hourly))
    gathered = [chill_portions(hourly[: 24 * day]) for day in range(1, 7)]
    assert found["chill_portions_since"].value == pytest.approx(gathered)
    steps[12 * 30 : 12 * 31] = np.nan  # an hour of the second day
    holed = {index.name: index for index in chill_indices(days, hours, "t", steps)}
    assert np.isfinite(holed["chill_portions_since"].value).tolist() == [True] + [False] * 5
    assert np.isfinite(holed["chill_hours"].value).all()
