"""Mapping of passes and as-applied results to response models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import shapely

from api.schemas.answers import answer_of
from api.schemas.model import fill
from api.schemas.passes import passes as schema
from headland.agronomy.geometry.local_plane import Plane
from headland.analysis.passes.as_applied import AppliedPass, SpreadUniformity
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.pass_state import PassState
from headland.analysis.passes.reported_width import ReportedWidths


def pass_of(field_pass: FieldPass, state: PassState) -> schema.PassItem:
    """Return a pass as an item of a list."""
    return schema.PassItem(**_pass_fields(field_pass, state))


def listed_pass_of(field_pass: FieldPass, state: PassState, widths: ReportedWidths) -> schema.ListedPass:
    """Return a pass as an item of a list, with the width that the machine reported."""
    return schema.ListedPass(**_pass_fields(field_pass, state), reported_width_m=widths.of(field_pass))


def pass_detail_of(field_pass: FieldPass, state: PassState) -> schema.PassDetail:
    """Return a pass with its segments."""
    segments = () if field_pass.detected is None else field_pass.detected.segments
    return schema.PassDetail(
        **_pass_fields(field_pass, state),
        segments=list(segments),
    )


def applied_of(
    applied: AppliedPass, uniformity: SpreadUniformity, state: PassState, *, with_grid: bool = True
) -> dict[str, Any]:
    """Return an `AppliedBody` as a dict with array grids."""
    head = schema.AppliedHead(
        pass_id=applied.field_pass.id,
        field=applied.field_pass.field.id,
        device=applied.field_pass.device,
        simulated=applied.field_pass.simulated,
        unit=applied.unit,
        cell_m=applied.map.grid.cell_m,
        swath_m=applied.machine.swath_m,
        latency_s=applied.machine.latency_s,
        timing=_timing_of(applied),
        drift=_drift_of(applied),
        amount=answer_of(applied.amount, applied.field_pass.simulated),
        rate=answer_of(applied.rate, applied.field_pass.simulated),
        places=_places_of(applied),
        cover=cover_of(applied, state),
        evidence_m2=applied.map.evidence_m2,
        reconciliation=_reconciliation_of(applied),
        uniformity=_uniformity_of(uniformity, applied.map.field_cv_pct),
    )
    return {**msgspec.structs.asdict(head), **({"grid": _grid_of(applied)} if with_grid else {})}


def _timing_of(applied: AppliedPass) -> schema.TimingBody:
    lag = applied.timing.lag
    return schema.TimingBody(
        basis=applied.timing.basis,
        latency_s=applied.machine.latency_s,
        feeder_opening_s=None if lag is None else lag.opening_s,
        feeder_closing_s=None if lag is None else lag.closing_s,
    )


def _drift_of(applied: AppliedPass) -> schema.DriftBody:
    air, (east_m, north_m) = applied.inputs.air, applied.map.shift_m
    return fill(schema.DriftBody, air, shift_east_m=east_m, shift_north_m=north_m)


def cover_of(applied: AppliedPass, state: PassState) -> schema.CoverBody:
    """Return the coverage, with the places of skips and overlaps; a pass under way has skipped nothing yet."""
    areas, plane = applied.map.areas, applied.inputs.plane
    return schema.CoverBody(
        field_m2=areas.field_m2,
        covered_m2=areas.treated_m2,
        overlap_m2=areas.overlap_m2,
        skipped_m2=None if state == "flying" else areas.skipped_m2,
        beside_m2=areas.beside_m2,
        remaining_m2=None if state == "flying" else areas.remaining_m2,
        skips=[] if state == "flying" else _named(areas.skips, plane),
        overlaps=_named(areas.overlaps, plane),
    )


def _pass_fields(field_pass: FieldPass, state: PassState) -> dict[str, Any]:
    declared, detected = field_pass.declared, field_pass.detected
    segments = () if detected is None else detected.segments
    work = [segment for segment in segments if segment.kind in {"work", "off_field"}]
    return {
        "id": field_pass.id,
        "field": field_pass.field.id,
        "device": field_pass.device,
        "start_ms": field_pass.start_ms,
        "end_ms": field_pass.end_ms,
        "declared": declared is not None,
        "state": state,
        "simulated": field_pass.simulated,
        "implement": None if field_pass.implement is None else field_pass.implement.id,
        "product": None if declared is None else declared.product,
        "season": None if declared is None else declared.season,
        "prescription": None if declared is None else declared.prescription,
        "planned_rate_ha": None if declared is None else declared.planned_rate_ha,
        "note": "" if declared is None else declared.note,
        "evidence": None if detected is None else detected.evidence,
        "work_s": sum(segment.end_ms - segment.start_ms for segment in work) / 1000.0,
        "work_m": sum(segment.length_m for segment in work),
    }


def _named(parts: Iterable[shapely.Polygon], plane: Plane) -> list[schema.Place]:
    places = []
    for part in parts:
        middle = shapely.point_on_surface(part)
        latitude, longitude = plane.to_degrees(np.array([middle.x]), np.array([middle.y]))
        places.append(
            schema.Place(area_m2=float(part.area), latitude_deg=float(latitude[0]), longitude_deg=float(longitude[0]))
        )
    return places


def _places_of(applied: AppliedPass) -> schema.AmountsByPlace:
    totals = applied.map.totals
    return fill(schema.AmountsByPlace, totals)


def _reconciliation_of(applied: AppliedPass) -> schema.ReconciliationBody:
    reconciliation = applied.reconciliation
    return fill(schema.ReconciliationBody, reconciliation)


def _uniformity_of(uniformity: SpreadUniformity, field_cv_pct: float | None) -> schema.UniformityBody:
    ground, aerial = uniformity.ground_swath_m, uniformity.aerial_swath_m
    return schema.UniformityBody(
        overlap_cv_one_way_pct=uniformity.overlap_cv_pct[0],
        overlap_cv_back_and_forth_pct=uniformity.overlap_cv_pct[1],
        effective_swath_cv15_m=schema.SwathWidths(one_way=ground[0], back_and_forth=ground[1]),
        effective_swath_cv25_m=schema.SwathWidths(one_way=aerial[0], back_and_forth=aerial[1]),
        field_cv_pct=field_cv_pct,
    )


def _grid_of(applied: AppliedPass) -> dict[str, Any]:
    grid, plane = applied.map.grid, applied.inputs.plane
    latitude, longitude = plane.to_degrees(np.array([grid.west_m]), np.array([grid.south_m]))
    east_m_deg, north_m_deg = plane.scales_m_deg
    return {
        "cell_m": grid.cell_m,
        "rows": grid.rows,
        "columns": grid.columns,
        "south_deg": float(latitude[0]),
        "west_deg": float(longitude[0]),
        "east_step_deg": grid.cell_m / east_m_deg,
        "north_step_deg": grid.cell_m / north_m_deg,
        # A resolution of grams per hectare exceeds the accuracy of the measurements.
        "rate_ha": np.ascontiguousarray(np.round(applied.map.rate_ha, 3)),
        "uncertainty_ha": np.ascontiguousarray(np.round(applied.map.uncertainty_ha, 3)),
        "evidence": np.ascontiguousarray(applied.map.evidence),
        "place": np.ascontiguousarray(applied.map.places),
    }
