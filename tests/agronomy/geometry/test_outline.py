import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import (
    BUFFER,
    EXCLUSION,
    OUTSIDE,
    PLACES,
    USABLE,
    count_polygons,
    make_outline,
    map_places,
    rasterise,
)

GRID = Grid(-10.0, -10.0, 0.7, 43, 51)


def middles(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    east, north = grid.centres_m()
    return np.meshgrid(east, north)


def test_a_degree_has_the_length_that_the_utm_projection_and_the_ellipsoid_give_it() -> None:
    # 0.002 degrees square at Jurong: 41,934.12218 m2 by pyproj's geodesic area.
    east, north = Plane(31.951, 119.171).to_metres(np.array([31.95, 31.952]), np.array([119.17, 119.172]))
    assert (east[1] - east[0]) * (north[1] - north[0]) == pytest.approx(41_934.12218, rel=1e-5)
    latitude, longitude = Plane(31.951, 119.171).to_degrees(east, north)
    assert latitude == pytest.approx([31.95, 31.952], abs=1e-12)
    assert longitude == pytest.approx([119.17, 119.172], abs=1e-12)


#: Corners to a centimetre, as anyone measures them: on denormal numbers GEOS itself divides by zero.
_CORNERS = st.tuples(*(st.integers(-1200, most).map(lambda cm: cm / 100) for most in (2800, 2200)))


@given(st.lists(_CORNERS, min_size=3, max_size=9), st.floats(0.5, 4.0))
def test_cells_are_in_a_field_where_shapely_agrees(corners: list[tuple[float, float]], hole_m: float) -> None:
    field = shapely.make_valid(shapely.Polygon(corners)).buffer(0)
    field = field.difference(shapely.Point(3.0, 3.0).buffer(hole_m))
    found = rasterise(field, GRID)
    expected = shapely.contains_xy(field, *middles(GRID))
    # A middle on an edge may go either way.
    near = shapely.dwithin(shapely.boundary(field), shapely.points(*middles(GRID)), 1e-9)
    assert np.array_equal(found[~near], expected[~near])


@given(st.lists(st.tuples(_CORNERS, st.floats(0.1, 30.0)), max_size=5))
def test_each_cell_counts_the_shapes_that_hold_it(circles: list[tuple[tuple[float, float], float]]) -> None:
    shapes = [shapely.Point(middle).buffer(radius_m) for middle, radius_m in circles]
    expected = sum((rasterise(shape, GRID).astype(int) for shape in shapes), np.zeros((GRID.rows, GRID.columns), int))
    assert np.array_equal(count_polygons(shapes, GRID), expected)


def test_fields_with_a_common_edge_share_no_cell_and_miss_none() -> None:
    grid = Grid(0.0, 0.0, 1.0, 10, 10)
    left, right = shapely.box(0, 0, 4.5, 10), shapely.box(4.5, 0, 10, 10)
    both = rasterise(left, grid).astype(int) + rasterise(right, grid).astype(int)
    assert both.min() == both.max() == 1


def test_buffers_and_exclusions_are_places_of_their_own() -> None:
    plane = Plane(32.0, 119.0)

    def box(west: float, south: float, east: float, north: float) -> list[list[tuple[float, float]]]:
        latitude, longitude = plane.to_degrees(
            np.array([west, east, east, west, west]), np.array([south, south, north, north, south])
        )
        return [list(zip(longitude.tolist(), latitude.tolist(), strict=True))]

    outline = make_outline([box(0, 0, 20, 20)], [[box(0, 0, 20, 4)]], [[box(8, 8, 12, 12)]], plane)
    places = map_places(outline, Grid(-2.0, -2.0, 1.0, 24, 24))
    counts = {PLACES[place]: int(np.count_nonzero(places == place)) for place in (OUTSIDE, USABLE, BUFFER, EXCLUSION)}
    assert counts == {"outside": 24 * 24 - 400, "usable": 400 - 80 - 16, "buffer": 80, "exclusion": 16}
    assert outline.usable.area == pytest.approx(304.0, rel=1e-6)
