"""Routes of duty rotas: who is on duty now, and hand-over."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from fastapi import Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import ProblemError, declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.alarms.alarms import Id
from api.schemas.alarms import DutyList, DutyNow, HandOver
from api.schemas.model import fill
from headland.alarms.notification.duty_rota import duty_at, hand_over, next_change_ms, on_duty
from headland.registry.models.duty import DutyRota
from headland.registry.repositories.local_time import find_local_time
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

router = Router(prefix="/v1", tags=["alarms"], responses=declare_problems(404, 422, 503))
#: A hand-over names one who is no recipient, or an end that is over.
_REFUSED: Final = declare_problems(400, 409)


@router.get("/duty", name="get_duty", response_model=DutyList)
def get_duty(request: Request, scope: ScopeOf) -> Response:
    """List who is on duty now, by each rota, and until when."""
    if scope.registry is None:
        return reply(request, DutyList(items=[]))
    repositories = scope.repositories
    items = [duty_now(rota, repositories, scope.now_ms) for rota in repositories.duty_rotas.all()]
    return reply(request, DutyList(items=items))


@router.post("/duty-rotas/{rota}/hand-over", name="hand_over", response_model=DutyNow, responses=_REFUSED)
def post_hand_over(request: Request, scope: ScopeOf, rota: Id, body: Sent[HandOver]) -> Response:
    """Put a recipient on duty from now on, until an instant or the next change; the week is not changed."""
    repositories = scope.repositories
    if body.until_ms is not None and body.until_ms <= scope.now_ms:
        sentence = "The hand-over would end before it begins: give a later end, or none."
        raise ProblemError(422, "bad-body", "Invalid request body", sentence)
    known = repositories.duty_rotas.get(rota)
    changed = hand_over(known, _zone_of(known, repositories), body.to, body.until_ms, scope.now_ms)
    return reply(request, duty_now(repositories.duty_rotas.change(changed), repositories, scope.now_ms))


def duty_now(rota: DutyRota, repositories: OrganisationRepositories, now_ms: int) -> DutyNow:
    """Return who is on duty now by a rota, and until when."""
    zone = _zone_of(rota, repositories)
    duty, now = duty_at(rota, zone, now_ms), on_duty(rota, zone, now_ms)
    return fill(
        DutyNow,
        rota,
        rota=rota.id,
        on_duty=list(now),
        next=list(duty.order[len(now) :]),
        next_after_s=duty.next_after_s,
        until_ms=next_change_ms(rota, zone, now_ms),
        time_zone=zone.key,
    )


def _zone_of(rota: DutyRota, repositories: OrganisationRepositories) -> ZoneInfo:
    return find_local_time(repositories, rota.site).zone
