"""Forecast of a greenhouse for the next hours: from its last five weeks by the hour, and the weather to come.

Every quantity is forecast with the weather forecast and without; the record says which of them is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.climate.forecast import MOST_HISTORY_H, ForecastInputs, Skill, backtest, predict_both
from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.qartod import MISSING
from headland.agronomy.series.time_grid import average, count_true, make_periods
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.derived import by_day_of, margin_of
from headland.analysis.greenhouse.forecast_record import NOT_JUDGED, HouseRecord, QuantityErrors, WeatherVerdict
from headland.analysis.greenhouse.forecast_weather import (
    NO_WEATHER_FORECAST,
    WeatherForecast,
    weather_to_come,
)
from headland.analysis.greenhouse.house import House, day_starts, local_hour_start
from headland.analysis.greenhouse.house_grid import HouseGrid
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.contract.indices import unit_of_index
from headland.units_of_time import HOUR_MS

#: The hours of the backtest.
_BACKTEST_H: Final = 7 * 24
#: An hour is known from half of its steps on.
_LEAST_STEPS: Final = 6
#: The margin of each surface, which has no backtest: that of the coldest one does, and recorded forecasts have errors.
_SURFACES: Final = {"leaf": "leaf_condensation_margin_k", "cover": "cover_condensation_margin_k"}
#: What a house or its site measures of the weather.
_WEATHER: Final = ("outside_temperature_degc", "outside_humidity_pct", "global_radiation_w_m2", "wind_speed_m_s")
_CHANNELS: Final = (
    "air_temperature_degc",
    "relative_humidity_pct",
    "leaf_temperature_degc",
    "cover_temperature_degc",
    "screen_closed_pct",
    *_WEATHER,
)
_SOURCE: Final = (
    "ridge regression on lags, the sun and the weather's change, of the weather forecast as well where it is used, "
    "fitted on up to 35 days; low and high hold nine of ten errors of the last days"
)
NO_RECORD: Final[HouseRecord] = {}


@dataclass(frozen=True, slots=True)
class HouseForecastHour:
    """One hour ahead: answers and skills by quantity.

    The answer is one of `with_weather` and `without_weather`, which are empty where there is no weather forecast.
    """

    hours: int
    window: tuple[int, int]
    answers: dict[str, Answer]
    skill: dict[str, Skill | None]
    with_weather: dict[str, float | None]
    without_weather: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class HouseForecast:
    """The hours ahead of an origin, and the hourly history: `hourly` from `hourly_start_ms` to the origin.

    expected
        The channels of the weather forecast `weather` that it rests on.
    verdicts
        By quantity, whether it is told with the weather forecast; empty where that explains nothing.
    record
        The errors of the forecasts so far, with the weather forecast and without.
    """

    origin_ms: int
    history_hours: int
    drivers: list[str]
    weather: WeatherForecast
    expected: list[str]
    verdicts: dict[str, WeatherVerdict]
    ahead: list[HouseForecastHour]
    left_out: list[DeviceFinding]
    hourly_start_ms: int
    hourly: dict[str, Values]
    record: HouseRecord


def forecast_house(
    scope: OrgScope,
    house: House,
    crop_targets: CropTargets,
    origin_ms: int,
    hours: int,
    weather: WeatherForecast = NO_WEATHER_FORECAST,
    record: HouseRecord = NO_RECORD,
    *,
    with_skill: bool = True,
) -> HouseForecast:
    """Return the forecast for each of the `hours` (1 to 24) after the last whole local hour before `origin_ms`.

    The weather forecast is told of quantities whose `record` is no worse with it; that of a request always. Ranges are
    of the errors in the record, and where it has too few, of the backtest. Without `with_skill` there is no backtest,
    which takes most of the time.
    """
    origin_ms = local_hour_start(house.place, origin_ms)
    window = Window(origin_ms - MOST_HISTORY_H * HOUR_MS, origin_ms)
    periods = make_periods(list(range(window.start_ms, origin_ms, HOUR_MS)), origin_ms)
    grid = read_grid(scope, house, _CHANNELS, periods, is_past=False)
    midnights = [start_ms for start_ms in day_starts(house.place, window) if start_ms > window.start_ms]
    days = make_periods([window.start_ms, *midnights], origin_ms)
    margin = margin_of(house, crop_targets, grid, by_day_of(house, periods), days)
    nothing = np.full(periods.steps, np.nan)
    air, humidity = (_or(grid.mean(channel), nothing) for channel in _CHANNELS[:2])
    courses = {_CHANNELS[0]: air, _CHANNELS[1]: humidity, "condensation_margin_k": margin.margin_k}
    for surface in margin.surfaces:
        if surface.name in _SURFACES:
            courses[_SURFACES[surface.name]] = surface.temperature_degc - margin.dew_degc
    columns = {name: _hourly(grid, column) for name, column in courses.items()}
    first = _first_known(columns["air_temperature_degc"])
    known_weather = _measured_weather(grid, weather)
    to_come = weather_to_come(weather, {name: column[first:] for name, column in known_weather.items()})
    inputs = replace(_forecast_inputs(house, grid, window, first), to_come=to_come)
    columns = {name: column[first:] for name, column in columns.items()}
    targets = {}
    for name, column in columns.items():
        covariates = [other for key, other in columns.items() if key != name and "margin" not in key]
        errors = record.get(name)
        verdict = NOT_JUDGED if errors is None or weather.basis == "request" else errors.judge()
        scored = with_skill and name not in _SURFACES.values()
        targets[name] = _Course(name, column, covariates, inputs, verdict, errors, scored)
    hours_ahead = []
    for ahead_h in range(1, hours + 1):
        span = (origin_ms + (ahead_h - 1) * HOUR_MS, origin_ms + ahead_h * HOUR_MS)
        found = {name: _forecast_quantity(course, ahead_h, span, weather, grid) for name, course in targets.items()}
        both = found if to_come else {}
        hours_ahead.append(
            HouseForecastHour(
                ahead_h,
                span,
                {name: one.answer for name, one in found.items()},
                {name: one.skill for name, one in found.items()},
                {name: one.with_weather for name, one in both.items()},
                {name: one.without_weather for name, one in both.items()},
            )
        )
    known = int(np.isfinite(columns["air_temperature_degc"]).sum())
    return HouseForecast(
        origin_ms,
        known,
        sorted(inputs.weather),
        weather,
        sorted(to_come),
        {name: course.verdict for name, course in targets.items()} if to_come else {},
        hours_ahead,
        grid.left_out,
        window.start_ms + first * HOUR_MS,
        columns,
        record,
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """A quantity by the hour with what it is forecast from."""

    name: str
    target: Values
    covariates: list[Values]
    inputs: ForecastInputs
    verdict: WeatherVerdict
    errors: QuantityErrors | None
    with_skill: bool


@dataclass(frozen=True, slots=True)
class _Forecast:
    """A quantity of an hour ahead: what is told, and both forecasts."""

    answer: Answer
    skill: Skill | None
    with_weather: float | None
    without_weather: float | None


def _forecast_quantity(
    course: _Course, ahead_h: int, span: tuple[int, int], weather: WeatherForecast, grid: HouseGrid
) -> _Forecast:
    target, inputs = course.target, course.inputs
    without, told = predict_both(target, course.covariates, inputs, ahead_h) if len(target) else (None, None)
    without, told = _within(course.name, without), _within(course.name, told)
    uses_weather = told is not None and course.verdict.is_used
    value = told if uses_weather else without
    since = max(len(target) - _BACKTEST_H, 0)
    skill = None
    if value is not None and course.with_skill:
        # What a site's weather forecast said a week ago is in the record; the backtest is of the house's own past.
        scored = inputs if weather.basis == "request" else replace(inputs, to_come={})
        skill = backtest(target, course.covariates, scored, ahead_h, since)
    known = int(np.isfinite(target).sum())
    low, high = _range_of(course, ahead_h, span, skill, uses_weather=uses_weather)
    answer = Answer(
        value=value,
        unit=unit_of_index(course.name),
        window=span,
        n=known,
        coverage=known / max(len(target), 1),
        quality=grid.quality(_CHANNELS[:2]) if known else MISSING,
        method=Method("house_forecast", 2, _SOURCE),
        inputs=(*_CHANNELS[:2], *inputs.weather),
        evidence=None if value is None else "forecast",
        reason=INSUFFICIENT_DATA if value is None else None,
        low=None if value is None or low is None else value + low,
        high=None if value is None or high is None else value + high,
    )
    return _Forecast(answer, skill, told, without)


def _range_of(
    course: _Course, ahead_h: int, span: tuple[int, int], skill: Skill | None, *, uses_weather: bool
) -> tuple[float, float] | tuple[None, None]:
    """Return what nine of ten errors are between: those of the record, else of the backtest."""
    origin_ms = span[0] - (ahead_h - 1) * HOUR_MS
    errors = course.errors
    found = None if errors is None else errors.range_of(ahead_h, origin_ms, uses_weather=uses_weather)
    if found is not None:
        return found
    return (None, None) if skill is None else (-skill.p90_error, skill.p90_error)


def _within(name: str, value: float | None) -> float | None:
    return min(max(value, 0.0), 100.0) if value is not None and name == "relative_humidity_pct" else value


def _forecast_inputs(house: House, grid: HouseGrid, window: Window, first: int) -> ForecastInputs:
    hours = window.start_ms + HOUR_MS * np.arange(len(grid.periods) + MOST_AHEAD_H, dtype=np.int64)
    place = house.place
    if place.latitude_deg is None or place.longitude_deg is None:
        sun = np.zeros(len(hours))
    else:
        elevation = elevation_deg(hours + HOUR_MS // 2, place.latitude_deg, place.longitude_deg)
        sun = np.maximum(np.sin(np.radians(elevation)), 0.0)
    # Temperature and light follow the sun, not local time: hours of UTC are as good and never jump.
    clock_h = (hours // HOUR_MS % 24).astype(np.float64)
    outside, humidity = grid.mean("outside_temperature_degc"), grid.mean("outside_humidity_pct")
    weather: dict[str, Values] = {}
    if outside is not None and humidity is not None:
        weather["outside_vapour_kpa"] = _hourly(grid, actual_vapour_pressure_kpa(outside, humidity))[first:]
    elif outside is not None:
        weather["outside_temperature_degc"] = _hourly(grid, outside)[first:]
    for channel in ("global_radiation_w_m2", "wind_speed_m_s"):
        column = grid.mean(channel)
        if column is not None:
            weather[channel] = _hourly(grid, column)[first:]
    return ForecastInputs(sun[first:], clock_h[first:], weather)


def _measured_weather(grid: HouseGrid, weather: WeatherForecast) -> dict[str, Values]:
    """Return the measured weather by hour: of the house's own sensors, else of the site's mast."""
    own = {name: _hourly(grid, column) for name in _WEATHER if (column := grid.mean(name)) is not None}
    return own if _WEATHER[0] in own else {**weather.mast, **own}


def _hourly(grid: HouseGrid, column: Values) -> Values:
    enough = count_true(grid.periods, np.isfinite(column)) >= _LEAST_STEPS
    return np.where(enough, average(grid.periods, column), np.nan)


def _first_known(column: Values) -> int:
    known = np.flatnonzero(np.isfinite(column))
    return int(known[0]) if len(known) else len(column)


def _or(column: Values | None, other: Values) -> Values:
    return other if column is None else column
