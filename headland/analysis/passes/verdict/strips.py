"""Strips that a pass missed: the lines that its remaining mission would fly."""

from __future__ import annotations

from dataclasses import dataclass

from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.detection import FieldPass
from headland.analysis.passes.plan import PlanRequest
from headland.analysis.passes.remaining_work import find_remaining_work
from headland.registry.models.errors import NotFound


@dataclass(frozen=True, slots=True)
class MissedStrips:
    """The strips that a pass that ended left untreated, with the ground that they treat [m2]."""

    pass_id: str
    strips: int
    area_m2: float


def find_missed_strips(
    scope: OrgScope, field_pass: FieldPass, plan_request: PlanRequest, swath_m: float | None = None
) -> MissedStrips | None:
    """Return the strips that a pass missed, also none; None where it is not known: no swath, no track."""
    try:
        remaining = find_remaining_work(scope, field_pass, plan_request, swath_m)
    except (AnalysisError, NotFound):
        return None
    strips = len(remaining.lines)
    return MissedStrips(field_pass.id, strips, remaining.planned_m2 if strips else 0.0)
