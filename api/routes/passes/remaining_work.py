"""Routes of a pass's remaining work: its ground, its prescription, and the mission that finishes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.passes.pass_cells import PlannedRate, PrescriptionAsked
from api.routes.passes.passes import PassId, SwathM
from api.routes.registry import reply_json
from api.schemas.model import fill
from api.schemas.passes.remaining_work import ResumeBody
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.passes.detection import FieldPass, find_pass
from headland.analysis.passes.plan import PlanRequest, summarise_plan
from headland.analysis.passes.remaining_flight import plan_remaining_flight
from headland.analysis.passes.remaining_work import find_remaining_work, prescribe_remaining
from headland.formats.prescriptions.qgc_plan import HeightAbove, write_plan
from headland.registry.models.errors import NotFound

_PRESCRIPTION: Final[dict[str, Any]] = {
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Prescription"}}}
}
_PLAN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The mission.", "content": {"application/json": {"schema": {"type": "object"}}}}
}

ImplementAsked = Annotated[
    str | None, Query(description="Id of the implement of a pass that names none.", max_length=64)
]

#: Included by the router of the ledger, below its prefix.
router = Router()


@router.get("/passes/{pass_id}/resume", response_model=ResumeBody, responses=declare_problems(400, 409))
def get_resume(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    swath_m: SwathM = None,
    implement: ImplementAsked = None,
) -> Response:
    """Return the remaining work of an interrupted pass and the address of its mission: no ground is treated twice.

    Remaining is planned ground that no swath reached. Ground that other passes of the same prescription covered is
    done. Ground that got too little is reported (`treated_difference`) and not treated again.
    """
    plan_request = PlanRequest(planned_rate_ha, prescription)
    remaining = find_remaining_work(scope, _find_equipped(scope, pass_id, implement), plan_request, swath_m)
    parameters = {
        "planned_rate_ha": planned_rate_ha,
        "prescription": prescription,
        "swath_m": swath_m,
        "implement": implement,
    }
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    planned_m2 = remaining.planned_m2
    body = fill(
        ResumeBody,
        remaining,
        pass_id=remaining.field_pass.id,
        simulated=remaining.field_pass.simulated,
        plan=None if remaining.plan is None else summarise_plan(remaining.plan),
        passes=[done.id for done in remaining.passes],
        remaining_m2=remaining.ground.remaining_m2,
        planned_m2=planned_m2,
        unflown_m2=max(remaining.ground.remaining_m2 - planned_m2, 0.0),
        unit=remaining.field_pass.unit or "kg",
        lines=len(remaining.lines),
        plan_url=f"/v1/passes/{remaining.field_pass.id}/resume.plan{'?' if query else ''}{query}",
    )
    return reply(request, body)


@router.post(
    "/passes/{pass_id}/resume",
    status_code=201,
    response_class=Response,
    responses={201: {"description": "The prescription.", **_PRESCRIPTION}, **declare_problems(400, 409)},
)
def add_remaining(
    scope: ScopeOf,
    pass_id: PassId,
    prescription: PrescriptionAsked = None,
    swath_m: SwathM = None,
    implement: ImplementAsked = None,
) -> Response:
    """Store the remaining part of a pass's prescription as a prescription of its own, to be exported as any other.

    The rates are the same; it consists of the cells whose middle the remaining lines cover.
    """
    field_pass = _find_equipped(scope, pass_id, implement)
    remaining = find_remaining_work(scope, field_pass, PlanRequest(None, prescription), swath_m)
    record = scope.repositories.prescriptions.add(prescribe_remaining(remaining))
    return reply_json(record, 201, {"Location": f"/v1/prescriptions/{record.id}"})


@router.get("/passes/{pass_id}/resume.plan", response_class=Response, responses={**_PLAN, **declare_problems(400, 409)})
def get_resume_plan(
    scope: ScopeOf,
    pass_id: PassId,
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    swath_m: SwathM = None,
    implement: ImplementAsked = None,
    height_m: Annotated[float, Query(description="The height flown at [m].", ge=1, le=120, allow_inf_nan=False)] = 4.0,
    height_above: Annotated[
        HeightAbove, Query(description="Above home (MAV_FRAME 3) or above the terrain (10).")
    ] = "home",
    speed_m_s: Annotated[
        float | None,
        Query(description="The highest speed; by default the implement's, and 5 m/s where one rate is flown.", ge=0.5,
              le=20, allow_inf_nan=False),
    ] = None,
) -> Response:  # fmt: skip
    """Return the mission that finishes a pass as a QGroundControl .plan; Headland itself never flies it.

    The sprayer is on along the lines only. For a prescription, speed makes the rates at one steady flow, as in the
    prescription's own mission. It starts and refills where the vehicle was before the pass.
    """
    plan_request = PlanRequest(planned_rate_ha, prescription)
    remaining = find_remaining_work(scope, _find_equipped(scope, pass_id, implement), plan_request, swath_m)
    flight = plan_remaining_flight(scope, remaining, height_m=height_m, height_above=height_above, speed_m_s=speed_m_s)
    return Response(write_plan(flight), media_type="application/json", headers={"Cache-Control": "no-cache"})


def _find_equipped(scope: OrgScope, pass_id: str, implement: str | None) -> FieldPass:
    """Return a pass; one that names no implement has the one that is asked for."""
    field_pass = find_pass(scope, pass_id)
    if implement is None or field_pass.implement is not None:
        return field_pass
    try:
        return replace(field_pass, implement=scope.repositories.implements.get(implement))
    except NotFound as error:
        raise ProblemError(400, "unknown-implement", "No such implement", str(error)) from error
