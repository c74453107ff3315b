"""Response models of a pass's remaining work."""

from __future__ import annotations

from typing import Annotated

import msgspec

from headland.analysis.passes.plan import PlanSummary
from headland.analysis.passes.remaining_work import RemainingZone


class ResumeBody(msgspec.Struct, frozen=True, kw_only=True):
    """The remaining ground of a field, and the lines that treat it without treating any ground twice."""

    pass_id: str
    simulated: bool
    plan: Annotated[PlanSummary | None, "Plan of the pass; null without one."]
    reason: Annotated[str | None, "no_plan or ambiguous_plan; null with a plan."]
    passes: Annotated[list[str], "Passes that count as done: this one and others of its prescription."]
    remaining_m2: Annotated[
        float,
        "Remaining ground: skipped ground over which the machine was never on in any of `passes`. "
              "The starts and ends of rows are not flown again; a prescription may leave ground out.",
    ]  # fmt: skip
    planned_m2: Annotated[float, "The area that the lines cover."]
    unflown_m2: Annotated[float, "Ground that remains open: too narrow for a swath."]
    amount: Annotated[float | None, "The amount for the lines at the planned rates; null without a plan."]
    unit: str
    zones: Annotated[list[RemainingZone], "Zones of the plan."]
    lines: Annotated[int, "Number of lines."]
    length_m: float
    plan_url: Annotated[str, "The mission as a QGroundControl .plan."]
