"""Route of today: the first page as one answer."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

from fastapi import Path, Request
from starlette.responses import Response

from api.dependencies import HomeOf, HomeServices, ScopeOf
from api.http.problems import declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.duty import duty_now
from api.routes.registry import ID_PATTERN
from api.schemas.model import fill
from headland.alarms.notification.reach import read_reach
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.today.answer import DutyFact, Today, TodayRow
from headland.analysis.tonight.today.done import ActionDone, say_done, take_back
from headland.analysis.tonight.today.page import answer_today
from headland.contract.file_imports import FileImportList
from headland.contract.gateway_state import GatewayState
from headland.errors import ImportRefused, RetryLater

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 422, 503))

#: A row that is no more in use, or a record that was taken back.
_GONE: Final = declare_problems(404)


@router.get("/today", response_model=Today)
def get_today(request: Request, scope: ScopeOf, home: HomeOf) -> Response:
    """Return the first page: what is to be done today in each greenhouse and field, by when and why.

    One next action for each, weighed against everything else that is asked of the same actuator; what a person has said
    to have done makes room for what follows. Figures and judgements are those of `tonight`, of forecasts and of passes.
    With it the weather of three days, who is on duty, whether alarms reach a person, and whether all data have arrived:
    what waits on the disks of gateways by their own reports, and which of them do not report.
    """
    reach = read_reach(scope.repositories, home.unreachable, scope.now_ms)
    return reply(
        request, answer_today(scope, _duty(scope), reach, _gateways(scope, home), partial(_imports, scope, home))
    )


@router.post("/today/done", name="say_done", response_model=TodayRow, responses=_GONE)
def post_done(request: Request, scope: ScopeOf, body: Sent[ActionDone]) -> Response:
    """Record that an action was done, with who says so and when; return the row as it is then.

    It is a person's word: nothing is told to have been applied by an actuator. The same action again changes nothing.
    """
    return reply(request, say_done(scope, body.kind, body.id, body.action))


@router.delete("/today/done/{done_action}", name="take_back_done", response_model=TodayRow, responses=_GONE)
def delete_done(
    request: Request, scope: ScopeOf, done_action: Annotated[str, Path(description="Record id.", pattern=ID_PATTERN)]
) -> Response:
    """Take back what was said to be done; return the row as it is then."""
    return reply(request, take_back(scope, done_action))


def _duty(scope: OrgScope) -> DutyFact | None:
    """Return who is on duty by the first rota that is in use; None without one."""
    rotas = [] if scope.registry is None else [each for each in scope.repositories.duty_rotas.all() if each.enabled]
    if not rotas:
        return None
    duty = duty_now(rotas[0], scope.repositories, scope.now_ms)
    return fill(DutyFact, duty, names=duty.on_duty)


def _imports(scope: OrgScope, home: HomeServices) -> FileImportList | None:
    """Return the imports of the farm; None where it has none here, or they do not answer now."""
    if home.imports is None or not home.serves(scope):
        return None
    try:
        return home.imports.list("en")
    except (RetryLater, ImportRefused):
        return None


def _gateways(scope: OrgScope, home: HomeServices) -> list[GatewayState] | None:
    """Return the gateways of the farm; None where its ingest runs elsewhere, or does not answer now."""
    if home.gateways is None or not home.serves(scope):
        return None
    try:
        return home.gateways.gateways()
    except RetryLater:
        return None
