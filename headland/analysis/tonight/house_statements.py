"""Statements about a greenhouse, from its recorded forecast, with the record of its earlier ones. Pure.

Sources
-------
.. [1] FAO (2005), Frost protection: fundamentals, practice and economics (Snyder and de Melo-Abreu).
.. [2] Broome et al. (1995), Phytopathology 85, 97-102: infection by Botrytis cinerea from wetness and temperature.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.disease import BOTRYTIS_LEVELS, botrytis_indices
from headland.agronomy.climate.leaf_wetness import WET_K, follow_wetness, wet_hours
from headland.agronomy.series.answer import COVER_NOT_KNOWN, INSUFFICIENT_DATA, Method
from headland.analysis.greenhouse.rule_limits import USUAL_LIMITS, RuleLimits
from headland.analysis.tonight.orders import spans_of
from headland.analysis.tonight.statements import (
    HOURS,
    Advice,
    Hours,
    Level,
    Outcome,
    OutlookStatement,
    hours_before,
    known_hours,
    lowest,
    record_of,
)
from headland.registry.repositories.forecasts import Forecast
from headland.units_of_time import HOUR_MS

#: How far above the limit of frost is watched.
_NEAR_FROST_K: Final = 2.0
#: Airing costs so much of the air: nearer to the limit of frost vents stay closed.
_AIRED_K: Final = 1.0
NO_FORECAST: Final = "no_forecast"

#: The statement about the cover.
COVER: Final = "cover_condensation"
_LEAF: Final = "leaf_condensation_margin_k"
_AIR: Final = "air_temperature_degc"


@dataclass(frozen=True, slots=True)
class Day:
    """The hourly quantities of 24 hours, forecast or measured, and of the 24 hours before them."""

    ahead: Mapping[str, Hours]
    before: Mapping[str, Hours]


@dataclass(frozen=True, slots=True)
class HouseLimits:
    """Whether the cover of a house is known or measured, and the limits of the farm's rules for it."""

    is_cover_known: bool = True
    of_rules: RuleLimits = USUAL_LIMITS


USUAL: Final = HouseLimits()


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of statement: how 24 hours are read, and what their level and advice are."""

    unit: str
    read: Callable[[Day], Outcome | None]
    level: Callable[[Outcome], Level]
    advice: str
    method: Method
    #: The limit of the value by whose past errors the chance is told.
    limit: float | None = None


def house_statements(
    forecast: Forecast | None, past: Sequence[Forecast], limits: HouseLimits = USUAL
) -> list[OutlookStatement]:
    """Return the statements of a forecast of 24 hours; `past` are earlier ones, the oldest first, with what came.

    Of a cover that is neither known nor measured nothing is said: an earlier forecast may have taken a default.
    """
    kinds = _kinds(limits.of_rules)
    statements = [_statement(name, kind, forecast, past) for name, kind in kinds.items()]
    return [one if limits.is_cover_known or one.kind != COVER else _asked(one) for one in statements]


def _asked(statement: OutlookStatement) -> OutlookStatement:
    return OutlookStatement(
        statement.kind, "unknown", None, None, statement.unit, statement.method, "forecast", reason=COVER_NOT_KNOWN
    )


def _statement(name: str, kind: _Kind, forecast: Forecast | None, past: Sequence[Forecast]) -> OutlookStatement:
    now = None if forecast is None else kind.read(_made(forecast))
    pairs = [(said, came) for row in past if (said := kind.read(_made(row))) and (came := kind.read(_measured(row)))]
    record = record_of(pairs, now, kind.limit)
    if now is None or forecast is None:
        reason = NO_FORECAST if forecast is None else INSUFFICIENT_DATA
        return OutlookStatement(
            name, "unknown", None, None, kind.unit, kind.method, "forecast", reason=reason, record=record
        )
    level = kind.level(now)
    start_ms = end_ms = until_ms = None
    if now.affected:
        start_ms = until_ms = forecast.origin_ms + now.affected[0] * HOUR_MS
        end_ms = forecast.origin_ms + (now.affected[-1] + 1) * HOUR_MS
    return OutlookStatement(
        kind=name,
        level=level,
        occurs=now.occurs,
        value=now.value,
        unit=kind.unit,
        method=kind.method,
        basis="forecast",
        start_ms=start_ms,
        end_ms=end_ms,
        hours=len(now.affected),
        record=record,
        advice=None if level == "low" else _advice(kind.advice, until_ms, now, forecast.origin_ms),
    )


def _advice(rule: str, until_ms: int | None, now: Outcome, origin_ms: int) -> Advice:
    return Advice(rule, until_ms, spans_of(now.near, origin_ms), spans_of(now.grave, origin_ms))


def _made(forecast: Forecast) -> Day:
    quantities = forecast.quantities
    return Day({n: q.made for n, q in quantities.items()}, {n: q.as_yesterday for n, q in quantities.items()})


def _measured(forecast: Forecast) -> Day:
    quantities = forecast.quantities
    return Day({n: q.measured for n, q in quantities.items()}, {n: q.as_yesterday for n, q in quantities.items()})


def _read_lowest(
    name: str, limit: float, near: float | None = None, grave: float | None = None
) -> Callable[[Day], Outcome | None]:
    return lambda day: lowest(day.ahead.get(name, ()), limit, near, grave)


def _read_wetness(day: Day) -> Outcome | None:
    """Return the hours in which leaves are wet, and the grey mould index, of a wet period from before them as well."""
    margin, air = (known_hours(day.ahead.get(name, ())) for name in (_LEAF, _AIR))
    if margin is None or air is None or len(margin) != len(air):
        return None
    before_k, before_degc = (hours_before(day.before.get(name, ())) for name in (_LEAF, _AIR))
    wet = wet_hours(np.concatenate((before_k, margin)))
    course = follow_wetness(wet, np.concatenate((before_degc, air)), HOUR_MS)
    index = botrytis_indices(course.hours[HOURS:], course.mean_degc[HOURS:])
    severity = float(np.max(index[np.isfinite(index)], initial=-np.inf))
    hours = np.flatnonzero(wet[HOURS:])
    affected = tuple(hours.tolist()) if severity >= BOTRYTIS_LEVELS[0] else ()
    return Outcome(float(len(hours)), affected, severity, affected, affected)


def _level_at(high: float, moderate: float) -> Callable[[Outcome], Level]:
    """Return the level by the highest values that are high and moderate."""
    return lambda now: "high" if now.value <= high else "moderate" if now.value <= moderate else "low"


def _below(limit: float) -> float:
    """Return the highest value below a limit: a rule raises its alarm below it."""
    return math.nextafter(limit, -math.inf)


def _level_of_cover(now: Outcome) -> Level:
    """Return moderate for a wet cover: it wets the crop only where it drips."""
    return "moderate" if now.value <= WET_K else "low"


def _level_of_wetness(now: Outcome) -> Level:
    low, high = BOTRYTIS_LEVELS
    return "high" if now.severity >= high else "moderate" if now.severity >= low else "low"


def _leaf(near_k: float) -> _Kind:
    """Return the kind of condensation on leaves, near below the limit of the rule."""
    source = (
        f"lowest forecast margin of the leaf over the dew point in 24 h; wet at 0 K, near it below {near_k:g} K, "
        "as the rule condensation"
    )
    return _Kind(
        "K", _read_lowest(_LEAF, WET_K, _below(near_k)), _level_at(WET_K, _below(near_k)), "dry_the_air",
        Method("tonight_leaf_condensation", 2, source), WET_K,
    )  # fmt: skip


def _frost(limit_degc: float) -> _Kind:
    """Return the kind of frost by the limit of the rule, watched two kelvin above it."""
    frost_degc, near_degc = _below(limit_degc), limit_degc + _NEAR_FROST_K
    source = (
        f"lowest forecast air temperature in 24 h; frost below {limit_degc:g} degC, as the rule frost: "
        "a sensor hangs where it is warmer than the coldest leaf"
    )
    return _Kind(
        "degC", _read_lowest(_AIR, frost_degc, near_degc, limit_degc + _AIRED_K), _level_at(frost_degc, near_degc),
        "keep_frost_out",
        Method("tonight_frost", 3, source), frost_degc,
    )  # fmt: skip


_COVER_METHOD: Final = Method(
    "tonight_cover_condensation", 1, "lowest forecast margin of the cover over the dew point in 24 h; wet at 0 K"
)
_DISEASE_METHOD: Final = Method(
    "tonight_disease", 2,
    "forecast hours with leaves at or below the dew point, and the highest grey mould index (Broome et al. 1995) in "
    "them, also with the wet hours of the day before; orders nights, counts no sick plants",
)  # fmt: skip


def _kinds(limits: RuleLimits) -> dict[str, _Kind]:
    """Return the kinds of statements by the limits of a house."""
    return {
        "leaf_condensation": _leaf(limits.near_condensation_k),
        COVER: _Kind(
            "K", _read_lowest("cover_condensation_margin_k", WET_K), _level_of_cover,
            "let_the_cover_drain", _COVER_METHOD, WET_K,
        ),
        "frost": _frost(limits.frost_degc),
        "disease": _Kind("h", _read_wetness, _level_of_wetness, "shorten_wetness", _DISEASE_METHOD),
    }  # fmt: skip


#: Hours that a forecast must reach.
FORECAST_HOURS: Final = HOURS
