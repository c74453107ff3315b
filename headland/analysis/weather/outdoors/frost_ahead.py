"""Frost of the next 24 hours at a site, by its forecast, its station's offset at night and the farm's limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.climate.sun import is_dark
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.weather.hourly_forecast import ForecastHour, ForecastValue, hourly_forecast
from headland.analysis.weather.outdoors.night_frost import (
    CLEAR_PCT,
    MOST_DAYS,
    LowestOfDay,
    Offset,
    chance_of_frost,
    lowest_ahead,
)
from headland.units_of_time import DAY_MS, HOUR_MS

HOURS: Final = 24
#: A day needs so many of its hours, said and measured.
LEAST_HOURS: Final = 20
#: From which chance on frost is expected: at 0.5 misses and false alarms are about as many, on seeds 101 to 104 of the
#: scenarios with frost.
EXPECTED_FROM: Final = 0.5
#: Hours back of which an issue's temperatures are in the mean: the newest of them and five before it.
LAGGED: Final = 6
#: Past days whose whole hours are kept, with so many after them: those that a record of windows needs.
WHOLE_DAYS: Final = 7
MOST_AFTER_H: Final = 6
#: The hour of the sun whose forecasts the past days are judged by: before all frost of the night.
_ASKED_AT_H: Final = 15
METHOD: Final = Method(
    "forecast_field_frost", 1,
    "lowest temperature of the next 24 h in the mean of the provider's issues of the last six hours (Hoffman and "
    "Kalnay 1983), plus the mean of station minus forecast of the lowest of past days with such a night (FAO 2005, "
    "chapter 5); chance by the errors that this leaves; below the limit of the rule field-frost",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PastDay:
    """The hourly temperatures that were said for 24 hours and that came; of the newest days all `hours`.

    The temperatures are the provider's own, `hours` are as the farm was told them.
    """

    start_ms: int
    said_degc: tuple[float | None, ...]
    came_degc: tuple[float | None, ...]
    is_clear: bool | None
    hours: tuple[ForecastHour, ...] = ()

    @property
    def lowest(self) -> LowestOfDay | None:
        """The lowest that was said and came; None where too few hours are known."""
        said, came = lowest_of(self.said_degc), lowest_of(self.came_degc)
        return None if said is None or came is None else LowestOfDay(said, came, self.is_clear)


class FrostAhead(msgspec.Struct, frozen=True, kw_only=True):
    """The lowest temperature of the next 24 hours at the station, and whether it is frost."""

    reason: Annotated[str | None, "no_forecast or insufficient_data; null with a value."]
    limit_degc: Annotated[float, "Below it is frost, by the farm's rule field-frost."]
    is_expected: Annotated[bool | None, "Whether frost is more likely than not; null with a reason."]
    lowest_degc: Annotated[float | None, "As forecast, with the station's offset."]
    low_degc: Annotated[float | None, "Lower end of its 90 % interval; null where none is known."]
    high_degc: Annotated[float | None, "Its upper end."]
    chance: Annotated[float | None, "Of frost, 0 to 1, by the interval."]
    start_ms: Annotated[int | None, "Start of the first hour with frost; null without one."]
    end_ms: int | None
    hours: Annotated[int, "Hours with frost."]
    offset_k: Annotated[float, "Station minus forecast on past days of the kind."]
    offset_of: Annotated[Offset, "Days that it is of: with a clear night, with another, all, or none."]
    days: Annotated[int, "Past days that can be compared."]
    method: Annotated[Method, "Method."]


def frost_ahead(
    ahead: Sequence[ForecastHour], place_deg: tuple[float, float], past: Sequence[PastDay], limit_degc: float
) -> FrostAhead:
    """Return whether frost comes in the hours ahead, at most 24; `past` are earlier days, the newest last."""
    hours = ahead[:HOURS]
    said = [None if hour.temperature_degc is None else hour.temperature_degc.value for hour in hours]
    lowest_degc = lowest_of(said)
    if lowest_degc is None:
        return _unknown(limit_degc, INSUFFICIENT_DATA if hours else "no_forecast")
    days = [day for each in past[-MOST_DAYS:] if (day := each.lowest) is not None]
    found = lowest_ahead(lowest_degc, is_clear_night(hours, place_deg), days, _interval(hours))
    chance = chance_of_frost(limit_degc, found)
    is_expected = found.value_degc < limit_degc if chance is None else chance >= EXPECTED_FROM
    cold = [at for at, degc in enumerate(said) if degc is not None and degc + found.offset_k < limit_degc]
    if is_expected and not cold:
        cold = [min(range(len(said)), key=lambda at: math.inf if (degc := said[at]) is None else degc)]
    affected = cold if is_expected else []
    return FrostAhead(
        reason=None,
        limit_degc=limit_degc,
        is_expected=is_expected,
        lowest_degc=round(found.value_degc, 2),
        low_degc=None if found.low_degc is None else round(found.low_degc, 2),
        high_degc=None if found.high_degc is None else round(found.high_degc, 2),
        chance=None if chance is None else round(chance, 3),
        start_ms=hours[affected[0]].start_ms if affected else None,
        end_ms=hours[affected[-1]].start_ms + HOUR_MS if affected else None,
        hours=len(affected),
        offset_k=round(found.offset_k, 2),
        offset_of=found.offset_of,
        days=found.days,
        method=METHOD,
    )


def _unknown(limit_degc: float, reason: str) -> FrostAhead:
    return FrostAhead(
        reason=reason, limit_degc=limit_degc, is_expected=None, lowest_degc=None, low_degc=None, high_degc=None,
        chance=None, start_ms=None, end_ms=None, hours=0, offset_k=0.0, offset_of="none", days=0, method=METHOD,
    )  # fmt: skip


def lowest_of(degc: Sequence[float | None]) -> float | None:
    """Return the lowest of 24 hours; None where too few are known."""
    known = [value for value in degc[:HOURS] if value is not None]
    return min(known) if len(known) >= LEAST_HOURS else None


def is_clear_night(hours: Sequence[ForecastHour], place_deg: tuple[float, float]) -> bool | None:
    """Return whether the dark ones of some hours have little cloud; None where no cloud is said."""
    middle_ms = np.array([hour.start_ms + HOUR_MS // 2 for hour in hours], np.int64)
    dark = is_dark(middle_ms, *place_deg).tolist()
    cloud = [
        hour.cloud_cover_pct.value
        for hour, is_night in zip(hours, dark, strict=True)
        if is_night and hour.cloud_cover_pct is not None
    ]
    return sum(cloud) / len(cloud) <= CLEAR_PCT if cloud else None


def _interval(hours: Sequence[ForecastHour]) -> tuple[float, float] | None:
    """Return the interval of the coldest hour."""
    said = [hour.temperature_degc for hour in hours if hour.temperature_degc is not None]
    coldest = min(said, key=lambda each: each.value)
    return None if coldest.low is None or coldest.high is None else (coldest.low, coldest.high)


def mean_of_issues(newest: Sequence[ForecastHour], earlier: Sequence[Sequence[ForecastHour]]) -> list[ForecastHour]:
    """Return the hours of the newest issue with the mean temperature of it and of earlier ones, without an interval.

    A lagged average: Hoffman and Kalnay (1983), Tellus 35A, 100-118. What issues get wrong is in part their own.
    """
    said: dict[int, list[float]] = {}
    for issue in (newest, *earlier):
        for hour in issue:
            if hour.temperature_degc is not None:
                said.setdefault(hour.start_ms, []).append(hour.temperature_degc.value)
    return [_with_mean(hour, said.get(hour.start_ms, [])) for hour in newest]


def _with_mean(hour: ForecastHour, said: Sequence[float]) -> ForecastHour:
    own = hour.temperature_degc
    if own is None or len(said) < 2:
        return hour
    mean = ForecastValue(value=fmean(said), low=None, high=None, basis=own.basis)
    return msgspec.structs.replace(hour, temperature_degc=mean)


def read_ahead(scope: OrgScope, site: str) -> list[ForecastHour]:
    """Return the next 24 hours as the provider's issues of the last hours say them, and their mean temperature."""
    ahead: Sequence[ForecastHour] = ()
    earlier: list[Sequence[ForecastHour]] = []
    known: set[int | None] = set()
    for back in range(LAGGED):
        at_ms = scope.now_ms - back * HOUR_MS
        told = hourly_forecast(scope, site, at_ms, HOURS + back, is_as_said=True)
        if back == 0:
            ahead = told.hours
        elif told.fetched_ms not in known:
            earlier.append(told.hours)
        known.add(told.fetched_ms)
    return mean_of_issues(ahead, earlier)


def read_past_days(
    scope: OrgScope, site: str, place_deg: tuple[float, float], measured_degc: Mapping[int, float | None]
) -> list[PastDay]:
    """Return the past days of a site, the newest last: what was said in the afternoon of each, and what came.

    `measured_degc` is the station's temperature by the start of the hour.
    """
    asked_h = (_ASKED_AT_H - place_deg[1] / 15.0) % 24.0
    last_ms = (scope.now_ms - DAY_MS - round(asked_h) * HOUR_MS) // DAY_MS * DAY_MS + round(asked_h) * HOUR_MS
    family = ("forecast-past-days", scope.organisation, site)

    def read() -> list[PastDay]:
        starts = [last_ms - day * DAY_MS for day in reversed(range(MOST_DAYS))]
        days = [_past_day(scope, site, place_deg, measured_degc, start_ms) for start_ms in starts]
        whole = [
            replace(day, hours=hourly_forecast(scope, site, day.start_ms, HOURS + MOST_AFTER_H).hours)
            for day in days[-WHOLE_DAYS:]
        ]
        return [*days[:-WHOLE_DAYS], *whole]

    return scope.cache.get((*family, last_ms), read, family)


def _past_day(
    scope: OrgScope, site: str, place_deg: tuple[float, float], measured_degc: Mapping[int, float | None], start_ms: int
) -> PastDay:
    day = hourly_forecast(scope, site, start_ms, HOURS, is_as_said=True).hours
    said = tuple(None if hour.temperature_degc is None else hour.temperature_degc.value for hour in day)
    came = tuple(measured_degc.get(start_ms + at * HOUR_MS) for at in range(HOURS))
    return PastDay(start_ms, said, came, is_clear_night(day, place_deg))
