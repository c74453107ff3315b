"""Surfaces against the dew point: margins, marked estimates, and events."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.climate.condensation import (
    Surface,
    condensation_indices,
    find_wet_events,
    margin_k,
    weigh_surfaces,
)
from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.climate.sensor_uncertainty import deficit_uncertainty_kpa, dew_uncertainty_k
from headland.agronomy.climate.surface_estimates import estimate_cover_degc, estimate_lagging_degc
from headland.agronomy.series.time_grid import Periods
from headland.contract.leaf import estimate_leaf_degc
from tests.examples import examples

MINUTE = 60_000


def test_a_cool_leaf_in_moist_air_is_wet_and_a_warm_one_is_not() -> None:
    dew = dew_point_degc([18.0, 20.0], [95.0, 80.0])
    assert dew == pytest.approx([17.2, 16.447], abs=0.02)
    margins, coldest = margin_k([Surface("leaf", np.array([17.0, 18.0]))], dew)
    assert margins == pytest.approx([-0.2, 1.55], abs=0.02)
    assert coldest.tolist() == [0, 0]


def test_the_most_critical_surface_that_is_known_counts() -> None:
    cover = Surface("cover", np.array([9.0, np.nan, np.nan]), estimated="heat through the cover")
    leaf = Surface("leaf", np.array([14.0, 14.0, np.nan]))
    margins, coldest = margin_k([leaf, cover], np.full(3, 10.0))
    assert coldest.tolist() == [1, 0, -1]
    assert margins[:2].tolist() == [-1.0, 4.0]
    assert np.isnan(margins[2])
    assert margin_k([], np.full(2, 10.0))[1].tolist() == [-1, -1]


def test_leaves_are_cooler_than_the_air_by_night_only() -> None:
    found = estimate_leaf_degc(20.0, np.array([True, False, False]), np.array([False, False, True]))
    assert found.tolist() == [20.0, 18.5, 19.5]


def test_a_cover_is_between_inside_and_outside_temperature() -> None:
    assert estimate_cover_degc(18.0, 4.0, 3.5) == pytest.approx(11.0)
    assert estimate_cover_degc(18.0, 4.0, 7.0) == pytest.approx(4.0)
    with pytest.raises(ValueError, match="at most the heat exchange of its inside"):
        estimate_cover_degc(18.0, 4.0, 9.0)


def test_a_heavy_fruit_follows_the_air_behind_its_lag() -> None:
    time_ms = np.arange(0, 241, dtype=np.int64) * MINUTE
    air = np.where(time_ms < 60 * MINUTE, 12.0, 22.0)
    fruit = estimate_lagging_degc(time_ms, air, 3600.0)
    assert fruit[59] == 12.0
    # An hour after the step, 63 % of it has been followed.
    assert fruit[119] == pytest.approx(12.0 + 10.0 * (1 - np.exp(-1)), abs=0.01)
    holed = air.copy()
    holed[100:110] = np.nan
    assert np.isnan(estimate_lagging_degc(time_ms, holed, 3600.0)).sum() == 10
    jump = np.concatenate((time_ms[:10], time_ms[:10] + 10 * 3_600_000))
    assert estimate_lagging_degc(jump, np.repeat([10.0, 20.0], 10), 3600.0)[10] == 20.0


def test_events_need_two_samples_and_end_at_unknown_values() -> None:
    time_ms = np.arange(10, dtype=np.int64) * 5 * MINUTE
    margins = np.array([1.0, -0.1, 1.0, -0.2, -0.5, -0.1, 2.0, -0.3, np.nan, -0.3])
    events = find_wet_events(time_ms, margins, np.zeros(10, np.int64), ["leaf"], max_gap_s=600.0)
    assert len(events) == 1
    event = events[0]
    assert (event.start_ms, event.end_ms, event.surface) == (15 * MINUTE, 30 * MINUTE, "leaf")
    assert event.least_margin_k == -0.5
    assert event.hours == pytest.approx(0.25)


def test_a_gap_in_the_data_is_not_a_wet_hour() -> None:
    time_ms = np.array([0, 5, 10, 130, 135], np.int64) * MINUTE
    events = find_wet_events(time_ms, np.full(5, -1.0), np.zeros(5, np.int64), ["leaf"], max_gap_s=600.0)
    assert [(event.start_ms // MINUTE, event.end_ms // MINUTE) for event in events] == [(0, 20), (130, 135)]


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.one_of(st.none(), st.floats(-3.0, 3.0))), min_size=1, max_size=60))
def test_events_are_apart_and_each_sample_in_one_is_wet(steps: list[tuple[int, float | None]]) -> None:
    time_ms = np.cumsum([minutes * MINUTE for minutes, _ in steps]).astype(np.int64)
    margins = np.array([np.nan if margin is None else margin for _, margin in steps])
    events = find_wet_events(time_ms, margins, np.zeros(len(steps), np.int64), ["leaf"], max_gap_s=900.0)
    for event, following in pairwise(events):
        assert event.end_ms <= following.start_ms
    for event in events:
        inside = (time_ms >= event.start_ms) & (time_ms < event.end_ms)
        assert np.all(margins[inside] <= 0.0)
        assert (
            margins[inside | (time_ms == event.end_ms)][:-1].min(initial=event.least_margin_k) >= event.least_margin_k
        )
        assert np.count_nonzero((time_ms >= event.start_ms) & (time_ms <= event.end_ms)) >= 2


def test_the_uncertainty_of_a_dew_point_is_that_of_its_sensors_by_finite_differences() -> None:
    t, rh = np.array([15.0, 30.0]), np.array([96.0, 60.0])
    dew = dew_point_degc(t, rh)
    by_humidity = (dew_point_degc(t, rh + 0.75) - dew_point_degc(t, rh - 0.75)) / 1.5 * 1.5
    by_temperature = (dew_point_degc(t + 0.05, rh) - dew_point_degc(t - 0.05, rh)) / 0.1 * 0.1
    assert dew_uncertainty_k(t, rh, dew) == pytest.approx(np.hypot(by_humidity, by_temperature), rel=1e-3)
    # 1.5 % of 4.243 kPa, and 0.4 * 0.243 kPa/K * 0.1 K (FAO-56 table 2.3 and 2.4).
    assert deficit_uncertainty_kpa(t, rh)[1] == pytest.approx(np.hypot(0.0636, 0.0097), abs=2e-4)


def test_hours_within_the_uncertainty_of_a_margin_cannot_be_told() -> None:
    periods = Periods(0, np.array([0, 48], np.int64))
    dew = np.full(48, 10.0)
    leaf = Surface("leaf", 10.0 + np.repeat([-1.5, -0.1, 0.2, 1.5], 12))
    estimated = Surface("fruit", 10.0 + np.repeat([-3.0, -1.5, 1.5, 3.0], 12), estimated="a lag")
    found = {
        index.name: float(index.value[0])
        for index in condensation_indices(periods, weigh_surfaces([leaf, estimated], dew, dew_uncertainty_k=0.3), 1.5)
    }
    # Two standard deviations are 0.78 K of the measured surface and 2.09 K of the estimated one.
    assert (found["leaf_condensation_sure_h"], found["leaf_condensation_doubtful_h"]) == (1.0, 2.0)
    assert found["leaf_condensation_h"] == 2.0
    # A margin at the limit of the rule raises no alarm: it is not near, measured or estimated.
    assert (found["leaf_condensation_warning_h"], found["fruit_condensation_warning_h"]) == (3.0, 2.0)
    assert (found["fruit_condensation_sure_h"], found["fruit_condensation_doubtful_h"]) == (1.0, 2.0)
