"""Statements without a forecast: the next 24 hours as the last, with the record of saying so. Pure.

Where no provider says what comes, what a site's own devices measured in the last day is the plainest expectation for
the next, and the days before tell how often that was right.

Sources
-------
.. [1] Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., 5.2: the seasonal naive method.
.. [2] Bureau of Meteorology and GRDC spray guidance, as in `headland.agronomy.prescription.weather_window`.
.. [3] Grodan and growers' practice: 2 ml of water per J/cm2 and m2, as in `headland.agronomy.climate.irrigation`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from headland.agronomy.climate.irrigation import UPTAKE_ML_J_CM2
from headland.agronomy.prescription.weather_window import CAUTION, GO, HourVerdict, Kind
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.analysis.greenhouse.rule_limits import FIELD_FROST
from headland.analysis.tonight.statements import (
    HOURS,
    LEAST_HOURS,
    Advice,
    Level,
    Outcome,
    OutlookStatement,
    StatementRecord,
    known_hours,
    lowest,
    record_of,
)
from headland.analysis.weather.outdoors.forecast_origin import ForecastOrigin
from headland.contract.alarm_rules import usual_limit
from headland.units_of_time import HOUR_MS

#: How far above the limit of frost is watched.
_NEAR_FROST_K: Final = 2.0
#: Mean radiation of an hour [W/m2] -> J/cm2.
_J_CM2_HOUR: Final = 0.36
_SPRAY: Final[dict[Kind, str]] = {"liquid": "spray_window", "granular": "spread_window"}

Column = Sequence[float | None]


def field_frost(hourly_degc: Column, now_ms: int, limit_degc: float = usual_limit(FIELD_FROST)) -> OutlookStatement:
    """Return whether frost comes, as in the last 24 h; `hourly_degc` are the hours before `now_ms`, oldest first.

    `limit_degc` is that of the farm's rule `field-frost`.
    """
    source = f"lowest outdoor temperature as in the last 24 h; frost below {limit_degc:g} degC, as the rule field-frost"
    method = Method("tonight_field_frost", 2, source)
    frost_degc = math.nextafter(limit_degc, -math.inf)
    days = [lowest(day, frost_degc) for day in _days(hourly_degc)]
    now = days[-1] if days else None
    record = record_of(_said_and_came(days), now, frost_degc)
    if now is None:
        return OutlookStatement(
            "frost", "unknown", None, None, "degC", method, "as_yesterday", reason=INSUFFICIENT_DATA, record=record
        )
    level: Level = (
        "high" if now.value < limit_degc else "moderate" if now.value <= limit_degc + _NEAR_FROST_K else "low"
    )
    start_ms, end_ms = _span(now.affected, now_ms)
    advice = None if level == "low" else Advice("protect_from_field_frost", start_ms)
    return OutlookStatement(
        "frost", level, now.occurs, now.value, "degC", method, "as_yesterday",
        start_ms, end_ms, len(now.affected), record=record, advice=advice,
    )  # fmt: skip


def application_window(verdicts: Sequence[HourVerdict], kind: Kind, now_ms: int) -> OutlookStatement:
    """Return when to spray or spread, as the last 24 h were; the verdicts are those before `now_ms`, oldest first.

    The record is by the hour: how often an hour was suitable, or not, as the same hour of the day before.
    """
    method = Method(
        "tonight_application_window", 1, "hours suitable as in the last 24 h, by the weather window of the site"
    )
    name = _SPRAY[kind]
    states = [verdict.state if verdict.state != INSUFFICIENT_DATA else None for verdict in verdicts]
    pairs = [
        (before in (GO, CAUTION), after in (GO, CAUTION))
        for before, after in zip(states, states[HOURS:], strict=False)
        if before is not None and after is not None
    ]
    record = StatementRecord(
        n=len(pairs),
        right=sum(said == came for said, came in pairs),
        missed=sum(came and not said for said, came in pairs),
        false_alarms=sum(said and not came for said, came in pairs),
    )
    last = states[-HOURS:]
    if len(last) < HOURS or sum(state is not None for state in last) < LEAST_HOURS:
        return OutlookStatement(
            name, "unknown", None, None, "h", method, "as_yesterday", reason=INSUFFICIENT_DATA, record=record
        )
    wanted = GO if GO in last else CAUTION
    first, end = _longest_run([state == wanted for state in last])
    if first == end:
        return OutlookStatement(name, "moderate", False, 0.0, "h", method, "as_yesterday", record=record)
    start_ms, end_ms = now_ms + first * HOUR_MS, now_ms + end * HOUR_MS
    return OutlookStatement(
        name, "low" if wanted == GO else "moderate", True, float(end - first), "h", method, "as_yesterday",
        start_ms, end_ms, end - first, record=record,
        advice=Advice("use_the_window" if wanted == GO else "use_the_window_with_care", end_ms),
    )  # fmt: skip


def irrigation_need(
    hourly_w_m2: Column, ahead_w_m2: Column = (), source: ForecastOrigin | None = None
) -> OutlookStatement:
    """Return the crop's water of the next 24 h by the radiation that is forecast, else by that of the last 24 h.

    `hourly_w_m2` are the hours before now, oldest first.
    """
    water = _water(ahead_w_m2[:HOURS])
    if water is not None and source is not None and source.basis != "nothing":
        told = f"{UPTAKE_ML_J_CM2:g} ml of water per J/cm2 (growers' practice), radiation of the next 24 h as forecast"
        return OutlookStatement(
            "irrigation", "low", water.occurs, water.value, "L/m2", Method("forecast_irrigation", 1, told),
            source.basis, source=source, advice=Advice("water_by_radiation") if water.occurs else None,
        )  # fmt: skip
    naive = f"{UPTAKE_ML_J_CM2:g} ml of water per J/cm2 (growers' practice), radiation as in the last 24 h"
    method = Method("tonight_irrigation", 1, naive)
    days = [_water(day) for day in _days(hourly_w_m2)]
    now = days[-1] if days else None
    record = record_of(_said_and_came(days), now, None)
    # It is an amount, which is neither right nor wrong.
    record = StatementRecord(n=record.n, mean_abs_error=record.mean_abs_error)
    if now is None:
        return OutlookStatement(
            "irrigation", "unknown", None, None, "L/m2", method, "as_yesterday",
            reason=INSUFFICIENT_DATA, record=record, source=source,
        )  # fmt: skip
    return OutlookStatement(
        "irrigation", "low", now.occurs, now.value, "L/m2", method, "as_yesterday", record=record, source=source,
        advice=Advice("water_by_radiation") if now.occurs else None,
    )  # fmt: skip


def _water(day: Column) -> Outcome | None:
    known = known_hours(day)
    if known is None:
        return None
    # Hours that are not known have the mean of the others.
    known_w_m2 = [value for value in known.tolist() if not math.isnan(value)]
    liters = HOURS * sum(known_w_m2) / len(known_w_m2) * _J_CM2_HOUR * UPTAKE_ML_J_CM2 / 1000.0
    return Outcome(liters, tuple(range(HOURS)) if liters > 0.0 else (), liters)


def _days(hourly: Column) -> list[Column]:
    """Return the last whole days before now, the oldest first."""
    count = len(hourly) // HOURS
    cut = hourly[len(hourly) - count * HOURS :]
    return [cut[at * HOURS : (at + 1) * HOURS] for at in range(count)]


def _said_and_came(days: Sequence[Outcome | None]) -> list[tuple[Outcome, Outcome]]:
    return [(said, came) for said, came in pairwise(days) if said is not None and came is not None]


def _span(affected: Sequence[int], now_ms: int) -> tuple[int | None, int | None]:
    if not affected:
        return None, None
    return now_ms + affected[0] * HOUR_MS, now_ms + (affected[-1] + 1) * HOUR_MS


def _longest_run(flags: Sequence[bool]) -> tuple[int, int]:
    """Return the longest run of true flags as [first, end), the first of equal ones; (0, 0) without any."""
    best, first = (0, 0), None
    for at, flag in enumerate((*flags, False)):
        if flag:
            first = at if first is None else first
        elif first is not None:
            best = (first, at) if at - first > best[1] - best[0] else best
            first = None
    return best
