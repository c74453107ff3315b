"""Passes of a field, declared or found, and what they applied."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.content_types import ARROW, CSV, FORMS, JSON, PARQUET, TABLE_CONTENT, choose_format, reply_table
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.query_windows import settle_window
from api.http.responses import reply
from api.routes.parameters import NAME_PATTERN, End, Start
from api.schemas.passes import AppliedBody, PassDetail, PassItem, PassList, PassTold
from api.schemas.passes_mapping import applied_of, pass_detail_of, pass_of
from headland.agronomy.prescription.weather_window import Kind
from headland.analysis.exports.as_applied import applied_geojson, applied_geotiff, applied_isoxml, applied_png
from headland.analysis.exports.settlement import cells_table
from headland.analysis.passes.as_applied import Applied, apply_pass
from headland.analysis.passes.detection import find_pass, list_passes
from headland.analysis.registry_access import repositories_of
from headland.analysis.weather.spray_window import judge_weather, weather_evidence
from headland.analysis.window import Window
from headland.registry.models.errors import NotFound
from headland.registry.models.models import Pass
from headland.units_of_time import DAY_MS

LONGEST_LIST_MS: Final = 400 * DAY_MS
_DEFAULT_LIST_MS: Final = 7 * DAY_MS

FieldId = Annotated[str, Path(description="Id of a field.", pattern="^[0-9a-z]{26}$")]
_PATTERN: Final = r"^[0-9a-z]{26}(~[A-Za-z0-9][A-Za-z0-9._-]{0,63}~[0-9]{1,15})?$"
PassId = Annotated[str, Path(description="Id of a pass.", pattern=_PATTERN)]
CellM = Annotated[float, Query(description="Side of a cell [m].", ge=0.25, le=50, allow_inf_nan=False)]
SwathM = Annotated[
    float | None, Query(description="Swath [m], instead of the implement's.", gt=0, le=100, allow_inf_nan=False)
]
LatencyS = Annotated[
    float | None,
    Query(
        description="From the measured flow (or the feeder's signal) to the ground [s], instead of the implement's.",
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

router = APIRouter(prefix="/v1", tags=["passes"], responses=declare_problems(400, 404, 422, 503))


@router.post("/passes", response_model=PassItem, status_code=201, responses=declare_problems(409))
def declare_pass(scope: ScopeOf, told: PassTold) -> PassItem:
    """Declare a pass. It is never changed; declared again with the same words it is the same pass.

    The wind, Delta-T and rain at the time are kept with it in the ledger, as far as the site's own weather tells.
    """
    repositories = repositories_of(scope)
    try:
        kept = repositories.passes.declare(Pass(**told.model_dump()))
    except NotFound as error:
        missing = error.kind.replace(" ", "-")
        raise ProblemError(400, f"unknown-{missing}", "It refers to nothing", str(error)) from error
    one = find_pass(scope, kept.id)
    kind: Kind = "liquid" if one.unit == "L" else "granular"
    window = Window(kept.start_ms, kept.end_ms)
    weather = weather_evidence(*judge_weather(scope, repositories, one.field, window, kind))
    repositories.ledger.append("weather", one.field.id, kept.id, weather)
    return pass_of(one)


@router.get("/fields/{field}/passes", name="list_passes", response_model=PassList)
def get_passes(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    start: Start = None,
    end: End = None,
    device: Annotated[str | None, Query(description="Only this vehicle's.", pattern=NAME_PATTERN)] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the passes of a field that begin in [start, end), the last seven days by default.

    Those that were declared, and others that telemetry shows: product left over the field. Refills and short silences
    lie within a pass; a return that treats mostly what was treated already is another one.
    """
    end_ms = scope.now_ms if end is None else end
    window = settle_window(end_ms - _DEFAULT_LIST_MS if start is None else start, end_ms, end_ms, LONGEST_LIST_MS)
    after = read_cursor(cursor, tuple[int, str])
    rest = [
        one
        for one in list_passes(scope, field, window)
        if (after is None or (one.start_ms, one.id) > after) and device in (None, one.device)
    ]
    page = rest[:limit]
    following = write_cursor(page[-1].start_ms, page[-1].id) if len(rest) > limit else None
    return reply_page(request, PassList(items=[pass_of(one) for one in page], next=following))


@router.get("/passes/{pass_id}", response_model=PassDetail)
def get_pass(request: Request, scope: ScopeOf, pass_id: PassId) -> Response:
    """Show a pass with its segments: work, turns, transits, refills and the way home, each with its evidence."""
    return reply(request, pass_detail_of(find_pass(scope, pass_id)))


@router.get(
    "/passes/{pass_id}/as-applied",
    response_model=AppliedBody,
    responses={**_APPLIED, **declare_problems(406, 409)},
)
def get_applied(
    request: Request,
    scope: ScopeOf,
    pass_id: PassId,
    cell_m: CellM = 2.0,
    swath_m: SwathM = None,
    latency_s: LatencyS = None,
    shape: Annotated[
        Literal["json", "geojson", "csv", "arrow", "parquet", "png", "geotiff", "isoxml"] | None,
        Query(alias="format", description="What to answer with; else what Accept says."),
    ] = None,
) -> Response:
    """Draw what a pass applied: by metered amounts only. Ground over which only a command is known has no rate.

    Amounts are on the usable field, in buffers, in exclusions, outside, or unlocated, and add up to what left. CSV,
    Arrow and Parquet have a row for each cell.
    """
    form = _form_of(request, shape)
    applied: Applied = apply_pass(scope, find_pass(scope, pass_id), cell_m=cell_m, swath_m=swath_m, latency_s=latency_s)
    if form == JSON:
        answer = reply(request, applied_of(applied))
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
