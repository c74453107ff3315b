"""Route of the answers on applied product."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.query_windows import settle_window
from api.http.responses import reply
from api.http.router import Router
from api.routes.parameters import DeviceId, End, Start
from api.schemas.passes.application import ApplicationAnswers, application_of
from headland.analysis.inputs.origin import for_window
from headland.analysis.inputs.telemetry import find_device
from headland.analysis.passes.application import answer_application, answer_spreading
from headland.analysis.passes.telemetry import is_spreader
from headland.analysis.passes.vehicle_visits import swath_of_device
from headland.units_of_time import DAY_MS

LONGEST_APPLICATION_MS: Final = 31 * DAY_MS

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/devices/{device}/application", response_model=ApplicationAnswers, responses=declare_problems(409))
def get_application(
    request: Request,
    scope: ScopeOf,
    device: DeviceId,
    swath_m: Annotated[
        float | None,
        Query(
            description="Width of a swath [m]; by default of the implement of the pass declared then, else of the "
            "one that is mounted on the device.",
            gt=0,
            le=100,
            allow_inf_nan=False,
        ),
    ] = None,
    assumed_swath_m: Annotated[
        float | None,
        Query(
            description="Width of a swath where none is given and no implement is mounted [m].",
            gt=0,
            le=100,
            allow_inf_nan=False,
        ),
    ] = None,
    start: Start = None,
    end: End = None,
) -> Response:
    """Return what a device sprayed or spread: amount, area worked, overlap and mean rate, each with its evidence.

    The area worked is the union of the swaths wherever the device worked, beside fields too, by the signal of its pump
    or meter. The treated ground of a field is in the pass's answers.

    Litres of a sprayer come from a flow meter only. Kilograms of a spreader of granules come from a mass-flow sensor
    (measured_flow) or else from the hopper's loss (tank_mass). A command to a pump or feeder gives treated ground with
    the evidence pump_pwm, and never litres or kilograms.
    """
    window = settle_window(start, end, scope.now_ms, LONGEST_APPLICATION_MS)
    record = for_window(scope, find_device(scope, device), window, ("latitude_deg", "longitude_deg"))
    width_m, basis = swath_m, "given"
    if width_m is None:
        width_m, basis = swath_of_device(scope, record, window, assumed_swath_m)
    answer = answer_spreading if is_spreader(record) else answer_application
    return reply(request, application_of(record, width_m, basis, answer(scope, record, window, width_m)))
