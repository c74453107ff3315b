"""Queries of EPCIS events: the standard's SimpleEventQuery, and an event by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import Path as PathParameter
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import choose_format
from api.http.pagination import read_cursor, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.router import Router
from api.routes.traceability.epcis.capture import JSON_LD
from api.routes.traceability.epcis.parameters import NAMES, describe_parameters, read_count, read_query
from headland.formats.epcis.answers import query_document
from headland.registry.repositories.harvest.epcis_events import StoredEpcisEvent
from headland.registry.repositories.harvest.epcis_query import EventQuery, TermCondition

_FORMS: Final = (JSON_LD, "application/json")
DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The answer of a query: an EPCISQueryDocument.",
        "content": {form: {"schema": {"type": "object"}} for form in _FORMS},
    }
}
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=500)]
PageToken = Annotated[str | None, Query(alias="nextPageToken", max_length=200)]

router = Router(prefix="/epcis", tags=["registry"], responses=declare_problems(400, 404, 406, 422, 503))


@router.get(
    "/events",
    response_class=Response,
    responses={**DOCUMENT, **declare_problems(413)},
    reads=NAMES,
    openapi_extra={"parameters": describe_parameters()},
)
def query_events(request: Request, scope: ScopeOf, per_page: PerPage = 100, token: PageToken = None) -> Response:
    """Return the events that fit all parameters, in the order of their capture; `Link` leads to the next page."""
    return answer_query(request, scope, per_page, token)


@router.get("/events/{event_id:path}", response_class=Response, responses=DOCUMENT)
def get_event(
    request: Request,
    scope: ScopeOf,
    event_id: Annotated[str, PathParameter(max_length=1000)],
    ver: str | None = None,
) -> Response:
    """Return the event of an id, with the declarations that it was wrong."""
    # The id of a hash has a question mark; a client that does not escape it sends its end as a query.
    found = scope.repositories.epcis.find_all(event_id if ver is None else f"{event_id}?ver={ver}")
    if not found:
        raise ProblemError(404, "unknown-event", "No such event", "No event has this id: take one from a query.")
    return reply_events(request, scope, found)


def answer_query(
    request: Request, scope: ScopeOf, per_page: int, token: str | None, fixed: Sequence[TermCondition] = ()
) -> Response:
    """Return a page of the events that fit the parameters of a request, and what its path asks."""
    asked = read_query(request.query_params, request.headers.get("GS1-Extensions", ""), fixed)
    limit, most = (read_count(request.query_params, name) for name in ("eventCountLimit", "maxEventCount"))
    if limit is not None and most is not None:
        sentence = "Give eventCountLimit or maxEventCount, not both."
        raise ProblemError(400, "bad-query", "Invalid query", sentence)
    epcis = scope.repositories.epcis
    if most is not None and epcis.count(asked, most + 1) > most:
        sentence = f"More than {most} events fit: ask for fewer, or raise maxEventCount."
        raise ProblemError(413, "too-many-events", "Too many events", sentence)
    after = read_cursor(token, tuple[int, int, int])
    told = 0 if after is None else after[2]
    size = per_page if limit is None else min(per_page, limit - told)
    found = epcis.query(asked, after=None if after is None else after[:2], limit=size + 1) if size > 0 else []
    page = found[:size]
    answer = reply_events(request, scope, page)
    if len(found) > size and (limit is None or told + size < limit):
        following = write_cursor(_figure_of(asked, page[-1]), page[-1].seq, told + size)
        url = request.url.include_query_params(nextPageToken=following, perPage=per_page)
        answer.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return answer


def reply_events(request: Request, scope: ScopeOf, found: Sequence[StoredEpcisEvent]) -> Response:
    """Return events as the answer of a query, in the form that the client accepts."""
    form = choose_format(request.headers.get("accept"), _FORMS)
    return Response(msgspec.json.encode(query_document(found, scope.now_ms)), media_type=form)


def _figure_of(asked: EventQuery, event: StoredEpcisEvent) -> int:
    return {"": event.seq, "eventTime": event.event_ms, "recordTime": event.record_ms}[asked.order_by]
