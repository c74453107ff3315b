"""Gateways, what became of their records, and the messages that were refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.bodies import reply
from api.farm import Farm, FarmOf
from api.gateway_desk import GatewayDesk
from api.gateway_schema import Delivery, GatewayList, QuarantinedDetail, QuarantineList, ReplayAsked
from api.problems import ProblemError, declare_problems
from api.routes.parameters import NAME_PATTERN

GatewayId = Annotated[str, Path(description="Id of a gateway.", pattern=NAME_PATTERN)]
MessageId = Annotated[int, Path(description="Id of a refused message.", ge=1, le=2**53)]

router = APIRouter(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))


@router.get("/gateways", response_model=GatewayList)
def get_gateways(
    request: Request,
    farm: FarmOf,
    cursor: Annotated[str | None, Query(description="`next` of the page before.", max_length=64)] = None,
    limit: Annotated[int, Query(description="Gateways a page.", ge=1, le=1000)] = 1000,
) -> Response:
    """List the gateways by id, each as it described itself last."""
    rest = [each for each in _desk_of(farm).gateways() if cursor is None or each.id > cursor]
    page = rest[:limit]
    return reply(request, GatewayList(items=page, next=page[-1].id if len(rest) > limit else None))


@router.get("/gateways/{gateway}/delivery", response_model=Delivery)
def get_delivery(request: Request, farm: FarmOf, gateway: GatewayId) -> Response:
    """Answer what became of every record that a gateway numbered: stored, refused, dropped, missing or lost."""
    delivery = _desk_of(farm).delivery(gateway)
    if delivery is None:
        raise ProblemError(404, "unknown-gateway", "No such gateway", f"Nobody has heard of a gateway {gateway}.")
    return reply(request, delivery)


@router.get("/quarantine", response_model=QuarantineList)
def get_quarantine(
    request: Request,
    farm: FarmOf,
    before: Annotated[int | None, Query(description="`next` of the page before.", ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(description="Messages a page.", ge=1, le=1000)] = 100,
    gateway: Annotated[str | None, Query(description="Only this gateway's.", max_length=64)] = None,
) -> Response:
    """List the messages that were refused, whole or in part, the newest first."""
    found = _desk_of(farm).quarantined(limit + 1, before, gateway)
    page = found[:limit]
    return reply(request, QuarantineList(items=page, next=page[-1].id if len(found) > limit else None))


@router.get("/quarantine/{message}", response_model=QuarantinedDetail)
def get_quarantined(request: Request, farm: FarmOf, message: MessageId) -> Response:
    """Show a refused message with its bytes."""
    found = _desk_of(farm).find_quarantined(message)
    if found is None:
        raise _unknown_message(message)
    return reply(request, found)


@router.post("/quarantine/{message}/replay", response_model=ReplayAsked, status_code=202)
def ask_replay(farm: FarmOf, message: MessageId) -> ReplayAsked:
    """Try a refused message again: what is accepted now is stored once, and it leaves when all of it is."""
    if not _desk_of(farm).replay(message):
        raise _unknown_message(message)
    return ReplayAsked(id=message)


@router.delete("/quarantine/{message}", status_code=204)
def drop_quarantined(farm: FarmOf, message: MessageId) -> None:
    """Delete a refused message for good; its records stay accounted for as quarantined."""
    if not _desk_of(farm).drop(message):
        raise _unknown_message(message)


def _desk_of(farm: Farm) -> GatewayDesk:
    if farm.gateways is None:
        raise ProblemError(404, "no-ingest", "No ingest runs here", "This API runs without an ingest beside it.")
    return farm.gateways


def _unknown_message(message: int) -> ProblemError:
    return ProblemError(404, "unknown-message", "No such message", f"There is no message {message} in quarantine.")
