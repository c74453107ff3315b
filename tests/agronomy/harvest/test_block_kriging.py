"""Block kriging against figures of PyKrige, and its standard error against what is exact."""

from __future__ import annotations

import numpy as np
import pytest

from headland.agronomy.harvest.block_kriging import krige_blocks
from headland.agronomy.prescription.interpolation import Variogram

PLACES = np.array(
    [[3, 7], [18, 4], [31, 12], [44, 3], [8, 24], [22, 21], [37, 26], [52, 19], [5, 41], [26, 38], [41, 44], [55, 36]],
    np.float64,
)
YIELD = np.array([5.1, 5.6, 6.4, 6.0, 4.7, 5.9, 6.8, 7.1, 4.9, 6.2, 7.4, 7.0])
AT = np.array([[20.0, 20.0], [40.0, 30.0], [10.0, 10.0]])
MODEL = Variogram(0.2, 1.8, 90.0)
#: PyKrige 1.7.3, OrdinaryKriging: at the places, and the mean over 4 by 4 places of blocks of 10 m.
POINT = [5.733799, 6.899534, 5.281642]
POINT_VARIANCE = [0.531034, 0.684508, 0.740602]
BLOCK = [5.727612, 6.886357, 5.290105]


def test_points_and_blocks_are_those_of_pykrige() -> None:
    point = krige_blocks(PLACES, YIELD, AT, MODEL, side_m=0.0, reach_m=500.0)
    assert point.value == pytest.approx(POINT, abs=1e-6)
    assert point.error**2 == pytest.approx(POINT_VARIANCE, abs=1e-6)
    block = krige_blocks(PLACES, YIELD, AT, MODEL, side_m=10.0, reach_m=500.0)
    assert block.value == pytest.approx(BLOCK, abs=1e-6)
    assert (block.error < point.error).all()


def test_the_error_of_a_block_is_that_of_many_simulated_fields() -> None:
    random = np.random.default_rng(11)
    fine = ((np.arange(8) + 0.5) / 8 - 0.5) * 20.0
    inside = np.array([[e, n] for e in fine for n in fine]) + AT[0]
    everywhere = np.vstack((PLACES, inside))
    distance_m = np.hypot(*(everywhere[:, None] - everywhere[None]).transpose(2, 0, 1))
    covariance = MODEL.sill * np.exp(-3.0 * distance_m / MODEL.range_m) + MODEL.nugget * np.eye(len(everywhere))
    fields = random.multivariate_normal(np.zeros(len(everywhere)), covariance, 4000)
    middle = AT[:1]
    weights = np.array(
        [krige_blocks(PLACES, unit, middle, MODEL, side_m=20.0, reach_m=500.0).value[0] for unit in np.eye(len(PLACES))]
    )
    difference = fields[:, : len(PLACES)] @ weights - fields[:, len(PLACES) :].mean(axis=1)
    error = krige_blocks(PLACES, YIELD, middle, MODEL, side_m=20.0, reach_m=500.0).error[0]
    assert error == pytest.approx(difference.std(), rel=0.04)


def test_too_few_samples_near_a_block_give_no_estimate() -> None:
    far = np.array([[20.0, 20.0], [400.0, 400.0]])
    found = krige_blocks(PLACES, YIELD, far, MODEL, side_m=10.0, reach_m=60.0)
    assert np.isfinite(found.value[0])
    assert np.isnan(found.value[1])
    assert np.isnan(found.error[1])
    assert np.isnan(krige_blocks(PLACES[:0], YIELD[:0], far, MODEL, side_m=10.0, reach_m=60.0).value).all()


def test_two_samples_at_one_place_and_an_even_field_are_answered() -> None:
    doubled = np.vstack((PLACES, PLACES[:3]))
    values = np.concatenate((YIELD, YIELD[:3]))
    assert np.isfinite(krige_blocks(doubled, values, AT, MODEL, side_m=10.0, reach_m=200.0).value).all()
    even = krige_blocks(PLACES, np.full(12, 6.0), AT, Variogram(0.0, 0.0, 50.0), side_m=10.0, reach_m=200.0)
    assert even.value == pytest.approx([6.0, 6.0, 6.0])
