"""Prescription of a trial: each plot's rate on the grid of the field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely

from headland.agronomy.application.deposit import fit_grid
from headland.agronomy.geometry.outline import USABLE, map_places
from headland.agronomy.prescription.treatment_zones import zone_areas
from headland.agronomy.trials.designs import Design, DesignKind, Plot, place_design
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.field_geometry import outline_of, plane_of
from headland.analysis.prescriptions.grade import grade_of
from headland.analysis.trials.design import placement_of, plot_outlines
from headland.registry.models.models import Field, Product, ProductKind
from headland.registry.models.prescriptions import (
    MAX_CELLS,
    PrescribedZone,
    Prescription,
    PrescriptionCheck,
    pack_cells,
)
from headland.registry.models.trials import Trial

_CELLS_ACROSS: Final = 6
_LEAST_CELL_M: Final = 0.5
#: Zones of a prescription are a byte, and one of its values is "not treated".
_MOST_RATES: Final = 255


def prescribe_trial(
    trial: Trial, field: Field, product: Product | None, surround_ha: float | None = None
) -> Prescription:
    """Return the prescription of a trial, not yet stored: a zone for each rate, `surround_ha` beside the plots.

    Without `surround_ha` the ground beside the plots is not treated. Raises AnalysisError without a product or rates.
    """
    if product is None:
        sentence = "Name the product whose rates the treatments have."
        raise AnalysisError("no-product", "Trial without a product", sentence)
    missing = [treatment.name for treatment in trial.treatments if treatment.rate_ha is None]
    if missing:
        sentence = f"{', '.join(missing[:5])} has no rate_ha: give every treatment a rate of the product."
        raise AnalysisError("no-rates", "Treatments without a rate", sentence)
    plane = plane_of(field)
    placement = placement_of(trial, plane)
    cell_m = max(min(placement.width_m, placement.length_m) / _CELLS_ACROSS, _LEAST_CELL_M)
    corners = np.vstack(plot_outlines(trial, plane))
    if surround_ha is not None:
        edge = np.array([spot for rings in field.geometry for ring in rings for spot in ring])
        corners = np.vstack([corners, np.column_stack(plane.to_metres(edge[:, 1], edge[:, 0]))])
    grid = fit_grid(corners[:, 0], corners[:, 1], cell_m, 0.0)
    if grid.rows * grid.columns > MAX_CELLS:
        sentence = f"The trial would have {grid.rows * grid.columns:,} cells, at most {MAX_CELLS:,}: make plots wider."
        raise AnalysisError("no-prescription", "Prescription impossible", sentence)
    placed = place_design(_design_of(trial), placement, grid)
    outline = outline_of(field, plane)
    usable = map_places(outline, grid) == USABLE
    of_plot = np.array([*(trial.treatments[plot.treatment].rate_ha for plot in trial.plots), surround_ha], np.float64)
    rates = np.where(usable, of_plot[placed], np.nan)
    levels = sorted({float(rate) for rate in rates[np.isfinite(rates)]})
    if len(levels) > _MOST_RATES:
        raise AnalysisError("no-prescription", "Prescription impossible", f"At most {_MOST_RATES} rates are possible.")
    labels = np.where(np.isfinite(rates), np.searchsorted(levels, np.nan_to_num(rates)), -1).astype(np.int64)
    mapped = shapely.box(grid.west_m, grid.south_m, *grid.north_east_m)
    area_ha = zone_areas(labels, usable, float(shapely.intersection(outline.usable, mapped).area))
    unit = "L/ha" if product.kind is ProductKind.LIQUID else "kg/ha"
    south_deg, west_deg = plane.to_degrees(np.array([grid.west_m]), np.array([grid.south_m]))
    east_m_deg, north_m_deg = plane.scales_m_deg
    return Prescription(
        field=field.id,
        name=trial.name,
        product=product.id,
        season=trial.season,
        unit="L/ha" if unit == "L/ha" else "kg/ha",
        south_deg=float(south_deg[0]),
        west_deg=float(west_deg[0]),
        cell_north_deg=grid.cell_m / north_m_deg,
        cell_east_deg=grid.cell_m / east_m_deg,
        cell_m=grid.cell_m,
        rows=grid.rows,
        columns=grid.columns,
        cells=pack_cells(labels),
        zones=_zones(levels, area_ha, _nitrogen(product, unit)),
        total=float(np.array(levels) @ area_ha),
        checks=(PrescriptionCheck(id="machine", holds=None, detail="not known: no implement was named"),),
        method={"design": trial.kind, "trial": trial.id, "seed": float(trial.seed), "surround_ha": surround_ha},
    )


def _zones(levels: Sequence[float], area_ha: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]],
           nitrogen: float | None) -> tuple[PrescribedZone, ...]:  # fmt: skip
    return tuple(
        PrescribedZone(
            rate_ha=rate,
            area_ha=float(area),
            amount=float(rate * area),
            n_kg_ha=None if nitrogen is None else rate * nitrogen,
            index_mean=rate,
        )
        for rate, area in zip(levels, area_ha, strict=True)
    )


def _nitrogen(product: Product, unit: str) -> float | None:
    """Return the kg of N in a kg or L of a product, None where it is unknown."""
    if unit == "kg/ha":
        return grade_of(product).n
    return None if product.density_kg_l is None else grade_of(product).n * product.density_kg_l


def _design_of(trial: Trial) -> Design:
    plots = tuple(
        Plot(plot.row, plot.column, plot.block, plot.main_plot, trial.treatments[plot.treatment].name)
        for plot in trial.plots
    )
    rows, columns = max(plot.row for plot in plots) + 1, max(plot.column for plot in plots) + 1
    kind = DesignKind.BLOCKS if trial.kind == "imported" else DesignKind(trial.kind)
    return Design(kind, rows, columns, plots)
