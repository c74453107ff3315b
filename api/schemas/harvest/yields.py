"""Answers of yield: passes of combines, the map, against what was applied, and over years."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import msgspec
import numpy as np

from api.schemas.model import answer_of_record, fill
from headland.agronomy.harvest.yield_comparison import AGAINST_APPLIED, STABILITY, Slope
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.answers import SourcedAnswer, answer_of
from headland.analysis.inputs.field_geometry import degrees_of
from headland.analysis.yields.harvest_passes import HarvestPass
from headland.analysis.yields.season_yields import YieldAgainstApplied, YieldStability
from headland.analysis.yields.weighing import Weighing
from headland.analysis.yields.yield_map import METHODS, MachineYield, YieldMap
from headland.registry.models.models import Season

#: Mu per hectare.
_MU_PER_HA = 15.0
#: Decimals of t/ha: a kilogram per hectare is beyond any sensor.
_DECIMALS = 3


@answer_of_record(HarvestPass, "id", "device", "start_ms", "end_ms", "quality", "simulated")
class HarvestPassBody(msgspec.Struct, frozen=True, kw_only=True):
    """A pass of a combine over a field."""

    device: str
    field: str
    samples: Annotated[int, "Number of samples."]
    width_m: Annotated[float | None, "The usual width of the cut; null where none is known."]
    width_basis: Annotated[str | None, "measured, declared (by the implement), or null."]
    sensor_t: Annotated[float, "Wet grain that passed the sensor [t]."]
    evidence: Annotated[str, "measured_flow."]


class HarvestPassList(msgspec.Struct, frozen=True, kw_only=True):
    """Passes of combines in time order."""

    items: list[HarvestPassBody]
    next: str | None


@answer_of_record(
    MachineYield, "device", "passes", "simulated", "width_basis", "sensor_t", "samples", "kept", "removed",
    "limits_t_ha", "lag",
)  # fmt: skip
class MachineYieldBody(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of one combine."""


@answer_of_record(Weighing, "kg", "source", "first_ms", "last_ms", "used", "reason")
class WeighingBody(msgspec.Struct, frozen=True, kw_only=True):
    """The wet grain of the field on a scale; the map is scaled to it where `used`."""

    source: str | None
    harvests: Annotated[list[str], "Ids of the harvest records that it is the sum of."]


class YieldGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where unknown or not harvested."""

    yield_t_ha: list[list[float | None]]
    error_t_ha: Annotated[
        list[list[float | None]],
        "Standard error of the interpolation alone: not of the sensor, the lag or the mixing.",
    ]
    cut_m2: Annotated[list[list[float]], "Ground of the cell that was cut."]


@answer_of_record(YieldMap, "simulated", "basis", "map_t", "removed", "variogram", "reason")
class YieldHead(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells share."""

    field: str
    season: str | None
    start_ms: int
    end_ms: int
    standard_moisture_pct: Annotated[float | None, "Moisture that weights were brought to [%]; null as harvested."]
    total: Annotated[SourcedAnswer, "Grain of the field."]
    mean: Annotated[SourcedAnswer, "Mean yield of the ground that was cut."]
    mean_kg_mu: Annotated[float | None, "The mean in kilograms per mu."]
    sensor_t: Annotated[float, "Wet grain at the sensors [t]."]
    weighed_kg: Annotated[float | None, "The weight that the map is scaled to."]
    weighing: Annotated[WeighingBody, "The wet grain of the field on a scale."]
    calibration: Annotated[float, "What the cells were multiplied by to have `weighed_kg`."]
    field_m2: float
    cut_m2: Annotated[float, "Ground within the field that was cut, each place once."]
    filters: Annotated[dict[str, float | None], "Settings of the filters, by name."]
    machines: Annotated[list[MachineYieldBody], "Samples of each combine."]
    methods: list[Method]
    cell_m: float
    rows: Annotated[int, "Number of rows of cells."]
    columns: Annotated[int, "Number of columns of cells."]
    south_deg: float
    west_deg: float
    north_step_deg: float
    east_step_deg: float


class YieldBody(YieldHead, frozen=True, kw_only=True):
    """The yield of a field, with its grid unless a summary was asked for."""

    grid: Annotated[YieldGrid | None, "Cells; null in a summary."] = None


class YieldCell(msgspec.Struct, frozen=True, kw_only=True):
    """A cell with what was applied and what was harvested."""

    row: Annotated[int, "Row, 0 in the south."]
    column: Annotated[int, "Column, 0 in the west."]
    applied_ha: float
    yield_t_ha: float


@answer_of_record(Slope, without=("slope", "low", "high"))
class YieldAgainstAppliedBody(msgspec.Struct, frozen=True, kw_only=True):
    """Yield against what a pass applied, cell by cell. An association: no trial made the rates differ."""

    field: str
    pass_id: str
    season: str | None
    simulated: bool
    unit: Annotated[str, "kg or L; rates are of it per hectare."]
    amount: Annotated[SourcedAnswer, "Amount that the pass applied."]
    yield_mean: Annotated[SourcedAnswer, "Mean yield of the ground that was cut."]
    slope_t_per_unit: Annotated[
        float | None, "Change of yield [t/ha] with one unit per hectare more; null with a reason."
    ]
    low_t_per_unit: Annotated[float | None, "Lower end of the 95 % interval."]
    high_t_per_unit: Annotated[float | None, "Upper end of the 95 % interval."]
    block_m: float
    cell_m: float
    methods: list[Method]
    items: list[YieldCell]


@answer_of_record(Season, "name", "crop", "variety", "harvest_date")
class SeasonOfField(msgspec.Struct, frozen=True, kw_only=True):
    """A season whose yield can be asked for, with the time in which it was harvested, or why that is not known."""

    season: str
    start_ms: int | None
    end_ms: int | None
    reason: Annotated[str | None, "no_season_dates; null with a time."]


class SeasonsOfField(msgspec.Struct, frozen=True, kw_only=True):
    """Seasons of a field by their dates."""

    items: list[SeasonOfField]


class StabilityGrid(msgspec.Struct, frozen=True, kw_only=True):
    """Rows from the south, each from the west; null where a season does not know the cell."""

    relative_pct: Annotated[list[list[float | None]], "Mean yield of the cell, relative to that of the field [%]."]
    cv_pct: list[list[float | None]]


@answer_of_record(YieldStability, "simulated", "seasons", "reason", "cells")
class YieldStabilityBody(msgspec.Struct, frozen=True, kw_only=True):
    """Mean relative yield of each cell over the seasons, and its coefficient of variation over them."""

    field: str
    method: Annotated[Method, "Method of the computation."]
    cell_m: float | None
    rows: Annotated[int, "Number of rows of cells; 0 without a grid."]
    columns: Annotated[int, "Number of columns of cells; 0 without a grid."]
    south_deg: float | None
    west_deg: float | None
    north_step_deg: float | None
    east_step_deg: float | None
    grid: Annotated[StabilityGrid | None, "Cells; null with a reason."]


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
    mean = made.mean.value
    return fill(
        YieldHead,
        made,
        made.window,
        made.request,
        field=made.field.id,
        season=season,
        total=answer_of(made.total, made.simulated),
        mean=answer_of(made.mean, made.simulated),
        mean_kg_mu=None if mean is None else mean * 1000.0 / _MU_PER_HA,
        sensor_t=sum(each.sensor_t for each in made.machines),
        weighed_kg=made.weighing.kg if made.weighing.used else None,
        weighing=fill(WeighingBody, made.weighing, harvests=[each.id for each in made.weighing.harvests]),
        calibration=made.factor,
        field_m2=float(made.outline.whole.area),
        cut_m2=float(made.cut_m2.sum()),
        filters=dataclasses.asdict(made.request.filters),
        machines=[fill(MachineYieldBody, each) for each in made.machines],
        methods=list(METHODS),
        **degrees_of(made.grid, made.plane),
    )


def yield_grids_of(made: YieldMap) -> dict[str, Values]:
    """Return the cells of a yield map as grids of numbers."""
    return {
        "yield_t_ha": rounded(made.yield_t_ha),
        "error_t_ha": rounded(made.error_t_ha),
        "cut_m2": rounded(made.cut_m2),
    }


def against_applied_of(found: YieldAgainstApplied, season: str | None) -> YieldAgainstAppliedBody:
    """Return yield against what a pass applied."""
    yields, applied, slope = found.yields, found.applied, found.slope
    field_pass = applied.field_pass
    both = np.isfinite(found.applied_ha) & yields.known
    columns = (*np.nonzero(both), rounded(found.applied_ha)[both], rounded(yields.yield_t_ha)[both])
    names = YieldCell.__struct_fields__
    return fill(
        YieldAgainstAppliedBody,
        slope,
        found,
        field=yields.field.id,
        pass_id=field_pass.id,
        season=season,
        simulated=yields.simulated or field_pass.simulated,
        unit=applied.unit,
        amount=answer_of(applied.amount, field_pass.simulated),
        yield_mean=answer_of(yields.mean, yields.simulated),
        slope_t_per_unit=slope.slope,
        low_t_per_unit=slope.low,
        high_t_per_unit=slope.high,
        cell_m=yields.grid.cell_m,
        methods=[AGAINST_APPLIED, *METHODS],
        items=[
            YieldCell(**dict(zip(names, cell, strict=True)))
            for cell in zip(*(column.tolist() for column in columns), strict=True)
        ],
    )


def stability_body_of(found: YieldStability) -> YieldStabilityBody:
    """Return the stability of a field's yield; its grids are arrays."""
    place = dict.fromkeys(("cell_m", "south_deg", "west_deg", "north_step_deg", "east_step_deg"))
    place |= {"rows": 0, "columns": 0}
    grid = None
    if found.reason is None:
        place = degrees_of(found.maps[0].grid, found.maps[0].plane)
        grid = fill(StabilityGrid, relative_pct=rounded(found.relative_pct), cv_pct=rounded(found.cv_pct))
    return fill(YieldStabilityBody, found, field=found.field.id, method=STABILITY, grid=grid, **place)


def rounded(values: Values) -> Values:
    """Return numbers without digits beyond the accuracy of any sensor here, contiguous."""
    return np.ascontiguousarray(np.round(values, _DECIMALS))
