"""A pass against its plan: what of the difference is where, and what may have spoilt it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headland.agronomy.application.cell_conditions import Happening, list_happenings, map_conditions
from headland.agronomy.application.deviation import Conditions, Deviation, judge
from headland.agronomy.application.zone_deviation import ZoneDeviation, judge_zones
from headland.agronomy.geometry.outline import USABLE
from headland.agronomy.series.arrays import Values
from headland.analysis.errors import PreconditionError
from headland.analysis.passes.as_applied import Applied, apply_pass
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.plan import Plan, PlanAsked, PlanMap, find_plan, lay_plan
from headland.analysis.scope import OrgScope


@dataclass(frozen=True, slots=True)
class Judged:
    """A pass against its plan: on the map's cells, by zone, and what happened meanwhile.

    `unplanned_m2` is usable ground for which the plan says nothing, `unplanned` the amount that landed there.
    """

    applied: Applied
    plan: Plan
    planned: PlanMap
    conditions: Conditions
    deviation: Deviation
    zones: tuple[ZoneDeviation, ...]
    unplanned_m2: float
    unplanned: float
    happenings: list[Happening]

    @property
    def planned_ha(self) -> float:
        """The mean planned rate over the ground of the plan."""
        return float(np.nanmean(self.planned.rate_ha))


def judge_pass(
    scope: OrgScope,
    one: FieldPass,
    asked: PlanAsked,
    *,
    cell_m: float,
    swath_m: float | None = None,
    latency_s: float | None = None,
) -> Judged:
    """Return how a pass differs from its plan; raises PreconditionError without a plan or a metered amount."""
    plan = find_plan(scope, one, asked)
    return judge_applied(apply_pass(scope, one, cell_m=cell_m, swath_m=swath_m, latency_s=latency_s), plan)


def judge_if_planned(scope: OrgScope, applied: Applied) -> Judged | None:
    """Return how an as-applied map differs from its plan, None without a plan or without a known amount."""
    try:
        return judge_applied(applied, find_plan(scope, applied.one, PlanAsked()))
    except PreconditionError:
        return None


def judge_applied(applied: Applied, plan: Plan) -> Judged:
    """Return how an as-applied map differs from a plan; raises PreconditionError where no amount is known."""
    drawn, work, one = applied.drawn, applied.work, applied.one
    if applied.amount.value is None or one.found is None:
        sentence = f"What was applied is not known ({applied.amount.reason}): there is nothing to hold against a plan."
        raise PreconditionError("no-amount", "The amount is not known", sentence)
    rate, planned = usable_rate(applied), lay_plan(plan, drawn, work.plane)
    told, air = work.heard.told, work.heard.air
    conditions = map_conditions(
        told, one.found, applied.released, work.stretches, drawn, work.outline, work.plane, applied.machine, air
    )
    deviation = judge(rate, planned.rate_ha, conditions, drawn.grid.cell_m, applied.machine.swath_m)
    if deviation is None:
        sentence = "No cell of the field has both a plan and a known amount."
        raise PreconditionError("no-amount", "The amount is not known", sentence)
    beside = (drawn.places == USABLE) & (planned.zone < 0)
    return Judged(
        applied=applied,
        plan=plan,
        planned=planned,
        conditions=conditions,
        deviation=deviation,
        zones=judge_zones(planned.zone, planned.zone_rates_ha, rate, deviation, drawn.grid.cell_m),
        unplanned_m2=float(beside.sum()) * drawn.grid.cell_m**2,
        unplanned=float(drawn.amount[beside].sum()),
        happenings=list_happenings(told, one.found, work.stretches, air),
    )


def usable_rate(applied: Applied) -> Values:
    """Return the rate of each cell of the usable field; NaN elsewhere and where nothing measured it."""
    return np.where(applied.drawn.places == USABLE, applied.drawn.rate_ha, np.nan)
