"""Routes of harvests, lots and lot operations, and of recall."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.harvest.treatments import FieldOf, ZoneOf, page_of
from api.routes.registry import RecordId
from api.schemas.harvest.lots import (
    HarvestList,
    HarvestRecorded,
    LotBody,
    LotHistoryBody,
    LotList,
    LotsHolding,
    NewCorrection,
    NewHarvest,
    NewOperation,
    OperationBody,
    OperationRecorded,
    harvest_of,
    history_of,
    lot_of,
    operation_of,
)
from headland.analysis.lots.happenings import HappeningKind
from headland.analysis.lots.harvesting import record_harvest, record_operation
from headland.analysis.lots.lot_history import lots_holding, read_lot_history
from headland.analysis.registry_access import repositories_of
from headland.registry.models.lots import Lot
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

_MOST_HOLDING: Final = 1000

router = Router(prefix="/v1", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


@router.post("/harvests", status_code=201, response_model=HarvestRecorded, responses=declare_problems(409))
def add_harvest(scope: ScopeOf, body: NewHarvest) -> HarvestRecorded:
    """Record a harvest, which makes a lot.

    While a pre-harvest interval runs it is refused (`interval-runs`), with the day on which that ends in `ends_on`.
    """
    harvest, made = record_harvest(scope, body.record(), body.product, body.code or "")
    return HarvestRecorded(harvest=harvest_of(harvest), lot=lot_of(made.lots[0], made.lots[0].grams))


@router.get("/harvests", response_model=HarvestList)
def list_harvests(
    request: Request,
    scope: ScopeOf,
    field: FieldOf = None,
    zone: ZoneOf = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the harvests of a field or a greenhouse zone."""
    harvests = [] if field is None and zone is None else repositories_of(scope).lots.harvests_of(field=field, zone=zone)
    page, following = page_of(harvests, cursor, limit)
    return reply_page(request, HarvestList(items=[harvest_of(each) for each in page], next=following))


@router.get("/lots", response_model=LotList)
def list_lots(request: Request, scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List lots, the newest first, with what remains of each."""
    repositories = repositories_of(scope)
    before = read_cursor(cursor, tuple[str])
    listed = repositories.lots.newest(before="" if before is None else before[0], limit=limit + 1)
    page = listed[:limit]
    following = write_cursor(page[-1].id) if len(listed) > limit else None
    return reply_page(request, LotList(items=_with_rest(repositories, page), next=following))


@router.get("/lots/holding", response_model=LotsHolding)
def get_lots_holding(
    request: Request,
    scope: ScopeOf,
    kind: Annotated[HappeningKind, Query(description="What is recalled.")],
    id: Annotated[str, Query(description="Its id.", min_length=1, max_length=128)],  # noqa: A002 - its name in the query
    limit: Annotated[int, Query(description="Lots that are listed at most.", ge=1, le=_MOST_HOLDING)] = _MOST_HOLDING,
) -> Response:
    """Return the lots that hold something of a crop to which this happened: a pass, a treatment, an alarm or a week."""
    found = lots_holding(scope, kind, id, limit)
    items = _with_rest(repositories_of(scope), found.lots)
    return reply(request, LotsHolding(count=found.count, items=items))


@router.get("/lots/{thing:record_id}", response_model=LotHistoryBody)
def get_lot(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    happenings: Annotated[bool, Query(description="With what happened to its crops.")] = True,
) -> Response:
    """Return a lot: what went into it, and every pass, treatment, alarm and week of its harvests, with its evidence."""
    return reply(request, history_of(read_lot_history(scope, thing, with_happenings=happenings)))


@router.get("/lots/{thing:record_id}/descendants", response_model=LotsHolding)
def get_lot_descendants(request: Request, scope: ScopeOf, thing: RecordId) -> Response:
    """Return the lots that hold something of this lot."""
    repositories = repositories_of(scope)
    repositories.lots.lots.get(thing)
    found = repositories.lots.lineage.descendants([thing], limit=_MOST_HOLDING)
    return reply(request, LotsHolding(count=found.count, items=_with_rest(repositories, found.lots)))


@router.post("/lot-operations", status_code=201, response_model=OperationRecorded, responses=declare_problems(409))
def add_operation(scope: ScopeOf, body: NewOperation) -> OperationRecorded:
    """Mix, split, pack, process, sell or lose masses of lots: what is taken is what is made and lost, to the gram."""
    fresh = [
        Lot(code=lot.code or "0", product=lot.product, crop=lot.crop, time_ms=body.time_ms, grams=lot.grams,
            packs=lot.packs)
        for lot in body.outputs
    ]  # fmt: skip
    recorded = record_operation(scope, body.record(), fresh, [lot.code is None for lot in body.outputs])
    lots = [lot_of(lot, lot.grams) for lot in recorded.lots]
    return OperationRecorded(operation=operation_of(recorded.operation), lots=lots)


@router.post(
    "/lot-operations/{thing:record_id}/correct",
    status_code=201,
    response_model=OperationBody,
    responses=declare_problems(409),
)
def correct_operation(scope: ScopeOf, thing: RecordId, body: NewCorrection) -> OperationBody:
    """Take an operation back by a later entry; refused where a lot that it made was used since."""
    made = repositories_of(scope).lots.correct(thing, scope.now_ms, body.author, body.note)
    return operation_of(made)


def _with_rest(repositories: OrganisationRepositories, lots: tuple[Lot, ...] | list[Lot]) -> list[LotBody]:
    remaining_g = repositories.lots.remaining_g([lot.id for lot in lots])
    return [lot_of(lot, remaining_g[lot.id]) for lot in lots]
