"""Forecast of a greenhouse for the next hours, from its last five weeks by the hour, with a backtest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.forecast import MOST_AHEAD_H, MOST_HISTORY_H, ForecastInputs, Skill, backtest, predict
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.climate.sun import elevation_deg
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Answer, Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.qartod import MISSING
from headland.agronomy.series.time_grid import average, count_true, make_periods
from headland.analysis.greenhouse.crop_targets import CropTargets
from headland.analysis.greenhouse.derived import by_day_of, margin_of
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
_CHANNELS: Final = (
    "air_temperature_degc",
    "relative_humidity_pct",
    "leaf_temperature_degc",
    "cover_temperature_degc",
    "screen_closed_pct",
    "outside_temperature_degc",
    "outside_humidity_pct",
    "global_radiation_w_m2",
    "wind_speed_m_s",
)
_SOURCE: Final = (
    "ridge regression on lags, the sun and the weather's change, fitted on up to 35 days; "
    "low and high hold nine of ten errors of the last days"
)


@dataclass(frozen=True, slots=True)
class WeatherForecast:
    """A weather forecast: hourly means from the origin on; an empty list for an unknown channel."""

    outside_temperature_degc: list[float]
    outside_humidity_pct: list[float]
    global_radiation_w_m2: list[float]
    wind_speed_m_s: list[float]


NO_WEATHER_FORECAST: Final = WeatherForecast([], [], [], [])


@dataclass(frozen=True, slots=True)
class HouseForecastHour:
    """One hour ahead: answers and skills by quantity."""

    hours: int
    window: tuple[int, int]
    answers: dict[str, Answer]
    skill: dict[str, Skill | None]


@dataclass(frozen=True, slots=True)
class HouseForecast:
    """The hours ahead of an origin, and the hourly history: `hourly` from `hourly_start_ms` to the origin."""

    origin_ms: int
    history_hours: int
    drivers: list[str]
    expected: list[str]
    ahead: list[HouseForecastHour]
    left_out: list[DeviceFinding]
    hourly_start_ms: int
    hourly: dict[str, Values]


def forecast_house(
    scope: OrgScope,
    house: House,
    crop_targets: CropTargets,
    origin_ms: int,
    hours: int,
    expected: WeatherForecast = NO_WEATHER_FORECAST,
    *,
    with_skill: bool = True,
) -> HouseForecast:
    """Return the forecast for each of the `hours` (1 to 24) after the last whole local hour before `origin_ms`.

    Without `with_skill` there is no backtest, which takes most of the time.
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
    inputs = _forecast_inputs(house, grid, window, expected, first)
    columns = {name: column[first:] for name, column in columns.items()}
    hours_ahead = []
    for ahead_h in range(1, hours + 1):
        span = (origin_ms + (ahead_h - 1) * HOUR_MS, origin_ms + ahead_h * HOUR_MS)
        answers, skills = {}, {}
        for name, column in columns.items():
            covariates = [other for key, other in columns.items() if key != name and "margin" not in key]
            scored = with_skill and name not in _SURFACES.values()
            answers[name], skills[name] = _forecast_quantity(
                name, unit_of_index(name), column, covariates, inputs, ahead_h, span, grid, with_skill=scored
            )
        hours_ahead.append(HouseForecastHour(ahead_h, span, answers, skills))
    known = int(np.isfinite(columns["air_temperature_degc"]).sum())
    return HouseForecast(
        origin_ms,
        known,
        sorted(inputs.weather),
        sorted(inputs.expected),
        hours_ahead,
        grid.left_out,
        window.start_ms + first * HOUR_MS,
        columns,
    )


def _forecast_quantity(
    name: str,
    unit: str,
    target: Values,
    covariates: list[Values],
    inputs: ForecastInputs,
    ahead_h: int,
    span: tuple[int, int],
    grid: HouseGrid,
    *,
    with_skill: bool,
) -> tuple[Answer, Skill | None]:
    value = predict(target, covariates, inputs, ahead_h) if len(target) else None
    since = max(len(target) - _BACKTEST_H, 0)
    skill = None if value is None or not with_skill else backtest(target, covariates, inputs, ahead_h, since)
    if value is not None and name == "relative_humidity_pct":
        value = min(max(value, 0.0), 100.0)
    known = int(np.isfinite(target).sum())
    error = None if skill is None else skill.p90_error
    answer = Answer(
        value=value,
        unit=unit,
        window=span,
        n=known,
        coverage=known / max(len(target), 1),
        quality=grid.quality(_CHANNELS[:2]) if known else MISSING,
        method=Method("house_forecast", 1, _SOURCE),
        inputs=(*_CHANNELS[:2], *(name for name in inputs.weather)),
        evidence=None if value is None else "forecast",
        reason=INSUFFICIENT_DATA if value is None else None,
        low=None if value is None or error is None else value - error,
        high=None if value is None or error is None else value + error,
    )
    return answer, skill


def _forecast_inputs(
    house: House, grid: HouseGrid, window: Window, expected: WeatherForecast, first: int
) -> ForecastInputs:
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
    return ForecastInputs(sun[first:], clock_h[first:], weather, _expected_weather(expected, weather))


def _expected_weather(forecast: WeatherForecast, weather: dict[str, Values]) -> dict[str, Values]:
    """Return the expected hours of the weather columns in the history; hours without a forecast are NaN."""
    both = min(len(forecast.outside_temperature_degc), len(forecast.outside_humidity_pct))
    columns = {
        "outside_temperature_degc": np.array(forecast.outside_temperature_degc, np.float64),
        "global_radiation_w_m2": np.array(forecast.global_radiation_w_m2, np.float64),
        "wind_speed_m_s": np.array(forecast.wind_speed_m_s, np.float64),
        "outside_vapour_kpa": actual_vapour_pressure_kpa(
            forecast.outside_temperature_degc[:both], forecast.outside_humidity_pct[:both]
        ),
    }
    return {
        name: np.concatenate((column, np.full(MOST_AHEAD_H - len(column), np.nan)))[:MOST_AHEAD_H]
        for name, column in columns.items()
        if name in weather and len(column)
    }


def _hourly(grid: HouseGrid, column: Values) -> Values:
    enough = count_true(grid.periods, np.isfinite(column)) >= _LEAST_STEPS
    return np.where(enough, average(grid.periods, column), np.nan)


def _first_known(column: Values) -> int:
    known = np.flatnonzero(np.isfinite(column))
    return int(known[0]) if len(known) else len(column)


def _or(column: Values | None, other: Values) -> Values:
    return other if column is None else column
