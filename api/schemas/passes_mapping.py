"""Passes and as-applied maps as response models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely

from api.schemas import passes as schema
from api.schemas.base_mapping import answer_of
from headland.agronomy.geometry.local_plane import Plane
from headland.analysis.passes.as_applied import Applied, judge_pattern
from headland.analysis.passes.detection import FieldPass


def pass_of(one: FieldPass) -> schema.PassItem:
    """Return a pass as a list shows it."""
    return schema.PassItem(**_pass_fields(one))


def pass_detail_of(one: FieldPass) -> schema.PassDetail:
    """Return a pass with its segments."""
    segments = () if one.found is None else one.found.segments
    return schema.PassDetail(
        **_pass_fields(one),
        segments=[
            schema.SegmentItem(
                kind=each.kind,
                start_ms=each.start_ms,
                end_ms=each.end_ms,
                length_m=each.length_m,
                evidence=each.evidence,
            )
            for each in segments
        ],
    )


def applied_of(applied: Applied) -> dict[str, Any]:
    """Return `schema.AppliedBody` as a dict whose grids are still arrays: big answers are not validated twice."""
    head = schema.AppliedBody.model_construct(
        pass_id=applied.one.id,
        field=applied.one.field.id,
        device=applied.one.device,
        simulated=applied.one.simulated,
        unit=applied.unit,
        swath_m=applied.machine.swath_m,
        latency_s=applied.machine.latency_s,
        amount=answer_of(applied.amount, applied.one.simulated),
        rate=answer_of(applied.rate, applied.one.simulated),
        places=_places_of(applied),
        cover=cover_of(applied),
        evidence_m2=applied.evidence_m2,
        reconciliation=_reconciliation_of(applied),
        uniformity=_uniformity_of(applied),
    )
    return {**head.model_dump(), "grid": _grid_of(applied)}


def cover_of(applied: Applied) -> schema.CoverBody:
    """Return what the swaths cover, with the places of skips and overlaps."""
    cover, plane = applied.drawn.cover, applied.work.plane
    return schema.CoverBody(
        field_m2=cover.field_m2,
        covered_m2=cover.covered_m2,
        overlap_m2=cover.overlap_m2,
        skipped_m2=cover.skipped_m2,
        skips=_named(cover.skips, plane),
        overlaps=_named(cover.overlaps, plane),
    )


def _pass_fields(one: FieldPass) -> dict[str, Any]:
    declared, found = one.declared, one.found
    work = [] if found is None else [each for each in found.segments if each.kind in {"work", "off_field"}]
    return {
        "id": one.id,
        "field": one.field.id,
        "device": one.device,
        "start_ms": one.start_ms,
        "end_ms": one.end_ms,
        "declared": declared is not None,
        "simulated": one.simulated,
        "implement": None if one.implement is None else one.implement.id,
        "product": None if declared is None else declared.product,
        "season": None if declared is None else declared.season,
        "prescription": None if declared is None else declared.prescription,
        "planned_rate_ha": None if declared is None else declared.planned_rate_ha,
        "note": "" if declared is None else declared.note,
        "evidence": None if found is None else found.evidence,
        "work_s": sum(each.end_ms - each.start_ms for each in work) / 1000.0,
        "work_m": sum(each.length_m for each in work),
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


def _places_of(applied: Applied) -> schema.AmountsByPlace:
    totals = applied.drawn.totals
    return schema.AmountsByPlace(
        released=totals.released,
        usable=totals.usable,
        buffer=totals.buffer,
        exclusion=totals.exclusion,
        outside=totals.outside,
        unlocated=totals.unlocated,
        closure=totals.closure,
    )


def _reconciliation_of(applied: Applied) -> schema.ReconciliationBody:
    known = applied.known
    return schema.ReconciliationBody(
        by_flow=known.by_flow,
        by_tank=known.by_tank,
        by_pump_curve=known.by_pump_curve,
        flow_residual=known.flow_residual,
        pump_curve_residual=known.pump_curve_residual,
    )


def _uniformity_of(applied: Applied) -> schema.UniformityBody:
    judged = judge_pattern(applied.machine)
    return schema.UniformityBody(
        overlap_cv_one_way_pct=judged.overlap_cv_pct[0],
        overlap_cv_back_and_forth_pct=judged.overlap_cv_pct[1],
        effective_swath_cv15_m=schema.SwathWidths(
            one_way=judged.ground_swath_m[0], back_and_forth=judged.ground_swath_m[1]
        ),
        effective_swath_cv25_m=schema.SwathWidths(
            one_way=judged.aerial_swath_m[0], back_and_forth=judged.aerial_swath_m[1]
        ),
        field_cv_pct=applied.drawn.field_cv_pct,
    )


def _grid_of(applied: Applied) -> dict[str, Any]:
    grid, plane = applied.drawn.grid, applied.work.plane
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
        # Grams to the hectare are below what anything here can tell.
        "rate_ha": np.ascontiguousarray(np.round(applied.drawn.rate_ha, 3)),
        "evidence": np.ascontiguousarray(applied.drawn.evidence),
        "place": np.ascontiguousarray(applied.drawn.places),
    }
