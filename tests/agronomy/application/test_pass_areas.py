from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.pass_areas import find_treated, measure_areas, spread_evenly
from headland.agronomy.application.swaths import draw_swaths
from tests.examples import examples

FIELD = shapely.box(0.0, 0.0, 100.0, 40.0).difference(shapely.box(40.0, 15.0, 50.0, 25.0))


def swaths_of(rows: list[tuple[float, float, float]], swath_m: float, late_m: float = 0.0) -> list[shapely.Geometry]:
    lines = [np.array([[first + late_m, north], [last + late_m, north]]) for north, first, last in rows]
    return draw_swaths(lines, swath_m)


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.tuples(st.floats(-10.0, 50.0), st.floats(-20.0, 45.0), st.floats(55.0, 120.0)), max_size=12),
    st.floats(2.0, 8.0),
    st.floats(0.0, 6.0),
)
def test_the_areas_of_a_pass_add_up(rows: list[tuple[float, float, float]], swath_m: float, late_m: float) -> None:
    landed = swaths_of(rows, swath_m, late_m)
    areas = measure_areas(landed, FIELD, swath_m, swaths_of(rows, swath_m))
    assert areas.field_m2 == pytest.approx(3900.0)
    assert areas.treated_m2 + areas.skipped_m2 == pytest.approx(areas.field_m2, abs=0.01)
    every = shapely.union_all(landed, grid_size=1e-4)
    assert areas.treated_m2 + areas.beside_m2 == pytest.approx(float(every.area), abs=0.05)
    assert areas.remaining_m2 <= areas.skipped_m2 + 0.01
    # What is to be flown was neither treated nor under the machine while it was on.
    assert float(areas.remaining.intersection(areas.treated).area) < 0.05
    assert float(areas.remaining.intersection(find_treated(swaths_of(rows, swath_m), FIELD)).area) < 0.05


def test_the_starts_of_rows_are_skipped_and_do_not_remain() -> None:
    rows = [(2.5, 0.0, 100.0), (7.5, 0.0, 100.0)]
    field = shapely.box(0.0, 0.0, 100.0, 20.0)
    areas = measure_areas(swaths_of(rows, 5.0, 3.0), field, 5.0, swaths_of(rows, 5.0))
    assert areas.treated_m2 == pytest.approx(2 * 97 * 5)
    assert areas.skipped_m2 == pytest.approx(2000 - 970)
    assert areas.remaining_m2 == pytest.approx(1000)
    assert areas.beside_m2 == pytest.approx(2 * 3 * 5)


def test_ground_is_spread_over_its_cells() -> None:
    cells = np.array([[True, False], [True, True]])
    assert spread_evenly(cells, 12.0).tolist() == [[4.0, 0.0], [4.0, 4.0]]
    assert spread_evenly(np.zeros((2, 2), np.bool_), 12.0).sum() == 0.0
