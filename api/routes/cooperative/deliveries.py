"""Routes of what members delivered: list, from harvests, from a table, and corrections."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.records import BodyOf, RecordPage, Sent, content_of
from api.http.router import Router
from api.routes.cooperative.people import MOST_FAULTS, show_fault
from api.routes.cooperative.periods import window_of
from api.routes.registry import ID_PATTERN, reply_json, reply_records
from api.schemas.cooperative import (
    DeliveryCorrectionOrder,
    DeliveryImported,
    DeliveryOrder,
)
from headland.analysis.cooperative.deliveries import (
    Deliveries,
    MemberDelivery,
    deliver_harvests,
    list_deliveries,
    read_delivery,
)
from headland.analysis.cooperative.delivery_import import DeliveryImport, match_deliveries
from headland.formats.tables.deliveries import read_deliveries
from headland.registry.models.cooperative import AccountEntry
from headland.registry.repositories.local_time import find_local_time

router = Router(prefix="/v1/deliveries", tags=["cooperative"], responses=declare_problems(400, 404, 422, 503))

_TABLE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV with a head, in English or Chinese: date, number or name, crop, weight with its unit, "
        "price with its unit or amount in yuan; lot, field, note.",
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "", response_model=RecordPage[MemberDelivery], responses={200: {"description": "A page."}}
)  # fmt: skip
def get_deliveries(
    scope: ScopeOf,
    person: Annotated[str | None, Query(description="Only deliveries of this person.", pattern=ID_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List what people delivered, as it stands after the corrections, in the order in which it was added.

    A member's are the own ones.
    """
    after = read_cursor(cursor, tuple[str])
    found = list_deliveries(scope, person, after="" if after is None else after[0], limit=limit + 1)
    return reply_records(found, limit)


@router.post(
    "",
    response_model=Deliveries,
    responses={200: {"description": "Deliveries."}, **declare_problems(409, 413)},
)
def deliver_recorded_harvests(scope: ScopeOf, order: Sent[DeliveryOrder]) -> Response:
    """Add to the accounts what members delivered by the recorded harvests of a period, each harvest once.

    A harvest is divided by the shares of its field at its time. A repetition adds what is new.
    """
    return reply_json(deliver_harvests(scope, window_of(order.start_ms, order.end_ms), order.fen_per_kg))


@router.post(
    "/import",
    status_code=201,
    openapi_extra=_TABLE,
    response_model=DeliveryImported,
    responses={
        201: {"description": "The new deliveries."},
        200: {"description": "What a dry run would add.", "content": content_of(DeliveryImported)},
        **declare_problems(409, 413),
    },
)
def import_deliveries(
    scope: ScopeOf,
    body: BodyOf,
    dry_run: Annotated[bool, Query(description="Return what would be added and each fault, and add nothing.")] = False,
) -> Response:
    """Import deliveries: all of them, or none with the faults of each row in `faults`.

    A person is recognised by the number, else by the name. A delivery that is there already is left as is, so a table
    can be imported again; two equal rows of one table are two deliveries. Days begin at midnight of the first site.
    """
    repositories = scope.repositories
    table = read_deliveries(body)
    found = match_deliveries(
        table,
        list(repositories.people.all()),
        list(repositories.fields.all()),
        {lot.code for lot in repositories.lots.lots.all()},
        find_local_time(repositories).zone,
        repositories.accounts.lots_from_harvests(),
    )
    no_table = [fault for fault in table.faults if not fault.row]
    if dry_run and not no_table:
        new = repositories.accounts.not_there(found.entries)
        return reply_json(_imported(found, new, stored=False), 200)
    if found.faults:
        sentence = f"{len(found.faults)} rows have faults: correct them, or import a dry run first."
        if no_table:
            sentence = no_table[0].detail
        faults = [show_fault(fault) for fault in found.faults[:MOST_FAULTS]]
        raise ProblemError(400, "import-refused", "Import refused", sentence, {"faults": faults})
    return reply_json(_imported(found, repositories.accounts.add_entered(found.entries), stored=True), 201)


@router.post(
    "/{entry}/correction",
    status_code=201,
    response_model=MemberDelivery,
    responses={201: {"description": "The delivery."}, **declare_problems(409, 413)},
)
def correct_delivery(
    scope: ScopeOf,
    entry: Annotated[str, Path(description="Id of the delivery's entry.", pattern=ID_PATTERN)],
    order: Sent[DeliveryCorrectionOrder],
) -> Response:
    """Correct a delivery to what it was, by a new entry of the difference; 0 g and 0 fen take it back.

    The same request twice corrects once.
    """
    accounts = scope.repositories.accounts
    accounts.correct_delivery(entry, order.grams, order.amount_fen, order.time_ms, order.note)
    return reply_json(read_delivery(scope, entry), 201)


def _imported(found: DeliveryImport, new: list[AccountEntry], *, stored: bool) -> DeliveryImported:
    return DeliveryImported(
        added=len(new),
        known=len(found.entries) - len(new),
        grams=sum(entry.grams for entry in new),
        amount_fen=sum(entry.amount_fen for entry in new),
        faults=tuple(show_fault(fault) for fault in found.faults[:MOST_FAULTS]),
        stored=stored,
    )
