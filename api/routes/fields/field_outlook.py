"""Routes of the weather to come at a field: hours that suit an application, and what it brings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.registry import RecordId
from headland.agronomy.prescription.weather_window import Kind
from headland.analysis.weather.outdoors.application_windows import (
    USUAL_HOURS,
    ForecastWindows,
    answer_forecast_windows,
)
from headland.analysis.weather.outdoors.field_outlook import FieldOutlook, answer_field_outlook

router = Router(prefix="/v1/fields", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/{thing:record_id}/forecast-window", response_model=ForecastWindows)
def get_forecast_window(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    kind: Annotated[Kind, Query(description="What is to be applied.")] = "liquid",
    rainfast_h: Annotated[
        int | None,
        Query(description="Hours without rain that the product needs; 6 for a liquid by default.", ge=0, le=48),
    ] = None,
    hours: Annotated[int, Query(description="Hours to come that are answered.", ge=1, le=168)] = USUAL_HOURS,
) -> Response:
    """Return for each hour to come whether its weather suits the work, by the forecast of the field's site.

    The rule is that of measured hours (`weather-window`), with gusts and the rain before the product is rainfast. A
    limit within the 90 % interval is a caution. `source` says whose forecast it is, of when, and what has to be shown
    with it; without a forecast there are no hours, and its `text` says why.
    """
    return reply(request, answer_forecast_windows(scope, scope.repositories.fields.get(thing), kind, rainfast_h, hours))


@router.get("/{thing:record_id}/weather-outlook", response_model=FieldOutlook)
def get_weather_outlook(
    request: Request,
    scope: ScopeOf,
    thing: RecordId,
    hours: Annotated[int, Query(description="Hours to come that are answered.", ge=24, le=168)] = USUAL_HOURS,
) -> Response:
    """Return what the weather to come brings to a field: frost, heat, late blight, and days of harvest of wheat.

    Frost is that of the next 24 hours at the site's station, with its own offset at night and the chance by its past
    days. Days of disease and harvest say how many of their hours were measured, are forecast, or are missing. `source`
    has what has to be shown with it; without a forecast `text` says why, and what rests on it has a reason.
    """
    return reply(request, answer_field_outlook(scope, scope.repositories.fields.get(thing), hours))
