"""Outlines of GeoJSON (RFC 7946), and of the older form with a `crs` member."""

from __future__ import annotations

from typing import Any

import orjson

from headland.files.coordinate_systems import System
from headland.formats.field_import.outline import (
    MOST_POSITIONS,
    FeatureError,
    ImportedOutline,
    RefusedFile,
    feature_name,
    limit_features,
    read_crs,
    read_polygons,
)


def read_geojson(
    data: bytes, name_property: str | None
) -> tuple[list[ImportedOutline], list[FeatureError], System | None]:
    """Return outlines, errors of features, and the file's coordinate system; raises RefusedFile."""
    # Before it is read: each position becomes a list and two numbers.
    if data.count(b"[") > MOST_POSITIONS:
        raise RefusedFile.whole(f"The GeoJSON has more than {MOST_POSITIONS:,} coordinates: import it in parts")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RefusedFile.whole(f"The file is not valid JSON: {error}") from error
    outlines, errors = [], []
    for number, feature in enumerate(limit_features(_features(document)), start=1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        properties = properties if isinstance(properties, dict) else {}
        name = feature_name(properties, name_property)
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        geometry = geometry if isinstance(geometry, dict) else {}
        try:
            polygons = read_polygons(geometry.get("type"), geometry.get("coordinates"))
        except ValueError as error:
            errors.append(FeatureError(number, name, f"feature {number} {error}"))
            continue
        outlines.append(ImportedOutline(number, name, polygons, properties))
    return outlines, errors, _crs_of(document)


def _features(document: Any) -> list[Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[Any] = document["features"]
        return features
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise RefusedFile.whole(
        "The JSON is not GeoJSON: the type must be FeatureCollection, Feature, Polygon or MultiPolygon"
    )


def _crs_of(document: dict[str, Any]) -> System | None:
    """Return the coordinate system of the `crs` member of 2008; None means WGS84, longitude first."""
    member = document.get("crs")
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        raise RefusedFile.whole("The file's `crs` names no coordinate system: remove it, or add the name")
    return read_crs("EPSG:4326" if name.upper().endswith("CRS84") else name)
