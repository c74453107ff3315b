"""Outlines out of GeoJSON (RFC 7946), and out of what came before it with a `crs` member."""

from __future__ import annotations

from typing import Any

import orjson
from pyproj import CRS

from headland.formats.field_import.outline import Outline, RefusedFile, Trouble, bound, call_it, read_crs, read_polygons


def read_geojson(data: bytes, name_property: str | None) -> tuple[list[Outline], list[Trouble], CRS | None]:
    """Return the outlines, the features that are none, and the coordinate system the file names; RefusedFile."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RefusedFile.whole(f"The file is no JSON: {error}") from error
    outlines, troubles = [], []
    for number, feature in enumerate(bound(_features(document)), start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        properties = properties if isinstance(properties, dict) else {}
        name = call_it(properties, name_property)
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        geometry = geometry if isinstance(geometry, dict) else {}
        try:
            polygons = read_polygons(geometry.get("type"), geometry.get("coordinates"))
        except ValueError as error:
            troubles.append(Trouble(number, name, f"feature {number} {error}"))
            continue
        outlines.append(Outline(number, name, polygons, properties))
    return outlines, troubles, _crs_of(document)


def _features(document: Any) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[Any] = document["features"]
        return features
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise RefusedFile.whole("The JSON is no GeoJSON: its type is FeatureCollection, Feature, Polygon or MultiPolygon")


def _crs_of(document: dict[str, Any]) -> CRS | None:
    """Return what the `crs` member of 2008 names; GeoJSON without one is WGS84, longitude first."""
    told = document.get("crs")
    if told is None:
        return None
    properties = told.get("properties") if isinstance(told, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise RefusedFile.whole("The file's `crs` names no coordinate system: take it out, or give it a name")
    return read_crs("EPSG:4326" if name.upper().endswith("CRS84") else name)
