"""GCJ-02 and BD-09 as other open implementations have them, and back to WGS84."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headland.errors import DataDamaged
from headland.files.chinese_coordinates import ChineseSystem, find_chinese_system, from_wgs84, to_wgs84

GCJ, BD = ChineseSystem.GCJ_02, ChineseSystem.BD_09
#: Places in WGS84, GCJ-02 and BD-09 by gcoord 1.0.7 (npm).
PLACES = [
    ("Jurong", (119.17, 31.95), (119.17536931318348, 31.94809193938646), (119.1818220854644, 31.9543449657624)),
    ("Hubei", (114.31, 30.52), (114.31544501853925, 30.51757288381936), (114.3220260540007, 30.523340858162697)),
    ("Chongqing", (106.55, 29.56), (106.55372033746897, 29.557153428541934), (106.5601543518712, 29.563460940653158)),
    ("Shanxi", (112.55, 37.87), (112.55629653973969, 37.870523002004106), (112.56267513318046, 37.87685100306876)),
    ("Heilongjiang", (126.63, 45.75), (126.6359423904876, 45.751935204908385), (126.6425031244059, 45.75782565826714)),
    ("Hainan", (110.35, 20.02), (110.35441101881037, 20.017997369021984), (110.36093679366026, 20.02375290381899)),
    ("Kashgar", (75.99, 39.47), (75.9929556381645, 39.47022749677051), (75.99946519930792, 39.476187842272964)),
]
#: The same by eviltransform 0.1.1 (PyPI) and coordtransform 2.1.2 (npm).
OTHERS = [
    ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
    ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
    ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
]


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two near places [m]."""
    east_m = math.radians(one[0] - other[0]) * 6_371_008.8 * math.cos(math.radians(one[1]))
    return math.hypot(east_m, math.radians(one[1] - other[1]) * 6_371_008.8)


@pytest.mark.parametrize(
    ("wgs84", "gcj02", "bd09"), [place[1:] for place in PLACES], ids=[place[0] for place in PLACES]
)
def test_places_are_where_another_implementation_has_them(
    wgs84: tuple[float, float], gcj02: tuple[float, float], bd09: tuple[float, float]
) -> None:
    assert metres_between(wgs84, gcj02) > 100
    for system, place in ((GCJ, gcj02), (BD, bd09)):
        assert metres_between(from_wgs84(*wgs84, system), place) < 1e-4
        assert metres_between(to_wgs84(*place, system), wgs84) < 1e-3


@pytest.mark.parametrize(("wgs84", "gcj02"), OTHERS)
def test_two_more_implementations_agree(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert metres_between(from_wgs84(*wgs84, GCJ), gcj02) < 1e-4
    assert metres_between(to_wgs84(*gcj02, GCJ), wgs84) < 1e-3


@given(longitude_deg=st.floats(74, 134), latitude_deg=st.floats(18, 53.5), system=st.sampled_from(list(ChineseSystem)))
def test_a_place_in_china_comes_back_to_a_centimetre(
    longitude_deg: float, latitude_deg: float, system: ChineseSystem
) -> None:
    place = longitude_deg, latitude_deg
    assert metres_between(to_wgs84(*from_wgs84(*place, system), system), place) < 0.01


def test_outside_of_china_gcj_02_is_wgs84_and_bd_09_is_refused() -> None:
    assert to_wgs84(10.0, 50.0, GCJ) == from_wgs84(10.0, 50.0, GCJ) == (10.0, 50.0)
    for convert in (to_wgs84, from_wgs84):
        with pytest.raises(DataDamaged):
            convert(10.0, 50.0, BD)


@pytest.mark.parametrize(
    ("name", "system"),
    [("GCJ-02", GCJ), ("gcj02", GCJ), ("GCJ_02", GCJ), ("bd09ll", BD), ("BD-09", BD), ("百度坐标系", BD)]
    + [(name, None) for name in ("", "WGS84", "EPSG:4326", "EPSG:4490", "bd09mc")],
)
def test_a_name_is_known_however_it_is_written(name: str, system: ChineseSystem | None) -> None:
    assert find_chinese_system(name) is system
