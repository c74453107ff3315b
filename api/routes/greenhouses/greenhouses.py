"""Routes of greenhouse analytics and site weather."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path, Query, Request
from starlette.responses import Response

from api.dependencies import ScopeOf
from api.http.problems import declare_problems
from api.http.query_windows import settle_window
from api.http.responses import reply
from api.http.router import Router
from api.routes.greenhouses.thermal_params import ThermalOf
from api.routes.parameters import NAME_PATTERN, End, Start
from headland.agronomy.climate.air import Thresholds
from headland.agronomy.climate.exchange import DeclaredHouse
from headland.agronomy.climate.forecast import Skill
from headland.agronomy.climate.light import UMOL_PER_LUX
from headland.agronomy.series.stamps import Stamp
from headland.analysis.greenhouse.climate import (
    By,
    ClimateQuery,
    answer_air,
    answer_condensation,
    answer_disease,
    answer_light,
)
from headland.analysis.greenhouse.control import answer_compliance, answer_irrigation, answer_uniformity
from headland.analysis.greenhouse.exchange import answer_exchange, height_of
from headland.analysis.greenhouse.forecast import forecast_house
from headland.analysis.greenhouse.forecast_history import (
    fill_measured,
    forecast_errors,
    past_forecasts,
    record_forecast,
)
from headland.analysis.greenhouse.forecast_weather import requested_weather
from headland.analysis.greenhouse.house import (
    House,
    find_house,
    find_site,
    local_hour_start,
    settle_origins,
    trim_to_samples,
)
from headland.analysis.greenhouse.house_answer import (
    AnswersOfHouse,
    ClimateAnswers,
    ForecastOfHouse,
    PastForecasts,
    SensorsOfHouse,
    climate_answers_of,
    forecast_of,
    house_answers_of,
    past_forecasts_of,
    sensors_of,
)
from headland.analysis.greenhouse.overview import build_overview
from headland.analysis.greenhouse.overview_answer import OverviewAnswer, overview_of
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.greenhouse.sensor_health import check_sensors
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.house_weather import forecast_by_station
from headland.analysis.weather.site_weather import answer_hourly_weather, answer_weather
from headland.analysis.weather.weather_answer import WeatherOfSite, site_weather_of
from headland.units_of_time import DAY_MS

LONGEST_CLIMATE_MS: Final = 366 * DAY_MS
LONGEST_BY_HOUR_MS: Final = 31 * DAY_MS

GreenhouseId = Annotated[
    str,
    Path(description="Id of a device that is a greenhouse, or of a greenhouse in the registry.", pattern=NAME_PATTERN),
]
Zone = Annotated[str | None, Query(description="Only this zone of it, by name.", min_length=1, max_length=200)]
#: The periods into which a client may divide a window.
Division = Literal["hour", "day", "stage"]
ByOf = Annotated[Division, Query(description="Periods of the answer; days are local, of the site's time zone.")]
ByHourOrDay = Annotated[Literal["hour", "day"], Query(description="Periods of the answer.")]
Transmission = Annotated[
    float | None,
    Query(
        description="Share of light that the cover passes, if only outside radiation is measured.",
        gt=0,
        le=1,
        allow_inf_nan=False,
    ),
]
Hourly = Annotated[
    list[Annotated[float, Query(ge=-100, le=2000, allow_inf_nan=False)]],
    Query(description="A weather forecast: hourly means of the next hours.", max_length=24),
]

router = Router(prefix="/v1", tags=["answers"], responses=declare_problems(400, 404, 422, 503))


@router.get("/greenhouses/{device}/climate", response_model=ClimateAnswers)
def get_climate(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    thermal: ThermalOf,
    start: Start = None,
    end: End = None,
    by: Annotated[
        Division | None, Query(description="Divide the window into hours, local days or crop stages.")
    ] = None,
    zone: Zone = None,
) -> Response:
    """Return the indices of the air: vapour pressure deficit, dew point, humidity deficit; by day temperature sums too.

    Without `by` there is one period, the window itself; its answers are also in `vpd_kpa`, `dew_point_degc`,
    `humidity_deficit_g_m3` and `frost_point_degc`. Without `start` it is the last hour, or the part of it since the
    first sample. All is computed from five-minute means. A value is null where too little is covered:
    insufficient_data. Samples of faulty sensors are left out and listed in `left_out`.
    """
    house = find_house(scope, device, zone)
    if by is not None:
        query = _query(scope, house, start, end, by)
    else:
        window = settle_window(start, end, scope.now_ms, LONGEST_CLIMATE_MS)
        if start is None:
            window = trim_to_samples(scope, house, window)
        house = settle_origins(scope, house, window)
        query = ClimateQuery(scope, house, window, "window", crop_targets_of(scope, window.end_ms))
    return reply(request, climate_answers_of(answer_air(query, thermal.over(query.thresholds))))


@router.get("/greenhouses/{device}/overview", response_model=OverviewAnswer)
def get_overview(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    zone: Zone = None,
    width: Annotated[int, Query(description="Width of the chart in pixels.", ge=3, le=5000)] = 800,
) -> Response:
    """Return everything for the page of a greenhouse: chart lines, target bands, days, and a map of its places.

    The lines are means of five minutes; in a chart with fewer pixels than steps, the lowest and highest of each pixel.
    The days' answers are those of climate, condensation, light and disease, by column.
    """
    window = _window(scope, start, end, LONGEST_BY_HOUR_MS)
    house = settle_origins(scope, find_house(scope, device, zone), window)
    return reply(
        request,
        overview_of(
            build_overview(ClimateQuery(scope, house, window, "day", crop_targets_of(scope, window.end_ms)), width)
        ),
    )


@router.get("/greenhouses/{device}/condensation", response_model=AnswersOfHouse)
def get_condensation(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    by: ByOf = "day",
    zone: Zone = None,
) -> Response:
    """Return condensation on leaves, fruit and cover: margins, hours, and each event.

    A surface is measured, or estimated by the rule in `notes`; the most critical surface counts.
    """
    return reply(
        request, house_answers_of(answer_condensation(_query(scope, find_house(scope, device, zone), start, end, by)))
    )


@router.get("/greenhouses/{device}/light", response_model=AnswersOfHouse)
def get_light(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    by: ByHourOrDay = "day",
    zone: Zone = None,
    transmission: Transmission = None,
    lamp: Annotated[
        str | None,
        Query(
            description="Light source, if only lux is measured: sun, hps, white_led ...",
            pattern=f"^({'|'.join(UMOL_PER_LUX)})$",
        ),
    ] = None,
) -> Response:
    """Return the light: daily light integral, photoperiod, the last 24 hours, photothermal ratio.

    A day needs 90 % of its daylight. `notes` has the measured channel and its factor to photons.
    """
    query = _query(scope, find_house(scope, device, zone), start, end, by)
    return reply(request, house_answers_of(answer_light(query, transmission, lamp)))


@router.get("/greenhouses/{device}/disease", response_model=AnswersOfHouse)
def get_disease(
    request: Request, scope: ScopeOf, device: GreenhouseId, start: Start = None, end: End = None, zone: Zone = None
) -> Response:
    """Return the daily risk of Botrytis, powdery mildew, late blight and downy mildew, with its drivers.

    Risk indices by published rules, not counts of diseased plants; `notes` has the validity of each.
    """
    query = _query(scope, find_house(scope, device, zone), start, end, "day")
    return reply(request, house_answers_of(answer_disease(query)))


@router.get("/greenhouses/{device}/irrigation", response_model=AnswersOfHouse)
def get_irrigation(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    zone: Zone = None,
    dose_l_m2: Annotated[
        float | None,
        Query(description="Dose of one irrigation [L/m2], for its trigger.", gt=0, le=20, allow_inf_nan=False),
    ] = None,
    uptake_ml_j_cm2: Annotated[
        float, Query(description="Water uptake by radiation [ml per J/cm2 and m2].", ge=0.5, le=4, allow_inf_nan=False)
    ] = 2.0,
) -> Response:
    """Return irrigation by local day: radiation sum, uptake, water need, target and measured drain."""
    query = _query(scope, find_house(scope, device, zone), start, end, "day")
    return reply(request, house_answers_of(answer_irrigation(query, dose_l_m2, uptake_ml_j_cm2)))


@router.get("/greenhouses/{device}/exchange", response_model=AnswersOfHouse)
def get_exchange(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    leaf_area_index: Annotated[
        float, Query(description="Leaf area over floor area.", gt=0, le=10, allow_inf_nan=False)
    ],
    start: Start = None,
    end: End = None,
    by: ByHourOrDay = "hour",
    zone: Zone = None,
    height_m: Annotated[
        float | None,
        Query(
            description="Mean height of the greenhouse; else its volume over its floor.",
            gt=0,
            le=30,
            allow_inf_nan=False,
        ),
    ] = None,
    co2_given_g_m2_h: Annotated[
        float, Query(description="Carbon dioxide dosed, the same in every hour.", ge=0, le=200, allow_inf_nan=False)
    ] = 0.0,
    outside_co2_ppm: Annotated[
        float, Query(description="Carbon dioxide outside.", ge=300, le=1000, allow_inf_nan=False)
    ] = 420.0,
    transmission: Transmission = None,
) -> Response:
    """Return transpiration, air exchange by two balances, and carbon dioxide used.

    By a canopy model and hourly balances; a balance has no value where inside and outside differ by no more than the
    sensors' errors. By day the sums of the hours.
    """
    house = find_house(scope, device, zone)
    declared = DeclaredHouse(leaf_area_index, height_of(house, height_m), co2_given_g_m2_h, outside_co2_ppm)
    return reply(
        request, house_answers_of(answer_exchange(_query(scope, house, start, end, by), declared, transmission))
    )


@router.get("/greenhouses/{device}/compliance", response_model=AnswersOfHouse)
def get_compliance(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    by: ByOf = "day",
    zone: Zone = None,
) -> Response:
    """Return compliance with set points, vent movement, and hours of heating with open vents."""
    return reply(
        request, house_answers_of(answer_compliance(_query(scope, find_house(scope, device, zone), start, end, by)))
    )


@router.get("/greenhouses/{device}/uniformity", response_model=AnswersOfHouse)
def get_uniformity(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    by: ByOf = "day",
    zone: Zone = None,
) -> Response:
    """Return uniformity: the span between the places of a greenhouse, and the bias of each place."""
    return reply(
        request, house_answers_of(answer_uniformity(_query(scope, find_house(scope, device, zone), start, end, by)))
    )


@router.get("/greenhouses/{device}/data-quality", response_model=SensorsOfHouse)
def get_data_quality(
    request: Request, scope: ScopeOf, device: GreenhouseId, start: Start = None, end: End = None, zone: Zone = None
) -> Response:
    """Return the health of the sensors by device and channel: stuck, spikes, drift, sun-heated, saturated, silent."""
    window = _window(scope, start, end, LONGEST_BY_HOUR_MS)
    house = settle_origins(scope, find_house(scope, device, zone), window)
    return reply(request, sensors_of(house, window, check_sensors(scope, house, window)))


@router.get("/greenhouses/{device}/forecast", response_model=ForecastOfHouse)
def get_forecast(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    end: End = None,
    zone: Zone = None,
    hours: Annotated[int, Query(description="Hours ahead.", ge=1, le=24)] = 12,
    outside_temperature_degc: Hourly = [],  # noqa: B006 - FastAPI copies it
    outside_humidity_pct: Hourly = [],  # noqa: B006
    global_radiation_w_m2: Hourly = [],  # noqa: B006
    wind_speed_m_s: Hourly = [],  # noqa: B006
) -> Response:
    """Forecast temperature, humidity and condensation margin for each hour ahead of `end`, from the last five weeks.

    Computed on request from the greenhouse's own history, its weather, and the weather forecast of its site or of the
    request; `basis` says which. `skill` has the errors of such forecasts in the past days and of two naive ones,
    `record` those of the recorded forecasts, `weather_record` those with and without a weather forecast, of which
    `verdicts` says whether it is used. With less than about six days of history the values are null: insufficient_data.
    """
    house = find_house(scope, device, zone)
    given = requested_weather(outside_temperature_degc, outside_humidity_pct, global_radiation_w_m2, wind_speed_m_s)
    at_ms = scope.now_ms if end is None else end
    targets = crop_targets_of(scope, at_ms)
    if given.values:
        forecast = forecast_house(scope, house, targets, at_ms, hours, given)
    else:
        forecast = forecast_by_station(scope, house, targets, at_ms, hours, with_skill=True)
    record: dict[str, list[Skill | None]] = {}
    if scope.registry is not None and zone is None:
        repositories = scope.repositories
        fill_measured(repositories, house, forecast)
        # A forecast that used a client's weather forecast is not one of the station, so it is not recorded.
        if forecast.origin_ms == local_hour_start(house.place, scope.now_ms) and not given.values:
            record_forecast(repositories, house, forecast, scope.now_ms)
        record = forecast_errors(repositories, house, forecast.origin_ms)
    return reply(request, forecast_of(house, forecast, record, at_ms))


@router.get("/greenhouses/{device}/forecast/past", response_model=PastForecasts)
def get_past_forecasts(
    request: Request,
    scope: ScopeOf,
    device: GreenhouseId,
    start: Start = None,
    end: End = None,
    ahead_h: Annotated[int, Query(description="Hours between the forecast and the hour.", ge=1, le=24)] = 6,
) -> Response:
    """Return recorded forecasts for the hours in [start, end), made so many hours before, and the measured values."""
    house = find_house(scope, device)
    window = _window(scope, start, end, LONGEST_BY_HOUR_MS)
    recorded = {} if scope.registry is None else past_forecasts(scope.repositories, house, *window.pair, ahead_h)
    return reply(request, past_forecasts_of(house, ahead_h, window, recorded))


@router.get("/sites/{site}/weather", response_model=WeatherOfSite)
def get_weather(
    request: Request,
    scope: ScopeOf,
    site: Annotated[str, Path(description="A site by its name or id.", pattern=NAME_PATTERN)],
    thermal: ThermalOf,
    start: Start = None,
    end: End = None,
    by: ByHourOrDay = "day",
    wind_height_m: Annotated[
        float, Query(description="Height of the wind sensor [m].", ge=0.5, le=100, allow_inf_nan=False)
    ] = 2.0,
    stamps: Annotated[
        Stamp | None,
        Query(
            description="What the stamps of hourly samples mean: an instant, or the mean of the time before or after. "
            "Without it as a station's radiation shows, else an instant."
        ),
    ] = None,
) -> Response:
    """Return the weather of each local day: extremes, rain, radiation, reference evapotranspiration, temperature sums.

    Temperature sums are hours beyond thresholds, degree days and winter chill; with rain also Blitecast's advice. By
    hour the means of temperature, humidity, radiation and wind, and evapotranspiration by FAO-56 eq 53 and by ASCE.
    """
    window = _window(scope, start, end, LONGEST_CLIMATE_MS if by == "day" else LONGEST_BY_HOUR_MS)
    name, place, records = find_site(scope, site)
    house = House(name, records, place, {})
    if by == "hour":
        return reply(request, site_weather_of(answer_hourly_weather(scope, house, window, wind_height_m, stamps)))
    thresholds = thermal.over(Thresholds(0.0, None, cold_degc=(0.0, -2.0)))
    return reply(request, site_weather_of(answer_weather(scope, house, window, thresholds, wind_height_m, stamps)))


def _query(scope: OrgScope, house: House, start_ms: int | None, end_ms: int | None, by: By) -> ClimateQuery:
    longest_ms = LONGEST_BY_HOUR_MS if by == "hour" else LONGEST_CLIMATE_MS
    window = _window(scope, start_ms, end_ms, longest_ms)
    return ClimateQuery(scope, settle_origins(scope, house, window), window, by, crop_targets_of(scope, window.end_ms))


def _window(scope: OrgScope, start_ms: int | None, end_ms: int | None, longest_ms: int) -> Window:
    """Return the requested window; without a start it is a day long."""
    end = scope.now_ms if end_ms is None else end_ms
    return settle_window(end - DAY_MS if start_ms is None else start_ms, end, scope.now_ms, longest_ms)
