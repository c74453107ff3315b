"""Statements about a field: by the forecast of its site where there is one, else as yesterday."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from headland.agronomy.prescription.weather_window import USUAL_RAINFAST_H, Hour, HourVerdict, Kind, assess_hours
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.forecast_statements import (
    forecast_frost,
    forecast_window,
    window_record,
    with_rain_ahead,
)
from headland.analysis.tonight.outdoor_statements import application_window, field_frost
from headland.analysis.tonight.statements import HOURS, OutlookStatement, StatementRecord
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.weather.hourly_forecast import ForecastHour, HourlyForecast, hourly_forecast
from headland.analysis.weather.outdoors.application_windows import judge_forecast
from headland.analysis.weather.outdoors.field_outlook import middle_of, temperatures_of
from headland.analysis.weather.outdoors.forecast_hours import hours_to_judge
from headland.analysis.weather.outdoors.forecast_origin import source_of
from headland.analysis.weather.outdoors.frost_ahead import (
    MOST_AFTER_H,
    PastDay,
    frost_ahead,
    read_ahead,
    read_past_days,
)
from headland.analysis.weather.outdoors.measured_hours import WEATHER_DAYS, site_hours
from headland.analysis.weather.spray_window import altitude_of, calm_times_of, pressure_at
from headland.registry.models.models import Field, Site
from headland.units_of_time import HOUR_MS, MINUTE_MS

_KINDS: Final[tuple[Kind, ...]] = ("liquid", "granular")
_FRESH_MS: Final = MINUTE_MS


def site_forecast(scope: OrgScope, site: str) -> HourlyForecast:
    """Return the weather to come that the statements about a site rest on."""
    family = ("tonight-forecast", scope.organisation, site)
    key = (*family, scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: hourly_forecast(scope, site, scope.now_ms, HOURS + MOST_AFTER_H), family)


def field_statements(
    scope: OrgScope, subject: OutlookSubject, field: Field, site: Site | None, frost_degc: float
) -> list[OutlookStatement]:
    """Return the statements about frost, spraying and spreading at a field of a site."""
    forecast = site_forecast(scope, subject.site)
    hours = site_hours(scope, subject.site, subject.devices)
    place_deg = middle_of(field)
    past = read_past_days(scope, subject.site, place_deg, temperatures_of(hours))
    source = source_of(forecast)
    frost = frost_ahead(_ahead(scope, subject.site), place_deg, past, frost_degc)
    said = forecast_frost(frost, past, source)
    if said is None:
        now_ms = scope.now_ms // HOUR_MS * HOUR_MS
        yesterday = field_frost([hour.temperature_degc for hour in hours], now_ms, frost_degc)
        said = replace(yesterday, source=source)
    return [
        said,
        *_windows(scope, subject, field, altitude_of(site, subject.devices), hours[-WEATHER_DAYS * HOURS :], past),
    ]


def _windows(
    scope: OrgScope,
    subject: OutlookSubject,
    field: Field,
    altitude_m: float | None,
    hours: Sequence[Hour],
    past: Sequence[PastDay],
) -> list[OutlookStatement]:
    forecast = site_forecast(scope, subject.site)
    calm = calm_times_of(field, [hour.start_ms for hour in hours])
    measured = [replace(hour, is_calm_time=is_calm) for hour, is_calm in zip(hours, calm, strict=True)]
    source = source_of(forecast)
    statements = []
    for kind in _KINDS:
        rainfast_h = USUAL_RAINFAST_H[kind]
        _, verdicts = judge_forecast(forecast.hours, field, kind, rainfast_h, altitude_m)
        record = StatementRecord()
        if verdicts:
            record = _record(scope, subject.site, measured, past, kind, altitude_m, field)
        told = forecast_window(verdicts, kind, source, record)
        if told is None:
            known = assess_hours(measured, kind, pressure_at(altitude_m))
            yesterday = application_window(known, kind, scope.now_ms // HOUR_MS * HOUR_MS)
            told = replace(yesterday, source=source)
        statements.append(told)
    return statements


def _ahead(scope: OrgScope, site: str) -> list[ForecastHour]:
    """Return the next 24 hours as the last issues say them, the same for all fields of a site."""
    family = ("tonight-ahead", scope.organisation, site)
    return scope.cache.get((*family, scope.now_ms // _FRESH_MS), lambda: read_ahead(scope, site), family)


def _record(
    scope: OrgScope,
    site: str,
    measured: Sequence[Hour],
    past: Sequence[PastDay],
    kind: Kind,
    altitude_m: float | None,
    field: Field,
) -> StatementRecord:
    """Return how often windows were said right: the same for fields of a site at one altitude, with the same nights."""
    calm = [calm_times_of(field, [hour.start_ms for hour in day.hours]) for day in past]
    nights = tuple(hour.is_calm_time for hour in measured), tuple(map(tuple, calm)), tuple(day.start_ms for day in past)
    family = ("tonight-window-record", scope.organisation, site, kind)

    def compute() -> StatementRecord:
        came = assess_hours(with_rain_ahead(measured, USUAL_RAINFAST_H[kind]), kind, pressure_at(altitude_m))
        return window_record(_pairs(past, calm, came, kind, altitude_m))

    return scope.cache.get((*family, altitude_m, nights, scope.now_ms // _FRESH_MS), compute, family)


def _pairs(
    past: Sequence[PastDay],
    calm: Sequence[Sequence[bool]],
    came: Sequence[HourVerdict],
    kind: Kind,
    altitude_m: float | None,
) -> list[tuple[HourVerdict, HourVerdict]]:
    """Return the hours of the past days as they were said in the afternoon before, and as they came."""
    by_start = {verdict.hour.start_ms: verdict for verdict in came}
    pairs = []
    for day, is_calm in zip(past, calm, strict=True):
        likely = [each.likely for each in hours_to_judge(day.hours, is_calm, USUAL_RAINFAST_H[kind])[:HOURS]]
        for verdict in assess_hours(likely, kind, pressure_at(altitude_m)):
            found = by_start.get(verdict.hour.start_ms)
            if found is not None:
                pairs.append((verdict, found))
    return pairs
