"""What the passes of a plan left over: the ground, the prescription of it, and its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import msgspec
import numpy as np
import shapely

from headland.agronomy.application.as_applied import Machine
from headland.agronomy.application.coverage import draw_swaths, find_passes
from headland.agronomy.application.remaining_field import Rest, find_rest, main_bearing_deg
from headland.agronomy.geometry.grid import Grid
from headland.agronomy.geometry.outline import USABLE, rasterise
from headland.agronomy.prescription.flight_lines import Line, Piece, rate_lines
from headland.agronomy.series.arrays import Values
from headland.analysis.errors import AnalysisError, PreconditionError
from headland.analysis.passes.as_applied import Applied, apply_pass, fine_cell_m, machine_of
from headland.analysis.passes.detection import FieldPass, PassInputs, list_passes, read_work
from headland.analysis.passes.plan import Plan, PlanAsked, find_plan, lay_plan
from headland.analysis.prescriptions.mission import rate_at
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.prescriptions import Prescription, pack_cells

_M2_PER_HA = 10_000.0


@dataclass(frozen=True, slots=True)
class RestZone:
    """A zone of the plan, over the usable ground: `open` is what its open ground still gets, in the plan's unit.

    `treated_difference` is what treated ground got above its plan: below nought it got too little, and is not treated
    again. What was applied is None where it is not known.
    """

    zone: int
    rate_ha: float
    planned: float
    applied: float | None
    open_m2: float
    open: float
    treated_difference: float | None


@dataclass(frozen=True, slots=True)
class RemainingWork:
    """The rest of a pass, with the lines that treat it; `passes` have been at work on the same plan.

    `amount` is what the lines take, None without a plan, of which `reason` says why.
    """

    one: FieldPass
    work: PassInputs
    machine: Machine
    bearing_deg: float
    plan: Plan | None
    reason: str | None
    rest: Rest
    lines: list[Line]
    passes: list[FieldPass]
    zones: list[RestZone] = field(default_factory=list)

    @property
    def planned(self) -> shapely.Geometry:
        """The ground that the lines cover."""
        drawn = draw_swaths([np.array([p.start, p.end]) for line in self.lines for p in line.pieces], self.swath_m)
        return shapely.union_all(drawn, grid_size=1e-4)

    @property
    def planned_m2(self) -> float:
        """How much ground the lines cover."""
        return float(self.planned.area)

    @property
    def swath_m(self) -> float:
        """How far the lines lie apart."""
        return self.machine.swath_m

    @property
    def length_m(self) -> float:
        """How far the machine is on."""
        return sum(piece.length_m for line in self.lines for piece in line.pieces)

    @property
    def amount(self) -> float | None:
        """What the lines take."""
        if self.plan is None:
            return None
        if self.plan.rate_ha is not None:
            return self.plan.rate_ha * self.planned_m2 / _M2_PER_HA
        return sum(piece.amount(self.swath_m) for line in self.lines for piece in line.pieces)


def find_work_left(scope: OrgScope, one: FieldPass, asked: PlanAsked, swath_m: float | None) -> RemainingWork:
    """Return what a pass left over, by the ground that product reached; raises PreconditionError.

    Ground over which only a command is known counts as treated: what may have got something is not treated again. So
    does what other passes covered that carried out the same prescription.
    """
    machine, plan, reason = machine_of(one, swath_m), None, None
    try:
        plan = find_plan(scope, one, asked)
    except PreconditionError as error:
        reason = error.reason
    passes = [one, *_others(scope, one, plan)]
    works = [read_work(scope, each) for each in passes]
    ways = [_lines_of(work, machine_of(work.one, swath_m)) for work in works]
    covered = [
        swath
        for way, work in zip(ways, works, strict=True)
        for swath in draw_swaths(way, machine_of(work.one, swath_m).swath_m)
    ]
    work = works[0]
    bearing_deg = main_bearing_deg(ways[0])
    rest = find_rest(work.outline.usable, covered, machine.swath_m, bearing_deg)
    if plan is not None and plan.prescription is not None:
        lines = rate_lines(rest.lines, machine.swath_m, partial(rate_at, plan.prescription, work.plane))
    else:
        rate_ha = 0.0 if plan is None or plan.rate_ha is None else plan.rate_ha
        lines = [Line((Piece(start, end, rate_ha),)) for start, end in rest.lines]
    left = RemainingWork(one, work, machine, bearing_deg, plan, reason, rest, lines, passes)
    if plan is not None:
        left.zones.extend(_sum_zones(scope, left, plan, swath_m))
    return left


def prescribe_rest(left: RemainingWork) -> Prescription:
    """Return the prescription of the ground that the lines cover, not yet kept: the same rates, and nothing elsewhere.

    Raises PreconditionError where the plan is no prescription, or where nothing is left.
    """
    plan = None if left.plan is None else left.plan.prescription
    if plan is None:
        sentence = "The pass is held against no prescription: there is none to make the rest of."
        raise PreconditionError("no-prescription", "The plan is no prescription", sentence)
    zone = plan.zone_of_cell()
    row, column = np.mgrid[0 : plan.rows, 0 : plan.columns]
    latitude = plan.south_deg + (row + 0.5) * plan.cell_north_deg
    longitude = plan.west_deg + (column + 0.5) * plan.cell_east_deg
    east, north = left.work.plane.to_metres(latitude, longitude)
    kept = np.where(shapely.contains_xy(left.planned, east, north), zone, -1)
    numbers = np.unique(kept[kept >= 0])
    if not len(numbers):
        sentence = "No ground of the prescription is left that is wide enough for a swath of its own."
        raise PreconditionError("nothing-left", "Nothing is left", sentence)
    cell_ha = plan.cell_m**2 / _M2_PER_HA
    zones = []
    for number in numbers.tolist():
        area_ha = float((kept == number).sum()) * cell_ha
        told = plan.zones[number]
        zones.append(msgspec.structs.replace(told, area_ha=area_ha, amount=told.rate_ha * area_ha))
    renumbered = np.where(kept < 0, -1, np.searchsorted(numbers, np.maximum(kept, 0)))
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
        method={**plan.method, "rest of": plan.id, "after": ", ".join(each.id for each in left.passes)},
    )


def _others(scope: OrgScope, one: FieldPass, plan: Plan | None) -> list[FieldPass]:
    """Return the other passes of the field that carried out the same prescription."""
    if plan is None or plan.prescription is None:
        return []
    since = Window(min(plan.prescription.created_ms, one.start_ms), scope.now_ms + 1)
    found: list[FieldPass] = []
    for each in list_passes(scope, one.field.id, since):
        if any(_same_work(each, known) for known in (one, *found)):
            continue
        try:
            theirs = find_plan(scope, each, PlanAsked()).prescription
        except AnalysisError:
            continue
        if theirs is not None and theirs.id == plan.prescription.id:
            found.append(each)
    return found


def _same_work(each: FieldPass, other: FieldPass) -> bool:
    """Tell whether two passes are of one vehicle at one time: the same work, declared twice."""
    return each.device == other.device and each.start_ms < other.end_ms and other.start_ms < each.end_ms


def _lines_of(work: PassInputs, machine: Machine) -> list[Values]:
    landed = work.stretches + machine.latency_s * 1000.0
    return find_passes(work.heard.told.track, landed, (work.plane.latitude_deg, work.plane.longitude_deg))


def _sum_zones(scope: OrgScope, left: RemainingWork, plan: Plan, swath_m: float | None) -> list[RestZone]:
    maps = [apply_pass(scope, each, cell_m=fine_cell_m(left.one), swath_m=swath_m) for each in left.passes]
    drawn, cell_ha = maps[0].drawn, maps[0].drawn.grid.cell_ha
    planned = lay_plan(plan, drawn, left.work.plane)
    is_open = rasterise(left.rest.remaining, drawn.grid) & (drawn.places == USABLE)
    amount = None
    if all(each.amount.value is not None for each in maps):
        amount = sum((_onto(drawn.grid, each) for each in maps), np.zeros(drawn.amount.shape))
    zones = []
    for number, rate_ha in enumerate(planned.zone_rates_ha):
        own = planned.zone == number
        treated = own & ~is_open
        open_ha = float((own & is_open).sum()) * cell_ha
        got = None if amount is None else float(amount[treated].sum())
        zones.append(
            RestZone(
                zone=number,
                rate_ha=rate_ha,
                planned=rate_ha * float(own.sum()) * cell_ha,
                applied=None if amount is None else float(amount[own].sum()),
                open_m2=open_ha * _M2_PER_HA,
                open=rate_ha * open_ha,
                treated_difference=None if got is None else got - rate_ha * float(treated.sum()) * cell_ha,
            )
        )
    return zones


def _onto(grid: Grid, other: Applied) -> Values:
    """Return the amounts of a map on another grid of the same plane and cells."""
    row = round((other.drawn.grid.south_m - grid.south_m) / grid.cell_m)
    column = round((other.drawn.grid.west_m - grid.west_m) / grid.cell_m)
    rows, columns = other.drawn.amount.shape
    found = np.zeros((grid.rows, grid.columns))
    low, high = max(row, 0), min(row + rows, grid.rows)
    left, right = max(column, 0), min(column + columns, grid.columns)
    if low < high and left < right:
        found[low:high, left:right] = other.drawn.amount[low - row : high - row, left - column : right - column]
    return found
