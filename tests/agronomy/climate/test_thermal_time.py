"""Degree days against quadrature and another package's numbers; hours beyond a threshold by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.climate.air import Air, Thresholds, day_indices, degree_day_indices, hours_beyond
from headland.agronomy.climate.thermal_time import (
    METHODS,
    Cutoff,
    degree_days_average,
    degree_days_clamped,
    degree_days_double_sine,
    degree_days_sine,
)
from headland.agronomy.series.time_grid import STEP_MS, make_periods
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.examples import examples

#: Low, high, next low, base, upper; by quadrature with 200,000 points: cutoff, single and double sine.
SINES: tuple[tuple[float, float, float, float, float | None, Cutoff, float, float], ...] = (
    (5, 15, 6, 10, None, "horizontal", 1.5915494, 1.6413975),
    (8, 22, 9, 10, 30, "horizontal", 5.32564, 5.47214),
    (14, 34, 16, 10, 30, "horizontal", 13.22452, 13.70252),
    (14, 34, 16, 10, 30, "vertical", 7.32122, 7.62582),
    (14, 34, 16, 10, 30, "intermediate", 12.44905, 12.90504),
    (18, 38, 20, 10, 30, "horizontal", 15.753024, 16.185267),
    (18, 38, 20, 10, 30, "vertical", 7.0349244, 7.1806666),
    (18, 38, 20, 10, 30, "intermediate", 13.506049, 13.870533),
    (-3, 4, -1, 0, None, "horizontal", 1.37547, 1.53467),
    (31, 36, 30, 10, 30, "horizontal", 20.0, 20.0),
    (31, 36, 30, 10, 30, "vertical", 0.0, 0.0),
    (31, 36, 30, 10, 30, "intermediate", 16.5, 16.75),
    (12, 28, 14, 10, 30, "vertical", 10.0, 10.5),
    (22, 29, 21, 10, 30, "intermediate", 15.5, 15.25),
)


@pytest.mark.parametrize(("low", "high", "next_low", "base", "upper", "cutoff", "single", "double"), SINES)
def test_sines_agree_with_quadrature(
    low: float,
    high: float,
    next_low: float,
    base: float,
    upper: float | None,
    cutoff: Cutoff,
    single: float,
    double: float,
) -> None:
    assert degree_days_sine(low, high, base, upper, cutoff=cutoff) == pytest.approx(single, abs=1e-4)
    found = degree_days_double_sine(low, high, next_low, base, upper, cutoff=cutoff)
    assert found == pytest.approx(double, abs=1e-4)


@pytest.mark.parametrize(
    ("low", "high", "base", "upper", "first", "second"),
    # The two readings of "average" differ by up to 83 %, so an answer names which it is.
    [
        (5, 15, 10, np.inf, 0.0, 2.5),
        (8, 22, 10, 30, 5.0, 6.0),
        (14, 34, 10, 30, 14.0, 12.0),
        (18, 38, 10, 30, 18.0, 14.0),
        (-3, 4, 0, np.inf, 0.5, 2.0),
        (31, 36, 10, 30, 23.5, 20.0),
    ],
)
def test_the_two_readings_of_the_average_differ(
    low: float, high: float, base: float, upper: float, first: float, second: float
) -> None:
    assert degree_days_average(low, high, base) == pytest.approx(first)
    assert degree_days_clamped(low, high, base, upper) == pytest.approx(second)


def test_every_method_applies_the_upper_threshold_that_its_answer_names() -> None:
    air = Air(np.repeat([31.0, 36.0], DAY_MS // STEP_MS // 2), np.full(DAY_MS // STEP_MS, 50.0))
    found = degree_day_indices(make_periods([0], DAY_MS), "t", air.temperature_degc, Thresholds(10.0, 30.0))
    for index in found:
        assert "upper 30 degC" in index.method.source
        assert index.method.version == 2
        known = index.value[np.isfinite(index.value)]
        assert known == pytest.approx(np.full(len(known), 20.0)), index.name


@settings(max_examples=examples(150), deadline=None)
@given(st.floats(-20.0, 35.0), st.floats(0.0, 25.0), st.floats(-5.0, 5.0), st.floats(-5.0, 15.0), st.floats(1.0, 25.0))
def test_a_stricter_cutoff_never_gives_more(low: float, swing: float, change: float, base: float, span: float) -> None:
    args = (low, low + swing, min(low + change, low + swing), base, base + span)
    horizontal, intermediate, vertical = (
        float(degree_days_double_sine(*args, cutoff=cutoff)) for cutoff in ("horizontal", "intermediate", "vertical")
    )
    assert -1e-9 <= vertical <= horizontal + 1e-9
    assert -1e-9 <= intermediate <= horizontal + 1e-9
    assert horizontal <= span + 1e-9


def test_days_come_as_arrays_and_an_impossible_day_is_unknown() -> None:
    low, high = np.array([5.0, np.nan, 20.0]), np.array([15.0, 15.0, 10.0])
    for name, method in METHODS.items():
        found = method(low, high, low, 10.0, 30.0, "vertical")
        assert np.isfinite(found).tolist() == [True, False, False], name


def test_hours_beyond_a_threshold_and_their_degree_hours_are_those_of_the_steps() -> None:
    hour = HOUR_MS // STEP_MS
    temperature = np.repeat([28.0, 31.0, 32.0, 30.0, -1.0, -3.0], hour)
    periods = make_periods([0], 6 * HOUR_MS)
    thresholds = Thresholds(heat_degc=(30.0,), cold_degc=(0.0,))
    value = {index.name: index.value[0] for index in hours_beyond(periods, "t", temperature, thresholds)}
    assert value == pytest.approx({
        "heat_hours_30_degc": 3.0, "heat_degree_hours_30_degc": 3.0,
        "cold_hours_0_degc": 2.0, "cold_degree_hours_0_degc": 4.0,
    })  # fmt: skip


def test_hours_beyond_a_threshold_need_nine_tenths_of_the_period() -> None:
    temperature = np.full(DAY_MS // STEP_MS, 35.0)
    temperature[:30] = np.nan
    heat, *_ = hours_beyond(make_periods([0], DAY_MS), "t", temperature, Thresholds())
    assert np.isnan(heat.value).tolist() == [True]


def test_day_and_night_differ_by_their_dif() -> None:
    half = DAY_MS // STEP_MS // 2
    by_day = np.repeat([True, False], half)
    temperature = np.where(by_day, 23.0, 15.0)
    periods = make_periods([0], DAY_MS)
    dif, *_ = day_indices(periods, Air(temperature, np.full(2 * half, 70.0), by_day=by_day), Thresholds())
    assert (dif.name, dif.value.tolist()) == ("dif_degc", [8.0])
    night_unknown = np.where(by_day, temperature, np.nan)
    dif, *_ = day_indices(periods, Air(night_unknown, np.full(2 * half, 70.0), by_day=by_day), Thresholds())
    assert np.isnan(dif.value).tolist() == [True]
