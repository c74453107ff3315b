"""Coordinate systems of files: what a .prj, a code or a name means, and positions in it as longitude and latitude.

Files have east (or longitude) first, whatever the order of axes in the definition of the system; a wrong order shows in
the resulting place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from math import inf
from typing import Final

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from headland.errors import DataDamaged
from headland.files.chinese_coordinates import ChineseSystem, find_chinese_system, to_wgs84

#: A system of a library of projections, or one of Chinese maps, which no such library has.
System = CRS | ChineseSystem
DEGREES: Final = "EPSG:4326"
_WKT: Final = re.compile(r"\s*[A-Za-z_]{4,20}\s*\[")
#: What makes PROJ open a file that the text names.
_FILES: Final = re.compile(r"grids\s*=\s*(?!@null\b)|PARAMETERFILE|\+init|\+proj=pipeline", re.IGNORECASE)


def name_of(system: System) -> str:
    """Return the name of a coordinate system."""
    return system.value if isinstance(system, ChineseSystem) else str(system.name)


def read_prj(data: bytes) -> CRS:
    """Return the coordinate system of a .prj; raises DataDamaged for what is no WKT, or names files to be read."""
    text = data.decode("utf-8", "replace")
    if not _WKT.match(text) or _FILES.search(text):
        raise DataDamaged("The .prj is not well-known text without grid files: export it as EPSG:4326 or UTM")
    return _read_projection(text)


def read_crs(text: str) -> System:
    """Return a coordinate system by its code, its WKT, or the name of a Chinese one; raises DataDamaged."""
    return find_chinese_system(text) or _read_projection(text)


def _read_projection(text: str) -> CRS:
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        sentence = f"{text[:60]!r} is not a known coordinate system: give its EPSG code, such as EPSG:32650"
        raise DataDamaged(sentence) from error
    if not (crs.is_geographic or crs.is_projected):
        raise DataDamaged(f"{crs.name} is neither geographic nor projected: give the file in EPSG:4326")
    return crs


def to_degrees(
    east: Sequence[float], north: Sequence[float], crs: System, *, outside: bool = False
) -> tuple[Sequence[float], Sequence[float]]:
    """Return WGS84 longitudes and latitudes.

    Positions outside of the system's range are infinite with `outside`, else they raise DataDamaged.
    """
    if isinstance(crs, ChineseSystem):
        places = [_place_of(*place, crs, outside=outside) for place in zip(east, north, strict=True)]
        return [longitude for longitude, _ in places], [latitude for _, latitude in places]
    if crs == CRS(DEGREES):
        return east, north
    try:
        longitudes, latitudes = _transformer(crs.to_wkt()).transform(east, north, errcheck=not outside)
    except ProjError as error:
        raise DataDamaged(f"The file has points outside the range of {crs.name}") from error
    return longitudes, latitudes


def _place_of(longitude: float, latitude: float, system: ChineseSystem, *, outside: bool) -> tuple[float, float]:
    try:
        return to_wgs84(longitude, latitude, system)
    except DataDamaged:
        if not outside:
            raise
        return inf, inf


@cache
def _transformer(wkt: str) -> Transformer:
    return Transformer.from_crs(CRS.from_wkt(wkt), CRS(DEGREES), always_xy=True)
