"""Coordinates of Chinese maps, GCJ-02 and BD-09, as WGS84 and back. Pure, without a library of projections.

Maps that are sold in China are shifted by 100 to 700 m: those of Amap, Tencent and Google in GCJ-02, those of Baidu by
some more in BD-09. Neither is published by who defines it; the formulas are those that open implementations agree on
(eviltransform, coordtransform, gcoord), on the ellipsoid of Krasovsky 1940. Outside of a box around China GCJ-02 is
WGS84.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from headland.errors import DataDamaged

Place = tuple[float, float]

#: The ellipsoid of Krasovsky 1940: half of the long axis [m], and the eccentricity squared.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_2: Final = 0.006_693_421_622_965_943
#: Where both polynomials begin.
_ORIGIN_DEG: Final = (105.0, 35.0)
_WEST_DEG, _EAST_DEG, _SOUTH_DEG, _NORTH_DEG = 72.004, 137.8347, 0.8293, 55.8271
_BAIDU_PER_RAD: Final = 3000.0 / 180.0
_BAIDU_SHIFT_DEG: Final = (0.0065, 0.006)
#: A tenth of a millimetre; five steps reach it.
_CLOSE_DEG: Final = 1e-9
_MOST_STEPS: Final = 30


class ChineseSystem(StrEnum):
    """A shifted system of coordinates."""

    GCJ_02 = "GCJ-02"
    BD_09 = "BD-09"


#: Names in files, without marks and in small letters, beside the systems' own.
_NAMES: Final = {
    "gcj02": ChineseSystem.GCJ_02,
    "gcj02ll": ChineseSystem.GCJ_02,
    "火星坐标系": ChineseSystem.GCJ_02,
    "bd09": ChineseSystem.BD_09,
    "bd09ll": ChineseSystem.BD_09,
    "百度坐标系": ChineseSystem.BD_09,
}


def find_chinese_system(name: str) -> ChineseSystem | None:
    """Return the system that a name means (`GCJ-02`, `gcj02`, `bd09ll`), None for any other text."""
    return _NAMES.get("".join(letter for letter in name.lower() if letter.isalnum()))


def to_wgs84(longitude_deg: float, latitude_deg: float, system: ChineseSystem) -> Place:
    """Return WGS84 longitude and latitude [deg] of a place in a Chinese system, to a millimetre.

    Raises DataDamaged for a place outside of China in BD-09: there Baidu has no such system.
    """
    place = longitude_deg, latitude_deg
    if not is_in_china(*place):
        if system is ChineseSystem.BD_09:
            raise DataDamaged("A place in BD-09 is outside of China: check the order of longitude and latitude")
        return place
    if system is ChineseSystem.BD_09:
        place = _inverse(_baidu, place)
    return _inverse(_shifted, place)


def from_wgs84(longitude_deg: float, latitude_deg: float, system: ChineseSystem) -> Place:
    """Return longitude and latitude [deg] in a Chinese system of a place in WGS84; raises DataDamaged as `to_wgs84`."""
    if not is_in_china(longitude_deg, latitude_deg):
        if system is ChineseSystem.BD_09:
            raise DataDamaged("A place outside of China has no coordinates in BD-09: give it in WGS84")
        return longitude_deg, latitude_deg
    place = _shifted((longitude_deg, latitude_deg))
    return _baidu(place) if system is ChineseSystem.BD_09 else place


def is_in_china(longitude_deg: float, latitude_deg: float) -> bool:
    """Return whether a place is in the box in which maps are shifted."""
    return _WEST_DEG <= longitude_deg <= _EAST_DEG and _SOUTH_DEG <= latitude_deg <= _NORTH_DEG


def _shifted(place: Place) -> Place:
    """Return a place of WGS84 in GCJ-02."""
    longitude, latitude = place
    x, y = longitude - _ORIGIN_DEG[0], latitude - _ORIGIN_DEG[1]
    root = math.sqrt(abs(x))
    short = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += 2.0 / 3.0 * (short + _waves(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30)))
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += 2.0 / 3.0 * (short + _waves(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30)))
    radians = math.radians(latitude)
    bulge = 1.0 - _ECCENTRICITY_2 * math.sin(radians) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_2) / bulge**1.5
    parallel_m = _AXIS_M / math.sqrt(bulge) * math.cos(radians)
    return longitude + math.degrees(east_m / parallel_m), latitude + math.degrees(north_m / meridian_m)


def _waves(at: float, *waves: tuple[float, float]) -> float:
    """Return the sum of waves (height, half turns a degree)."""
    return sum(height * math.sin(at * math.pi * turns) for height, turns in waves)


def _baidu(place: Place) -> Place:
    """Return a place of GCJ-02 in BD-09."""
    x, y = place
    length = math.hypot(x, y) + 0.00002 * math.sin(y * math.pi * _BAIDU_PER_RAD)
    angle = math.atan2(y, x) + 0.000003 * math.cos(x * math.pi * _BAIDU_PER_RAD)
    return length * math.cos(angle) + _BAIDU_SHIFT_DEG[0], length * math.sin(angle) + _BAIDU_SHIFT_DEG[1]


def _inverse(shift: Callable[[Place], Place], wanted: Place) -> Place:
    """Return the place that a shift brings to the wanted one."""
    place = wanted
    for _ in range(_MOST_STEPS):
        reached = shift(place)
        error = wanted[0] - reached[0], wanted[1] - reached[1]
        place = place[0] + error[0], place[1] + error[1]
        if max(abs(error[0]), abs(error[1])) < _CLOSE_DEG:
            break
    return place
