"""Treatment zones that a person drew, on the grid of a field."""

from __future__ import annotations

import numpy as np

from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.local_plane import Plane
from headland.agronomy.geometry.outline import polygons_of, rasterise
from headland.agronomy.prescription.treatment_zones import NO_ZONE, CheckResult, Labels, zone_areas
from headland.agronomy.series.arrays import Mask
from headland.analysis.prescriptions.order import PrescriptionOrder
from headland.registry.models.geometry import read_geometry
from headland.registry.validation.geometry import check_geometry


def label_drawn_zones(order: PrescriptionOrder, plane: Plane, grid: Grid, usable: Mask) -> Labels:
    """Return the zone of each usable cell by its middle, the last drawn first; `NO_ZONE` in none of them.

    Raises InvalidGeometry for a ring that crosses itself, ValueError for a zone that has no cell of its own.
    """
    if not order.zones.drawn:
        raise ValueError("no zone is drawn: draw at least one, or divide the field by a layer")
    if order.rates_ha is None:
        raise ValueError("drawn zones need a rate each: give rates_ha")
    labels = np.full(usable.shape, NO_ZONE, np.int64)
    for number, shape in enumerate(order.zones.drawn):
        what = f"zone {number + 1}"
        geometry = check_geometry(read_geometry(shape), what)
        labels[usable & rasterise(polygons_of(geometry, plane), grid)] = number
    held = np.bincount(labels[labels != NO_ZONE], minlength=len(order.zones.drawn))
    if not held.all():
        raise ValueError(
            f"zone {int(np.argmin(held)) + 1} has no ground: it lies outside the usable area, is covered by later "
            "zones or is smaller than a cell"
        )
    return labels


def check_coverage(labels: Labels, usable: Mask, usable_m2: float) -> tuple[float, CheckResult]:
    """Return the usable area without a zone [ha], and whether every usable cell has one."""
    without = np.where(usable & (labels == NO_ZONE), 0, NO_ZONE)
    left_ha = float(zone_areas(without, usable, usable_m2)[0])
    detail = f"{left_ha:.3f} ha of the usable area lie in no zone and get nothing"
    return left_ha, CheckResult("coverage", left_ha == 0.0, detail)
