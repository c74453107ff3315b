"""Forecasts that were given, kept with what then was measured: how good they were, not how good they would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from headland.agronomy.climate.forecast import HOURS_A_DAY, Skill, skill_of
from headland.agronomy.series.arrays import Values
from headland.analysis.greenhouse.forecast import HouseForecast
from headland.analysis.greenhouse.house import House
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import DAY_MS, HOUR_MS

#: Errors are told of the forecasts of so many days.
RECORD_DAYS: Final = 30
#: So long samples may be late; after it what was not measured stays unknown.
_LATE_MS: Final = 2 * DAY_MS
#: The last hour ahead comes a day later.
_OPEN_MS: Final = _LATE_MS + 2 * DAY_MS


@dataclass(frozen=True, slots=True)
class PastForecast:
    """Recorded forecasts of one quantity, a number of hours ahead, beside the measured values; by forecast hour."""

    time_ms: list[int]
    made: list[float | None]
    low: list[float | None]
    high: list[float | None]
    measured: list[float | None]


def keep_forecast(repositories: OrganisationRepositories, house: House, found: HouseForecast, now_ms: int) -> None:
    """Keep what is said of a house; of an hour of which something was said before, that stays."""
    origin = (found.origin_ms - found.hourly_start_ms) // HOUR_MS
    quantities = {}
    for name, column in found.hourly.items():
        answers = [each.answers[name] for each in found.ahead]
        if all(answer.value is None for answer in answers):
            continue
        ago = [origin + at - HOURS_A_DAY for at in range(len(answers))]
        quantities[name] = QuantityForecast(
            made=[_kept(answer.value) for answer in answers],
            low=[_kept(answer.low) for answer in answers],
            high=[_kept(answer.high) for answer in answers],
            as_now=_at(column, origin - 1),
            as_yesterday=[_at(column, at) for at in ago],
            measured=[None] * len(answers),
        )
    if quantities:
        repositories.forecasts.save(
            Forecast(
                house=house.id,
                origin_ms=found.origin_ms,
                made_ms=now_ms,
                quantities=quantities,
            )
        )


def settle_forecasts(repositories: OrganisationRepositories, house: House, found: HouseForecast) -> None:
    """Note what was measured in the hours that former forecasts of a house were about; late samples count for days."""
    upto = found.origin_ms
    for kept in repositories.forecasts.find(house.id, upto - _OPEN_MS, upto, open_only=True):
        first = (kept.origin_ms - found.hourly_start_ms) // HOUR_MS
        quantities = {
            name: msgspec.structs.replace(
                told,
                measured=[
                    _at(found.hourly[name], first + at) if name in found.hourly else None
                    for at in range(len(told.made))
                ],
            )
            for name, told in kept.quantities.items()
        }
        hours = max(len(told.made) for told in quantities.values())
        is_over = kept.origin_ms + hours * HOUR_MS + _LATE_MS <= upto
        is_known = all(None not in told.measured for told in quantities.values())
        settled = msgspec.structs.replace(kept, quantities=quantities, is_settled=is_over or is_known)
        if settled != kept:
            repositories.forecasts.save_measured(settled)


def record_of(repositories: OrganisationRepositories, house: House, upto_ms: int) -> dict[str, list[Skill | None]]:
    """Return by quantity and hour ahead how far the forecasts of the last days were from what was measured."""
    kept = repositories.forecasts.find(house.id, upto_ms - RECORD_DAYS * DAY_MS, upto_ms)
    names = {name for one in kept for name in one.quantities}
    return {name: [_skill(kept, name, at) for at in range(_most_hours(kept, name))] for name in sorted(names)}


def told_before(
    repositories: OrganisationRepositories, house: House, start_ms: int, end_ms: int, ahead_h: int
) -> dict[str, PastForecast]:
    """Return by quantity what was said `ahead_h` hours before of the hours in [start_ms, end_ms), and what came."""
    back_ms = (ahead_h - 1) * HOUR_MS
    found: dict[str, PastForecast] = {}
    for one in repositories.forecasts.find(house.id, start_ms - back_ms, end_ms - back_ms):
        for name, told in one.quantities.items():
            if len(told.made) >= ahead_h:
                columns = found.setdefault(name, PastForecast([], [], [], [], []))
                columns.time_ms.append(one.origin_ms + back_ms)
                for column, values in (
                    (columns.made, told.made),
                    (columns.low, told.low),
                    (columns.high, told.high),
                    (columns.measured, told.measured),
                ):
                    column.append(values[ahead_h - 1])
    return found


def _skill(kept: Sequence[Forecast], name: str, at: int) -> Skill | None:
    told = [one.quantities[name] for one in kept if name in one.quantities and len(one.quantities[name].made) > at]
    made, measured, now, yesterday = (
        np.array([np.nan if value is None else value for value in column])
        for column in (
            [one.made[at] for one in told],
            [one.measured[at] for one in told],
            [one.as_now for one in told],
            [one.as_yesterday[at] for one in told],
        )
    )
    return skill_of(made - measured, now - measured, yesterday - measured)


def _most_hours(kept: Sequence[Forecast], name: str) -> int:
    return max((len(one.quantities[name].made) for one in kept if name in one.quantities), default=0)


def _at(column: Values, at: int) -> float | None:
    return _kept(float(column[at])) if 0 <= at < len(column) and np.isfinite(column[at]) else None


def _kept(value: float | None) -> float | None:
    """Return a value as it is kept: a thousandth is beyond every sensor, and the rest is most of the bytes."""
    return None if value is None else round(value, 3)
