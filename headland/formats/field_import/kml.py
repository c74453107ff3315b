"""Outlines of KML (OGC 07-147r2) and its zipped form KMZ: always WGS84, longitude first."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from pyproj import CRS

from headland.formats.field_import.outline import (
    DEGREES,
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_name,
    limit_features,
    read_polygons,
)
from headland.formats.field_import.zip_archive import unpack

Ring = list[tuple[float, float]]


def read_kmz(data: bytes, name_property: str | None) -> tuple[list[ImportedOutline], list[FeatureError], CRS | None]:
    """Return the outlines of the KML in a KMZ; raises RefusedFile."""
    files = list(unpack(data, (".kml",)).values())
    if len(files) != 1:
        raise RefusedFile.whole(f"The zip has {len(files)} .kml files: import one at a time")
    return read_kml(files[0], name_property)


def read_kml(data: bytes, name_property: str | None) -> tuple[list[ImportedOutline], list[FeatureError], CRS | None]:
    """Return outlines and errors of placemarks; raises RefusedFile."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise RefusedFile.whole("The KML declares entities, which are not allowed: export it anew")
    try:
        root = ET.fromstring(data)  # noqa: S314 - without entities there is nothing to expand or to fetch
    except (ET.ParseError, ValueError, LookupError) as error:
        raise RefusedFile.whole(f"The file is not valid KML: {error}") from error
    outlines, errors = [], []
    for number, mark in enumerate(limit_features(_all(root, "Placemark")), start=1):
        properties = dict(_properties(mark))
        name = feature_name(properties, name_property)
        try:
            parts = [_rings(polygon) for polygon in _all(mark, "Polygon")]
            polygons = read_polygons("MultiPolygon" if parts else "placemark without a polygon", parts)
        except ValueError as error:
            errors.append(FeatureError(number, name, f"feature {number} {error}"))
            continue
        outlines.append(ImportedOutline(number, name, polygons, properties))
    return outlines, errors, CRS(DEGREES)


def _properties(mark: ET.Element) -> Iterator[tuple[str, str]]:
    for child in mark:
        if _tag(child) == "name":
            yield "name", child.text or ""
    for data in _all(mark, "Data"):
        yield data.get("name", ""), "".join(value.text or "" for value in _all(data, "value"))
    for data in _all(mark, "SimpleData"):
        yield data.get("name", ""), data.text or ""


def _rings(polygon: ET.Element) -> list[Ring]:
    outer = [_ring(boundary) for boundary in _all(polygon, "outerBoundaryIs")]
    if len(outer) != 1:
        raise ValueError("has a polygon without one outer boundary")
    return [outer[0], *(_ring(boundary) for boundary in _all(polygon, "innerBoundaryIs"))]


def _ring(boundary: ET.Element) -> Ring:
    text = "".join(child.text or "" for child in _all(boundary, "coordinates"))
    positions = [position.split(",") for position in text.split()]
    if any(len(position) not in (2, 3) for position in positions):
        raise ValueError("has coordinates that are not longitude,latitude with blanks between positions")
    try:
        return [(float(position[0]), float(position[1])) for position in positions]
    except ValueError as error:
        raise ValueError("has coordinates that are not numbers") from error


def _all(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    return (child for child in element.iter() if _tag(child) == tag)


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
