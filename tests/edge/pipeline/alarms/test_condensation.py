"""Dew point and condensation margin against published numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.alarms.evaluator import condensation_margin_k, dew_point_degc


@pytest.mark.parametrize(
    ("air_degc", "humidity_pct", "dew_degc"),
    # PsychroLib 2.5.0 (MIT), GetTDewPointFromRelHum, whose saturation formula is ASHRAE's: 0.05 K between the two.
    [(20, 50, 9.272), (25, 60, 16.701), (10, 95, 9.237), (30, 70, 23.928)],
)
def test_the_dew_point_is_the_published_one(air_degc: float, humidity_pct: float, dew_degc: float) -> None:
    assert dew_point_degc(air_degc, humidity_pct) == pytest.approx(dew_degc, abs=0.05)


def test_a_leaf_below_the_dew_point_has_a_negative_margin() -> None:
    assert condensation_margin_k(17, 18, 95) == pytest.approx(-0.2, abs=0.05)
    assert condensation_margin_k(18, 20, 80) == pytest.approx(1.55, abs=0.05)


@pytest.mark.parametrize(
    ("air", "humidity"), [(20, 0), (20, -1), (20, 104), (-41, 50), (61, 50), (math.nan, 50), (20, math.nan)]
)
def test_outside_its_range_there_is_no_dew_point(air: float, humidity: float) -> None:
    assert dew_point_degc(air, humidity) is None
    assert condensation_margin_k(20, air, humidity) is None


@given(st.floats(-40, 60), st.floats(0.1, 103))
def test_air_is_never_below_its_dew_point_and_saturated_air_is_at_it(air: float, humidity: float) -> None:
    dew = dew_point_degc(air, humidity)
    assert dew is not None
    assert dew <= air + 1e-9
    if humidity >= 100:
        assert dew == pytest.approx(air, abs=1e-9)
