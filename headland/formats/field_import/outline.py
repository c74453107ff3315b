"""Outlines of an imported file, and errors of the file or of its features."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from headland.errors import DataDamaged, HeadlandError
from headland.files import coordinate_systems
from headland.files.chinese_coordinates import ChineseSystem, find_chinese_system
from headland.files.coordinate_systems import System, name_of
from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Ring

#: Features of a file at most: the plots of a cooperative, not of a country.
MOST_FEATURES: Final = 5000
#: Positions of all outlines of a file: each takes some hundred bytes while it is read.
MOST_POSITIONS: Final = 2_000_000
#: Properties with the name of a field, and with its owner. A table cuts column names at ten bytes; `dkmc` and `cbfmc`
#: are the names of the survey of contracted plots (NY/T 2539-2016).
_NAMES: Final = (
    "name", "title", "field_name", "fieldname", "名称", "地块名称", "地块名", "田块名称", "田块名", "dkmc",
)  # fmt: skip
_OWNERS: Final = (
    "owner", "owner_name", "farmer", "grower", "户主", "户主姓名", "农户", "农户姓名", "承包方", "承包方名称",
    "承包人", "所有人", "所有者", "业主", "cbfmc",
)  # fmt: skip

#: Properties with the system of a feature's coordinates, as Chinese programs write it.
_SYSTEMS: Final = ("coordtype", "coord_type", "coordsys", "coordsystem", "坐标系", "坐标系统", "坐标类型")


@dataclass(frozen=True, slots=True)
class FeatureError:
    """Error of a feature, numbered from 1 in the order of the file; 0 is the file itself."""

    feature: int
    name: str
    detail: str


class RefusedFile(HeadlandError):  # noqa: N818 - it names the state of the file
    """A file that is refused as a whole; `errors` has one for each invalid feature."""

    def __init__(self, errors: Sequence[FeatureError]) -> None:
        super().__init__("; ".join(error.detail.rstrip(".") for error in errors[:3]) + ".")
        self.errors = tuple(errors)

    @classmethod
    def whole(cls, detail: str) -> RefusedFile:
        """Return the refusal of a file for a reason of its own."""
        return cls([FeatureError(0, "", detail)])


@dataclass(frozen=True, slots=True)
class ImportedOutline:
    """A feature: its name, and polygons in the file's coordinates, not yet validated."""

    feature: int
    name: str
    polygons: Geometry
    properties: Mapping[str, Any] = field(default_factory=dict)


def feature_name(properties: Mapping[str, Any], name_property: str | None) -> str:
    """Return a feature's name: the given property, else `name` in any case; empty where it has none."""
    return _text_of(properties, (name_property,) if name_property else _NAMES)


def feature_owner(properties: Mapping[str, Any], owner_property: str | None) -> str:
    """Return a plot's owner: the given property, else one of the usual names; empty where it has none."""
    return _text_of(properties, (owner_property,) if owner_property else _OWNERS)


def told_system(outlines: Iterable[ImportedOutline]) -> ChineseSystem | None:
    """Return the Chinese system that features name in a property; raises RefusedFile where they differ."""
    told = {find_chinese_system(_text_of(outline.properties, _SYSTEMS)) for outline in outlines}
    if len(told) > 1:
        raise RefusedFile.whole("The features of the file are in several coordinate systems: import each in a file")
    return next(iter(told), None)


def _text_of(properties: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for key, value in properties.items():
        if (key in names or key.lower() in names) and value is not None and str(value).strip():
            return str(value).strip()[:200]
    return ""


def read_polygons(kind: object, coordinates: Any) -> Geometry:
    """Return the polygons of a GeoJSON geometry without heights; raises ValueError for another geometry."""
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {kind}, but fields are polygons")
    parts = [coordinates] if kind == "Polygon" else coordinates
    try:
        return tuple(tuple(tuple(_position(point) for point in ring) for ring in part) for part in parts)
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("has coordinates that are not rings of positions") from error


def to_degrees(outline: ImportedOutline, crs: System) -> Geometry:
    """Return an outline's polygons as WGS84 longitude and latitude.

    Raises InvalidGeometry for points that cannot be projected.
    """
    try:
        return tuple(tuple(_project_ring(ring, crs) for ring in rings) for rings in outline.polygons)
    except DataDamaged as error:
        what = f"feature {outline.feature} has points outside the range of {name_of(crs)}"
        raise InvalidGeometry(what, "check the coordinate system, and that east is before north") from error


def read_crs(text: str) -> System:
    """Return a coordinate system by its code or WKT; raises RefusedFile."""
    try:
        return coordinate_systems.read_crs(text)
    except DataDamaged as error:
        raise RefusedFile.whole(str(error)) from error


def limit_features(features: Iterable[Any]) -> list[Any]:
    """Return the features as a list; raises RefusedFile for more than `MOST_FEATURES`."""
    listed = list(itertools.islice(features, MOST_FEATURES + 1))
    if len(listed) > MOST_FEATURES:
        raise RefusedFile.whole(f"The file has more than {MOST_FEATURES:,} features: import it in parts")
    return listed


def _project_ring(ring: Ring, crs: System) -> Ring:
    east, north = ([position[axis] for position in ring] for axis in (0, 1))
    return tuple(zip(*coordinate_systems.to_degrees(east, north, crs), strict=True))


def _position(position: Any) -> tuple[float, float]:
    if (
        not isinstance(position, list | tuple)
        or isinstance(position[0], str | bool)
        or isinstance(position[1], str | bool)
    ):
        raise TypeError
    return float(position[0]), float(position[1])
