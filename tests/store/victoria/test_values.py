"""Values without loss through a store of 11 digits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.store.victoria.values import join, round_value, split
from tests.examples import examples

ANY = st.floats(allow_nan=False, allow_infinity=False)
USUAL = st.floats(-9e9, 9e9)


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.one_of(ANY, USUAL, USUAL.map(lambda value: float(np.float32(value)))), min_size=1))
def test_a_value_within_range_comes_back_to_the_last_bit(values: list[float]) -> None:
    value = np.array(values)
    rounded, residue, unfit = split(value)
    np.testing.assert_array_equal(join(rounded, residue)[~unfit], value[~unfit])
    assert np.isfinite(rounded).all()
    assert (np.abs(residue) <= 2**52).all()
    # Only the very large and the very small cannot.
    assert ((np.abs(value) > 9e9) | (np.abs(value) < 1e-8))[unfit].all()


@settings(max_examples=examples(200), deadline=None)
@given(USUAL, st.integers(-9, 9))
def test_an_error_of_the_server_in_the_twelfth_digit_is_corrected(value: float, ulps: int) -> None:
    rounded, residue, unfit = split(np.array([value]))
    told = rounded * (1 + ulps * 1e-13)
    assert unfit[0] or join(told, residue)[0] == value


def test_positions_and_plain_readings_need_no_residue() -> None:
    value = np.array([179.1234567, -52.0000001, 52.12345678, 21.25, 0.0, -0.5, 1013.25, 1e9, 0.000000001, 12345.67])
    rounded, residue, unfit = split(value)
    assert not residue.any()
    assert not unfit.any()
    np.testing.assert_array_equal(rounded, value)


def test_rounding_what_is_rounded_changes_nothing() -> None:
    random = np.random.default_rng(5)
    value = random.normal(size=20_000) * 10.0 ** random.integers(-9, 9, 20_000)
    once = round_value(value)
    np.testing.assert_array_equal(round_value(once), once)
