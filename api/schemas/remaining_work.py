"""What the API answers about what is left of a pass, as OpenAPI shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Model
from api.schemas.ledger import PlanBody


class RestZoneBody(Model):
    """A zone of the plan over the usable ground, amounts in the answer's unit."""

    zone: int
    planned_rate_ha: float
    planned: float
    applied: Annotated[float | None, Field(description="By all of `passes`; null where an amount is not known.")]
    open_m2: float
    open: Annotated[float, Field(description="What its open ground still gets: planned less what was treated.")]
    treated_difference: Annotated[
        float | None,
        Field(description="What treated ground got above its plan; below nought too little: it is not treated again.")
    ]  # fmt: skip


class ResumeBody(Model):
    """What is left of a field, and the lines that treat it without treating anything twice."""

    pass_id: str
    simulated: bool
    plan: PlanBody | None
    reason: Annotated[str | None, Field(description="no_plan or ambiguous_plan; null with a plan.")]
    passes: Annotated[list[str], Field(description="What counts as done: this pass and others of its prescription.")]
    remaining_m2: float
    planned_m2: Annotated[float, Field(description="What the lines cover.")]
    unflown_m2: Annotated[float, Field(description="What stays open: too narrow for a swath of its own.")]
    amount: Annotated[float | None, Field(description="What the lines take at the planned rates; null without a plan.")]
    unit: str
    zones: list[RestZoneBody]
    lines: int
    length_m: float
    plan_url: Annotated[str, Field(description="The mission as a QGroundControl .plan.")]
