"""Exponents of growth curves."""

import pytest

from tests.bench.growth.exponent import fit_exponent, last_exponent


def test_an_exponent_is_the_power_by_which_a_measure_grows() -> None:
    assert fit_exponent({10: 5.0, 40: 5.0, 160: 5.0}) == pytest.approx(0.0)
    assert fit_exponent({10: 2.0, 40: 8.0, 160: 32.0}) == pytest.approx(1.0)
    assert fit_exponent({10: 1.0, 100: 100.0, 1000: 10_000.0}) == pytest.approx(2.0)


def test_the_last_sizes_show_a_growth_that_a_fixed_cost_hides() -> None:
    measured = {10: 100.0 + 0.01 * 10**2, 100: 100.0 + 0.01 * 100**2, 1000: 100.0 + 0.01 * 1000**2}
    assert fit_exponent(measured) < 1.1
    assert last_exponent(measured) > 1.6
