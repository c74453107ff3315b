"""GeoJSON geometries (RFC 7946)."""

from __future__ import annotations

from typing import Any

from headland.registry.models.geometry import Geometry


def geojson_of(geometry: Geometry) -> dict[str, Any]:
    """Return a geometry of the registry as GeoJSON: a Polygon where it has one part, else a MultiPolygon."""
    parts = [[[list(position) for position in ring] for ring in rings] for rings in geometry]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}
