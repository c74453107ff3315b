"""Routes of yield: passes of combines, the map of a field, against what was applied, and over years."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from fastapi import Depends, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.pagination import Cursor, Limit, read_cursor, reply_page, write_cursor
from api.http.problems import ProblemError, declare_problems
from api.http.query_windows import settle_window
from api.http.records import encode
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import End, Start
from api.routes.passes.passes import LONGEST_LIST_MS, FieldId, SwathM
from api.schemas.harvest.yields import (
    HarvestPassList,
    SeasonOfField,
    SeasonsOfField,
    YieldAgainstAppliedBody,
    YieldBody,
    YieldStabilityBody,
    against_applied_of,
    harvest_pass_of,
    rounded,
    stability_body_of,
    yield_grids_of,
    yield_head_of,
)
from api.schemas.model import fill
from headland.agronomy.harvest.yield_filters import REASONS, YieldFilters
from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.yields.harvest_passes import list_harvest_passes
from headland.analysis.yields.season_yields import (
    compare_with_pass,
    find_season,
    list_seasons,
    stability_of,
    window_of_season,
)
from headland.analysis.yields.yield_map import YieldMap, YieldRequest, map_yield
from headland.registry.models.models import Field, Season
from headland.units_of_time import DAY_MS

_DEFAULT_MS: Final = 60 * DAY_MS
#: Decimals of degrees: a millimetre.
_DEGREE_DECIMALS: Final = 8

SeasonAsked = Annotated[
    str | None,
    Query(description="Id of a season of the field: the 45 days around its harvest date, else the time since sowing.",
          max_length=64),
]  # fmt: skip
YieldCellM = Annotated[
    float | None,
    Query(description="Side of a cell [m]; by default 5 up to two hectares, else 10 or more.", ge=2, le=50,
          allow_inf_nan=False),
]  # fmt: skip
Moisture = Annotated[
    float | None,
    Query(description="Moisture to bring the grain to [%]; without it weights are as harvested.", ge=0, le=40,
          allow_inf_nan=False),
]  # fmt: skip
Weighed = Annotated[
    float | None,
    Query(description="Weight of the field's wet grain on a scale [kg]: the map is scaled to it.", gt=0, le=1e8,
          allow_inf_nan=False),
]  # fmt: skip
Scale = Annotated[
    Literal["harvests", "sensor"],
    Query(description="What to scale to without `weighed_kg`: the field's harvest records by a scale, or the sensors."),
]
LagS = Annotated[
    float | None,
    Query(description="Time from the header to the flow sensor [s], instead of the fitted one.", ge=-10, le=30,
          allow_inf_nan=False),
]  # fmt: skip
Seconds = Annotated[float | None, Query(ge=0, le=60, allow_inf_nan=False)]
Speed = Annotated[float | None, Query(ge=0, le=10, allow_inf_nan=False)]
Share = Annotated[float | None, Query(ge=0.01, le=1, allow_inf_nan=False)]
Deviations = Annotated[float | None, Query(ge=1, le=20, allow_inf_nan=False)]
TonnesHa = Annotated[float | None, Query(ge=0, le=400, allow_inf_nan=False)]

_CELLS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The yield as numbers, as polygons, or its samples as points.",
        "content": {"application/geo+json": {"schema": {"type": "object"}}},
    }
}

router = Router(prefix="/v1", tags=["harvest"], responses=declare_problems(400, 404, 422, 503))


def read_filters(
    start_s: Seconds = None,
    end_s: Seconds = None,
    least_speed_m_s: Speed = None,
    most_speed_m_s: Speed = None,
    speed_change: Share = None,
    most_overlap: Share = None,
    limit_z: Deviations = None,
    least_t_ha: TonnesHa = None,
    most_t_ha: TonnesHa = None,
    neighbour_z: Deviations = None,
) -> YieldFilters:
    """Return the filters of a request: its settings, else the usual ones."""
    given = {name: value for name, value in locals().items() if value is not None}
    return YieldFilters(**given)


def read_request(
    filters: Annotated[YieldFilters, Depends(read_filters)],
    cell_m: YieldCellM = None,
    standard_moisture_pct: Moisture = None,
    weighed_kg: Weighed = None,
    lag_s: LagS = None,
    scale: Scale = "harvests",
) -> YieldRequest:
    """Return what a request sets for a yield map."""
    return YieldRequest(cell_m, standard_moisture_pct, weighed_kg, lag_s, filters, scale)


RequestOf = Annotated[YieldRequest, Depends(read_request)]


@router.get("/fields/{field}/harvest-passes", name="list_harvest_passes", response_model=HarvestPassList)
def get_harvest_passes(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    start: Start = None,
    end: End = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """List the passes of combines over a field that begin in [start, end), the last 60 days by default.

    They are found where grain flowed over the field. They apply nothing, so `/passes` does not have them.
    """
    of = scope.repositories.fields.get(field)
    after = read_cursor(cursor, tuple[int, str])
    passes = [
        each
        for each in list_harvest_passes(scope, of, _window_of(scope, start, end))
        if after is None or (each.start_ms, each.id) > after
    ]
    page = passes[:limit]
    following = write_cursor(page[-1].start_ms, page[-1].id) if len(passes) > limit else None
    return reply_page(request, HarvestPassList(items=[harvest_pass_of(each) for each in page], next=following))


@router.get("/fields/{field}/yield", response_model=YieldBody, responses={**_CELLS, **declare_problems(409)})
def get_yield(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    asked: RequestOf,
    season: SeasonAsked = None,
    start: Start = None,
    end: End = None,
    shape: Annotated[
        Literal["json", "summary", "geojson", "points"],
        Query(alias="format", description="Grids of numbers, no cells, polygons, or each sample with its reason."),
    ] = "json",
) -> Response:
    """Return the yield of a field by its combines: cleaned by named filters and kriged to cells, with total and mean.

    The flow lag is fitted by opposite strips; where they do not show it none is applied, and `machines` says why. Each
    removed sample has a reason, counted in `removed`. Weights are as harvested unless a moisture is given. Where the
    field's harvest records of that season were weighed on a scale, the map is scaled to their sum; `weighing` says so.
    """
    of = scope.repositories.fields.get(field)
    window, grown = _asked_of(scope, of, season, start, end)
    made = map_yield(scope, of, window, asked, grown)
    head = yield_head_of(made, season)
    if shape in {"geojson", "points"}:
        features = _cell_features(made) if shape == "geojson" else _point_features(made)
        body = {"type": "FeatureCollection", **msgspec.structs.asdict(head), "features": features}
        return Response(encode(body), media_type="application/geo+json", headers={"Cache-Control": "no-cache"})
    grid = None if shape == "summary" else yield_grids_of(made)
    return reply(request, {**msgspec.structs.asdict(head), "grid": grid})


@router.get("/fields/{field}/yield/seasons", response_model=SeasonsOfField)
def get_yield_seasons(request: Request, scope: ScopeOf, field: FieldId) -> Response:
    """Return the seasons of a field with the time of their harvest, the newest last; a member's are the own ones."""
    of = scope.repositories.fields.get(field)
    return reply(request, SeasonsOfField(items=[_season_of(scope, each) for each in list_seasons(scope, of)]))


@router.get(
    "/fields/{field}/yield/against-applied", response_model=YieldAgainstAppliedBody, responses=declare_problems(409)
)
def get_yield_against_applied(
    request: Request,
    scope: ScopeOf,
    field: FieldId,
    asked: RequestOf,
    pass_id: Annotated[str, Query(description="Id of a pass of the field.", max_length=120)],
    season: SeasonAsked = None,
    start: Start = None,
    end: End = None,
    swath_m: SwathM = None,
) -> Response:
    """Compare yield with what a pass really applied, cell by cell: slope with its 95 % interval, and each cell.

    It is an association, no effect: better ground may have got more. A trial tells an effect.
    """
    of = scope.repositories.fields.get(field)
    window, grown = _asked_of(scope, of, season, start, end)
    found = compare_with_pass(scope, of, window, asked, pass_id, swath_m, grown)
    return reply(request, against_applied_of(found, season))


@router.get("/fields/{field}/yield/stability", response_model=YieldStabilityBody, responses=declare_problems(409))
def get_yield_stability(request: Request, scope: ScopeOf, field: FieldId, asked: RequestOf) -> Response:
    """Return how a field's cells yielded over its seasons: mean relative yield and its variation, from three on."""
    of = scope.repositories.fields.get(field)
    return reply(request, stability_body_of(stability_of(scope, of, asked)))


def _asked_of(
    scope: OrgScope, of: Field, season: str | None, start: int | None, end: int | None
) -> tuple[Window, Season | None]:
    """Return the time that was asked for, and the season that it is of."""
    if season is None:
        return _window_of(scope, start, end), None
    if start is not None or end is not None:
        raise ProblemError(400, "bad-window", "Season and window", "Give a season, or start and end, not both.")
    found = find_season(scope, of, season)
    return window_of_season(found, scope.now_ms), found


def _window_of(scope: OrgScope, start: int | None, end: int | None) -> Window:
    end_ms = scope.now_ms if end is None else end
    return settle_window(end_ms - _DEFAULT_MS if start is None else start, end_ms, end_ms, LONGEST_LIST_MS)


def _season_of(scope: OrgScope, season: Season) -> SeasonOfField:
    try:
        window = window_of_season(season, scope.now_ms)
    except PreconditionError:
        return fill(SeasonOfField, season, season=season.id, start_ms=None, end_ms=None, reason="no_season_dates")
    return fill(SeasonOfField, season, window, season=season.id, reason=None)


def _cell_features(made: YieldMap) -> list[dict[str, Any]]:
    """Return each cell that was cut as a polygon."""
    grid = made.grid
    row, column = np.nonzero(made.cut_m2 > 0.0)
    west_m = np.asarray(grid.west_m + column * grid.cell_m, np.float64)
    south_m = np.asarray(grid.south_m + row * grid.cell_m, np.float64)
    south, west = made.plane.to_degrees(west_m, south_m)
    north, east = made.plane.to_degrees(west_m + grid.cell_m, south_m + grid.cell_m)
    corners = np.round(np.column_stack((west, south, east, north)), _DEGREE_DECIMALS).tolist()
    grids = {name: values[row, column].tolist() for name, values in yield_grids_of(made).items()}
    return [
        {
            "type": "Feature",
            "id": r * grid.columns + c,
            "geometry": {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]},
            "properties": {"row": r, "column": c, **{name: _number(values[at]) for name, values in grids.items()}},
        }
        for at, (r, c, (w, s, e, n)) in enumerate(zip(row.tolist(), column.tolist(), corners, strict=True))
    ]


def _point_features(made: YieldMap) -> list[dict[str, Any]]:
    """Return each sample with its yield, and why it was removed."""
    features = []
    for each in made.machines:
        points = each.points
        latitude, longitude = made.plane.to_degrees(points.east_m, points.north_m)
        places = np.round(np.column_stack((longitude, latitude)), _DEGREE_DECIMALS).tolist()
        yields = rounded(each.cleaned.yield_t_ha * made.factor).tolist()
        for time_ms, place, grown, reason in zip(
            points.time_ms.tolist(), places, yields, each.cleaned.reason.tolist(), strict=True
        ):
            properties = {
                "device": each.device,
                "time_ms": time_ms,
                "yield_t_ha": _number(grown),
                "reason": REASONS[reason] if reason else None,
            }
            features.append(
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": properties}
            )
    return features


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
