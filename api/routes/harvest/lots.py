"""Routes of harvests, lots and lot operations, and of recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import Annotated, Any, Final, Literal

import numpy as np
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import CSV, reply_table
from api.http.pagination import MOST, Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.harvest.treatments import FieldOf, ZoneOf, page_of
from api.routes.parameters import check_filters
from api.routes.registry import RecordId
from api.schemas.harvest.lots import (
    HarvestBody,
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
    history_of,
    lot_of,
)
from api.schemas.model import fill
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.lots.happenings import HappeningKind
from headland.analysis.lots.harvesting import record_harvest, record_operation
from headland.analysis.lots.lot_history import harvests_after, read_lot_history
from headland.analysis.plant_protection.harvest_review import review_lots, standing_breaches
from headland.formats.tables.writers import DataTable, Kind, Slice
from headland.registry.models.lots import Lot
from headland.registry.repositories.organisation_repositories import OrganisationRepositories

ShapeOf = Annotated[Literal["json", "csv"], Query(alias="format", description="Form of the answer.")]
_RECALLED: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}
_COLUMNS: Final[dict[str, Kind]] = {
    "code": "text", "product": "text", "crop": "text", "time_ms": "integer", "time_utc": "instant", "kg": "number",
    "remaining_kg": "number", "packs": "number", "parties": "text", "simulated": "truth", "lot": "text",
    "harvested_in_interval": "truth",
}  # fmt: skip

router = Router(prefix="/v1", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


@router.post("/harvests", status_code=201, response_model=HarvestRecorded, responses=declare_problems(409))
def add_harvest(scope: ScopeOf, body: Sent[NewHarvest]) -> HarvestRecorded:
    """Record a harvest, which makes a lot.

    While a pre-harvest interval runs it is refused (`interval-runs`), with the day on which that ends in `ends_on`.
    """
    harvest, made = record_harvest(scope, body.record(), body.product, body.code or "")
    (lot,) = _with_rest(scope.repositories, made.lots)
    return HarvestRecorded(harvest=fill(HarvestBody, harvest), lot=lot)


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
    harvests = [] if field is None and zone is None else scope.repositories.lots.harvests_of(field=field, zone=zone)
    if not harvests:
        check_filters(scope.repositories, field=field, zone=zone)
    page, following = page_of(harvests, cursor, limit)
    return reply_page(request, HarvestList(items=[fill(HarvestBody, each) for each in page], next=following))


@router.get("/lots", response_model=LotList)
def list_lots(request: Request, scope: ScopeOf, cursor: Cursor = None, limit: Limit = 100) -> Response:
    """List lots, the newest first, with what remains of each."""
    repositories = scope.repositories
    before = read_cursor(cursor, tuple[str])
    listed = repositories.lots.newest(before="" if before is None else before[0], limit=limit + 1)
    page = listed[:limit]
    following = write_cursor(page[-1].id) if len(listed) > limit else None
    return reply_page(request, LotList(items=_with_rest(repositories, page), next=following))


@router.get("/lots/holding", response_model=LotsHolding, responses=_RECALLED)
def get_lots_holding(
    request: Request,
    scope: ScopeOf,
    kind: Annotated[HappeningKind, Query(description="What is recalled.")],
    id: Annotated[str, Query(description="Its id.", min_length=1, max_length=128)],  # noqa: A002 - its name in the query
    shape: ShapeOf = "json",
    cursor: Cursor = None,
    limit: Limit = MOST,
) -> Response:
    """Return the lots that hold something of a crop to which this happened: a pass, a treatment, an alarm or a week.

    The newest first, in pages; as CSV all of them, with those who got something of each.
    """
    harvests = harvests_after(scope, kind, id)
    return _reply_recalled(request, scope, harvests, shape, cursor, limit)


@router.get("/lots/{thing:record_id}", response_model=LotHistoryBody)
def get_lot(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    happenings: Annotated[bool, Query(description="With what happened to its crops.")] = True,
) -> Response:
    """Return a lot: what went into it, and every pass, treatment, alarm and week of its harvests, with its evidence."""
    history = read_lot_history(scope, thing, with_happenings=happenings)
    was_released = scope.repositories.releases.of_lot(thing) is not None
    return reply(request, history_of(history, was_released=was_released))


@router.get("/lots/{thing:record_id}/descendants", response_model=LotsHolding, responses=_RECALLED)
def get_lot_descendants(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    shape: ShapeOf = "json",
    cursor: Cursor = None,
    limit: Limit = MOST,
) -> Response:
    """Return the lots that hold something of this lot.

    The newest first, in pages; as CSV all of them, with those who got something of each.
    """
    scope.repositories.lots.lots.get(thing)
    return _reply_recalled(request, scope, [thing], shape, cursor, limit)


@router.post("/lot-operations", status_code=201, response_model=OperationRecorded, responses=declare_problems(409))
def add_operation(scope: ScopeOf, body: Sent[NewOperation]) -> OperationRecorded:
    """Mix, split, pack, process, sell or lose masses of lots: what is taken is what is made and lost, to the gram."""
    fresh = [fill(Lot, lot, code=lot.code or "0", time_ms=body.time_ms) for lot in body.outputs]
    recorded = record_operation(scope, body.record(), fresh, [lot.code is None for lot in body.outputs])
    lots = _with_rest(scope.repositories, recorded.lots)
    return OperationRecorded(operation=fill(OperationBody, recorded.operation), lots=lots)


@router.post(
    "/lot-operations/{thing:record_id}/correct",
    status_code=201,
    response_model=OperationBody,
    responses=declare_problems(409),
)
def correct_operation(scope: ScopeOf, thing: RecordId, body: Sent[NewCorrection]) -> OperationBody:
    """Take an operation back by a later entry; refused where a lot that it made was used since."""
    made = scope.repositories.lots.correct(thing, scope.now_ms, body.author, body.note)
    return fill(OperationBody, made)


def _with_rest(repositories: OrganisationRepositories, lots: tuple[Lot, ...] | list[Lot]) -> list[LotBody]:
    ids = [lot.id for lot in lots]
    remaining_g, reviews = repositories.lots.remaining_g(ids), review_lots(repositories, ids)
    return [lot_of(lot, remaining_g[lot.id], reviews[lot.id]) for lot in lots]


def _reply_recalled(
    request: Request,
    scope: OrgScope,
    parents: Sequence[str],
    shape: str,
    cursor: str | None,
    limit: int,
) -> Response:
    repositories = scope.repositories
    if shape == "csv":
        harvests = [harvest for review in standing_breaches(scope) for harvest in review.harvests]
        breached = repositories.lots.lineage.descendant_ids(harvests)
        rows = _recalled_rows(repositories, parents, breached)
        return reply_table(request, CSV, DataTable("recalled-lots", _COLUMNS, rows))
    before = read_cursor(cursor, tuple[int])
    found = repositories.lots.lineage.descendants(parents, before=None if before is None else before[0], limit=limit)
    following = None if found.next is None else write_cursor(found.next)
    items = _with_rest(repositories, found.lots)
    return reply_page(request, fill(LotsHolding, found, items=items, next=following))


def _recalled_rows(
    repositories: OrganisationRepositories, parents: Sequence[str], breached: Set[str]
) -> Iterator[Slice]:
    """Yield the rows of all recalled lots, the newest first; `breached` are those harvested within an interval."""
    for found in repositories.lots.lineage.all_descendants(parents):
        yield _rows_of(repositories, found, breached)


def _rows_of(repositories: OrganisationRepositories, found: Sequence[Lot], breached: Set[str]) -> Slice:
    ids = [lot.id for lot in found]
    remaining_g, parties = repositories.lots.remaining_g(ids), repositories.lots.parties_of(ids)
    times_ms = np.array([lot.time_ms for lot in found], np.int64)

    def texts(values: list[str]) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        return np.array(values, object)

    return {
        "code": texts([lot.code for lot in found]),
        "product": texts([lot.product for lot in found]),
        "crop": texts([lot.crop for lot in found]),
        "time_ms": times_ms,
        "time_utc": times_ms,
        "kg": np.array([lot.grams / 1000 for lot in found], np.float64),
        "remaining_kg": np.array([remaining_g[lot.id] / 1000 for lot in found], np.float64),
        "packs": np.array([np.nan if lot.packs is None else lot.packs for lot in found], np.float64),
        "parties": texts(["; ".join(parties.get(lot.id, ())) for lot in found]),
        "simulated": np.array([lot.simulated for lot in found], bool),
        "lot": texts(ids),
        "harvested_in_interval": np.array([lot in breached for lot in ids], bool),
    }
