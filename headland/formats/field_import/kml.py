"""Outlines out of KML (OGC 07-147r2) and its zipped form KMZ: always WGS84, longitude first."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from pyproj import CRS

from headland.formats.field_import.outline import DEGREES, Outline, RefusedFile, Trouble, bound, call_it, read_polygons
from headland.formats.field_import.zip_archive import unpack

Ring = list[tuple[float, float]]


def read_kmz(data: bytes, name_property: str | None) -> tuple[list[Outline], list[Trouble], CRS | None]:
    """Return the outlines of the KML in a KMZ; raises RefusedFile."""
    files = list(unpack(data, (".kml",)).values())
    if len(files) != 1:
        raise RefusedFile.whole(f"The zip holds {len(files)} .kml files: import one at a time")
    return read_kml(files[0], name_property)


def read_kml(data: bytes, name_property: str | None) -> tuple[list[Outline], list[Trouble], CRS | None]:
    """Return the outlines, and the placemarks that are none; raises RefusedFile."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise RefusedFile.whole("The KML declares entities, which no KML needs: export it anew")
    try:
        root = ET.fromstring(data)  # noqa: S314 - without entities there is nothing to expand or to fetch
    except (ET.ParseError, ValueError, LookupError) as error:
        raise RefusedFile.whole(f"The file is no KML: {error}") from error
    outlines, troubles = [], []
    for number, mark in enumerate(bound(_all(root, "Placemark")), start=1):
        properties = dict(_properties(mark))
        name = call_it(properties, name_property)
        try:
            parts = [_rings(polygon) for polygon in _all(mark, "Polygon")]
            polygons = read_polygons("MultiPolygon" if parts else "placemark without a polygon", parts)
        except ValueError as error:
            troubles.append(Trouble(number, name, f"feature {number} {error}"))
            continue
        outlines.append(Outline(number, name, polygons, properties))
    return outlines, troubles, CRS(DEGREES)


def _properties(mark: ET.Element) -> Iterator[tuple[str, str]]:
    for each in mark:
        if _tag(each) == "name":
            yield "name", each.text or ""
    for data in _all(mark, "Data"):
        yield data.get("name", ""), "".join(value.text or "" for value in _all(data, "value"))
    for data in _all(mark, "SimpleData"):
        yield data.get("name", ""), data.text or ""


def _rings(polygon: ET.Element) -> list[Ring]:
    outer = [_ring(each) for each in _all(polygon, "outerBoundaryIs")]
    if len(outer) != 1:
        raise ValueError("has a polygon without one outer boundary")
    return [outer[0], *(_ring(each) for each in _all(polygon, "innerBoundaryIs"))]


def _ring(boundary: ET.Element) -> Ring:
    text = "".join(each.text or "" for each in _all(boundary, "coordinates"))
    spots = [spot.split(",") for spot in text.split()]
    if any(len(spot) not in (2, 3) for spot in spots):
        raise ValueError("has coordinates that are not written longitude,latitude with a blank between positions")
    try:
        return [(float(spot[0]), float(spot[1])) for spot in spots]
    except ValueError as error:
        raise ValueError("has coordinates that are no numbers") from error


def _all(element: ET.Element, tag: str) -> Iterator[ET.Element]:
    return (each for each in element.iter() if _tag(each) == tag)


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]
