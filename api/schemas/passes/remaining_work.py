"""Response models of a pass's remaining work."""

from __future__ import annotations

from typing import Annotated

import msgspec

from api.schemas.passes.ledger import PlanBody


class RemainingZoneBody(msgspec.Struct, frozen=True, kw_only=True):
    """A zone of the plan over the usable ground, amounts in the answer's unit."""

    zone: int
    planned_rate_ha: float
    planned: float
    applied: Annotated[float | None, "By all of `passes`; null where an amount is unknown."]
    open_m2: Annotated[float, "Its remaining ground; the zones add up to `remaining_m2`."]
    open: Annotated[float, "The planned amount of its open ground."]
    treated_difference: Annotated[
        float | None,
        "The amount on treated ground above its plan; negative: too little, and not treated again."
    ]  # fmt: skip


class ResumeBody(msgspec.Struct, frozen=True, kw_only=True):
    """The remaining ground of a field, and the lines that treat it without treating any ground twice."""

    pass_id: str
    simulated: bool
    plan: PlanBody | None
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
    zones: list[RemainingZoneBody]
    lines: int
    length_m: float
    plan_url: Annotated[str, "The mission as a QGroundControl .plan."]
