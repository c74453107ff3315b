"""Import of a file of outlines as fields of a farm: all of them, or none and the error of each feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pyproj import CRS

from headland.files.chinese_coordinates import ChineseSystem
from headland.files.coordinate_systems import DEGREES, System, name_of
from headland.files.text_encoding import TextEncoding, to_utf_8
from headland.formats.field_import.geojson import read_geojson
from headland.formats.field_import.kml import read_kml, read_kmz
from headland.formats.field_import.outline import (
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_owner,
    read_crs,
    to_degrees,
    told_system,
)
from headland.formats.field_import.shapefiles import read_shapefile
from headland.registry.models.errors import InvalidGeometry
from headland.registry.models.geometry import Geometry, Position
from headland.registry.models.models import Farm, Field
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.registry.validation.geometry import check_geometry


@dataclass(frozen=True, slots=True)
class FieldFile:
    """The fields of a file, not stored, and the encoding of its names; None where its format has only one."""

    fields: list[Field]
    encoding: TextEncoding | None


def read_fields(
    repositories: OrganisationRepositories,
    farm: Farm,
    data: bytes,
    *,
    crs: str | None = None,
    name_property: str | None = None,
    owner_property: str | None = None,
) -> FieldFile:
    """Return the fields of a file, validated and not stored; raises RefusedFile.

    `crs` is the coordinate system of a file that declares none, or GCJ-02 or BD-09 for one that calls its degrees
    WGS84, as many of Chinese maps do; `name_property` and `owner_property` the properties
    with the names and owners of the features, by default `name`, `owner` and the like. Outlines far from the farm, or
    from its other fields, are refused.
    """
    outlines, errors, declared, encoding = _read(data, name_property)
    system = _choose_crs(data, told_system(outlines) or declared, crs)
    near = _place_of(repositories, farm)
    valid: list[tuple[ImportedOutline, Geometry]] = []
    for outline in outlines:
        what = f"feature {outline.feature}" + (f" ({outline.name!r})" if outline.name else "")
        try:
            valid.append((outline, check_geometry(to_degrees(outline, system), what, near)))
        except InvalidGeometry as error:
            errors.append(FeatureError(outline.feature, outline.name, str(error)))
    names = [outline.name or f"{farm.name[:180]} {outline.feature}" for outline, _ in valid]
    errors += _taken_names(repositories, farm, [outline for outline, _ in valid], names)
    if errors:
        raise RefusedFile(sorted(errors, key=lambda error: error.feature))
    if not valid:
        raise RefusedFile.whole("The file holds no polygon")
    fields = [
        Field(farm=farm.id, name=name, geometry=geometry, owner=feature_owner(outline.properties, owner_property))
        for name, (outline, geometry) in zip(names, valid, strict=True)
    ]
    return FieldFile([repositories.fields.prepared(field) for field in fields], encoding)


def _read(
    data: bytes, name_property: str | None
) -> tuple[list[ImportedOutline], list[FeatureError], System | None, TextEncoding | None]:
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:2] == b"PK":
        if b".kml" in data.lower()[-4096:] or b"doc.kml" in data[:256].lower():
            return (*read_kmz(data, name_property), None)
        return read_shapefile(data, name_property)
    if start[:1] in (b"{", b"["):
        text, encoding = to_utf_8(data.removeprefix(b"\xef\xbb\xbf"))
        return (*read_geojson(text, name_property), encoding)
    if start[:1] == b"<":
        return (*read_kml(data, name_property), None)
    raise RefusedFile.whole(
        "The file is not GeoJSON, KML, KMZ or a zipped shapefile: put a .shp with its .dbf and .prj into a zip"
    )


def _choose_crs(data: bytes, declared: System | None, requested: str | None) -> System:
    given = None if requested is None else read_crs(requested)
    if isinstance(given, ChineseSystem) and isinstance(declared, CRS) and declared.is_geographic:
        return given
    if declared is not None:
        if given is not None and not _is_same(given, declared):
            told, other = name_of(declared), name_of(given)
            raise RefusedFile.whole(f"The file declares {told}, and `crs` is {other}: leave `crs` out")
        return declared
    if given is None and data[:2] == b"PK":
        raise RefusedFile.whole("The shapefile has no .prj: give its coordinate system as `crs`, such as EPSG:32650")
    return given or CRS(DEGREES)


def _is_same(one: System, other: System) -> bool:
    # pyproj takes what it is compared with for the name of a system.
    return type(one) is type(other) and one == other


def _place_of(repositories: OrganisationRepositories, farm: Farm) -> Position | None:
    if farm.longitude_deg is not None and farm.latitude_deg is not None:
        return farm.longitude_deg, farm.latitude_deg
    others = repositories.fields.list(farm=farm.id, limit=1)
    return others[0].geometry[0][0][0] if others else None


def _taken_names(
    repositories: OrganisationRepositories, farm: Farm, outlines: Sequence[ImportedOutline], names: Sequence[str]
) -> list[FeatureError]:
    """Return an error for each name of another feature or of an existing field, as in a repeated import."""
    known = {field.name for field in repositories.fields.all(farm=farm.id)}
    count = Counter(names)
    return [
        FeatureError(
            outline.feature,
            name,
            f"feature {outline.feature} has the name {name!r} of "
            + (f"an existing field of {farm.name!r}" if name in known else "another feature of the file"),
        )
        for outline, name in zip(outlines, names, strict=True)
        if name in known or count[name] > 1
    ]
