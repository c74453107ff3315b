"""Deviation of a pass from its plan: by cell and zone, with likely causes and disturbances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headland.agronomy.application.cell_conditions import Disturbance, list_disturbances, map_conditions
from headland.agronomy.application.deviation import CellDeviation, Conditions, measure_deviation
from headland.agronomy.application.zone_deviation import ZoneDeviation, deviation_by_zone
from headland.agronomy.geometry.outline import USABLE
from headland.agronomy.series.arrays import Values
from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.pass_state import refuse_flying
from headland.analysis.passes.plan import Plan, PlanMap, PlanRequest, find_plan, rasterise_plan


@dataclass(frozen=True, slots=True)
class PassDeviation:
    """The deviation of a pass from its plan, on the map's cells and by zone.

    The usable ground is the compared ground (`cells.class_m2`), `unknown_m2` of which no amount is known,
    `not_to_treat_m2` where the plan's rate is 0, and `unplanned_m2` without a planned rate: together the whole field.
    `unplanned` is the amount that landed on the last.
    """

    applied: AppliedPass
    plan: Plan
    planned: PlanMap
    conditions: Conditions
    cells: CellDeviation
    zones: tuple[ZoneDeviation, ...]
    unknown_m2: float
    not_to_treat_m2: float
    unplanned_m2: float
    unplanned: float
    disturbances: list[Disturbance]

    @property
    def planned_ha(self) -> float:
        """The mean planned rate over the ground of the plan."""
        return float(np.nanmean(self.planned.rate_ha))

    @property
    def not_to_treat(self) -> float:
        """The amount that landed where the plan's rate is 0."""
        return max(self.applied.map.totals.usable - self.unplanned - self.cells.applied, 0.0)


def deviation_of_pass(
    scope: OrgScope,
    field_pass: FieldPass,
    plan_request: PlanRequest,
    *,
    cell_m: float | None = None,
    swath_m: float | None = None,
    latency_s: float | None = None,
) -> PassDeviation:
    """Return the deviation of a pass; raises PreconditionError without a plan or a metered amount."""
    plan = find_plan(scope, field_pass, plan_request)
    applied = compute_as_applied(scope, field_pass, cell_m=cell_m, swath_m=swath_m, latency_s=latency_s)
    return compare_with_plan(scope, applied, plan)


def compare_if_planned(scope: OrgScope, applied: AppliedPass, plan_request: PlanRequest) -> PassDeviation | None:
    """Return the deviation of an as-applied map from its plan, None without a plan or a known amount."""
    try:
        return compare_with_plan(scope, applied, find_plan(scope, applied.field_pass, plan_request))
    except PreconditionError:
        return None


def compare_with_plan(scope: OrgScope, applied: AppliedPass, plan: Plan) -> PassDeviation:
    """Return the deviation of an as-applied map from a plan, from the cache while both are the same.

    Raises PreconditionError: no-amount where no amount is known, pass-under-way before the pass has ended.
    """
    refuse_flying(scope, applied.field_pass)
    return scope.cache.get(("deviation", applied.key, plan.key), lambda: _compare(applied, plan))


def _compare(applied: AppliedPass, plan: Plan) -> PassDeviation:
    applied_map, inputs, detected = applied.map, applied.inputs, applied.field_pass.detected
    if applied.amount.value is None or detected is None:
        sentence = f"The applied amount is unknown ({applied.amount.reason}), so it cannot be compared with a plan."
        raise PreconditionError("no-amount", "Applied amount unknown", sentence)
    rate_ha, planned = usable_rate(applied), rasterise_plan(plan, applied_map, inputs.plane)
    vehicle, air = inputs.telemetry.vehicle, inputs.air
    conditions = map_conditions(
        vehicle,
        detected,
        applied.released,
        inputs.stretches,
        applied_map,
        inputs.outline,
        inputs.plane,
        applied.machine,
        air,
    )
    cell_m = applied_map.grid.cell_m
    ground_m2 = applied_map.ground_m2
    cells = measure_deviation(rate_ha, planned.rate_ha, conditions, cell_m, applied.machine.swath_m, ground_m2)
    if cells is None:
        sentence = "No cell of the field has both a planned rate and a known amount: give the plan of this ground."
        raise PreconditionError("no-amount", "Applied amount unknown", sentence)
    usable = applied_map.places == USABLE
    beside = usable & (planned.zone < 0)
    none_planned = usable & ~beside & (np.nan_to_num(planned.rate_ha) <= 0.0)
    is_unknown = usable & ~beside & ~none_planned & (cells.classes == 0)
    return PassDeviation(
        applied=applied,
        plan=plan,
        planned=planned,
        conditions=conditions,
        cells=cells,
        zones=deviation_by_zone(planned.zone, planned.zone_rates_ha, rate_ha, cells, cell_m),
        unknown_m2=float(ground_m2[is_unknown].sum()),
        not_to_treat_m2=float(ground_m2[none_planned].sum()),
        unplanned_m2=float(ground_m2[beside].sum()),
        unplanned=float(applied_map.amount[beside].sum()),
        disturbances=list_disturbances(vehicle, detected, inputs.stretches, air),
    )


def usable_rate(applied: AppliedPass) -> Values:
    """Return the rate of each cell of the usable field; NaN elsewhere and where no amount is known."""
    return np.where(applied.map.places == USABLE, applied.map.rate_ha, np.nan)
