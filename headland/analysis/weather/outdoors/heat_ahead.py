"""Heat and dry-hot wind to come at a site, by the limits of the farm's own alarm rules.

A rule holds in an hour where all tests of one of its groups do; how long it must last for an alarm, and its
hysteresis, do not count. The chance is that of the tests of the group as if their errors had nothing to do with one
another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec

from headland.agronomy.series.answer import Method
from headland.agronomy.series.interval_chance import chance_below
from headland.analysis.weather.hourly_forecast import ForecastHour, ForecastValue
from headland.analysis.weather.outdoors.forecast_hours import TO_2_M
from headland.contract.alarm_rules import default_rules
from headland.registry.models.alarms import AlarmRule
from headland.units_of_time import HOUR_MS

#: Rules about heat that come with Headland; a farm edits them.
RULES: Final = ("field-heat", "dry-hot-wind", "dry-hot-wind-severe")
METHOD: Final = Method(
    "forecast_heat", 1,
    "hours in which the forecast passes the limits of the farm's rules field-heat, dry-hot-wind and "
    "dry-hot-wind-severe (QX/T 82), wind from 10 m to 2 m by FAO-56 eq 47",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeatLimit:
    """A rule's groups of tests: (what, below, above), of which one bound is None."""

    rule: str
    severity: str
    groups: tuple[tuple[tuple[str, float | None, float | None], ...], ...]


class HeatSpell(msgspec.Struct, frozen=True, kw_only=True):
    """Hours one after the other in which a rule about heat holds."""

    rule: Annotated[str, "field-heat, dry-hot-wind or dry-hot-wind-severe."]
    severity: str
    start_ms: int
    end_ms: int
    hours: Annotated[int, "Number of hours."]
    highest_degc: Annotated[float, "Highest forecast temperature in them."]
    chance: Annotated[float | None, "Of the surest of its hours, 0 to 1; null where no interval is known."]


class HeatAhead(msgspec.Struct, frozen=True, kw_only=True):
    """Heat of the next hours."""

    reason: Annotated[str | None, "no_forecast or insufficient_data; null where the hours are forecast."]
    highest_degc: Annotated[float | None, "Highest forecast temperature."]
    spells: Annotated[list[HeatSpell], "By rule and time; none where no limit is passed."]
    hours: Annotated[int, "Hours that are forecast."]
    method: Annotated[Method, "Method."]


def heat_limits(rules: Iterable[AlarmRule], site: str, devices: Collection[str]) -> list[HeatLimit]:
    """Return the limits of heat at a site; of a name that no rule of the farm has, those that come with Headland."""
    found: dict[str, list[HeatLimit]] = {}
    for rule in rules:
        if rule.name not in RULES or not rule.enabled or rule.kind not in (None, "weather"):
            continue
        if rule.site in (None, site) and (rule.device is None or rule.device in devices):
            groups = tuple(tuple((test.what, test.below, test.above) for test in group) for group in rule.any_of)
            found.setdefault(rule.name, []).append(HeatLimit(rule.name, str(rule.severity), groups))
    return [limit for name in RULES for limit in found.get(name, [_usual(name)])]


def _usual(name: str) -> HeatLimit:
    rule: Mapping[str, Any] = next(rule for rule in default_rules() if rule["name"] == name)
    groups = tuple(
        tuple((test["what"], test.get("below"), test.get("above")) for test in group) for group in rule["any_of"]
    )
    return HeatLimit(name, rule["severity"], groups)


def heat_ahead(hours: Sequence[ForecastHour], limits: Sequence[HeatLimit], least_hours: int) -> HeatAhead:
    """Return the heat of the hours ahead; insufficient_data where fewer than `least_hours` have a temperature."""
    known = [hour.temperature_degc.value for hour in hours if hour.temperature_degc is not None]
    reason = "no_forecast" if not hours else "insufficient_data" if len(known) < least_hours else None
    return HeatAhead(
        reason=reason,
        highest_degc=max(known, default=None),
        spells=[spell for limit in limits for spell in _spells(hours, limit)],
        hours=len(known),
        method=METHOD,
    )


def _spells(hours: Sequence[ForecastHour], limit: HeatLimit) -> list[HeatSpell]:
    holds = [any(all(_passes(hour, *test) for test in group) for group in limit.groups) for hour in hours]
    spells: list[HeatSpell] = []
    first: int | None = None
    for at, is_hot in enumerate((*holds, False)):
        if is_hot:
            first = at if first is None else first
        elif first is not None:
            spells.append(_spell(hours[first:at], limit))
            first = None
    return spells


def _spell(hours: Sequence[ForecastHour], limit: HeatLimit) -> HeatSpell:
    chances = [chance for hour in hours for group in limit.groups if (chance := _chance(hour, group)) is not None]
    return HeatSpell(
        rule=limit.rule,
        severity=limit.severity,
        start_ms=hours[0].start_ms,
        end_ms=hours[-1].start_ms + HOUR_MS,
        hours=len(hours),
        highest_degc=max(hour.temperature_degc.value for hour in hours if hour.temperature_degc is not None),
        chance=round(max(chances), 3) if chances else None,
    )


def _said(hour: ForecastHour, what: str) -> tuple[ForecastValue | None, float]:
    """Return what is forecast of a channel, and the factor to its height."""
    if what == "wind_speed_m_s":
        return hour.wind_speed_m_s, TO_2_M
    said = {"air_temperature_degc": hour.temperature_degc, "relative_humidity_pct": hour.humidity_pct}
    return said.get(what), 1.0


def _passes(hour: ForecastHour, what: str, below: float | None, above: float | None) -> bool:
    said, factor = _said(hour, what)
    if said is None:
        return False
    value = factor * said.value
    return (below is None or value < below) and (above is None or value > above)


def _chance(hour: ForecastHour, group: Sequence[tuple[str, float | None, float | None]]) -> float | None:
    chance = 1.0
    for what, below, above in group:
        said, factor = _said(hour, what)
        if said is None or said.low is None or said.high is None:
            return None
        for limit, is_below in ((below, True), (above, False)):
            if limit is not None:
                share = chance_below(limit / factor, said.value, said.low, said.high)
                chance *= share if is_below else 1.0 - share
    return chance
