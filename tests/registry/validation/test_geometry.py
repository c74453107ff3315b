"""Validation of outlines, and areas against published ones."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Position
from headland.registry.validation.geometry import area_of, area_without, check_geometry
from tests.registry.records import PLOT, POND, ring

HOLED: Geometry = ((PLOT[0][0], POND[0][0]),)


def test_an_area_agrees_with_the_published_geodesic_one() -> None:
    # GeographicLib's value for this rectangle.
    assert area_of(PLOT) == pytest.approx(41_934.12218, rel=1e-8)


def test_the_area_of_a_zone_agrees_with_the_surface_of_the_ellipsoid() -> None:
    # WGS84's surface is 510 065 621.724 km2 (GeographicLib); an octant of it is an eighth.
    octant: Geometry = ((ring(0.0, 0.0, 90.0, 90.0),),)
    assert area_of(octant) == pytest.approx(510_065_621.724e6 / 8, rel=1e-9)


@pytest.mark.parametrize("latitude_deg", [0.0, 20.0, -45.0, 66.0, 80.0, 89.0, -89.0])
@pytest.mark.parametrize("reach_m", [60.0, 600.0, 5000.0])
def test_an_area_is_the_geodesic_one_at_every_latitude_and_size(latitude_deg: float, reach_m: float) -> None:
    ellipsoid, random = Geod(ellps="WGS84"), np.random.default_rng(45)
    for corners in (3, 4, 5, 7, 7, 7):
        azimuth_deg = np.sort(random.uniform(0.0, 40.0, corners)) + np.arange(corners) * 360.0 / corners
        from_m = reach_m * random.uniform(0.5, 1.0, corners)
        middle = np.full(corners, 119.0), np.full(corners, latitude_deg)
        longitude, latitude, _ = ellipsoid.fwd(*middle, azimuth_deg, from_m)
        outline = [*zip(longitude.tolist(), latitude.tolist(), strict=True)]
        geodesic_m2, _ = ellipsoid.polygon_area_perimeter(longitude, latitude)
        assert area_of((((*outline, outline[0]),),)) == pytest.approx(abs(geodesic_m2), rel=1e-5)


def test_holes_are_no_part_of_the_area() -> None:
    assert area_of(HOLED) == pytest.approx(area_of(PLOT) - area_of(POND))
    assert area_without(PLOT, [POND, POND]) == pytest.approx(area_of(HOLED))
    assert area_without(PLOT, []) == pytest.approx(area_of(PLOT))
    assert area_without(PLOT, [PLOT]) == pytest.approx(0.0)


def test_rings_are_oriented_by_rfc_7946_and_nothing_else_changes() -> None:
    turned = tuple(tuple(tuple(reversed(each)) for each in rings) for rings in HOLED)
    checked = check_geometry(turned, "the field")
    assert {frozenset(each) for rings in checked for each in rings} == {frozenset(e) for r in HOLED for e in r}
    assert checked == check_geometry(checked, "the field")
    outer, hole = checked[0]
    assert _signed(outer) > 0 > _signed(hole)


def _signed(each: tuple[Position, ...]) -> float:
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(each))


BOWTIE = ((119.17, 31.95), (119.172, 31.952), (119.172, 31.95), (119.17, 31.952), (119.17, 31.95))


@pytest.mark.parametrize(
    ("geometry", "why", "fix"),
    [
        ((), "no polygon", "at least one"),
        (((),), "without a ring", "outer ring"),
        (((PLOT[0][0][:-1],),), "not closed", "repeat its first point"),
        (((PLOT[0][0][:3],),), "a ring of 3 points", "three corners"),
        (((BOWTIE,),), "Self-intersection", "without crossing"),
        (((PLOT[0][0],), (PLOT[0][0],)), "not a valid outline", "without overlapping parts"),
        (((PLOT[0][0], ring(119.18, 31.96, 119.181, 31.961)),), "Hole lies outside", "with holes inside"),
        (((ring(31.95, 119.17, 31.952, 119.172),),), "latitude and longitude are swapped", "longitude first"),
        (((ring(705_100.0, 3_536_949.0, 705_300.0, 3_537_149.0),),), "not in degrees", "EPSG:4326"),
        (((ring(1_191_700_000.0, 319_500_000.0, 1_191_720_000.0, 319_520_000.0),),), "not in degrees", "1e-7 degrees"),
        (((ring(0.0, 0.0, 0.001, 0.001),),), "Gulf of Guinea", "real position"),
        (((ring(179.99, -17.0, -179.99, -16.99),),), "180th meridian", "cut it in two"),
        (((ring(100.0, 30.0, 110.0, 40.0),),), "ha", "units and the order"),
        (((ring(119.17, 31.95, 119.17000001, 31.95000001),),), "ha", "units and the order"),
        (((ring(float("nan"), 31.95, 119.172, 31.952),),), "nan", "without a position"),
    ],
)
def test_an_invalid_outline_is_refused_with_the_reason_and_the_remedy(geometry: Geometry, why: str, fix: str) -> None:
    with pytest.raises(InvalidGeometry) as caught:
        check_geometry(geometry, "the field")
    assert why in caught.value.reason
    assert fix in caught.value.fix
    assert str(caught.value) == f"{caught.value.reason}: {caught.value.fix}."


def test_one_outline_costs_a_bounded_effort() -> None:
    corners = [(119 + 1e-3 * math.cos(k / 1e4), 32 + 1e-3 * math.sin(k / 1e4)) for k in range(100_001)]
    with pytest.raises(InvalidGeometry, match="100,000 corners"):
        check_geometry((((*corners, corners[0]),),), "the field")


@given(st.floats(-179, 178), st.floats(-80, 79), st.floats(1e-3, 0.05), st.floats(1e-3, 0.05), st.floats(0.1, 0.9))
def test_the_area_is_that_of_its_parts(west: float, south: float, width: float, height: float, cut: float) -> None:
    middle = west + width * cut
    whole: Geometry = ((ring(west, south, west + width, south + height),),)
    parts: Geometry = (
        (ring(west, south, middle, south + height),),
        (ring(middle, south, west + width, south + height),),
    )
    assert area_of(parts) == pytest.approx(area_of(whole), rel=1e-6)
    assert area_without(whole, [parts[:1]]) == pytest.approx(area_of(parts[1:]), rel=1e-6)
