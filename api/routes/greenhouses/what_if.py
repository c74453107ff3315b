"""Route of what another setting would do in a greenhouse."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.responses import reply
from api.http.router import Router
from api.routes.greenhouses.greenhouses import GreenhouseId
from headland.analysis.greenhouse.house import find_house
from headland.analysis.weather.house_what_if import Night, Setting, WhatIf, WhatIfQuestion, answer_what_if

router = Router(prefix="/v1/greenhouses", tags=["answers"], responses=declare_problems(400, 404, 409, 422, 503))

Value = Query(description="Value: a clock hour, 16.5 is half past four, or degC.", ge=-20, le=50, allow_inf_nan=False)


@router.get("/{device}/what-if", response_model=WhatIf)
def get_what_if(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    setting: Annotated[Setting, Query(description="Setting to change.")],
    changed: Annotated[float, Value],
    as_is: Annotated[float | None, Value] = None,
    night: Annotated[
        Night, Query(description="The last night as measured, or the next 24 hours as forecast.")
    ] = "last",
    below_degc: Annotated[float, Query(description="Limit of cold air.", ge=-20, le=40, allow_inf_nan=False)] = 8.0,
    humid_pct: Annotated[float, Query(description="Limit of humid air.", ge=30, le=100, allow_inf_nan=False)] = 90.0,
) -> Response:
    """Return what a changed setting would have done last night, or will do in the next 24 hours: nothing is commanded.

    The greenhouse's `climate_model` runs twice over the same weather, with the setting as it is (`as_is`, without it
    that of the model) and as changed. Intervals are those of the errors of the fit on measurements it never saw; a
    model that is declared has none, and its figures are whole. 409 without a model or the equipment.
    """
    question = WhatIfQuestion(setting, changed, night, as_is, below_degc, humid_pct)
    return reply(request, answer_what_if(scope, find_house(scope, device), question))
