"""Recorded forecasts with the values measured later, and their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.climate.air import AIR_TEMPERATURE
from headland.agronomy.climate.forecast import LEAST_PAIRS, MOST_HISTORY_H, Skill, skill_of
from headland.agronomy.climate.forecast_features import HOURS_A_DAY, MOST_AHEAD_H
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.greenhouse.forecast import HouseForecast
from headland.analysis.greenhouse.forecast_basis import HouseBasis, basis_of_quantity
from headland.analysis.greenhouse.forecast_record import RECORD_DAYS, RECORD_EVERY_H, HouseRecord, errors_of
from headland.analysis.greenhouse.house import House
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.contract.indices import unit_of
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS

#: Samples may be late by so much; after it a value that was not measured remains unknown.
_LATE_MS: Final = 2 * DAY_MS
#: Forecasts older than this are complete: their last hour is a day after their origin.
_OPEN_MS: Final = _LATE_MS + 2 * DAY_MS

#: Hours of measured air that a forecast needs.
NEEDED_H: Final = LEAST_PAIRS + MOST_AHEAD_H
#: Where they are too few, they are counted again after so long.
_COUNT_EVERY_MS: Final = 2000


@dataclass(frozen=True, slots=True)
class PastForecast:
    """Recorded forecasts of one quantity by forecast hour, with the measured values."""

    unit: str
    time_ms: Annotated[list[int], "Beginnings of the hours, epoch milliseconds UTC."]
    made: Annotated[list[float | None], "Values of the forecasts; null where too little was known."]
    low: Annotated[list[float | None], "Lower ends of their ranges; null where the errors are not known."]
    high: Annotated[list[float | None], "Upper ends of their ranges; null where the errors are not known."]
    measured: Annotated[list[float | None], "Null where the hour has not passed, or nothing was measured."]
    with_weather: Annotated[list[float | None], "What was forecast with a weather forecast; null without one."]
    without_weather: Annotated[list[float | None], "What was forecast without; null where there was no other."]
    basis: Annotated[list[HouseBasis], "What each value rests on."]


def read_record(repositories: OrganisationRepositories, house: House, until_ms: int) -> HouseRecord:
    """Return the errors of the last days' forecasts, as they were known at an origin, with weather and without."""
    step_ms = RECORD_EVERY_H * HOUR_MS
    origins = range(until_ms - RECORD_DAYS * DAY_MS, until_ms, step_ms)
    return errors_of(repositories.forecasts.of_origins(house.id, origins), until_ms)


def record_forecast(repositories: OrganisationRepositories, house: House, forecast: HouseForecast, now_ms: int) -> None:
    """Record a forecast; hours that are already recorded for this origin do not change."""
    origin = (forecast.origin_ms - forecast.hourly_start_ms) // HOUR_MS
    quantities = {}
    for name, column in forecast.hourly.items():
        answers = [hour.answers[name] for hour in forecast.ahead]
        if all(answer.value is None for answer in answers):
            continue
        a_day_before = [origin + at - HOURS_A_DAY for at in range(len(answers))]
        told = [hour.with_weather.get(name) for hour in forecast.ahead]
        is_told = any(value is not None for value in told)
        quantities[name] = QuantityForecast(
            made=[_rounded(answer.value) for answer in answers],
            low=[_rounded(answer.low) for answer in answers],
            high=[_rounded(answer.high) for answer in answers],
            as_now=_value_at(column, origin - 1),
            as_yesterday=[_value_at(column, at) for at in a_day_before],
            measured=[None] * len(answers),
            with_weather=[_rounded(value) for value in told] if is_told else [],
            without_weather=[_rounded(hour.without_weather.get(name)) for hour in forecast.ahead] if is_told else [],
            uses_weather=is_told and forecast.verdicts[name].is_used,
        )
    if quantities:
        record = Forecast(
            house=house.id,
            origin_ms=forecast.origin_ms,
            made_ms=now_ms,
            quantities=quantities,
            weather=forecast.weather.source if forecast.expected else None,
        )
        repositories.forecasts.save(record)


def fill_measured(repositories: OrganisationRepositories, house: House, forecast: HouseForecast) -> None:
    """Add the values measured since to the recorded forecasts of a house, those of late samples as well."""
    until_ms = forecast.origin_ms
    for record in repositories.forecasts.find(house.id, until_ms - _OPEN_MS, until_ms, open_only=True):
        first = (record.origin_ms - forecast.hourly_start_ms) // HOUR_MS
        quantities = {
            name: msgspec.structs.replace(
                quantity,
                measured=[
                    _value_at(forecast.hourly[name], first + at) if name in forecast.hourly else None
                    for at in range(len(quantity.made))
                ],
            )
            for name, quantity in record.quantities.items()
        }
        hours = max(len(quantity.made) for quantity in quantities.values())
        is_over = record.origin_ms + hours * HOUR_MS + _LATE_MS <= until_ms
        is_known = all(None not in quantity.measured for quantity in quantities.values())
        filled = msgspec.structs.replace(record, quantities=quantities, is_settled=is_over or is_known)
        if filled != record:
            repositories.forecasts.save_measured(filled)


def forecast_errors(
    repositories: OrganisationRepositories, house: House, until_ms: int
) -> dict[str, list[Skill | None]]:
    """Return the errors of the recorded forecasts of the last days, by quantity and hour ahead."""
    records = repositories.forecasts.find(house.id, until_ms - RECORD_DAYS * DAY_MS, until_ms)
    names = {name for record in records for name in record.quantities}
    return {name: [_skill(records, name, at) for at in range(_most_hours(records, name))] for name in sorted(names)}


def past_forecasts(
    repositories: OrganisationRepositories, house: House, start_ms: int, end_ms: int, ahead_h: int
) -> dict[str, PastForecast]:
    """Return the forecasts for the hours in [start_ms, end_ms) made `ahead_h` hours before, by quantity."""
    back_ms = (ahead_h - 1) * HOUR_MS
    by_quantity: dict[str, PastForecast] = {}
    for record in repositories.forecasts.find(house.id, start_ms - back_ms, end_ms - back_ms):
        for name, quantity in record.quantities.items():
            if len(quantity.made) >= ahead_h:
                columns = by_quantity.setdefault(name, PastForecast(unit_of(name) or "1", *([] for _ in range(8))))
                columns.time_ms.append(record.origin_ms + back_ms)
                for column, values in (
                    (columns.made, quantity.made),
                    (columns.low, quantity.low),
                    (columns.high, quantity.high),
                    (columns.measured, quantity.measured),
                    (columns.with_weather, quantity.with_weather),
                    (columns.without_weather, quantity.without_weather),
                ):
                    column.append(values[ahead_h - 1] if len(values) >= ahead_h else None)
                columns.basis.append(basis_of_quantity(record, quantity, ahead_h))
    return by_quantity


def _skill(records: Sequence[Forecast], name: str, at: int) -> Skill | None:
    quantities = [record.quantities[name] for record in records if name in record.quantities]
    reaching = [quantity for quantity in quantities if len(quantity.made) > at]
    made, measured, now, yesterday = (
        np.array([np.nan if value is None else value for value in column])
        for column in (
            [quantity.made[at] for quantity in reaching],
            [quantity.measured[at] for quantity in reaching],
            [quantity.as_now for quantity in reaching],
            [quantity.as_yesterday[at] for quantity in reaching],
        )
    )
    return skill_of(made - measured, now - measured, yesterday - measured)


def _most_hours(records: Sequence[Forecast], name: str) -> int:
    return max((len(record.quantities[name].made) for record in records if name in record.quantities), default=0)


def _value_at(column: Values, at: int) -> float | None:
    return _rounded(float(column[at])) if 0 <= at < len(column) and np.isfinite(column[at]) else None


def _rounded(value: float | None) -> float | None:
    """Return a value as it is stored: no sensor resolves more than a thousandth, and further digits are most bytes."""
    return None if value is None else round(value, 3)


def hours_of_air(scope: OrgScope, subject: str, devices: Sequence[DeviceRecord], *, is_stored: bool = False) -> int:
    """Return the hours of the last weeks in which a greenhouse, by its id, measured its air.

    They are counted every two seconds, and at once when what was being stored `is_stored`.
    """
    family = ("hours-of-air", scope.organisation, subject, is_stored)
    key = (*family, scope.now_ms // _COUNT_EVERY_MS)
    return scope.cache.get(key, lambda: _count_hours(scope, devices), family)


def _count_hours(scope: OrgScope, devices: Sequence[DeviceRecord]) -> int:
    start_ms = scope.now_ms - MOST_HISTORY_H * HOUR_MS
    hours: set[int] = set()
    for record in devices:
        which = SeriesFilter(scope.organisation, record.descriptor.device, frozenset((AIR_TEMPERATURE,)))
        for buckets in of_one_origin(scope.store.buckets(which, start_ms, scope.now_ms, HOUR_MS, NOT_EVALUATED)):
            hours.update(buckets.start_ms.tolist())
    return len(hours)
