import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.agronomy.application.swaths import Track, find_on_time, find_passes, measure_ground, to_local_metres
from headland.agronomy.series.arrays import Values
from tests.examples import examples

# WGS84 at the equator: one degree of longitude is 111,319.49 m, of latitude 110,574.28 m (NIMA TR8350.2 radii).
EAST_DEG_M = 111_319.4908
NORTH_DEG_M = 110_574.2758


def at_equator(time_ms: list[int], east_m: list[float], north_m: list[float]) -> Track:
    return Track(
        np.array(time_ms, dtype=np.int64), np.array(north_m) / NORTH_DEG_M, np.array(east_m) / EAST_DEG_M + 10.0
    )


def straight(seconds: int, speed_m_s: float = 5.0) -> Track:
    return at_equator(
        [1000 * s for s in range(seconds + 1)], [speed_m_s * s for s in range(seconds + 1)], [0.0] * (seconds + 1)
    )


def line(*points: tuple[float, float]) -> Values:
    return np.array(points, dtype=np.float64)


def on_time(*stretches: tuple[float, float]) -> Values:
    return np.array(stretches, dtype=np.float64).reshape(-1, 2)


def test_the_plane_keeps_a_geodesic_area_to_0_1_pct() -> None:
    # pyproj 3.7.2 Geod(WGS84): four corners 0.002 degrees apart at 31.95 N 119.17 E enclose 41,934.12 m2.
    corners = Track(
        np.arange(4, dtype=np.int64),
        np.array([31.95, 31.95, 31.952, 31.952]),
        np.array([119.17, 119.172, 119.172, 119.17]),
    )
    assert shapely.Polygon(to_local_metres(corners)).area == pytest.approx(41_934.12218, rel=0.001)


def test_the_plane_keeps_a_geodesic_length_to_0_1_pct() -> None:
    # pyproj 3.7.2 Geod(WGS84): from 31.95 N 119.17 E to 31.96 N 119.18 E it is 1,457.168 m.
    ends = Track(np.arange(2, dtype=np.int64), np.array([31.95, 31.96]), np.array([119.17, 119.18]))
    metres = to_local_metres(ends)
    assert float(np.hypot(*(metres[1] - metres[0]))) == pytest.approx(1457.1678767, rel=0.001)


def test_a_field_on_the_date_line_is_not_torn() -> None:
    ends = Track(np.arange(3, dtype=np.int64), np.zeros(3), np.array([179.9995, 179.9999, -179.9999]))
    assert float(np.ptp(to_local_metres(ends)[:, 0])) == pytest.approx(0.0006 * EAST_DEG_M, rel=1e-6)


def test_overlapping_and_skipped_swaths_are_distinguished() -> None:
    # Field 200 x 25 m, five passes of 5 m: covered 4,700, skipped 300, overlap 300 m2 (shapely 2.2.0, and by hand).
    passes = [line((0, y), (200, y)) for y in (2.5, 7.0, 12.5, 18.5, 22.5)]
    ground = measure_ground(passes, 5.0)
    assert ground.treated_m2 == pytest.approx(4700.0, abs=1e-6)
    assert 200 * 25 - ground.treated_m2 == pytest.approx(300.0, abs=1e-6)
    assert ground.overlap_m2 == pytest.approx(300.0, abs=1e-6)
    assert ground.passes == 5


def test_caps_are_flat() -> None:
    assert measure_ground([line((0, 0), (100, 0))], 6.0).treated_m2 == pytest.approx(600.0, abs=1e-9)


def test_a_pass_that_goes_back_over_itself_overlaps() -> None:
    ground = measure_ground([line((0, 0), (100, 0), (100, 3), (0, 3))], 6.0)
    # The way back shares 3 m of each swath, over nearly its whole length.
    assert ground.overlap_m2 == pytest.approx(300.0, rel=0.1)


def test_a_loop_that_is_flown_twice_treats_its_ground_once() -> None:
    # A square of 100 m sides: a ring 6 m wide without its outer corner squares of 3 m, which are cut off straight.
    square = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    once, twice = measure_ground([line(*square)], 6.0), measure_ground([line(*square, *square[1:])], 6.0)
    assert once.treated_m2 == pytest.approx(106**2 - 94**2 - 4 * 9 / 2, abs=5)
    assert twice.treated_m2 == pytest.approx(once.treated_m2, abs=5)
    assert twice.overlap_m2 == pytest.approx(400 * 6, abs=50)


def test_the_return_over_the_same_line_is_all_overlap() -> None:
    ground = measure_ground([line((0, 0), (100, 0), (0, 0))], 6.0)
    assert ground.treated_m2 == pytest.approx(600.0, abs=1e-6)
    assert ground.overlap_m2 == pytest.approx(600.0, abs=1e-6)


def test_a_gentle_curve_does_not_overlap_itself() -> None:
    angles = np.linspace(0, np.pi, 400)
    half_circle = np.column_stack((50 * np.cos(angles), 50 * np.sin(angles)))
    ground = measure_ground([half_circle], 6.0)
    # Half an annulus of radii 47 and 53 m.
    assert ground.treated_m2 == pytest.approx(np.pi / 2 * (53**2 - 47**2), rel=0.002)
    assert ground.overlap_m2 == pytest.approx(0.0, abs=4.0)


def test_nothing_sprayed_covers_nothing() -> None:
    assert measure_ground([], 5.0).treated_m2 == 0.0
    assert measure_ground([line((1, 1), (1, 1))], 5.0).treated_m2 == 0.0


def test_the_ends_of_a_pass_are_interpolated_on_the_track() -> None:
    passes = find_passes(straight(20), on_time((2500.0, 10_250.0)))
    assert len(passes) == 1
    assert float(passes[0][-1, 0] - passes[0][0, 0]) == pytest.approx(7.75 * 5.0, rel=1e-4)
    assert measure_ground(passes, 4.0).treated_m2 == pytest.approx(7.75 * 5.0 * 4.0, rel=1e-4)


def test_a_hole_in_the_track_is_not_bridged() -> None:
    time = [0, 1000, 2000, 6000, 7000, 8000]
    track = at_equator(time, [t / 200.0 for t in time], [0.0] * 6)
    passes = find_passes(track, on_time((0.0, 8000.0)))
    assert [round(float(np.ptp(p[:, 0])), 2) for p in passes] == [10.0, 10.0]


def test_two_seconds_between_positions_are_still_joined() -> None:
    track = at_equator([0, 2000, 4000], [0.0, 10.0, 20.0], [0.0, 0.0, 0.0])
    assert len(find_passes(track, on_time((0.0, 4000.0)))) == 1


def test_a_change_of_the_pump_is_half_way_between_two_samples() -> None:
    found = find_on_time(np.array([0, 1000, 2000, 3000]), np.array([False, True, True, False]))
    assert found.tolist() == [[500.0, 2500.0]]


def test_a_pump_without_telemetry_is_not_on() -> None:
    found = find_on_time(np.array([0, 1000, 9000, 10_000]), np.array([True, True, True, True]))
    assert found.tolist() == [[0.0, 1000.0], [9000.0, 10_000.0]]


def test_one_state_makes_no_stretch() -> None:
    assert len(find_on_time(np.array([0]), np.array([True]))) == 0
    assert len(find_on_time(np.array([0, 1000]), np.array([False, False]))) == 0


def test_a_line_flown_there_and_back_is_treated_once() -> None:
    ground = measure_ground([line((0, 0), (0, 10), (-15, -20), (0, 0), (-1, 20), (0, 0))], 1.0)
    # Swaths of 10, 33.5, 25 and 20 m by 1 m, the last flown twice; they also meet around (0, 0) and (-5, 0).
    assert 70.0 < ground.treated_m2 < 10.0 + 33.6 + 25.1 + 20.1


@settings(max_examples=examples(50), deadline=None)
@given(
    st.lists(st.tuples(st.floats(-200, 200), st.floats(-200, 200)), min_size=2, max_size=12),
    st.floats(0.5, 12.0),
)
def test_treated_ground_never_exceeds_the_swept_area_plus_the_corners(
    points: list[tuple[float, float]], swath_m: float
) -> None:
    ground = measure_ground([line(*points)], swath_m)
    length = float(shapely.LineString(points).length)
    corners = len(points) * np.pi * (swath_m / 2) ** 2
    assert 0.0 <= ground.treated_m2 <= length * swath_m + corners + 1.0
    assert ground.overlap_m2 >= 0.0


@settings(max_examples=examples(50), deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_passes_does_not_matter(order: list[int]) -> None:
    passes = [line((0, 4.0 * k), (80 + k, 4.0 * k)) for k in range(6)]
    one, other = measure_ground(passes, 5.0), measure_ground([passes[k] for k in order], 5.0)
    assert other.treated_m2 == pytest.approx(one.treated_m2)
    assert other.overlap_m2 == pytest.approx(one.overlap_m2)
