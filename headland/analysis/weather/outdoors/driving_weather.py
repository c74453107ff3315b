"""Weather that drives the climate model of a house: measured by hour, then as it is forecast, without gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np

from headland.agronomy.house_model.course import HousePlace, OutdoorHours
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.time_grid import average, count_true, make_periods
from headland.analysis.greenhouse.forecast_weather import HUMIDITY, RADIATION, TEMPERATURE, WIND
from headland.analysis.greenhouse.house import House, HouseLocation
from headland.analysis.greenhouse.samples import read_grid
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.house_weather import mast_hours, site_weather_to_come
from headland.units_of_time import DAY_MS, HOUR_MS

#: Share of an hour's column below which it counts as unknown.
LEAST_SHARE: Final = 0.8
#: Days before the night that walls, soil and floor remember.
_RUN_IN_DAYS: Final = 2
#: An hour is known from half of its steps on.
_LEAST_STEPS: Final = 6
#: What is assumed of weather that nobody measures.
_USUAL_WIND_M_S, _USUAL_HUMIDITY_PCT = 1.5, 75.0
_CHANNELS: Final = (TEMPERATURE, HUMIDITY, RADIATION, WIND)


@dataclass(frozen=True, slots=True)
class DrivingWeather:
    """Hours of the run-in and of the night, None where too little is known; `notes` name what was assumed, or why."""

    hours: OutdoorHours | None
    basis: Literal["measured", "provider", "corrected", "nothing"]
    notes: tuple[str, ...]


def model_place(place: HouseLocation, at_ms: int) -> HousePlace | None:
    """Return where the model's house stands; None where nobody said it."""
    if place.latitude_deg is None or place.longitude_deg is None:
        return None
    offset = datetime.fromtimestamp(at_ms / 1000, place.time_zone).utcoffset()
    ahead_h = place.longitude_deg / 15 if offset is None or not place.time_zone_known else offset.total_seconds() / 3600
    return HousePlace(place.latitude_deg, place.longitude_deg, ahead_h)


def driving_weather(scope: OrgScope, house: House, window: Window, said_ms: int | None) -> DrivingWeather:
    """Return the hours of the run-in and of a window.

    They are measured; with `said_ms`, those of the window are as they were forecast at that instant.
    """
    first_ms = window.start_ms - _RUN_IN_DAYS * DAY_MS
    known_ms = window.end_ms if said_ms is None else window.start_ms
    columns = _measured_hours(scope, house, Window(first_ms, known_ms))
    basis: Literal["measured", "provider", "corrected"] = "measured"
    if said_ms is not None:
        site = house.records[0].descriptor.site if house.records else ""
        said = site_weather_to_come(scope, site, said_ms, window.start_ms)
        if said.source is None:
            return DrivingWeather(None, "nothing", ("no_forecast",))
        basis = "corrected" if said.basis == "corrected" else "provider"
        ahead = (window.end_ms - window.start_ms) // HOUR_MS
        nothing = np.full(ahead, np.nan)
        columns = {name: np.concatenate((columns[name], said.values.get(name, nothing)[:ahead])) for name in _CHANNELS}
    shares = {name: float(np.isfinite(column).mean()) for name, column in columns.items()}
    for name, note in ((TEMPERATURE, "no_temperature"), (RADIATION, "no_radiation")):
        if shares[name] < LEAST_SHARE:
            return DrivingWeather(None, basis, (note,))
    notes = ["half_sky"]
    for name, usual, note in ((HUMIDITY, _USUAL_HUMIDITY_PCT, "no_humidity"), (WIND, _USUAL_WIND_M_S, "no_wind")):
        if shares[name] < LEAST_SHARE:
            columns[name] = np.full(len(columns[name]), usual)
            notes.append(note)
    filled = [_filled(columns[name]) for name in _CHANNELS]
    return DrivingWeather(OutdoorHours(first_ms, *filled), basis, tuple(notes))


def _measured_hours(scope: OrgScope, house: House, window: Window) -> dict[str, Values]:
    """Return the measured weather by hour: of the house's own sensors, else of the site's mast; NaN where unknown."""
    grid = hourly_inside(scope, house, _CHANNELS, window)
    site = house.records[0].descriptor.site if house.records else ""
    mast = mast_hours(scope, site, window)
    nothing = np.full((window.end_ms - window.start_ms) // HOUR_MS, np.nan)
    return {name: grid[name] if name in grid else mast.get(name, nothing) for name in _CHANNELS}


def hourly_inside(scope: OrgScope, house: House, channels: tuple[str, ...], window: Window) -> dict[str, Values]:
    """Return the means of whole hours of what a house measures, by channel; NaN where too little is known."""
    periods = make_periods(list(range(window.start_ms, window.end_ms, HOUR_MS)), window.end_ms)
    grid = read_grid(scope, house, channels, periods)
    hours = {}
    for channel in channels:
        column = grid.mean(channel)
        if column is not None:
            enough = count_true(periods, np.isfinite(column)) >= _LEAST_STEPS
            hours[channel] = np.where(enough, average(periods, column), np.nan)
    return hours


def _filled(column: Values) -> Values:
    """Return hours with gaps closed by their neighbours."""
    at = np.arange(len(column))
    known = np.isfinite(column)
    return np.interp(at, at[known], column[known])
