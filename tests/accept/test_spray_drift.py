"""Drift of sprays, and the sun beyond the polar circles, against published tables and other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from firmware_sim.drone.physics.droplets import draw_distances_m, make_tail
from headland.agronomy.application.drift_tail import share_beyond
from headland.agronomy.climate.evapotranspiration import extraterrestrial_daily_mj_m2
from headland.registry.validation.geometry import area_of
from tests.accept.conftest import Agreement
from tests.agronomy.application.test_drift_tail import AT_M, PUBLISHED
from tests.agronomy.climate.test_evapotranspiration import DAYS, RA_OF_REFET
from tests.firmware_sim.drone.physics.test_droplets import PUBLISHED as PUBLISHED_OF_DROPLETS

#: A factor of two as a difference of logarithms.
FACTOR_2 = 1.0
MEDIANS_UM = {"medium": 290.0, "coarse": 400.0}


@pytest.mark.parametrize("name", PUBLISHED)
def test_deposition_downwind_by_the_map(name: str, agree: Agreement) -> None:
    printed, droplets, wind_m_s, height_m = PUBLISHED[name]
    found = share_beyond(AT_M, droplets, wind_m_s, height_m)
    what = f"deposition at 5, 10, 20 m by the map, {droplets}, {wind_m_s:g} m/s, {height_m:g} m [log2]"
    agree(what, np.log2(found), np.log2(printed), name, within=FACTOR_2)


@pytest.mark.parametrize("name", PUBLISHED_OF_DROPLETS)
def test_deposition_downwind_by_the_simulator(name: str, agree: Agreement) -> None:
    printed, median_um = PUBLISHED_OF_DROPLETS[name]
    tail = make_tail(median_um, 1.2)
    far_m = draw_distances_m(tail, np.random.default_rng(45), 100_000, 3.0, 3.0, 4.0)
    found = tail.share * np.array([float((far_m > at).mean()) for at in AT_M])
    what = f"deposition at 5, 10, 20 m by the simulator, {median_um:g} um, 3 m/s, 3 m [log2]"
    agree(what, np.log2(found), np.log2(printed), name, within=FACTOR_2)


@pytest.mark.parametrize("width_m", [20.0, 50.0])
def test_the_far_tail_beside_a_strip_by_the_simulator(width_m: float, agree: Agreement) -> None:
    at_m = np.array([30.0, 50.0, 75.0, 100.0])
    tail = make_tail(MEDIANS_UM["medium"], 1.2)
    far_m = draw_distances_m(tail, np.random.default_rng(45), 200_000, 3.0, 3.0, 4.0)
    found = tail.share * np.array([float(((far_m > at) & (far_m < at + width_m)).mean()) for at in at_m])
    what = f"deposition at 30 to 100 m beside a strip of {width_m:g} m by the simulator [log2]"
    agree(what, np.log2(found), np.log2(2.1070 * at_m**-1.7599), "Rautmann, late fruit", within=FACTOR_2)


@pytest.mark.parametrize("latitude_deg", RA_OF_REFET)
def test_the_radiation_beyond_the_polar_circles(latitude_deg: float, agree: Agreement) -> None:
    found = extraterrestrial_daily_mj_m2(latitude_deg, DAYS)
    agree(f"Ra at {latitude_deg:g} degrees [MJ/m2/day]", found, RA_OF_REFET[latitude_deg], "refet 0.5", within=1e-4)


@pytest.mark.parametrize("latitude_deg", [0.0, 31.0, -45.0, 66.0, 80.0, 89.0])
def test_geodesic_areas(latitude_deg: float, agree: Agreement) -> None:
    ellipsoid = Geod(ellps="WGS84")
    azimuth_deg = np.array([10.0, 80.0, 150.0, 230.0, 300.0])
    for reach_m in (100.0, 1000.0, 5000.0):
        longitude, latitude, _ = ellipsoid.fwd(
            np.full(5, 119.0), np.full(5, latitude_deg), azimuth_deg, np.full(5, reach_m)
        )
        ring = [*zip(longitude.tolist(), latitude.tolist(), strict=True)]
        geodesic_m2, _ = ellipsoid.polygon_area_perimeter(longitude, latitude)
        found = area_of((((*ring, ring[0]),),))
        agree(
            "areas of fields, sides to 7 km, 0 to 89 degrees", found, abs(geodesic_m2), "pyproj's geodesics", rel=1e-5
        )
