"""Interpolation compared with two kriging packages on the same points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.prescription.interpolation import MOST_POINTS, Variogram, fit_variogram, idw, is_constant, krige
from tests.examples import examples

#: 25 points of a plane with noise, and what PyKrige 1.7.3 and gstools 1.7.0 both answer: exponential model, nugget 0.2,
#: partial sill 1.8, practical range 90 m.
EAST = np.array(
    [62.50954666, 89.7213801, 77.56856902, 22.520719, 30.01662849, 87.35534454, 0.5265304566, 82.12284184, 79.70694288,
     46.79349528, 30.30324268, 27.84256121, 25.48695877, 44.50763059, 50.4548259, 55.34973521, 99.55002834, 79.26619192,
     62.21792294, 98.89601477, 21.53086982, 16.02120339, 61.25396043, 4.394200796, 3.568027877]
)  # fmt: skip
NORTH = np.array(
    [51.48888203, 46.62060253, 91.71677732, 62.92262545, 51.41176466, 49.68734354, 24.7514922, 1.179402554, 19.2402144,
     69.20321209, 20.0606724, 36.95363106, 0.3734242052, 83.00477298, 15.44610811, 26.75993046, 88.0332154, 50.97908099,
     84.71502464, 63.97171669, 74.17709474, 9.149560506, 54.11438214, 50.77722363, 87.13393767]
)  # fmt: skip
VALUE = np.array(
    [12.58101915, 13.46858078, 10.52728068, 9.275615301, 10.24682328, 12.78275586, 9.62523689, 14.03750136, 13.74176449,
     10.9828397, 10.57551084, 10.38508843, 11.03149142, 9.798872546, 11.46576079, 11.67503805, 12.23840697, 12.8833191,
     11.14205641, 12.36388534, 8.453909466, 10.85002507, 10.44305667, 8.464808398, 7.515739801]
)  # fmt: skip
POINTS = np.column_stack((EAST, NORTH))
AT = np.array([[10.0, 10.0], [50.0, 50.0], [90.0, 90.0]])
MODEL = Variogram(0.2, 1.8, 90.0)


def test_kriging_gives_what_two_packages_give() -> None:
    found = krige(POINTS, VALUE, AT, MODEL)
    assert found.value == pytest.approx([10.580636, 11.086417, 11.505382], abs=2e-6)
    assert found.variance == pytest.approx([0.83032182, 0.98228563, 0.90554127], abs=2e-7)


def test_inverse_distance_gives_the_published_means() -> None:
    assert idw(POINTS, VALUE, AT) == pytest.approx([10.739476, 11.15795, 11.580799], abs=2e-6)


def test_a_place_on_a_point_has_its_value() -> None:
    assert idw(POINTS, VALUE, POINTS) == pytest.approx(VALUE)
    found = krige(POINTS, VALUE, POINTS, MODEL)
    assert found.value == pytest.approx(VALUE, abs=1e-9)
    assert found.variance == pytest.approx(np.zeros(len(VALUE)), abs=1e-9)


@settings(max_examples=examples(40), deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(0.1, 10.0), st.integers(0, 2**31))
def test_interpolations_keep_within_an_even_field_and_move_with_it(level: float, factor: float, seed: int) -> None:
    at = np.random.default_rng(seed).uniform(-20.0, 120.0, (5, 2))
    assert idw(POINTS, np.full(25, level), at) == pytest.approx(np.full(5, level))
    moved = krige(POINTS, VALUE * factor + level, at, MODEL)
    assert moved.value == pytest.approx(krige(POINTS, VALUE, at, MODEL).value * factor + level)
    means = idw(POINTS, VALUE, at)
    assert VALUE.min() - 1e-9 <= means.min()
    assert means.max() <= VALUE.max() + 1e-9


def test_a_known_variogram_is_recovered() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(0.0, 300.0, (400, 2))
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    covariance = 2.0 * np.exp(-3.0 * distances / 80.0) + 0.5 * np.eye(400)
    values = np.linalg.cholesky(covariance) @ rng.normal(size=400)
    found = fit_variogram(points, values)
    assert 40.0 < found.range_m < 160.0
    assert found.nugget + found.sill == pytest.approx(2.5, rel=0.35)


@pytest.mark.parametrize(
    ("points", "value", "why"),
    [
        (np.empty((0, 2)), np.empty(0), "needs points"),
        (POINTS, VALUE[:-1], "a value for each"),
        (POINTS, np.where(VALUE > 14.0, np.nan, VALUE), "leave the missing ones out"),
        (POINTS[:2], VALUE[:2], f"3 to {MOST_POINTS} points"),
        (np.concatenate((POINTS, POINTS[:1])), np.append(VALUE, 1.0), "distinct points"),
    ],
)
def test_points_that_cannot_be_kriged_are_refused(points: np.ndarray, value: np.ndarray, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        krige(points, value, AT, MODEL)


@pytest.mark.parametrize("level", [0.61, 0.0, -3.0, 1e6])
def test_a_constant_layer_is_kriged_as_it_is(level: float) -> None:
    even = np.full(25, level)
    model = fit_variogram(POINTS, even)
    assert (model.nugget, model.sill) == (0.0, 0.0)
    found = krige(POINTS, even, AT, model)
    assert found.value == pytest.approx(np.full(3, level))
    assert found.variance.tolist() == [0.0] * 3
    assert is_constant(even)
    assert not is_constant(VALUE)


def test_values_that_vary_need_a_variogram_that_does() -> None:
    with pytest.raises(ValueError, match="a sill or a nugget"):
        krige(POINTS, VALUE, AT, Variogram(0.0, 0.0, 30.0))


def test_few_points_have_no_variogram() -> None:
    with pytest.raises(ValueError, match="10 points"):
        fit_variogram(POINTS[:9], VALUE[:9])
