"""What is left of a pass: the ground, its prescription, and the mission that finishes it."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.routes.pass_cells import PlannedRate, PrescriptionAsked
from api.routes.passes import PassId, SwathM
from api.routes.registry import reply_json
from api.schemas.ledger_mapping import plan_of
from api.schemas.remaining_work import RestZoneBody, ResumeBody
from headland.analysis.passes.detection import find_pass
from headland.analysis.passes.plan import PlanAsked
from headland.analysis.passes.remaining_flight import plan_rest
from headland.analysis.passes.remaining_work import find_work_left, prescribe_rest
from headland.analysis.registry_access import repositories_of
from headland.formats.qgc_plan import HeightAbove, write_plan

_PRESCRIPTION: Final[dict[str, Any]] = {
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Prescription"}}}
}
_PLAN: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The mission.", "content": {"application/json": {"schema": {"type": "object"}}}}
}

#: Below the prefix of the router that takes it in.
router = APIRouter()


@router.get("/passes/{pass_id}/resume", response_model=ResumeBody, responses=declare_problems(400, 409))
def get_resume(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    swath_m: SwathM = None,
) -> Response:
    """Say what a pass that was broken off left over, and where its mission is: nothing is treated twice.

    The rest is what was planned for ground that no swath reached. Of a prescription, what other passes of it covered
    counts as done. Ground that got too little is told (`treated_difference`) and not treated again.
    """
    left = find_work_left(scope, find_pass(scope, pass_id), PlanAsked(planned_rate_ha, prescription), swath_m)
    asked = {"planned_rate_ha": planned_rate_ha, "prescription": prescription, "swath_m": swath_m}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    planned_m2 = left.planned_m2
    body = ResumeBody(
        pass_id=left.one.id,
        simulated=left.one.simulated,
        plan=None if left.plan is None else plan_of(left.plan),
        reason=left.reason,
        passes=[each.id for each in left.passes],
        remaining_m2=left.rest.remaining_m2,
        planned_m2=planned_m2,
        unflown_m2=max(left.rest.remaining_m2 - planned_m2, 0.0),
        amount=left.amount,
        unit=left.one.unit or "kg",
        zones=[
            RestZoneBody(
                zone=each.zone,
                planned_rate_ha=each.rate_ha,
                planned=each.planned,
                applied=each.applied,
                open_m2=each.open_m2,
                open=each.open,
                treated_difference=each.treated_difference,
            )
            for each in left.zones
        ],
        lines=len(left.lines),
        length_m=left.length_m,
        plan_url=f"/v1/passes/{left.one.id}/resume.plan{'?' if query else ''}{query}",
    )
    return reply(request, body)


@router.post(
    "/passes/{pass_id}/resume",
    status_code=201,
    response_class=Response,
    responses={201: {"description": "The prescription.", **_PRESCRIPTION}, **declare_problems(400, 409)},
)
def add_rest(
    scope: ScopeOf, pass_id: PassId, prescription: PrescriptionAsked = None, swath_m: SwathM = None
) -> Response:
    """Keep what is left of a pass's prescription as a prescription of its own, to be exported as any other.

    The rates are the same; only cells whose middle lies under the lines of the rest are part of it.
    """
    left = find_work_left(scope, find_pass(scope, pass_id), PlanAsked(None, prescription), swath_m)
    made = repositories_of(scope).prescriptions.add(prescribe_rest(left))
    return reply_json(made, 201, {"Location": f"/v1/prescriptions/{made.id}"})


@router.get("/passes/{pass_id}/resume.plan", response_class=Response, responses={**_PLAN, **declare_problems(400, 409)})
def get_resume_plan(
    scope: ScopeOf,
    pass_id: PassId,
    planned_rate_ha: PlannedRate = None,
    prescription: PrescriptionAsked = None,
    swath_m: SwathM = None,
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
    """Give the mission that finishes a pass as a QGroundControl .plan; Headland itself never flies it.

    The sprayer is on along the lines alone. Of a prescription its speed makes the rates at one steady flow, as in the
    prescription's own mission. It starts and refills where the vehicle stood before the pass.
    """
    left = find_work_left(scope, find_pass(scope, pass_id), PlanAsked(planned_rate_ha, prescription), swath_m)
    flight = plan_rest(scope, left, height_m=height_m, height_above=height_above, speed_m_s=speed_m_s)
    return Response(write_plan(flight), media_type="application/json", headers={"Cache-Control": "no-cache"})
