"""Route of tonight: what the next 24 hours bring to each greenhouse and field."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, read_cursor, reply_page, write_cursor
from api.http.problems import declare_problems
from api.http.router import Router
from api.routes.parameters import NAME_PATTERN
from headland.analysis.tonight.cards.answer import TonightCards, tonight_of
from headland.analysis.tonight.cards.page import list_cards

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 422, 503))


@router.get("/tonight", response_model=TonightCards)
def get_tonight(
    request: Request,
    scope: ScopeOf,
    kind: Annotated[Literal["greenhouse", "field"] | None, Query(description="Only cards of this kind.")] = None,
    subject: Annotated[
        str | None, Query(description="Only the card of this greenhouse or field, by its id.", pattern=NAME_PATTERN)
    ] = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(description="Cards per page.", ge=1, le=50)] = 20,
) -> Response:
    """Return what the next 24 hours bring to each greenhouse and field, most trouble first.

    Condensation of leaves and cover, frost, disease, irrigation, and when to spray or spread; how sure, by what came of
    the last such statements; what to do, and until when; and what was done. What nothing forecasts is told as
    yesterday. Statements without enough data have a reason and no value.
    """
    place = read_cursor(cursor, tuple[int])
    page = list_cards(scope, limit, 0 if place is None else max(0, place[0]), kind, subject)
    following = None if page.following is None else write_cursor(page.following)
    return reply_page(request, tonight_of(page, scope.now_ms, following))
