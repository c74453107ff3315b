from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.drone.physics.coverage_truth import Raster, edge_of
from firmware_sim.drone.physics.kinematics import Motion
from tests.examples import examples


def motion(east_m: float, north_m: float, bearing: float) -> Motion:
    return Motion(east_m, north_m, east_m_s=5 * math.sin(bearing), north_m_s=5 * math.cos(bearing))


def paint_line(raster: Raster, start: tuple[float, float], bearing: float, length_m: float, swath_m: float) -> None:
    edges = []
    steps = round(length_m / 0.5)
    for step in range(steps + 1):
        along = length_m * step / steps
        place = motion(start[0] + along * math.sin(bearing), start[1] + along * math.cos(bearing), bearing)
        edges.append(edge_of(place, swath_m))
    for before, after in pairwise(edges):
        raster.paint(before, after)


@settings(max_examples=examples(50), deadline=None)
@given(bearing=st.floats(0, 6.28), length_m=st.floats(10, 40), swath_m=st.floats(2, 7))
def test_a_straight_swath_has_its_area_and_no_overlap(bearing: float, length_m: float, swath_m: float) -> None:
    raster = Raster((-50, -50), (50, 50))
    paint_line(raster, (0.013, 0.027), bearing, length_m, swath_m)
    # Each border may be off by a tenth of a cell on average, more when it lies along the cells.
    border_m = 2 * (length_m + swath_m)
    assert raster.treated_m2 == pytest.approx(length_m * swath_m, abs=0.05 * border_m)
    assert raster.overlap_m2 == 0


def test_two_swaths_overlap_where_they_lie_on_one_another() -> None:
    raster = Raster((-10, -10), (60, 60))
    bearing = math.radians(37)
    side = (math.cos(bearing), -math.sin(bearing))
    paint_line(raster, (0, 0), bearing, 40, 5)
    paint_line(raster, (4 * side[0], 4 * side[1]), bearing, 40, 5)
    assert raster.treated_m2 == pytest.approx(40 * 9, rel=0.01)
    assert raster.overlap_m2 == pytest.approx(40 * 1, rel=0.03)


def test_the_same_swath_again_is_all_overlap() -> None:
    raster = Raster((-10, -10), (60, 60))
    for _ in range(3):
        paint_line(raster, (0, 0), 0.7, 40, 5)
    assert raster.treated_m2 == pytest.approx(200, rel=0.01)
    assert raster.overlap_m2 == pytest.approx(2 * raster.treated_m2)


def test_ground_beyond_the_raster_is_not_counted() -> None:
    raster = Raster((0, 0), (10, 10))
    paint_line(raster, (5, 5), 0, 40, 4)
    assert raster.treated_m2 == pytest.approx(20, rel=0.05)
