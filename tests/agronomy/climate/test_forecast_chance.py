"""The chance beyond a limit, compared with published tables of the normal distribution."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.climate.forecast_chance import Z_95, chance_above, chance_below
from tests.examples import examples

#: Upper tails of the standard normal distribution: Abramowitz and Stegun 1964, table 26.1.
TAILS = {0.0: 0.5, 0.5: 0.30854, 1.0: 0.15866, 1.5: 0.06681, 2.0: 0.02275, 3.0: 0.00135}


@pytest.mark.parametrize("z", TAILS)
def test_a_symmetric_interval_is_a_normal_distribution(z: float) -> None:
    deviation, mean = 2.0, 5.0
    low, high = mean - Z_95 * deviation, mean + Z_95 * deviation
    assert chance_above(mean, low, high, mean + z * deviation) == pytest.approx(TAILS[z], abs=1e-5)
    assert chance_below(mean, low, high, mean - z * deviation) == pytest.approx(TAILS[z], abs=1e-5)


def test_the_ends_of_any_interval_are_the_5th_and_95th_percentile() -> None:
    assert chance_below(1.0, -4.0, 2.0, -4.0) == pytest.approx(0.05)
    assert chance_above(1.0, -4.0, 2.0, 2.0) == pytest.approx(0.05)
    assert chance_below(1.0, -4.0, 2.0, 1.0) == pytest.approx(0.5)


def test_a_side_without_width_has_no_chance_beyond_the_value() -> None:
    assert chance_above(0.0, 0.0, 3.0, 1.0) > 0.2
    assert chance_below(0.0, 0.0, 3.0, 0.0) == 0.0
    assert chance_above(2.0, 2.0, 2.0, 1.9) == 1.0


@settings(max_examples=examples(100))
@given(st.floats(-50, 50), st.floats(0, 20), st.floats(0, 20), st.floats(-80, 80))
def test_above_and_below_are_the_whole_where_the_interval_has_a_width(
    value: float, left: float, right: float, limit: float
) -> None:
    low, high = value - left, value + right
    above, below = chance_above(value, low, high, limit), chance_below(value, low, high, limit)
    assert 0.0 <= above <= 1.0
    assert 0.0 <= below <= 1.0
    if left > 1e-6 and right > 1e-6:
        assert above + below == pytest.approx(1.0, abs=1e-9)
