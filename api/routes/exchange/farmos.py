"""Export of farmOS logs as JSON:API."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.query_windows import Instant, settle_window
from api.http.router import Router
from headland.analysis.exports.farmos import INPUT, OBSERVATION, list_entries
from headland.formats.farmos import LogDocument
from headland.units_of_time import DAY_MS

MEDIA: Final = "application/vnd.api+json"
LONGEST_MS: Final = 366 * DAY_MS
_DEFAULT_MS: Final = 7 * DAY_MS
_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A JSON:API document.", "content": {MEDIA: {"schema": {"type": "object"}}}}
}

router = Router(prefix="/v1/export", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/farmos", responses=_DOCUMENT)
def get_farmos(
    request: Request,
    scope: ScopeOf,
    start: Annotated[
        Instant | None, Query(alias="filter[start]", description="First instant; seven days ago by default.")
    ] = None,
    end: Annotated[
        Instant | None, Query(alias="filter[end]", description="Instant after the last; now by default.")
    ] = None,
    kind: Annotated[
        Literal["log--input", "log--observation"] | None,
        Query(alias="filter[type]", description="Only logs of this type; both by default."),
    ] = None,
    after: Annotated[
        str | None,
        Query(alias="page[after]", description="As in the link `next`.", pattern=r"^[A-Za-z0-9._~-]{1,200}$"),
    ] = None,
    size: Annotated[int, Query(alias="page[size]", description="Logs per page.", ge=1, le=200)] = 50,
) -> Response:
    """Return passes as input logs and days of greenhouse climate as observation logs of farmOS (JSON:API 1.1).

    A log contains a quantity only where its value is known: for a pass the metered amount, never the commanded one.
    Coverage, quality, evidence and method of each are JSON in `data`. Ids are the same in every export.
    """
    end_ms = scope.now_ms if end is None else end
    window = settle_window(end_ms - _DEFAULT_MS if start is None else start, end_ms, end_ms, LONGEST_MS)
    kinds = frozenset((INPUT, OBSERVATION) if kind is None else (kind,))
    rest = [entry for entry in list_entries(scope, window, kinds) if entry.key > (after or "")]
    sheet, page = LogDocument(), rest[:size]
    for entry in page:
        entry.write(sheet)
    here = str(request.url).split("?")[0]
    following = None
    if len(rest) > size:
        # The link names the window: the pages of a request without one do not move with the clock.
        query = {**request.query_params, "filter[start]": window.start_ms, "filter[end]": window.end_ms}
        following = f"{here}?{urlencode({**query, 'page[after]': page[-1].key})}"
    body = orjson.dumps(sheet.document({"self": str(request.url), "next": following}))
    return Response(body, headers={"Cache-Control": "no-cache"}, media_type=MEDIA)
