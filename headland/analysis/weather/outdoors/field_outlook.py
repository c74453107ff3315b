"""Outlook of a field by the weather to come: frost, heat, late blight, and days of harvest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final

import msgspec

from headland.agronomy.prescription.weather_window import Hour
from headland.agronomy.series.answer import Method
from headland.analysis.greenhouse.house import HouseLocation, day_starts, find_site
from headland.analysis.greenhouse.rule_limits import field_frost_limit
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.hourly_forecast import hourly_forecast
from headland.analysis.weather.outdoors import disease_days, harvest_days
from headland.analysis.weather.outdoors.course import join_course
from headland.analysis.weather.outdoors.disease_days import DiseaseDay
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin, source_of
from headland.analysis.weather.outdoors.frost_ahead import FrostAhead, frost_ahead, read_ahead, read_past_days
from headland.analysis.weather.outdoors.harvest_days import HarvestDay
from headland.analysis.weather.outdoors.heat_ahead import HeatAhead, heat_ahead, heat_limits
from headland.analysis.weather.outdoors.measured_hours import site_hours
from headland.registry.models.models import Field
from headland.units_of_time import DAY_MS, HOUR_MS

USUAL_HOURS: Final = 72
#: Days before today that the indices of a day rest on.
_RUN_IN_DAYS: Final = 2
#: The share of the hours that heat needs: providers tell the third day by six hours.
_LEAST_SHARE: Final = 2 / 3


class FieldOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """The weather to come at a field, by the forecast of its site and what its devices measured."""

    field: str
    site: Annotated[str | None, "Name of its site; null without one."]
    time_zone: Annotated[str, "IANA: its days are those of the answer."]
    source: Annotated[ForecastOrigin, "Whose forecast it is; basis nothing where there is none."]
    frost: Annotated[FrostAhead, "Of the next 24 hours."]
    heat: Annotated[HeatAhead, "Of all hours asked for."]
    disease: Annotated[list[DiseaseDay], "Late blight weather of today and the days to come."]
    disease_method: Annotated[Method, "Method of these days."]
    harvest: Annotated[list[HarvestDay], "Harvest of wheat, of today and the days to come."]
    harvest_method: Annotated[Method, "Method of these days."]


def answer_field_outlook(scope: OrgScope, field: Field, hours: int = USUAL_HOURS) -> FieldOutlook:
    """Return what comes to a field in the next hours; parts that lack hours say so."""
    repositories = scope.repositories
    record = None if field.site is None else repositories.sites.get(field.site)
    site, place, devices = ("", HouseLocation(), []) if record is None else find_site(scope, record.id)
    forecast = hourly_forecast(scope, site, scope.now_ms, hours)
    measured = site_hours(scope, site, devices)
    names = {device.descriptor.device for device in devices}
    rules = repositories.alarm_rules.all()
    place_deg = middle_of(field)
    past = read_past_days(scope, site, place_deg, temperatures_of(measured))
    first_ms, days_ms = _days(place, scope.now_ms, hours)
    course = join_course(first_ms, scope.now_ms, _columns(measured), forecast.hours)
    today = [day for day in days_ms if day[1] > scope.now_ms]
    return FieldOutlook(
        field=field.id,
        site=None if record is None else site,
        time_zone=place.time_zone.key,
        source=source_of(forecast),
        frost=frost_ahead(read_ahead(scope, site), place_deg, past, field_frost_limit(rules, site, names)),
        heat=heat_ahead(forecast.hours, heat_limits(rules, site, names), round(_LEAST_SHARE * hours)),
        disease=disease_days.disease_days(course, days_ms, scope.now_ms),
        disease_method=disease_days.METHOD,
        harvest=harvest_days.harvest_days(course, today, place_deg),
        harvest_method=harvest_days.METHOD,
    )


def middle_of(field: Field) -> tuple[float, float]:
    """Return latitude and longitude of the middle of a field."""
    west, south, east, north = bounds_of(field)
    return (south + north) / 2.0, (west + east) / 2.0


def temperatures_of(measured: Sequence[Hour]) -> dict[int, float | None]:
    """Return the temperature of measured hours by their start."""
    return {hour.start_ms: hour.temperature_degc for hour in measured}


def _columns(measured: Sequence[Hour]) -> Mapping[str, Mapping[int, float | None]]:
    return {
        "temperature": temperatures_of(measured),
        "humidity": {hour.start_ms: hour.humidity_pct for hour in measured},
        "rain": {hour.start_ms: hour.rain_mm for hour in measured},
    }


def _days(place: HouseLocation, now_ms: int, hours: int) -> tuple[int, list[tuple[int, int]]]:
    """Return the first hour of a course, and the local days from the run-in to that of the last hour."""
    starts = day_starts(place, Window(now_ms - _RUN_IN_DAYS * DAY_MS, now_ms + hours * HOUR_MS + DAY_MS))
    return -(-starts[0] // HOUR_MS) * HOUR_MS, list(pairwise(starts))
