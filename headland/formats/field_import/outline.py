"""One outline out of a file, and what may be wrong with the file or with one of its features."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from headland.errors import HeadlandError
from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Ring

#: So many features of one file are read: a cooperative's plots, not a country's.
MOST_FEATURES: Final = 5000
DEGREES: Final = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one feature, counted from 1 as the file has them; 0 is the file itself."""

    feature: int
    name: str
    detail: str


class RefusedFile(HeadlandError):  # noqa: N818 - it says what became of the file
    """A file of which nothing is taken; `troubles` are one sentence for each feature that is not right."""

    def __init__(self, troubles: Sequence[Trouble]) -> None:
        super().__init__("; ".join(each.detail.rstrip(".") for each in troubles[:3]) + ".")
        self.troubles = tuple(troubles)

    @classmethod
    def whole(cls, detail: str) -> RefusedFile:
        """Return the refusal of a file as such."""
        return cls([Trouble(0, "", detail)])


@dataclass(frozen=True, slots=True)
class Outline:
    """One feature: polygons of rings in the file's own coordinates, unchecked, and what it is called."""

    feature: int
    name: str
    polygons: Geometry
    properties: Mapping[str, Any] = field(default_factory=dict)


def call_it(properties: Mapping[str, Any], name_property: str | None) -> str:
    """Return a feature's name: the property that was asked for, else `name` in any case; empty where it has none."""
    for key, value in properties.items():
        wanted = key == name_property if name_property else key.lower() in ("name", "title", "名称", "地块名称")
        if wanted and value is not None and str(value).strip():
            return str(value).strip()[:200]
    return ""


def read_polygons(kind: object, coordinates: Any) -> Geometry:
    """Return the polygons of a GeoJSON geometry without heights; raises ValueError with what it is instead."""
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {kind}, and only polygons are fields")
    parts = [coordinates] if kind == "Polygon" else coordinates
    try:
        return tuple(tuple(tuple(_spot(each) for each in ring) for ring in part) for part in parts)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("has coordinates that are no rings of positions") from error


def to_degrees(outline: Outline, crs: CRS) -> Geometry:
    """Return an outline's polygons as WGS84 longitude and latitude.

    Whatever order a coordinate system's definition has its axes in, a file has east (or longitude) first: what is
    written otherwise is told by where it comes to lie. Raises InvalidGeometry for points that cannot be projected.
    """
    if crs == CRS(DEGREES):
        return outline.polygons
    turn = _transformer(crs.to_wkt())
    try:
        return tuple(tuple(_turn_ring(ring, turn) for ring in rings) for rings in outline.polygons)
    except ProjError as error:
        what = f"feature {outline.feature} has points outside of what {crs.name} can say"
        raise InvalidGeometry(what, "check the coordinate system and that east stands before north") from error


def read_crs(text: str) -> CRS:
    """Return a coordinate system by its code or WKT; raises RefusedFile."""
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        sentence = f"{text[:60]!r} is no coordinate system that is known: give its EPSG code, such as EPSG:32650"
        raise RefusedFile.whole(sentence) from error
    if not (crs.is_geographic or crs.is_projected):
        raise RefusedFile.whole(f"{crs.name} is neither geographic nor projected: give the file in EPSG:4326")
    return crs


def bound(features: Iterable[Any]) -> list[Any]:
    """Return the features as a list; raises RefusedFile where they are more than `MOST_FEATURES`."""
    found = list(itertools.islice(features, MOST_FEATURES + 1))
    if len(found) > MOST_FEATURES:
        raise RefusedFile.whole(f"The file has more than {MOST_FEATURES:,} features: import it in parts")
    return found


def _turn_ring(ring: Ring, turn: Transformer) -> Ring:
    east, north = ([spot[axis] for spot in ring] for axis in (0, 1))
    longitude, latitude = turn.transform(east, north, errcheck=True)
    return tuple(zip(longitude, latitude, strict=True))


def _spot(position: Any) -> tuple[float, float]:
    if isinstance(position[0], (str, bool)) or isinstance(position[1], (str, bool)):
        raise TypeError
    return float(position[0]), float(position[1])


@cache
def _transformer(wkt: str) -> Transformer:
    return Transformer.from_crs(CRS.from_wkt(wkt), CRS(DEGREES), always_xy=True)
