"""Routes of the weather to come at a site, by the provider that the station asks, and of the providers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.query_windows import QueryInstant
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import NAME_PATTERN
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.weather.correction.record_answer import WeatherForecastRecord, answer_forecast_record
from headland.analysis.weather.hourly_forecast import (
    MOST_HOURS,
    USUAL_HOURS,
    HourlyForecast,
    hourly_forecast,
)
from headland.analysis.weather.provider_forecast import SiteForecast, answer_site_forecast
from headland.formats.weather.providers import describe_providers

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 404, 422, 503))
catalog_router = Router(prefix="/v1/forecast-providers", tags=["registry"], responses=declare_problems(422, 503))

_LIST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ForecastProviderKind"}},
        "next": {"type": "null"},
    },
    "required": ["items", "next"],
}


@catalog_router.get(
    "/catalog",
    name="list_forecast_provider_catalog",
    responses={200: {"content": {"application/json": {"schema": _LIST}}}},
)
def get_provider_catalog(request: Request) -> Response:
    """List the providers that can be chosen: what leaves the station, how often, and the licence."""
    return reply(request, {"items": describe_providers(), "next": None})


@router.get("/sites/{site}/weather-forecast", response_model=SiteForecast)
def get_weather_forecast(
    request: Request,
    scope: ScopeOf,
    site: Annotated[str, Path(description="A site by its name or id.", pattern=NAME_PATTERN)],
    at: Annotated[QueryInstant | None, Query(description="The instant at which it was known; now by default.")] = None,
    start: Annotated[
        QueryInstant | None, Query(description="Steps that end later are answered; `at` by default.")
    ] = None,
    end: Annotated[
        QueryInstant | None, Query(description="Steps that end by then are answered; three days later by default.")
    ] = None,
) -> Response:
    """Return what the provider said of the weather to come, as it was known at `at`, with its age and its source.

    Nothing is interpolated: each value is of its own time. `attribution` has to be shown with any number of it. Where
    nothing is said, `basis` is `nothing`, and `text` says why.
    """
    at_ms = scope.now_ms if at is None else min(at, scope.now_ms)
    return reply(request, answer_site_forecast(scope, site, at_ms, start, end))


@router.get("/sites/{site}/weather-forecast/hours", response_model=HourlyForecast)
def get_hourly_forecast(
    request: Request,
    scope: ScopeOf,
    site: Annotated[str, Path(description="A site by its name or id.", pattern=NAME_PATTERN)],
    at: Annotated[QueryInstant | None, Query(description="The instant at which it was known; now by default.")] = None,
    hours: Annotated[int, Query(description="Hours from that of `at` on.", ge=1, le=MOST_HOURS)] = USUAL_HOURS,
) -> Response:
    """Return the weather to come by whole hours, as every use of this station has it.

    Amounts and chances belong to their own step, which several hours may share. Where nothing is said, `hours` is
    empty, and `text` says why.
    """
    at_ms = scope.now_ms if at is None else min(at, scope.now_ms)
    answer = hourly_forecast(scope, site, at_ms, hours)
    if answer.reason == "no_site":
        raise AnalysisError("unknown-site", "No such site", f"There is no site {site}.")
    return reply(request, answer)


@router.get("/sites/{site}/weather-forecast/record", response_model=WeatherForecastRecord)
def get_forecast_record(
    request: Request,
    scope: ScopeOf,
    site: Annotated[str, Path(description="A site by its name or id.", pattern=NAME_PATTERN)],
    at: Annotated[QueryInstant | None, Query(description="The instant at which it was known; now by default.")] = None,
) -> Response:
    """Return how good the forecast of a site was in 30 days: by hours ahead, of the provider and corrected.

    Each is what would have been said at its instant by what was known then. Where the corrected one was worse, the
    provider's own is used, and `state` says so.
    """
    at_ms = scope.now_ms if at is None else min(at, scope.now_ms)
    return reply(request, answer_forecast_record(scope, site, at_ms))
