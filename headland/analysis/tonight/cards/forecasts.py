"""Forecasts behind the cards of tonight: the newest that are recorded, and those that lack and are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from headland.agronomy.climate.forecast_features import MOST_AHEAD_H
from headland.analysis.greenhouse.forecast_history import (
    NEEDED_H,
    fill_measured,
    hours_of_air,
    record_forecast,
)
from headland.analysis.greenhouse.house import find_house
from headland.analysis.greenhouse.own_bands import crop_targets_of
from headland.analysis.inputs.errors import AnalysisError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.statements import HOURS
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.weather.house_weather import forecast_by_station
from headland.registry.repositories.forecasts import Forecast
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: A forecast of an earlier hour is used for so long; the station makes one some minutes after each hour.
_FORECAST_AGE_H: Final = 3
#: Forecasts that a request makes where the station has not made any yet.
_MOST_MADE: Final = 3
#: Where there was too little data for one, it is tried again after so long: a past may be on its way.
_RETRY_MS: Final = 20_000


def newest_forecasts(
    scope: OrgScope, repositories: OrganisationRepositories, subjects: Sequence[OutlookSubject]
) -> Mapping[str, Forecast]:
    """Return the newest recorded forecast of each greenhouse; local hours begin at quarters of an hour of UTC."""
    quarter_ms = 15 * MINUTE_MS
    last_ms = scope.now_ms // quarter_ms * quarter_ms
    origins = range(last_ms - _FORECAST_AGE_H * HOUR_MS + quarter_ms, last_ms + 1, quarter_ms)
    return repositories.forecasts.newest([one.forecast_id for one in subjects if one.kind == "greenhouse"], origins)


def make_missing(
    scope: OrgScope,
    repositories: OrganisationRepositories,
    subjects: Sequence[OutlookSubject],
    forecasts: Mapping[str, Forecast],
) -> Mapping[str, Forecast]:
    """Make and record the forecast of some greenhouses that have none, as a request of the forecast does.

    A request that asked for some hours recorded no more of them; making it adds those that lack.
    """
    houses = [one for one in subjects if one.kind == "greenhouse"]
    missing = [one for one in houses if not _is_whole(forecasts.get(one.forecast_id))][:_MOST_MADE]
    for subject in missing:
        _try_to_make(scope, subject)
    return newest_forecasts(scope, repositories, missing) if missing else {}


def make_forecasts(scope: OrgScope, houses: Sequence[OutlookSubject]) -> None:
    """Make and record the forecasts of greenhouses that have none and hours enough."""
    known = newest_forecasts(scope, scope.repositories, houses)
    for subject in houses:
        is_made = _is_whole(known.get(subject.forecast_id))
        if not is_made and hours_of_air(scope, subject.id, subject.devices) >= NEEDED_H:
            _try_to_make(scope, subject)


def _try_to_make(scope: OrgScope, subject: OutlookSubject) -> None:
    """Make a forecast, or try it again after a while; at once when the hours are there."""
    family = ("tonight-made", scope.organisation, subject.id)
    is_due = hours_of_air(scope, subject.id, subject.devices) >= NEEDED_H
    key = (*family, is_due, scope.now_ms // _RETRY_MS)
    scope.cache.get(key, lambda: _make(scope, scope.repositories, subject), family)


def _is_whole(forecast: Forecast | None) -> bool:
    return forecast is not None and all(len(one.made) >= HOURS for one in forecast.quantities.values())


def _make(scope: OrgScope, repositories: OrganisationRepositories, subject: OutlookSubject) -> bool:
    """Record a forecast; return whether the greenhouse has samples enough to be looked at."""
    try:
        house = find_house(scope, subject.forecast_id)
    except AnalysisError:  # its devices went away meanwhile
        return False
    forecast = forecast_by_station(scope, house, crop_targets_of(scope), scope.now_ms, MOST_AHEAD_H, with_skill=False)
    fill_measured(repositories, house, forecast)
    record_forecast(repositories, house, forecast, scope.now_ms)
    return True
