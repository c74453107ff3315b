from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.house_model.slab import LAYERS, Slab, conduct, start_layers
from tests.examples import examples

#: Rammed earth and brick: conductivity and heat capacity of building tables.
WALLS = Slab(np.array([1.0, 0.5]), np.array([0.93, 0.81]), np.array([1.6e6, 1.8e6]), np.array([1.0, 2.5]))


@settings(max_examples=examples(60), deadline=None)
@given(
    layers=st.lists(st.floats(-20, 50), min_size=2 * LAYERS, max_size=2 * LAYERS),
    inward=st.floats(-100, 700),
    outer=st.floats(-30, 40),
    step_s=st.sampled_from([1.0, 30.0, 300.0, 3600.0]),
)
def test_a_slab_keeps_what_enters_and_does_not_leave(
    layers: list[float], inward: float, outer: float, step_s: float
) -> None:
    before = np.array(layers).reshape(LAYERS, 2)
    given = before.copy()
    after, left = conduct(WALLS, before, np.full(2, inward), np.full(2, outer), step_s)
    stored = WALLS.stored_j_m2(after) - WALLS.stored_j_m2(before)
    assert stored == pytest.approx(step_s * (inward - left), rel=1e-9, abs=1e-3)
    np.testing.assert_array_equal(before, given)


def test_a_slab_that_waits_conducts_what_its_resistance_says() -> None:
    layers = start_layers(WALLS, np.full(2, 10.0), np.full(2, -10.0))
    for _ in range(400):
        layers, left = conduct(WALLS, layers, np.full(2, 8.0), np.full(2, -10.0), 86_400.0)
    assert left == pytest.approx(np.full(2, 8.0), rel=1e-3)
    # From the middle of the first layer to the outside.
    resistance = (WALLS.depth_m - WALLS.thickness_m[0] / 2) / WALLS.w_mk + WALLS.outer_m2k_w
    assert layers[0] + 10.0 == pytest.approx(8.0 * resistance, rel=1e-3)


def test_a_thick_slab_answers_a_step_of_heat_as_a_half_space_does() -> None:
    """Carslaw and Jaeger (1959) eq 2.9(7): a constant flux warms the surface by 2 q sqrt(t / (pi k rho c))."""
    slab = Slab(np.array([2.0]), np.array([0.93]), np.array([1.6e6]), np.array([1.0]))
    layers = np.full((LAYERS, 1), 10.0)
    hours = 12
    for _ in range(hours * 120):
        layers, _ = conduct(slab, layers, np.array([100.0]), np.array([10.0]), 30.0)
    # The first layer's middle is colder than the surface by the flux through half of it.
    surface = layers[0, 0] + 100.0 * slab.thickness_m[0, 0] / 2 / 0.93
    assert surface - 10 == pytest.approx(2 * 100 * math.sqrt(hours * 3600 / (math.pi * 0.93 * 1.6e6)), rel=0.05)
