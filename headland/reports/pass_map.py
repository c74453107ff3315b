"""As-applied map of a pass as a map of a report: cropped to its field, with outlines and a legend."""

from __future__ import annotations

import numpy as np
import shapely

from headland.agronomy.application.deviation import CLASSES
from headland.analysis.exports.as_applied import COMMANDED, MISSED, RAMP, paint
from headland.analysis.passes.as_applied import AppliedPass
from headland.analysis.passes.deviation import PassDeviation
from headland.contract.palette import PALETTE, rgb
from headland.formats.images.png import write_png
from headland.reports.document import Band, Map, Ring

Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

#: The margin around the field, as a share of its longer side.
_MARGIN = 0.04
#: Colours of `CLASSES` from the second, as on the page.
_CLASS_COLOURS = tuple(rgb(PALETTE.classes[name]) for name in CLASSES[1:])


def draw_map(applied: AppliedPass, planned_ha: float | None) -> Map:
    """Return the map of a pass's field."""
    painted = paint(applied, planned_ha)
    bands = _bands(painted.pixels, painted.middle_ha)
    return _draw("as_applied_map", applied, painted.pixels, painted.colours, bands)


def draw_deviation_map(deviation: PassDeviation) -> Map:
    """Return the classes of the cells of a pass's field."""
    colours = [(0, 0, 0, 0), *((*colour, 255) for colour in _CLASS_COLOURS)]
    codes = set(np.unique(deviation.cells.classes).tolist())
    bands = tuple(
        Band(colour, word=f"class_{name}")
        for code, (name, colour) in enumerate(zip(CLASSES[1:], _CLASS_COLOURS, strict=True), 1)
        if code in codes
    )
    return _draw("deviation_map", deviation.applied, deviation.cells.classes, colours, bands)


def _draw(
    name: str, applied: AppliedPass, painted: Pixels, colours: list[tuple[int, int, int, int]], bands: tuple[Band, ...]
) -> Map:
    """Return a painted grid of a pass, cut to its field with a margin."""
    grid, outline = applied.map.grid, applied.inputs.outline
    west_m, south_m, east_m, north_m = outline.whole.bounds
    margin_m = _MARGIN * max(east_m - west_m, north_m - south_m) + 2.0 * grid.cell_m
    first_column = max(int((west_m - margin_m - grid.west_m) // grid.cell_m), 0)
    first_row = max(int((south_m - margin_m - grid.south_m) // grid.cell_m), 0)
    end_column = min(int((east_m + margin_m - grid.west_m) // grid.cell_m) + 1, grid.columns)
    end_row = min(int((north_m + margin_m - grid.south_m) // grid.cell_m) + 1, grid.rows)
    pixels = painted[first_row:end_row, first_column:end_column]
    corner_m = grid.west_m + first_column * grid.cell_m, grid.south_m + first_row * grid.cell_m
    return Map(
        name=name,
        png=write_png(np.ascontiguousarray(pixels[::-1]), colours),
        width_m=pixels.shape[1] * grid.cell_m,
        height_m=pixels.shape[0] * grid.cell_m,
        outlines=_rings(outline.whole, corner_m),
        buffers=(*_rings(outline.buffer, corner_m), *_rings(outline.exclusion, corner_m)),
        bands=bands,
        unit=f"{applied.unit}/ha",
    )


def _bands(pixels: Pixels, middle_ha: float) -> tuple[Band, ...]:
    """Return the legend of the colours that occur; a step of the ramp is a fifth of the planned rate."""
    step_ha = middle_ha / (len(RAMP) // 2)
    colours = set(np.unique(pixels).tolist())
    bands = []
    for index, colour in enumerate(RAMP):
        if index + 2 in colours:
            low = max(index - 0.5, 0.0) * step_ha
            high = None if index == len(RAMP) - 1 else (index + 0.5) * step_ha
            bands.append(Band(colour, low, high))
    if 1 in colours:
        bands.append(Band(MISSED[:3], word="nothing_landed"))
    if len(RAMP) + 2 in colours:
        bands.append(Band(COMMANDED[:3], word="commanded_only"))
    return tuple(bands)


def _rings(polygons: shapely.Geometry, corner_m: tuple[float, float]) -> tuple[Ring, ...]:
    parts = [part for part in shapely.get_parts(polygons) if part.geom_type == "Polygon"]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    return tuple(tuple((x - corner_m[0], y - corner_m[1]) for x, y in ring.coords) for ring in rings)
