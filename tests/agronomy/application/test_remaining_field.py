import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.pass_areas import measure_areas
from headland.agronomy.application.remaining_field import find_remaining_ground, main_bearing_deg
from headland.agronomy.application.swaths import draw_swaths
from tests.examples import examples

FIELD = shapely.box(0.0, 0.0, 200.0, 50.0)


def open_after(swaths: list[shapely.Geometry], swath_m: float) -> shapely.Geometry:
    return measure_areas(swaths, FIELD, swath_m).remaining


def rows(norths: list[float], reach_m: float = 200.0) -> list[np.ndarray]:
    return [np.array([[0.0, north], [reach_m, north]]) for north in norths]


def test_rows_that_were_not_flown_remain() -> None:
    done = rows([2.5, 7.5, 12.5])
    rest = find_remaining_ground(open_after(draw_swaths(done, 5.0), 5.0), 5.0, main_bearing_deg(done))
    assert rest.remaining_m2 == pytest.approx(200 * 35)
    assert sorted(round(start[1], 1) for start, _ in rest.lines) == [17.5, 22.5, 27.5, 32.5, 37.5, 42.5, 47.5]
    assert rest.length_m == pytest.approx(7 * 200.0, rel=1e-3)


def test_an_interrupted_row_is_continued_where_it_ended() -> None:
    done = [*rows([2.5, 7.5]), *rows([12.5], 80.0), *rows([17.5, 22.5, 27.5, 32.5, 37.5, 42.5, 47.5])]
    rest = find_remaining_ground(open_after(draw_swaths(done, 5.0), 5.0), 5.0, 90.0)
    ((start, end),) = rest.lines
    assert sorted((round(start[0]), round(end[0]))) == [80, 200]
    assert start[1] == pytest.approx(12.5, abs=0.01)


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.floats(2.5, 47.5), max_size=8),
    st.floats(40.0, 200.0),
    st.floats(0.0, 179.0),
    st.floats(2.0, 8.0),
)
def test_nothing_is_treated_twice(norths: list[float], reach_m: float, bearing_deg: float, swath_m: float) -> None:
    done = draw_swaths(rows(norths, reach_m), swath_m)
    rest = find_remaining_ground(open_after(done, swath_m), swath_m, bearing_deg)
    planned = draw_swaths([np.array(line) for line in rest.lines], swath_m)
    if not planned:
        return
    again = shapely.union_all(planned, grid_size=1e-4)
    twice_m2 = sum(float(each.area) for each in planned) - float(again.area)
    covered = shapely.union_all(done) if done else shapely.Polygon()
    # A swath may reach a twentieth of itself over the edge of what is open, on each side, and as much at its ends.
    assert twice_m2 <= 0.05 * float(again.area) + 1e-6
    assert float(again.intersection(covered).area) <= 0.11 * float(again.area)


def test_a_finished_field_has_no_remaining_ground() -> None:
    done = rows([2.5 + 5.0 * number for number in range(10)])
    rest = find_remaining_ground(open_after(draw_swaths(done, 5.0), 5.0), 5.0, 90.0)
    assert rest.lines == ()
    assert rest.remaining_m2 == pytest.approx(0.0, abs=1e-3)


def test_there_and_back_is_one_direction() -> None:
    lines = [np.array([[0.0, 0.0], [10.0, 10.0]]), np.array([[10.0, 12.0], [0.0, 2.0]])]
    assert main_bearing_deg(lines) == pytest.approx(45.0)
    assert main_bearing_deg([]) == 0.0


def test_a_row_that_misses_the_open_ground_is_no_line() -> None:
    # Two lobes of open ground that hang together by a strip narrower than a swath: the row between them meets neither.
    lobes = shapely.union_all([shapely.box(0, 0, 5, 30), shapely.box(5, 14, 12, 16), shapely.box(12, 0, 17, 30)])
    rest = find_remaining_ground(lobes, 5.0, 0.0)
    assert all(np.isfinite(place) for line in rest.lines for end in line for place in end)
    across = sorted({round(end[0], 1) for line in rest.lines for end in line})
    assert all(0.0 <= x <= 5.0 or 12.0 <= x <= 17.0 for x in across)
