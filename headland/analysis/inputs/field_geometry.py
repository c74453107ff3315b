"""Field geometry in metres: the plane that all grids of a field share, and its outline with zones."""

from __future__ import annotations

from typing import Any

import numpy as np

from headland.agronomy.geometry.grid import Grid
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


def degrees_of(grid: Grid, plane: Plane) -> dict[str, Any]:
    """Return the size of a grid and where it lies [deg]: its south-west corner, and the steps from cell to cell."""
    south_deg, west_deg = plane.to_degrees(np.array(grid.west_m), np.array(grid.south_m))
    east_m_deg, north_m_deg = plane.scales_m_deg
    return {
        "cell_m": grid.cell_m,
        "rows": grid.rows,
        "columns": grid.columns,
        "south_deg": float(south_deg),
        "west_deg": float(west_deg),
        "north_step_deg": grid.cell_m / north_m_deg,
        "east_step_deg": grid.cell_m / east_m_deg,
    }


def outline_of(field: Field, plane: Plane) -> FieldOutline:
    """Return a field with its zones in metres."""
    zones: dict[ZoneKind, list[Rings]] = {kind: [] for kind in ZoneKind}
    for zone in field.zones:
        zones[zone.kind].append(zone.geometry)
    return make_outline(field.geometry, zones[ZoneKind.BUFFER], zones[ZoneKind.EXCLUSION], plane)
