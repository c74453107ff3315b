from __future__ import annotations

import pytest

from firmware_sim.drone.field_model import LocalFrame


def test_a_degree_at_45_north_has_its_published_length() -> None:
    # Length of a degree on WGS84 at latitude 45: 111.132 km and 78.847 km.
    per_north, per_east = LocalFrame(45, 0).degrees_per_metre()
    assert 1 / per_north == pytest.approx(111_131.75, abs=1)
    assert 1 / per_east == pytest.approx(78_846.8, abs=1)


def test_a_field_of_known_geodesic_area_has_that_area() -> None:
    # 0.002 degrees square, south-west corner 31.95 N 119.17 E: 41,934.12 m2 by a geodesic polygon on WGS84.
    per_north, per_east = LocalFrame(31.951, 119.171).degrees_per_metre()
    assert 0.002 / per_north * 0.002 / per_east == pytest.approx(41_934.12, rel=1e-5)


def test_the_origin_is_where_it_is_said_to_be() -> None:
    frame = LocalFrame(31.95, 119.17)
    assert frame.to_degrees(0, 0) == (31.95, 119.17)
    latitude, longitude = frame.to_degrees(100, 200)
    assert latitude > 31.95
    assert longitude > 119.17
    assert frame.to_east_north(latitude, longitude) == pytest.approx((100, 200), abs=1e-6)
