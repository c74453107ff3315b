"""Gateways, what became of their records, and the messages that were refused."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from api.dependencies import HomeOf, ScopeOf
from api.http.pagination import MOST, Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.responses import reply
from api.ops.ingest_port import IngestPort
from api.routes.parameters import NAME_PATTERN
from api.schemas.gateways import Delivery, GatewayList, QuarantinedDetail, QuarantineList, ReplayAsked

GatewayId = Annotated[str, Path(description="Id of a gateway.", pattern=NAME_PATTERN)]
MessageId = Annotated[int, Path(description="Id of a refused message.", ge=1, le=2**53)]


def ingest_of(scope: ScopeOf, home: HomeOf) -> IngestPort:
    """Return the ingest beside this API; raises ProblemError (404) where the request's organisation has none."""
    if home.gateways is None or not home.serves(scope):
        raise ProblemError(404, "no-ingest", "No ingest runs here", "This API runs without an ingest beside it.")
    return home.gateways


IngestOf = Annotated[IngestPort, Depends(ingest_of)]

router = APIRouter(prefix="/v1", tags=["gateways"], responses=declare_problems(404, 422, 503))


@router.get("/gateways", name="list_gateways", response_model=GatewayList, responses=declare_problems(400))
def get_gateways(
    request: Request,
    ingest: IngestOf,
    online: Annotated[bool | None, Query(description="Only those that are connected, or are not.")] = None,
    cursor: Cursor = None,
    limit: Limit = MOST,
) -> Response:
    """List the gateways by id, each as it described itself last."""
    after = read_cursor(cursor, tuple[str])
    rest = [
        each for each in ingest.gateways() if (after is None or each.id > after[0]) and online in (None, each.online)
    ]
    page = rest[:limit]
    return reply_page(request, GatewayList(items=page, next=write_cursor(page[-1].id) if len(rest) > limit else None))


@router.get("/gateways/{gateway}/delivery", response_model=Delivery)
def get_delivery(request: Request, ingest: IngestOf, gateway: GatewayId) -> Response:
    """Answer what became of every record that a gateway numbered: stored, refused, dropped, missing or lost."""
    delivery = ingest.delivery(gateway)
    if delivery is None:
        raise ProblemError(404, "unknown-gateway", "No such gateway", f"Nobody has heard of a gateway {gateway}.")
    return reply(request, delivery)


@router.get("/quarantine", name="list_quarantine", response_model=QuarantineList, responses=declare_problems(400))
def get_quarantine(
    request: Request,
    ingest: IngestOf,
    gateway: Annotated[str | None, Query(description="Only this gateway's.", pattern=NAME_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the messages that were refused, whole or in part, the newest first."""
    before = read_cursor(cursor, tuple[int])
    found = ingest.quarantined(limit + 1, None if before is None else before[0], gateway)
    page = found[:limit]
    following = write_cursor(page[-1].id) if len(found) > limit else None
    return reply_page(request, QuarantineList(items=page, next=following))


@router.get("/quarantine/{message}", response_model=QuarantinedDetail)
def get_quarantined(request: Request, ingest: IngestOf, message: MessageId) -> Response:
    """Show a refused message with its bytes."""
    found = ingest.find_quarantined(message)
    if found is None:
        raise _unknown_message(message)
    return reply(request, found)


@router.post("/quarantine/{message}/replay", response_model=ReplayAsked, status_code=202)
def ask_replay(ingest: IngestOf, message: MessageId) -> ReplayAsked:
    """Try a refused message again: what is accepted now is stored once, and it leaves when all of it is."""
    if not ingest.replay(message):
        raise _unknown_message(message)
    return ReplayAsked(id=message)


@router.delete("/quarantine/{message}", status_code=204)
def drop_quarantined(ingest: IngestOf, message: MessageId) -> None:
    """Delete a refused message for good; its records stay accounted for as quarantined."""
    if not ingest.drop(message):
        raise _unknown_message(message)


def _unknown_message(message: int) -> ProblemError:
    return ProblemError(404, "unknown-message", "No such message", f"There is no message {message} in quarantine.")
