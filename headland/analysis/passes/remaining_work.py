"""Remaining work of a plan: the ground that no pass has covered, its prescription, and the lines that treat it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated

import msgspec
import numpy as np
import shapely

from headland.agronomy.application.as_applied import AsApplied, Machine, switched_lines
from headland.agronomy.application.pass_areas import spread_evenly, surfaces_of
from headland.agronomy.application.remaining_field import RemainingGround, find_remaining_ground, main_bearing_deg
from headland.agronomy.application.swaths import GRID_M, draw_swaths
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.outline import USABLE, rasterise
from headland.agronomy.prescription.flight_lines import FlightLine, TreatedLeg, rate_lines
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import AnalysisError, PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied, fine_cell_m, machine_of
from headland.analysis.passes.detection import FieldPass, PassInputs, list_passes
from headland.analysis.passes.plan import Plan, PlanRequest, find_plan, rasterise_plan
from headland.analysis.prescriptions.mission import rate_at, untreated_ground
from headland.registry.models.prescriptions import Prescription, pack_cells

_M2_PER_HA = 10_000.0


@dataclass(frozen=True, slots=True)
class RemainingZone:
    """A zone of the plan over the usable ground, amounts in the answer's unit."""

    zone: int
    planned_rate_ha: float
    planned: Annotated[float, "Planned amount of the zone."]
    applied: Annotated[float | None, "By all of `passes`; null where an amount is unknown."]
    open_m2: Annotated[float, "Its remaining ground; the zones add up to `remaining_m2`."]
    open: Annotated[float, "The planned amount of its open ground."]
    treated_difference: Annotated[
        float | None, "The amount on treated ground above its plan; negative: too little, and not treated again."
    ]


@dataclass(frozen=True, slots=True)
class RemainingWork:
    """The ground that a pass left open, with the lines that treat it.

    `passes` are this pass and others of the same prescription, all counted as done. Without a plan, `reason` names the
    cause.
    """

    field_pass: FieldPass
    inputs: PassInputs
    machine: Machine
    bearing_deg: float
    plan: Plan | None
    reason: str | None
    ground: RemainingGround
    lines: list[FlightLine]
    passes: list[FieldPass]
    zones: list[RemainingZone] = field(default_factory=list)

    @property
    def planned(self) -> shapely.Geometry:
        """The ground that the lines cover."""
        pieces = [np.array([piece.start, piece.end]) for line in self.lines for piece in line.pieces]
        return shapely.union_all(draw_swaths(pieces, self.swath_m), grid_size=1e-4)

    @property
    def planned_m2(self) -> float:
        """The area that the lines cover [m2]."""
        return float(self.planned.area)

    @property
    def swath_m(self) -> float:
        """The distance between lines [m]."""
        return self.machine.swath_m

    @property
    def length_m(self) -> float:
        """The distance over which the machine is on [m]."""
        return sum(piece.length_m for line in self.lines for piece in line.pieces)

    @property
    def amount(self) -> float | None:
        """The amount that the lines need, None without a plan."""
        if self.plan is None:
            return None
        if self.plan.rate_ha is not None:
            return self.plan.rate_ha * self.planned_m2 / _M2_PER_HA
        return sum(piece.amount(self.swath_m) for line in self.lines for piece in line.pieces)


def find_remaining_work(
    scope: OrgScope, field_pass: FieldPass, plan_request: PlanRequest, swath_m: float | None
) -> RemainingWork:
    """Return the ground that a pass left open; raises PreconditionError without a swath or a track.

    Ground over which only a command is known counts as treated, because ground that may have been treated is not
    treated again. The same holds for ground that other passes of the same prescription covered; one of the same vehicle
    that names no implement had the same.
    """
    machine, plan, reason = machine_of(field_pass, swath_m), None, None
    try:
        plan = find_plan(scope, field_pass, plan_request)
    except PreconditionError as error:
        reason = error.reason
    passes = [field_pass, *(_equip(other, field_pass, swath_m) for other in _find_others(scope, field_pass, plan))]
    cell_m = fine_cell_m(field_pass)
    applied = [compute_as_applied(scope, done, cell_m=cell_m, swath_m=swath_m) for done in passes]
    inputs = applied[0].inputs
    lines_flown = switched_lines(inputs.telemetry.vehicle.track, inputs.stretches, machine, inputs.plane)
    bearing_deg = main_bearing_deg(lines_flown)
    open_ground = [done.map.areas.remaining for done in applied]
    ground = find_remaining_ground(_shared_ground(open_ground), machine.swath_m, bearing_deg)
    if plan is not None and plan.prescription is not None:
        lines = rate_lines(ground.lines, machine.swath_m, partial(rate_at, plan.prescription, inputs.plane))
        ground = replace(
            ground, remaining=ground.remaining.difference(untreated_ground(plan.prescription, inputs.plane))
        )
    else:
        rate_ha = 0.0 if plan is None or plan.rate_ha is None else plan.rate_ha
        lines = [FlightLine((TreatedLeg(start, end, rate_ha),)) for start, end in ground.lines]
    remaining = RemainingWork(field_pass, inputs, machine, bearing_deg, plan, reason, ground, lines, passes)
    if plan is not None:
        remaining.zones.extend(_sum_zones(remaining, plan, applied))
    return remaining


def prescribe_remaining(remaining: RemainingWork) -> Prescription:
    """Return the prescription of the ground that the lines cover, not yet stored: the same rates, and none elsewhere.

    Raises PreconditionError where the plan is no prescription, or where no ground remains.
    """
    plan = None if remaining.plan is None else remaining.plan.prescription
    if plan is None:
        sentence = "The pass has no prescription to continue: give one as prescription."
        raise PreconditionError("no-prescription", "Plan is not a prescription", sentence)
    zone = plan.zone_of_cell()
    row, column = np.mgrid[0 : plan.rows, 0 : plan.columns]
    latitude = plan.south_deg + (row + 0.5) * plan.cell_north_deg
    longitude = plan.west_deg + (column + 0.5) * plan.cell_east_deg
    east, north = remaining.inputs.plane.to_metres(latitude, longitude)
    zone_left = np.where(shapely.contains_xy(remaining.planned, east, north), zone, -1)
    numbers = np.unique(zone_left[zone_left >= 0])
    if not len(numbers):
        sentence = "No ground of the prescription that is wide enough for a swath remains."
        raise PreconditionError("nothing-left", "Nothing remains", sentence)
    left_ha = spread_evenly(zone_left >= 0, remaining.planned_m2 / _M2_PER_HA)
    zones = []
    for number in numbers.tolist():
        area_ha = float(left_ha[zone_left == number].sum())
        planned = plan.zones[number]
        zones.append(msgspec.structs.replace(planned, area_ha=area_ha, amount=planned.rate_ha * area_ha))
    renumbered = np.where(zone_left < 0, -1, np.searchsorted(numbers, np.maximum(zone_left, 0)))
    return msgspec.structs.replace(
        plan,
        id="",
        version=0,
        created_ms=0,
        changed_ms=0,
        name=f"{plan.name}, rest"[:200],
        cells=pack_cells(renumbered.astype(np.int64)),
        zones=tuple(zones),
        total=sum(zone.amount for zone in zones),
        method={**plan.method, "rest of": plan.id, "after": ", ".join(done.id for done in remaining.passes)},
    )


def _find_others(scope: OrgScope, field_pass: FieldPass, plan: Plan | None) -> list[FieldPass]:
    """Return the other passes of the field that carried out the same prescription."""
    if plan is None or plan.prescription is None:
        return []
    since = Window(min(plan.prescription.created_ms, field_pass.start_ms), scope.now_ms + 1)
    others: list[FieldPass] = []
    for candidate in list_passes(scope, field_pass.field.id, since):
        if any(_is_same_work(candidate, known) for known in (field_pass, *others)):
            continue
        try:
            prescription = find_plan(scope, candidate, PlanRequest()).prescription
        except AnalysisError:
            continue
        if prescription is not None and prescription.id == plan.prescription.id:
            others.append(candidate)
    return others


def _equip(other: FieldPass, field_pass: FieldPass, swath_m: float | None) -> FieldPass:
    """Return another pass with its implement; raises PreconditionError where its swath is unknown."""
    if other.implement is not None or swath_m is not None:
        return other
    if other.device == field_pass.device and field_pass.implement is not None:
        return replace(other, implement=field_pass.implement)
    sentence = (
        f"Pass {other.id} of {other.device} carried out the same prescription, and its swath is unknown: declare it "
        "with its implement, or give swath_m."
    )
    raise PreconditionError("no-implement", "Swath of another pass unknown", sentence)


def _is_same_work(candidate: FieldPass, other: FieldPass) -> bool:
    """Return whether two passes are of one vehicle at one time: the same work, declared twice."""
    overlaps = candidate.start_ms < other.end_ms and other.start_ms < candidate.end_ms
    return candidate.device == other.device and overlaps


def _shared_ground(parts: Sequence[shapely.Geometry]) -> shapely.Geometry:
    """Return the ground that all of some passes left open; of one it is that of its areas."""
    shared = parts[0]
    for part in parts[1:]:
        shared = surfaces_of(shapely.intersection(shared, part, grid_size=GRID_M))
    return shared


def _sum_zones(remaining: RemainingWork, plan: Plan, applied: Sequence[AppliedPass]) -> list[RemainingZone]:
    """Return the zones of a plan; their open ground adds up to the remaining ground, cells give the shares."""
    applied_map = applied[0].map
    grid, usable = applied_map.grid, applied_map.places == USABLE
    planned = rasterise_plan(plan, applied_map, remaining.inputs.plane)
    is_open = rasterise(remaining.ground.remaining, grid) & usable & (planned.zone >= 0)
    ground_m2 = spread_evenly(usable, applied_map.areas.field_m2)
    open_m2 = spread_evenly(is_open, remaining.ground.remaining_m2)
    amount = None
    if all(done.amount.value is not None for done in applied):
        amount = sum((_onto(grid, done.map) for done in applied), np.zeros(applied_map.amount.shape))
    zones = []
    for number, rate_ha in enumerate(planned.zone_rates_ha):
        own = planned.zone == number
        own_m2, own_open_m2 = float(ground_m2[own].sum()), float(open_m2[own].sum())
        treated_amount = None if amount is None else float(amount[own & ~is_open].sum())
        treated_planned = rate_ha * max(own_m2 - own_open_m2, 0.0) / _M2_PER_HA
        zones.append(
            RemainingZone(
                zone=number,
                planned_rate_ha=rate_ha,
                planned=rate_ha * own_m2 / _M2_PER_HA,
                applied=None if amount is None else float(amount[own].sum()),
                open_m2=own_open_m2,
                open=rate_ha * own_open_m2 / _M2_PER_HA,
                treated_difference=None if treated_amount is None else treated_amount - treated_planned,
            )
        )
    return zones


def _onto(grid: Grid, other: AsApplied) -> Values:
    """Return the amounts of a map on another grid of the same plane and cell size; 0 outside the map."""
    row = round((other.grid.south_m - grid.south_m) / grid.cell_m)
    column = round((other.grid.west_m - grid.west_m) / grid.cell_m)
    rows, columns = other.amount.shape
    amount = np.zeros((grid.rows, grid.columns))
    low, high = max(row, 0), min(row + rows, grid.rows)
    left, right = max(column, 0), min(column + columns, grid.columns)
    if low < high and left < right:
        amount[low:high, left:right] = other.amount[low - row : high - row, left - column : right - column]
    return amount
