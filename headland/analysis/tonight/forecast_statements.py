"""Statements about fields by the forecast of their site, with what came of the last such. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from headland.agronomy.prescription.forecast_window import ForecastVerdict, suitable_runs
from headland.agronomy.prescription.weather_window import CAUTION, GO, Hour, HourVerdict, Kind
from headland.agronomy.series.answer import INSUFFICIENT_DATA
from headland.analysis.tonight.statements import (
    HOURS,
    LEAST_HOURS,
    Advice,
    Level,
    Outcome,
    OutlookStatement,
    StatementRecord,
    lowest,
    record_of,
)
from headland.analysis.weather.outdoors.application_windows import METHOD
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin
from headland.analysis.weather.outdoors.frost_ahead import FrostAhead, PastDay
from headland.analysis.weather.outdoors.night_frost import lowest_ahead
from headland.units_of_time import HOUR_MS

#: How far above the limit of frost is watched, and from which chance on.
_NEAR_FROST_K: Final = 2.0
_NEAR_CHANCE: Final = 0.1
_NAMES: Final[dict[Kind, str]] = {"liquid": "spray_window", "granular": "spread_window"}
_SUITABLE: Final = frozenset({GO, CAUTION})


def forecast_frost(frost: FrostAhead, past: Sequence[PastDay], source: ForecastOrigin) -> OutlookStatement | None:
    """Return the statement about frost by a forecast; None where it has too few hours."""
    value = frost.lowest_degc
    if value is None or frost.is_expected is None or source.basis == "nothing":
        return None
    is_near = value <= frost.limit_degc + _NEAR_FROST_K or (frost.chance or 0.0) >= _NEAR_CHANCE
    level: Level = "high" if frost.is_expected else "moderate" if is_near else "low"
    record = record_of(_said_and_came(past, frost.limit_degc), None, None)
    basis: Literal["corrected", "provider"] = "provider" if frost.offset_of == "none" else "corrected"
    return OutlookStatement(
        "frost", level, frost.is_expected, value, "degC", frost.method, basis, frost.start_ms, frost.end_ms,
        frost.hours, record=replace(record, chance=frost.chance), source=source,
        advice=None if level == "low" else Advice("protect_from_field_frost", frost.start_ms),
    )  # fmt: skip


def _said_and_came(past: Sequence[PastDay], limit_degc: float) -> list[tuple[Outcome, Outcome]]:
    """Return what would have been said of each past day with the offset of those before it, and what came."""
    frost_degc = math.nextafter(limit_degc, -math.inf)
    pairs: list[tuple[Outcome, Outcome]] = []
    for at, day in enumerate(past):
        known = day.lowest
        came = lowest(day.came_degc, frost_degc)
        if known is None or came is None:
            continue
        before = [each for earlier in past[:at] if (each := earlier.lowest) is not None]
        offset_k = lowest_ahead(known.said_degc, day.is_clear, before).offset_k
        said = lowest([None if value is None else value + offset_k for value in day.said_degc], frost_degc)
        if said is not None:
            pairs.append((said, came))
    return pairs


def forecast_window(
    verdicts: Sequence[ForecastVerdict], kind: Kind, source: ForecastOrigin, record: StatementRecord
) -> OutlookStatement | None:
    """Return when to spray or spread in the next 24 hours by a forecast; None where it has too few hours."""
    told = verdicts[:HOURS]
    if source.basis == "nothing" or sum(each.state != INSUFFICIENT_DATA for each in told) < LEAST_HOURS:
        return None
    name = _NAMES[kind]
    wanted = GO if any(each.state == GO for each in told) else CAUTION
    runs = suitable_runs(told, frozenset({wanted}))
    if not runs:
        return OutlookStatement(name, "moderate", False, 0.0, "h", METHOD, source.basis, record=record, source=source)
    run = max(runs, key=lambda each: each.end - each.first)
    start_ms = told[run.first].likely.hour.start_ms
    hours = run.end - run.first
    end_ms = start_ms + hours * HOUR_MS
    advice = "use_the_forecast_window" if wanted == GO else "use_the_window_with_care"
    return OutlookStatement(
        name, "low" if wanted == GO else "moderate", True, float(hours), "h", METHOD, source.basis,
        start_ms, end_ms, hours, record=replace(record, chance=run.chance), source=source,
        advice=Advice(advice, end_ms),
    )  # fmt: skip


def window_record(pairs: Sequence[tuple[HourVerdict, HourVerdict]]) -> StatementRecord:
    """Return how often an hour was suitable, or not, as it was said in the afternoon before."""
    known = [
        (said.state in _SUITABLE, came.state in _SUITABLE)
        for said, came in pairs
        if INSUFFICIENT_DATA not in (said.state, came.state)
    ]
    return StatementRecord(
        n=len(known),
        right=sum(said == came for said, came in known),
        missed=sum(came and not said for said, came in known),
        false_alarms=sum(said and not came for said, came in known),
    )


def with_rain_ahead(hours: Sequence[Hour], rainfast_h: int) -> list[Hour]:
    """Return measured hours one after the other with the rain of the hours after each, None where one lacks."""
    judged = []
    for at, hour in enumerate(hours):
        ahead = [each.rain_mm for each in hours[at + 1 : at + 1 + rainfast_h]]
        known = [value for value in ahead if value is not None]
        total = sum(known) if len(known) == rainfast_h else None
        judged.append(replace(hour, rainfast_h=float(rainfast_h), rain_ahead_mm=total))
    return judged
