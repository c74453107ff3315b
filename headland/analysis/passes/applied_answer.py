"""As-applied result of a pass as the API gives it: amounts, ground and cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec
import numpy as np
import shapely

from headland.agronomy.application.as_applied import AmountsByPlace
from headland.agronomy.application.drift_outside import OutsideBand
from headland.agronomy.application.released import Reconciliation
from headland.agronomy.geometry.local_plane import Plane
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.inputs.columns import CodeGrid, KnownGrid, NumberGrid
from headland.analysis.inputs.field_geometry import degrees_of
from headland.analysis.passes.as_applied import AppliedPass, LandingTiming, SpreadUniformity
from headland.analysis.passes.pass_state import PassState


class GroundPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the ground: its area, and a place within it."""

    area_m2: float
    latitude_deg: float
    longitude_deg: float


class PassCover(msgspec.Struct, frozen=True, kw_only=True):
    """Areas of a pass by its swaths within the usable field, the same at every cell size, with the larger parts."""

    field_m2: Annotated[float, "The usable field; treated and skipped ground add up to it."]
    covered_m2: Annotated[float, "Treated ground: the union of the swaths (treated_ground_union)."]
    overlap_m2: Annotated[float, "Ground that swaths covered again, each repetition counted."]
    skipped_m2: Annotated[
        float | None,
        "Skipped ground: the usable field without the treated ground; null while the pass is under way.",
    ]
    beside_m2: Annotated[
        float,
        "Ground of swaths that is not usable: off the field, on buffer strips and exclusions.",
    ]
    remaining_m2: Annotated[
        float | None,
        "Remaining ground: skipped ground over which the machine was never on; null under way.",
    ]
    skips: Annotated[list[GroundPart], "Larger parts of the skipped ground, the largest first."]
    overlaps: Annotated[list[GroundPart], "Larger parts of the overlaps, the largest first."]


class AppliedGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Grid cells from south to north, each row from west to east. `rate_ha` is null where not measured."""

    cell_m: float
    rows: Annotated[int, "Number of rows."]
    columns: Annotated[int, "Number of columns."]
    south_deg: float
    west_deg: float
    east_step_deg: float
    north_step_deg: float
    rate_ha: Annotated[NumberGrid, "Applied rate per hectare; null where it is not measured."]
    uncertainty_ha: Annotated[
        KnownGrid, "Standard deviation of the rate by drift, position, flow, pattern and, of granules, chance."
    ]
    evidence: Annotated[CodeGrid, "none, measured_flow, tank_mass, pump_pwm, declared, from 0."]
    place: Annotated[CodeGrid, "0 outside, 1 usable, 2 buffer, 3 exclusion."]


class PassDrift(msgspec.Struct, frozen=True, kw_only=True):
    """Drift of product by wind while it falls: its mean, and how uncertain it is (standard deviations)."""

    basis: Annotated[
        str,
        "granules, droplet_class (declared), usual_class (medium is assumed), or not_known: wind "
        "or height is not measured, and nothing was shifted.",
    ]
    shift_east_m: Annotated[float, "Mean shift to the east."]
    shift_north_m: Annotated[float, "Mean shift to the north."]
    uncertain_share: Annotated[float, "Of the shift, along the wind."]
    uncertain_m: Annotated[float, "In any direction, where the shift is not known."]


class AppliedHead(msgspec.Struct, frozen=True, kw_only=True):
    """As-applied result of a pass without its cells."""

    pass_id: str
    field: str
    device: str
    simulated: bool
    unit: Annotated[str, "What amounts are in: kg, or L of a liquid."]
    cell_m: Annotated[float, "Side of the cells that the sums of places rest on."]
    swath_m: float
    latency_s: float
    timing: Annotated[LandingTiming, "Time from the measurement to the ground."]
    drift: Annotated[PassDrift, "Drift of product by wind."]
    amount: Annotated[SourcedAnswer, "Amount that left the machine."]
    rate: Annotated[SourcedAnswer, "Mean rate on the treated ground of the field."]
    places: Annotated[AmountsByPlace, "Amount by place."]
    outside: Annotated[
        list[OutsideBand],
        "What came down beside the field by its distance, never counted as applied; empty where wind or height is not "
        "known (`drift.basis`).",
    ]
    cover: Annotated[PassCover, "Treated, skipped and remaining ground."]
    evidence_m2: Annotated[dict[str, float], "The treated ground by the weakest evidence for its amount; it adds up."]
    reconciliation: Annotated[Reconciliation, "The amount by each kind of evidence."]
    uniformity: Annotated[SpreadUniformity, "Evenness across swaths and over the field."]


class AppliedBody(AppliedHead, frozen=True, kw_only=True):
    """As-applied result of a pass."""

    grid: Annotated[AppliedGrid, "Cells of the map."]


def applied_head_of(applied: AppliedPass, uniformity: SpreadUniformity, state: PassState) -> AppliedHead:
    """Return the result of a pass without its cells."""
    field_pass, air, (east_m, north_m) = applied.field_pass, applied.inputs.air, applied.map.shift_m
    return AppliedHead(
        pass_id=field_pass.id,
        field=field_pass.field.id,
        device=field_pass.device,
        simulated=field_pass.simulated,
        unit=applied.unit,
        cell_m=applied.map.grid.cell_m,
        swath_m=applied.machine.swath_m,
        latency_s=applied.machine.latency_s,
        timing=applied.timing,
        drift=PassDrift(
            basis=air.basis,
            shift_east_m=east_m,
            shift_north_m=north_m,
            uncertain_share=air.uncertain_share,
            uncertain_m=air.uncertain_m,
        ),
        amount=answer_of(applied.amount, field_pass.simulated),
        rate=answer_of(applied.rate, field_pass.simulated),
        places=applied.map.totals,
        outside=list(applied.map.outside),
        cover=cover_of(applied, state),
        evidence_m2=applied.map.evidence_m2,
        reconciliation=applied.reconciliation,
        uniformity=uniformity,
    )


def applied_of(applied: AppliedPass, uniformity: SpreadUniformity, state: PassState) -> AppliedBody:
    """Return the result of a pass with its cells."""
    head, grid = applied_head_of(applied, uniformity, state), applied.map.grid
    cells = AppliedGrid(
        **degrees_of(grid, applied.inputs.plane),
        # A resolution of grams per hectare exceeds the accuracy of the measurements.
        rate_ha=np.round(applied.map.rate_ha, 3),
        uncertainty_ha=np.round(applied.map.uncertainty_ha, 3),
        evidence=applied.map.evidence,
        place=applied.map.places,
    )
    return AppliedBody(**{name: getattr(head, name) for name in head.__struct_fields__}, grid=cells)


def cover_of(applied: AppliedPass, state: PassState) -> PassCover:
    """Return the ground of a pass, with the places of skips and overlaps; one under way has skipped nothing yet."""
    areas, plane, is_flying = applied.map.areas, applied.inputs.plane, state == "flying"
    return PassCover(
        field_m2=areas.field_m2,
        covered_m2=areas.treated_m2,
        overlap_m2=areas.overlap_m2,
        skipped_m2=None if is_flying else areas.skipped_m2,
        beside_m2=areas.beside_m2,
        remaining_m2=None if is_flying else areas.remaining_m2,
        skips=[] if is_flying else _located(areas.skips, plane),
        overlaps=_located(areas.overlaps, plane),
    )


def _located(parts: Iterable[shapely.Polygon], plane: Plane) -> list[GroundPart]:
    found = []
    for part in parts:
        middle = shapely.point_on_surface(part)
        latitude, longitude = plane.to_degrees(np.array([middle.x]), np.array([middle.y]))
        found.append(
            GroundPart(area_m2=float(part.area), latitude_deg=float(latitude[0]), longitude_deg=float(longitude[0]))
        )
    return found
