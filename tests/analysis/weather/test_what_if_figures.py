from __future__ import annotations

import math

import numpy as np
import pytest

from headland.agronomy.house_model.course import HouseCourse
from headland.analysis.weather.what_if_figures import WhatIfLimits, figures_of, not_counted
from headland.registry.models.house_model import HeldOut

#: A day by the hour: as is it falls from 12 to 6.25 degC, and is 1.5 K warmer as changed.
FALLING = np.linspace(12, 6.25, 24).astype(np.float64)
COURSE = HouseCourse(
    np.array([3_600_000.0 * hour for hour in range(24)]),
    np.column_stack((FALLING, FALLING + 1.5)),
    np.column_stack((FALLING + 82, FALLING + 80)),
    np.column_stack((FALLING - 0.5, FALLING + 1.0)),
)
LIMITS = WhatIfLimits(8.0, 90.0)


def held_out(rmse_k: float) -> HeldOut:
    return HeldOut(start_ms=0, end_ms=1, hours=336, temperature_rmse_k=rmse_k, humidity_rmse_pct=8.0)


def test_a_declared_model_says_whole_numbers_that_add_up_and_no_interval() -> None:
    for figure in figures_of(COURSE, {}, LIMITS, None):
        for one in (figure.as_is, figure.changed, figure.difference):
            assert (one.low, one.high) == (None, None)
            assert one.value == round(one.value)
        assert figure.changed.value == figure.as_is.value + figure.difference.value
        assert not figure.is_told


def test_a_fit_s_errors_are_the_interval_and_those_of_a_difference_are_of_both_runs() -> None:
    lowest, cold, _ = figures_of(COURSE, {}, LIMITS, held_out(0.4))
    assert (lowest.as_is.value, lowest.changed.value, lowest.difference.value) == (6.2, 7.8, 1.5)
    assert lowest.as_is.low == pytest.approx(6.25 - 1.645 * 0.4, abs=0.06)
    assert lowest.difference.low == pytest.approx(1.5 - math.sqrt(2) * 1.645 * 0.4, abs=0.06)
    assert lowest.difference.high == pytest.approx(1.5 + math.sqrt(2) * 1.645 * 0.4, abs=0.06)
    assert lowest.is_told
    # Of 24 hours 7 are below 8 degC as it is and 1 as changed.
    assert (cold.as_is.value, cold.changed.value, cold.difference.value) == (7.0, 1.0, -6.0)
    assert cold.as_is.low is not None
    assert cold.as_is.high is not None
    assert cold.as_is.low < 7 < cold.as_is.high


def test_a_difference_within_the_error_is_not_told() -> None:
    lowest, *_ = figures_of(COURSE, {}, LIMITS, held_out(1.3))
    assert lowest.difference.low is not None
    assert lowest.difference.low < 0 < lowest.difference.value
    assert not lowest.is_told


def test_what_was_measured_stands_beside_what_the_model_says() -> None:
    measured = {
        "air_temperature_degc": np.array([9.0, 7.5, np.nan, 7.0]),
        "relative_humidity_pct": np.array([95.0, 80.0]),
    }
    lowest, cold, humid = figures_of(COURSE, measured, LIMITS, None)
    assert (lowest.measured, cold.measured, humid.measured) == (7.0, 2.0, 1.0)
    assert [figure.measured for figure in figures_of(COURSE, {}, LIMITS, None)] == [None, None, None]


def test_an_interval_says_that_it_counts_no_errors_of_positions_nor_of_a_forecast() -> None:
    fitted, declared = (figures_of(COURSE, {}, LIMITS, one) for one in (held_out(0.4), None))
    assert not_counted(fitted, is_forecast=False) == ("positions_not_counted",)
    assert not_counted(fitted, is_forecast=True) == ("positions_not_counted", "forecast_not_counted")
    assert not_counted(declared, is_forecast=True) == not_counted((), is_forecast=True) == ()
