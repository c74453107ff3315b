"""Compliance with set points and uniformity, by hand and by published coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.climate.setpoint_compliance import (
    actuator_travel,
    find_place_bias,
    find_recoveries,
    find_rises,
    measure_compliance,
    measure_uniformity,
)


def test_compliance_is_weighted_by_time() -> None:
    value, setpoint = np.array([20.0, 21.0, 25.0, np.nan]), np.full(4, 20.0)
    found = measure_compliance(value, setpoint, np.array([3600.0, 3600.0, 1800.0, 3600.0]), 1.0)
    assert found.in_band == pytest.approx(0.8)
    assert found.mean_error == pytest.approx((0 * 3600 + 1 * 3600 + 5 * 1800) / 9000)
    assert found.p95_error == 5.0
    assert (found.error_hours, found.hours, found.overshoot) == (3.5, 2.5, 0.0)


def test_overshoot_is_beyond_the_step_on_its_far_side() -> None:
    setpoint = np.array([16.0, 16.0, 20.0, 20.0, 20.0, 18.0, 18.0])
    value = np.array([16.0, 16.5, 17.0, 21.5, 20.5, 19.0, 17.2])
    assert measure_compliance(value, setpoint, np.ones(7), 1.0).overshoot == pytest.approx(1.5)


def test_nothing_to_compare_gives_no_compliance() -> None:
    found = measure_compliance(np.array([np.nan]), np.array([20.0]), np.ones(1), 1.0)
    assert (found.in_band, found.mean_error, found.p95_error, found.hours) == (None, None, None, 0.0)


def test_travel_counts_movement_and_changes_of_direction() -> None:
    assert actuator_travel(np.array([0.0, 30.0, 30.0, np.nan, 10.0, 50.0])) == (90.0, 2)
    assert actuator_travel(np.array([5.0])) == (0.0, 0)


def test_uniformity_equals_the_published_coefficients() -> None:
    found = measure_uniformity(np.array([12.0, 8.0, 10.0, 9.0, 11.0, np.nan]))
    assert found is not None
    assert found.christiansen_pct == pytest.approx(88.0)
    assert found.cv_pct == pytest.approx(15.811, abs=0.001)
    assert (found.mean, found.span) == (10.0, 4.0)
    # A quarter of five places is one and a quarter: 8 and a quarter of 9.
    assert found.lowest_quarter == pytest.approx((8 + 0.25 * 9) / 1.25 / 10)
    even = measure_uniformity(np.full(8, 3.0))
    assert even is not None
    assert (even.christiansen_pct, even.lowest_quarter) == (pytest.approx(100.0), pytest.approx(1.0))  # type: ignore[comparison-overlap]  # pytest's approx
    assert measure_uniformity(np.array([1.0, np.nan])) is None
    assert measure_uniformity(np.array([-1.0, 1.0])) is None


def test_a_place_that_is_always_cooler_is_found_through_the_days_course() -> None:
    rng = np.random.default_rng(4)
    time_ms = np.arange(0, 2 * 86_400_000, 300_000, dtype=np.int64)
    course = 18.0 + 6.0 * np.sin(time_ms / 86_400_000 * 2 * np.pi)
    values = course + rng.normal(0.0, 0.2, (5, len(time_ms)))
    values[2] -= 0.8
    values[4, : len(time_ms) * 2 // 3] = np.nan
    bias = find_place_bias(time_ms, values)
    assert bias[[0, 1, 3]] == pytest.approx(np.zeros(3), abs=0.1)
    assert bias[2] == pytest.approx(-0.8, abs=0.1)
    assert np.isnan(bias[4])
    assert np.isnan(find_place_bias(time_ms, values[:2])).all()


def test_the_rise_after_a_step_is_counted_until_the_band_and_no_further_than_is_known() -> None:
    setpoint = np.array([16, 16, 20, 20, 20, 20, 16, 16, 16, 22, 22, 22], float)
    value = np.array([16, 16, 16, 18, 19.5, 20, 20, 18, 16.5, 17, np.nan, 22], float)
    # Two samples after the step to 20 it is within a kelvin; two after the one down to 16; then nobody knows.
    assert find_rises(value, setpoint, 1.0) == [(2, 2), (6, 2), (9, None)]
    assert find_rises(value, setpoint, 10.0) == []


def test_a_recovery_is_from_leaving_the_band_to_being_back_under_the_same_set_point() -> None:
    setpoint = np.array([20.0] * 9 + [18.0] * 3)
    value = np.array([20, 18, 17, 20, 20, 22, np.nan, 20, 18, 18, 16, 16], float)
    # From 1 to 3 it was away; at 5 nobody knows how it ended, at 8 the set point came to it, at 10 the data ends.
    assert find_recoveries(value, setpoint, 1.0) == [(1, 2)]
