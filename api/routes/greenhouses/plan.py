"""Route of the plan of a greenhouse for the next 24 hours."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.greenhouses.greenhouses import GreenhouseId
from headland.analysis.tonight.today.houses.plan import PlanOfHouse, answer_plan

router = Router(prefix="/v1/greenhouses", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{device}/plan", name="get_house_plan", response_model=PlanOfHouse)
def get_plan(request: Request, scope: ScopeOf, device: GreenhouseId) -> Response:
    """Return the plan of the next 24 hours: what each actuator is to do when, why, and what yields to it.

    The orders of one actuator never overlap. `strip` is the picture of the house on the first page, `withheld` what
    something graver keeps from being done. Without a forecast there are no orders, and `reason` says so.
    """
    return reply(request, answer_plan(scope, device))
