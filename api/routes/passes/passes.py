"""Routes of passes: declare, list, get, and the as-applied map."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import ARROW, CSV, FORMS, JSON, PARQUET, TABLE_CONTENT, choose_format, reply_table
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.query_windows import settle_window
from api.http.records import Sent
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import NAME_PATTERN, End, Start
from api.schemas.model import fill
from api.schemas.passes.passes import PassDeclaration, PassList
from headland.analysis.exports.as_applied import applied_geojson, applied_geotiff, applied_isoxml, applied_png
from headland.analysis.exports.settlement import cells_table
from headland.analysis.exports.time_log import applied_time_log
from headland.analysis.inputs.window import Window
from headland.analysis.passes.applied_answer import AppliedBody, applied_head_of, applied_of
from headland.analysis.passes.as_applied import AppliedPass, compute_as_applied, uniformity_of
from headland.analysis.passes.detection import find_pass, list_passes
from headland.analysis.passes.ledger_entries import record_weather
from headland.analysis.passes.pass_answer import PassDetail, PassItem, listed_pass_of, pass_detail_of, pass_of
from headland.analysis.passes.pass_state import PassStates, refuse_flying_between, state_of_pass
from headland.analysis.passes.reported_width import ReportedWidths
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Pass
from headland.units_of_time import DAY_MS

LONGEST_LIST_MS: Final = 400 * DAY_MS
_DEFAULT_LIST_MS: Final = 7 * DAY_MS

FieldId = Annotated[str, Path(description="Id of a field.", pattern="^[0-9a-z]{26}$")]
_PATTERN: Final = r"^[0-9a-z]{26}(~[A-Za-z0-9][A-Za-z0-9._-]{0,63}~[0-9]{1,15})?$"
PassId = Annotated[str, Path(description="Id of a pass.", pattern=_PATTERN)]
CellM = Annotated[
    float | None,
    Query(
        description="Side of a cell [m]; by default 1, 2, 5, 10 or 20, by the size of the field: the same for all "
        "answers and reports about a pass.",
        ge=0.25,
        le=50,
        allow_inf_nan=False,
    ),
]
SwathM = Annotated[
    float | None, Query(description="Swath [m], instead of the implement's.", gt=0, le=100, allow_inf_nan=False)
]
LatencyS = Annotated[
    float | None,
    Query(
        description="Time from the measured flow (or feeder signal) to the ground [s], instead of the implement's.",
        ge=0,
        le=60,
        allow_inf_nan=False,
    ),
]

_FILES: Final[dict[str, tuple[str, Any]]] = {
    "geojson": ("application/geo+json", applied_geojson),
    "png": ("image/png", applied_png),
    "geotiff": ("image/tiff", applied_geotiff),
    "isoxml": ("application/zip", applied_isoxml),
    "isoxml_log": ("application/zip", applied_time_log),
}
_TABLES: Final = {"csv": CSV, "arrow": ARROW, "parquet": PARQUET}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_APPLIED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The map in the format asked for.",
        "content": {
            "application/geo+json": {"schema": {"type": "object"}},
            **TABLE_CONTENT,
            "image/png": _BINARY,
            "image/tiff": _BINARY,
            "application/zip": _BINARY,
        },
    }
}

router = Router(prefix="/v1", tags=["passes"], responses=declare_problems(400, 404, 422, 503))


@router.post("/passes", response_model=PassItem, status_code=201, responses=declare_problems(409))
def declare_pass(scope: ScopeOf, declaration: Sent[PassDeclaration]) -> PassItem:
    """Declare a pass. It is never changed; declaring it again with the same values returns the same pass.

    While the vehicle is at work on the field it is refused (409): wait until it has landed, or is silent for a minute.
    Wind, Delta-T and rain at the time are recorded in the ledger, as far as the site's devices measured them.
    """
    repositories = scope.repositories
    window = Window(int(declaration.start_ms), max(declaration.start_ms, declaration.end_ms))
    refuse_flying_between(scope, declaration.field, declaration.device, window)
    try:
        declared = repositories.passes.declare(
            fill(Pass, declaration, start_ms=window.start_ms, end_ms=int(declaration.end_ms))
        )
    except NotFound as error:
        missing = error.kind.replace(" ", "-")
        raise ProblemError(400, f"unknown-{missing}", "Referenced record not found", str(error)) from error
    field_pass = find_pass(scope, declared.id)
    record_weather(scope, field_pass, Window(declared.start_ms, declared.end_ms))
    return pass_of(field_pass, state_of_pass(scope, field_pass))


@router.get("/fields/{field}/passes", name="list_passes", response_model=PassList)
def get_passes(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    start: Start = None,
    end: End = None,
    device: Annotated[str | None, Query(description="Only passes of this vehicle.", pattern=NAME_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the passes of a field that begin in [start, end), the last seven days by default.

    Declared passes, and others detected in telemetry because product left over the field. Refills and short silences
    belong to a pass; a return that treats mostly treated ground is another pass.
    """
    end_ms = scope.now_ms if end is None else end
    window = settle_window(end_ms - _DEFAULT_LIST_MS if start is None else start, end_ms, end_ms, LONGEST_LIST_MS)
    after = read_cursor(cursor, tuple[int, str])
    matching = [
        field_pass
        for field_pass in list_passes(scope, field, window)
        if (after is None or (field_pass.start_ms, field_pass.id) > after) and device in (None, field_pass.device)
    ]
    page = matching[:limit]
    following = write_cursor(page[-1].start_ms, page[-1].id) if len(matching) > limit else None
    widths, states = ReportedWidths(scope), PassStates(scope)
    items = [listed_pass_of(field_pass, states.of(field_pass), widths) for field_pass in page]
    return reply_page(request, PassList(items=items, next=following))


@router.get("/passes/{pass_id}", response_model=PassDetail)
def get_pass(request: Request, scope: ScopeOf, pass_id: PassId) -> Response:
    """Return a pass with its segments: work, turns, transits, refills and the return, each with its evidence."""
    field_pass = find_pass(scope, pass_id)
    return reply(request, pass_detail_of(field_pass, state_of_pass(scope, field_pass)))


@router.get(
    "/passes/{pass_id}/as-applied",
    response_model=AppliedBody,
    responses={**_APPLIED, **declare_problems(406, 409)},
)
def get_applied(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    cell_m: CellM = None,
    swath_m: SwathM = None,
    latency_s: LatencyS = None,
    shape: Annotated[
        Literal["json", "summary", "geojson", "csv", "arrow", "parquet", "png", "geotiff", "isoxml", "isoxml_log"]
        | None,
        Query(alias="format", description="Format of the answer; by default as Accept asks."),
    ] = None,
) -> Response:
    """Return the as-applied map of a pass, by metered amounts only: where only a command is known there is no rate.

    Amounts on the usable field, in buffers, in exclusions, outside and unlocated add up to the released amount. CSV,
    Arrow and Parquet have a row for each cell; `format=summary` is the JSON without its grids. `format=isoxml` is the
    map, `format=isoxml_log` the time log: position, width, work state and metered flow (ISO 11783-10).
    """
    is_summary = shape == "summary"
    form = JSON if is_summary else _form_of(request, shape)
    applied: AppliedPass = compute_as_applied(
        scope, find_pass(scope, pass_id), cell_m=cell_m, swath_m=swath_m, latency_s=latency_s
    )
    if form == JSON:
        uniformity, state = uniformity_of(scope, applied), state_of_pass(scope, applied.field_pass)
        answer_of = applied_head_of if is_summary else applied_of
        answer = reply(request, answer_of(applied, uniformity, state))
        answer.headers["Vary"] = "Accept"
        return answer
    if form in FORMS:
        return reply_table(request, form, cells_table(applied))
    media_type, write = _FILES[form]
    return Response(write(applied), media_type=media_type, headers={"Cache-Control": "no-cache"})


def _form_of(request: Request, shape: str | None) -> str:
    """Return a media type of `FORMS` or a name of `_FILES`."""
    if shape is None:
        return choose_format(request.headers.get("accept"))
    return JSON if shape == "json" else _TABLES.get(shape, shape)
