"""As-applied maps as files: GeoJSON, PNG, GeoTIFF and ISOXML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson
from numpy.typing import NDArray

from headland.agronomy.application.as_applied import EVIDENCE
from headland.agronomy.geometry.outline import OUTSIDE, PLACES
from headland.agronomy.series.arrays import Mask, Values
from headland.analysis.passes.as_applied import AppliedPass
from headland.contract.palette import PALETTE, rate_ramp, rgb
from headland.formats.images.geotiff import write_geotiff
from headland.formats.images.png import write_png
from headland.formats.prescriptions.isoxml import Task, write_task

#: Colours of rates from 0 to twice the mean over the treated field, one for each step of a fifth: those of the page.
RAMP: Final = rate_ramp(11)
_NOTHING: Final = (0, 0, 0, 0)
MISSED: Final = (*rgb(PALETTE.not_applied), 255)
COMMANDED: Final = (*rgb(PALETTE.unknown), 255)


def applied_geojson(applied: AppliedPass) -> bytes:
    """Return each cell of the field, and each treated cell outside it, as a polygon (RFC 7946)."""
    at, south, west, north, east = cells_of(applied)
    rate, evidence, places = (grid[at] for grid in (applied.map.rate_ha, applied.map.evidence, applied.map.places))
    features = []
    for index in range(len(south)):
        low_x, high_x, low_y, high_y = (float(edge[index]) for edge in (west, east, south, north))
        ring = [[low_x, low_y], [high_x, low_y], [high_x, high_y], [low_x, high_y], [low_x, low_y]]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "rate_ha": None if np.isnan(rate[index]) else round(float(rate[index]), 3),
                    "evidence": EVIDENCE[evidence[index]],
                    "place": PLACES[places[index]],
                },
            }
        )
    head = {"pass": applied.field_pass.id, "unit": f"{applied.unit}/ha", "simulated": applied.field_pass.simulated}
    return orjson.dumps({"type": "FeatureCollection", **head, "features": features})


@dataclass(frozen=True, slots=True)
class Painting:
    """A map as indices of colours, rows from south to north; the ramp's middle step is `middle_ha`."""

    pixels: NDArray[np.uint8]
    colours: list[tuple[int, int, int, int]]
    middle_ha: float


def paint(applied: AppliedPass, planned_ha: float | None = None) -> Painting:
    """Return the colours of the cells: rates from 0 to twice the plan, or twice the field's mean."""
    rate, applied_map = applied.map.rate_ha, applied.map
    treated = (applied_map.places != OUTSIDE) & (applied_map.amount > 0.0)
    middle = planned_ha or (float(rate[treated].mean()) if treated.any() else 1.0)
    steps = np.clip(np.nan_to_num(rate) / middle * (len(RAMP) // 2), 0, len(RAMP) - 1).round().astype(np.uint8) + 2
    pixels = np.where(applied_map.amount > 0.0, steps, np.where(applied_map.places == OUTSIDE, 0, 1)).astype(np.uint8)
    pixels[np.isnan(rate)] = len(RAMP) + 2
    return Painting(pixels, [_NOTHING, MISSED, *((*colour, 255) for colour in RAMP), COMMANDED], middle)


def applied_png(applied: AppliedPass, planned_ha: float | None = None) -> bytes:
    """Return a picture, north up, one pixel a cell: rates from 0 to twice the plan, or twice the field's mean."""
    painted = paint(applied, planned_ha)
    return write_png(np.ascontiguousarray(painted.pixels[::-1]), painted.colours)


def applied_geotiff(applied: AppliedPass) -> bytes:
    """Return the rates as a GeoTIFF in WGS84; no data where no amount is known and where nothing was applied."""
    rate, applied_map = applied.map.rate_ha, applied.map
    shown = np.where((applied_map.places != OUTSIDE) | (applied_map.amount > 0.0), rate, np.nan)
    south, west, height, width = _corner(applied)
    return write_geotiff(shown, (west, south), (width, height))


def applied_isoxml(applied: AppliedPass) -> bytes:
    """Return the rates as a task with the actual amounts (ISO 11783-11 DDI 0007, of a liquid 0002), zipped."""
    south, west, height, width = _corner(applied)
    field = applied.field_pass.field
    return write_task(
        Task(
            name=f"as applied {applied.field_pass.device} {applied.field_pass.start_ms}",
            field=field.name,
            geometry=field.geometry,
            area_m2=field.area_m2,
            product="",
            unit=f"{applied.unit}/ha",
            rate_ha=applied.map.rate_ha,
            corner_deg=(south, west),
            cell_deg=(height, width),
            is_applied=True,
        )
    )


def _corner(applied: AppliedPass) -> tuple[float, float, float, float]:
    """Return south and west of the grid, and the height and width of a cell [deg]."""
    grid, plane = applied.map.grid, applied.inputs.plane
    latitude, longitude = plane.to_degrees(np.array([grid.west_m]), np.array([grid.south_m]))
    east_m_deg, north_m_deg = plane.scales_m_deg
    return float(latitude[0]), float(longitude[0]), grid.cell_m / north_m_deg, grid.cell_m / east_m_deg


def cells_of(applied: AppliedPass) -> tuple[Mask, Values, Values, Values, Values]:
    """Return which cells are in the field or treated, and their south, west, north and east edges [deg]."""
    applied_map, grid, plane = applied.map, applied.map.grid, applied.inputs.plane
    at = (applied_map.places != OUTSIDE) | (applied_map.evidence > 0)
    row, column = np.nonzero(at)
    edges = []
    for step in (0, 1):
        east_m, north_m = (column + step) * grid.cell_m + grid.west_m, (row + step) * grid.cell_m + grid.south_m
        edges.append(plane.to_degrees(np.asarray(east_m, np.float64), np.asarray(north_m, np.float64)))
    return at, edges[0][0], edges[0][1], edges[1][0], edges[1][1]
