"""Flight lines cover a field, avoid barred ground, and no load exceeds the tank."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.prescription.flight_lines import FlightLine, draw_lines, long_side_deg, rate_lines, share_loads
from headland.agronomy.series.arrays import Values

NOTHING = shapely.MultiPolygon()
FIELD = shapely.box(0.0, 0.0, 200.0, 25.0)


def even(east_m: Values, _north_m: Values) -> Values:
    return np.full(len(east_m), 100.0)


def halves(east_m: Values, _north_m: Values) -> Values:
    return np.where(east_m < 120.0, 80.0, 120.0)


def swaths(lines: list[FlightLine], swath_m: float) -> shapely.Geometry:
    ways = [shapely.LineString([piece.start, piece.end]) for line in lines for piece in line.pieces]
    return shapely.union_all([way.buffer(swath_m / 2, cap_style="flat") for way in ways], grid_size=1e-4)


def test_the_long_side_is_found_in_a_turned_field() -> None:
    assert long_side_deg(FIELD) == pytest.approx(90.0)
    turned = shapely.affinity.rotate(FIELD, 30.0)  # anticlockwise, so the bearing falls
    assert long_side_deg(turned) == pytest.approx(60.0)


def test_lines_cover_a_rectangle_to_and_fro() -> None:
    lines = draw_lines(FIELD, NOTHING, 5.0, 90.0, even)
    assert len(lines) == 5
    assert [line.pieces[0].start[0] for line in lines] == pytest.approx([0, 200, 0, 200, 0], abs=1e-6)
    assert swaths(lines, 5.0).intersection(FIELD).area == pytest.approx(5000.0, abs=0.1)
    total = sum(piece.amount(5.0) for line in lines for piece in line.pieces)
    assert total == pytest.approx(50.0)  # 0.5 ha at 100 kg/ha


def test_a_rate_changes_where_its_zone_does_without_a_gap() -> None:
    line = draw_lines(FIELD, NOTHING, 5.0, 90.0, halves)[0]
    assert [piece.rate_ha for piece in line.pieces] == [80.0, 120.0]
    assert line.pieces[0].end == line.pieces[1].start
    assert line.pieces[0].length_m == pytest.approx(120.0, abs=0.5)


def test_nothing_is_treated_within_half_a_swath_of_barred_ground() -> None:
    pond = shapely.box(90.0, 8.0, 110.0, 30.0)
    lines = draw_lines(FIELD, pond, 5.0, 90.0, even)
    assert swaths(lines, 5.0).intersection(pond).area == pytest.approx(0.0, abs=1e-6)
    # From the left of the bearing on: here from the north, where the pond is.
    assert [len(line.pieces) for line in lines] == [2, 2, 2, 2, 1]


def test_a_row_between_two_parts_of_a_field_is_no_line() -> None:
    apart = shapely.union(FIELD, shapely.box(0.0, 60.0, 200.0, 85.0))
    lines = draw_lines(apart, NOTHING, 5.0, 90.0, even)
    assert swaths(lines, 5.0).intersection(apart).area == pytest.approx(10_000.0, abs=0.1)
    assert not any(25.0 < line.pieces[0].start[1] < 60.0 for line in lines)


def test_a_zone_of_no_rate_is_left_out() -> None:
    lines = draw_lines(FIELD, NOTHING, 5.0, 90.0, lambda east_m, _: np.where(east_m < 50.0, 0.0, 90.0))
    assert min(spot[0] for line in lines for piece in line.pieces for spot in (piece.start, piece.end)) >= 49.5


def test_a_tank_that_is_too_small_is_refused() -> None:
    lines = draw_lines(FIELD, NOTHING, 5.0, 90.0, even)
    with pytest.raises(ValueError, match="tank is too small"):
        share_loads(lines, 5.0, 0.1)


@given(st.floats(3.0, 60.0), st.floats(0.0, 180.0), st.floats(3.0, 8.0))
def test_loads_hold_what_the_lines_need_and_no_more_than_the_tank(
    capacity: float, bearing_deg: float, swath_m: float
) -> None:
    lines = draw_lines(FIELD, NOTHING, swath_m, bearing_deg, halves)
    loads = share_loads(lines, swath_m, capacity)
    amounts = [sum(piece.amount(swath_m) for line in load for piece in line.pieces) for load in loads]
    assert max(amounts) <= capacity + 1e-6
    assert sum(amounts) == pytest.approx(sum(piece.amount(swath_m) for line in lines for piece in line.pieces))
    assert all(math.isfinite(spot) for load in loads for line in load for spot in (*line.beyond(5.0)[0],))


def test_lines_that_are_given_are_cut_where_the_rate_changes_in_the_direction_flown() -> None:
    def rate_at(east_m: Values, north_m: Values) -> Values:
        return np.where(east_m < 40.0, 60.0, np.where(east_m < 70.0, 120.0, 0.0))

    there, back = rate_lines([((0.0, 5.0), (100.0, 5.0)), ((100.0, 10.0), (0.0, 10.0))], 5.0, rate_at)
    assert [(piece.rate_ha, round(piece.start[0]), round(piece.end[0])) for piece in there.pieces] == [
        (60.0, 0, 40),
        (120.0, 40, 70),
    ]
    assert [(piece.rate_ha, round(piece.start[0]), round(piece.end[0])) for piece in back.pieces] == [
        (120.0, 70, 40),
        (60.0, 40, 0),
    ]
    assert {round(place[1], 6) for piece in back.pieces for place in (piece.start, piece.end)} == {10.0}
    assert rate_lines([((80.0, 5.0), (100.0, 5.0))], 5.0, rate_at) == []
