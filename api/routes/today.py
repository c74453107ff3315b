"""Route of today: the first page as one answer."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.duty import duty_now
from api.schemas.model import fill
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.today.answer import DutyFact, Today
from headland.analysis.tonight.today.page import answer_today

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 422, 503))


@router.get("/today", response_model=Today)
def get_today(request: Request, scope: ScopeOf) -> Response:
    """Return the first page: what is to be done today in each greenhouse and field, by when and why.

    One next action for each, weighed against everything else that is asked of the same actuator; what a person has said
    to have done makes room for what follows. Figures and judgements are those of `tonight`, of forecasts and of passes.
    With it the weather of three days, who is on duty, whether alarms reach a person, and whether all data have arrived.
    """
    return reply(request, answer_today(scope, _duty(scope)))


def _duty(scope: OrgScope) -> DutyFact | None:
    """Return who is on duty by the first rota that is in use; None without one."""
    rotas = [] if scope.registry is None else [each for each in scope.repositories.duty_rotas.all() if each.enabled]
    if not rotas:
        return None
    duty = duty_now(rotas[0], scope.repositories, scope.now_ms)
    return fill(DutyFact, duty, names=duty.on_duty)
