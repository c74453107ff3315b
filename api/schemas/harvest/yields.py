"""Response models of yield: passes of combines, the map, against what was applied, and over years."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec
import numpy as np

from api.schemas.model import fill
from headland.agronomy.harvest.yield_comparison import AGAINST_APPLIED, STABILITY
from headland.agronomy.harvest.yield_filters import YieldFilters
from headland.agronomy.prescription.interpolation import Variogram
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.inputs.field_geometry import degrees_of
from headland.analysis.inputs.window import Window
from headland.analysis.yields.harvest_passes import HarvestPass
from headland.analysis.yields.season_yields import YieldAgainstApplied, YieldStability
from headland.analysis.yields.weighing import Weighing
from headland.analysis.yields.yield_map import METHODS, MachineYield, YieldMap
from headland.registry.models.models import Season

#: Mu per hectare.
_MU_PER_HA = 15.0
#: Decimals of t/ha: a kilogram per hectare is beyond any sensor.
_DECIMALS = 3


class HarvestPassBody(msgspec.Struct, frozen=True, kw_only=True):
    """A pass of a combine over a field."""

    id: str
    field: str
    device: str
    start_ms: int
    end_ms: int
    samples: int
    width_m: Annotated[float | None, "The usual width of the cut; null where none is known."]
    width_basis: Annotated[str | None, "measured, declared (by the implement), or null."]
    sensor_t: Annotated[float, "Wet grain that passed the sensor [t]."]
    evidence: Annotated[str, "measured_flow."]
    quality: int
    simulated: bool


class HarvestPassList(msgspec.Struct, frozen=True, kw_only=True):
    """Passes of combines in time order."""

    items: list[HarvestPassBody]
    next: str | None


class FlowLagBody(msgspec.Struct, frozen=True, kw_only=True):
    """The time from the header to the flow sensor, and what it rests on."""

    applied_s: float
    basis: Annotated[str, "fitted, given, or none: then no lag was applied."]
    fitted_s: Annotated[float | None, "Null where the strips do not show it; see reason."]
    error_s: Annotated[float | None, "Standard error of the fit."]
    strips: Annotated[int, "Strips with a strip in the other direction beside them."]
    pairs: int
    reason: Annotated[
        str | None,
        "too_few_opposite_strips, lag_not_shown, lag_uncertain or lag_at_the_end_of_the_range.",
    ]


class MachineYieldBody(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of one combine."""

    device: str
    passes: list[str]
    simulated: bool
    width_basis: str
    sensor_t: Annotated[float, "Wet grain at its sensor whose ground is within the field [t]."]
    samples: int
    kept: int
    removed: Annotated[dict[str, int], "Removed samples by the first reason that applied."]
    limits_t_ha: Annotated[list[float | None], "The limits of yield that applied; null is open."]
    lag: FlowLagBody


class WeighingBody(msgspec.Struct, frozen=True, kw_only=True):
    """The wet grain of the field on a scale; the map is scaled to it where `used`."""

    kg: Annotated[float | None, "Null where no weight is known."]
    source: Annotated[str | None, "given (with the request), harvests (their records), or null."]
    harvests: Annotated[list[str], "Ids of the harvest records that it is the sum of."]
    first_ms: int | None
    last_ms: int | None
    used: bool
    reason: Annotated[
        str | None,
        "Why it is not used: no_harvest_records, harvest_not_weighed, harvest_of_several_crops, "
        "harvest_simulated, weight_far_off, weight_not_asked, no_grain_at_sensor; else null.",
    ]


class YieldGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where unknown or not harvested."""

    yield_t_ha: list[list[float | None]]
    error_t_ha: Annotated[
        list[list[float | None]],
        "Standard error of the interpolation alone: not of the sensor, the lag or the mixing.",
    ]
    cut_m2: Annotated[list[list[float]], "Ground of the cell that was cut."]


class YieldHead(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells share."""

    field: str
    season: str | None
    start_ms: int
    end_ms: int
    simulated: bool
    basis: Annotated[str, "as_harvested (wet), or standard_moisture."]
    standard_moisture_pct: float | None
    total: SourcedAnswer
    mean: SourcedAnswer
    mean_kg_mu: Annotated[float | None, "The mean in kilograms per mu."]
    sensor_t: Annotated[float, "Wet grain at the sensors [t]."]
    map_t: Annotated[float, "Grain on the cells [t]."]
    weighed_kg: Annotated[float | None, "The weight that the map is scaled to."]
    weighing: WeighingBody
    calibration: Annotated[float, "What the cells were multiplied by to have `weighed_kg`."]
    field_m2: float
    cut_m2: Annotated[float, "Ground within the field that was cut, each place once."]
    removed: dict[str, int]
    filters: dict[str, float | None]
    machines: list[MachineYieldBody]
    variogram: Variogram | None
    methods: list[Method]
    reason: Annotated[str | None, "Why there is no map: insufficient_data; else null."]
    cell_m: float
    rows: int
    columns: int
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float


class YieldBody(YieldHead, frozen=True, kw_only=True):
    """The yield of a field, with its grid unless a summary was asked for."""

    grid: YieldGrid | None = None


class YieldCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell with what was applied and what was harvested."""

    row: int
    column: int
    applied_ha: float
    yield_t_ha: float


class YieldAgainstAppliedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Yield against what a pass applied, cell by cell. An association: no trial made the rates differ."""

    field: str
    pass_id: str
    season: str | None
    simulated: bool
    unit: Annotated[str, "kg or L; rates are of it per hectare."]
    amount: SourcedAnswer
    yield_mean: SourcedAnswer
    slope_t_per_unit: Annotated[
        float | None, "Change of yield [t/ha] with one unit per hectare more; null with a reason."
    ]
    low_t_per_unit: Annotated[float | None, "Lower end of the 95 % interval."]
    high_t_per_unit: float | None
    correlation: float | None
    cells: int
    blocks: int
    block_m: float
    reason: Annotated[str | None, "too_few_blocks or applied_evenly; null with a slope."]
    cell_m: float
    methods: list[Method]
    items: list[YieldCell]


class SeasonOfField(msgspec.Struct, frozen=True, kw_only=True):
    """A season whose yield can be asked for, with the time in which it was harvested, or why that is not known."""

    season: str
    name: str
    crop: str
    variety: str
    harvest_date: date | None
    start_ms: int | None
    end_ms: int | None
    reason: Annotated[str | None, "no_season_dates; null with a time."]


class SeasonsOfField(msgspec.Struct, frozen=True, kw_only=True):
    """Seasons of a field by their dates."""

    items: list[SeasonOfField]


class YieldSeason(msgspec.Struct, frozen=True, kw_only=True):
    """A season that the stability used, or why not."""

    season: str
    name: str
    crop: str
    mean_t_ha: float | None
    simulated: bool
    reason: Annotated[str | None, "Why the season is not used; else null."]


class StabilityGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where a season does not know the cell."""

    relative_pct: list[list[float | None]]
    cv_pct: list[list[float | None]]


class YieldStabilityBody(msgspec.Struct, frozen=True, kw_only=True):
    """Mean relative yield of each cell over the seasons, and its coefficient of variation over them."""

    field: str
    simulated: bool
    seasons: list[YieldSeason]
    reason: Annotated[str | None, "too_few_seasons (three are needed), no_common_cells; else null."]
    cells: int
    method: Method
    cell_m: float | None
    rows: int
    columns: int
    south_deg: float | None
    west_deg: float | None
    north_step_deg: float | None
    east_step_deg: float | None
    grid: StabilityGrid | None


def harvest_pass_of(each: HarvestPass) -> HarvestPassBody:
    """Return a pass of a combine."""
    points = each.points
    width = points.width_m[points.cutting]
    return fill(
        HarvestPassBody,
        each,
        field=each.field.id,
        samples=len(points.time_ms),
        width_m=float(np.median(width)) if len(width) else None,
        width_basis=each.width,
        sensor_t=points.mass_kg / 1000.0,
        evidence="measured_flow",
    )


def yield_head_of(made: YieldMap, season: str | None) -> YieldHead:
    """Return what all cells of a yield map share."""
    place = degrees_of(made.grid, made.plane)
    mean = made.mean.value
    return YieldHead(
        field=made.field.id,
        season=season,
        start_ms=made.window.start_ms,
        end_ms=made.window.end_ms,
        simulated=made.simulated,
        basis=made.basis,
        standard_moisture_pct=made.request.standard_moisture_pct,
        total=answer_of(made.total, made.simulated),
        mean=answer_of(made.mean, made.simulated),
        mean_kg_mu=None if mean is None else mean * 1000.0 / _MU_PER_HA,
        sensor_t=sum(each.sensor_kg for each in made.machines) / 1000.0,
        map_t=made.map_t,
        weighed_kg=made.weighing.kg if made.weighing.is_used else None,
        weighing=_weighing_of(made.weighing),
        calibration=made.factor,
        field_m2=float(made.outline.whole.area),
        cut_m2=float(made.cut_m2.sum()),
        removed=made.removed,
        filters=_filters_of(made.request.filters),
        machines=[_machine_of(each) for each in made.machines],
        variogram=made.variogram,
        methods=list(METHODS),
        reason=made.reason,
        **place,
    )


def season_of(season: Season, window: Window | None) -> SeasonOfField:
    """Return a season with the time of its harvest."""
    return fill(
        SeasonOfField,
        season,
        season=season.id,
        start_ms=None if window is None else window.start_ms,
        end_ms=None if window is None else window.end_ms,
        reason="no_season_dates" if window is None else None,
    )


def yield_grids_of(made: YieldMap) -> dict[str, Any]:
    """Return the cells of a yield map as grids of numbers."""
    return {
        "yield_t_ha": rounded(made.yield_t_ha),
        "error_t_ha": rounded(made.error_t_ha),
        "cut_m2": rounded(made.cut_m2),
    }


def against_applied_of(found: YieldAgainstApplied, season: str | None) -> YieldAgainstAppliedBody:
    """Return yield against what a pass applied."""
    yields, applied, slope = found.yields, found.applied, found.slope
    simulated = yields.simulated or applied.field_pass.simulated
    both = np.isfinite(found.applied_ha) & yields.known
    rows, columns = np.nonzero(both)
    return fill(
        YieldAgainstAppliedBody,
        slope,
        field=yields.field.id,
        pass_id=applied.field_pass.id,
        season=season,
        simulated=simulated,
        unit=applied.unit,
        amount=answer_of(applied.amount, applied.field_pass.simulated),
        yield_mean=answer_of(yields.mean, yields.simulated),
        slope_t_per_unit=slope.slope,
        low_t_per_unit=slope.low,
        high_t_per_unit=slope.high,
        block_m=found.block_m,
        cell_m=yields.grid.cell_m,
        methods=[AGAINST_APPLIED, *METHODS],
        items=[
            YieldCell(row=row, column=column, applied_ha=rate, yield_t_ha=grown)
            for row, column, rate, grown in zip(
                rows.tolist(),
                columns.tolist(),
                rounded(found.applied_ha)[both].tolist(),
                rounded(yields.yield_t_ha)[both].tolist(),
                strict=True,
            )
        ],
    )


def stability_body_of(found: YieldStability) -> dict[str, Any]:
    """Return the stability of a field's yield; its grids are arrays."""
    place: dict[str, Any] = dict.fromkeys(("cell_m", "south_deg", "west_deg", "north_step_deg", "east_step_deg")) | {
        "rows": 0,
        "columns": 0,
    }
    grid = None
    if found.reason is None:
        place = degrees_of(found.maps[0].grid, found.maps[0].plane)
        grid = {"relative_pct": rounded(found.relative_pct), "cv_pct": rounded(found.cv_pct)}
    used = [
        YieldSeason(
            season=season.id, name=season.name, crop=season.crop, mean_t_ha=made.mean.value, simulated=made.simulated,
            reason=None,
        )
        for season, made in zip(found.seasons, found.maps, strict=True)
    ]  # fmt: skip
    unused = [
        YieldSeason(
            season=season.id, name=season.name, crop=season.crop, mean_t_ha=None, simulated=False, reason=reason
        )
        for season, reason in found.without
    ]
    return {
        "field": found.field.id,
        "simulated": any(each.simulated for each in found.maps),
        "seasons": [*used, *unused],
        "reason": found.reason,
        "cells": int(np.count_nonzero(np.isfinite(found.relative_pct))),
        "method": STABILITY,
        **place,
        "grid": grid,
    }


def rounded(values: Values) -> Values:
    """Return numbers without digits beyond the accuracy of any sensor here, contiguous."""
    return np.ascontiguousarray(np.round(values, _DECIMALS))


def _weighing_of(weighing: Weighing) -> WeighingBody:
    times_ms = [each.time_ms for each in weighing.harvests]
    return fill(
        WeighingBody,
        weighing,
        harvests=[each.id for each in weighing.harvests],
        first_ms=min(times_ms, default=None),
        last_ms=max(times_ms, default=None),
        used=weighing.is_used,
    )


def _machine_of(each: MachineYield) -> MachineYieldBody:
    fit = each.fit
    return MachineYieldBody(
        device=each.device,
        passes=list(each.passes),
        simulated=each.simulated,
        width_basis=each.width,
        sensor_t=each.sensor_kg / 1000.0,
        samples=len(each.points.time_ms),
        kept=int(np.count_nonzero(each.cleaned.kept)),
        removed=each.cleaned.counts,
        limits_t_ha=[limit if np.isfinite(limit) else None for limit in each.cleaned.limits_t_ha],
        lag=fill(FlowLagBody, fit, applied_s=each.lag_s, basis=each.lag_basis, fitted_s=fit.lag_s),
    )


def _filters_of(filters: YieldFilters) -> dict[str, float | None]:
    return {name: getattr(filters, name) for name in YieldFilters.__slots__}
