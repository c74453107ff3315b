"""Field geometry in metres: the plane that all grids of a field share, and its outline with zones."""

from __future__ import annotations

import numpy as np

from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import FieldOutline, Rings, make_outline
from headland.registry.models.models import Field, ZoneKind


def bounds_of(field: Field) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a field [deg]."""
    corners = np.array([corner for part in field.geometry for corner in part[0]])
    west, south = corners.min(axis=0).tolist()
    east, north = corners.max(axis=0).tolist()
    return west, south, east, north


def plane_of(field: Field) -> Plane:
    """Return the plane of a field, always the same, so that grids of all its passes and plans can be added."""
    west, south, east, north = bounds_of(field)
    return Plane((south + north) / 2.0, (west + east) / 2.0)


def outline_of(field: Field, plane: Plane) -> FieldOutline:
    """Return a field with its zones in metres."""
    zones: dict[ZoneKind, list[Rings]] = {kind: [] for kind in ZoneKind}
    for zone in field.zones:
        zones[zone.kind].append(zone.geometry)
    return make_outline(field.geometry, zones[ZoneKind.BUFFER], zones[ZoneKind.EXCLUSION], plane)
