"""Present answers of the farm's rules on the weather to come by site, with why one of them cannot be judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
import numpy as np

from headland.alarms.rules.forecast_values import HOURS_MISSING, NO_FORECASTS, Outlook
from headland.alarms.rules.rule_conditions import ConditionResult, RuleInputs, evaluate_rule, is_for_sites
from headland.alarms.rules.targets import EvaluationTargets, Subject
from headland.i18n import CatalogText
from headland.registry.models.alarms import AlarmForecast, AlarmRule
from headland.registry.validation.alarm_rules import unit_of_what

StandingState = Literal["beyond", "near", "not_beyond", "unknown"]


class ForecastRuleStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule on the weather to come says now at a site. One that cannot be judged is `unknown`, never in order."""

    rule: Annotated[str, "Id of the rule."]
    name: Annotated[str, "Name of the rule."]
    site: Annotated[str, "The site whose forecast it tests."]
    state: Annotated[StandingState, "`beyond` the limit, `near` it within the hysteresis, `not_beyond`, or `unknown`."]
    reason: Annotated[
        str | None, "Why it cannot be judged: a reason of the hourly forecast, or hours_missing; null where it is."
    ]
    text: Annotated[str, "Why it cannot be judged, or how old the forecast is."]
    text_zh: Annotated[str, "The same in Chinese."]
    what: Annotated[str, "The quantity of the test that is furthest beyond its limit."] = ""
    value: Annotated[float | None, "Its forecast value; null where none is known."] = None
    unit: str = ""
    forecast: Annotated[AlarmForecast | None, "The time that is furthest beyond the limit; null for none."] = None
    simulated: Annotated[bool, "Whether the forecast is simulated."] = False


class ForecastRulesList(msgspec.Struct, frozen=True, kw_only=True):
    """Alarm rules on the weather to come at the sites, by rule and site."""

    items: list[ForecastRuleStanding]


def forecast_standings(
    rules: Iterable[AlarmRule], targets: EvaluationTargets, now_ms: int
) -> list[ForecastRuleStanding]:
    """Return the standing of each enabled rule on a forecast at each of its sites, by rule and site."""
    return [
        _standing(rule, subject, targets, now_ms)
        for rule in sorted(rules, key=lambda rule: rule.name)
        if rule.enabled and is_for_sites(rule)
        for subject in sorted(targets.subjects_of(rule), key=lambda subject: subject.name)
    ]


def _standing(rule: AlarmRule, subject: Subject, targets: EvaluationTargets, now_ms: int) -> ForecastRuleStanding:
    outlook = targets.forecast_inputs(rule, subject, now_ms).forecast
    conditions = targets.conditions_of(subject.site, now_ms)
    result = evaluate_rule(rule, RuleInputs(forecast=outlook), np.array([now_ms], np.int64), conditions)
    tests = [test for group in result.tests for test in group if test.verdict is not None]
    cause = result.cause_at(0)
    shown = tests[0] if cause is None or cause.verdict is None else cause
    verdict = shown.verdict
    reasons = [test.verdict.reason for test in tests if test.verdict is not None and test.verdict.reason is not None]
    reason = None if result.is_known[0] else next(iter(reasons), HOURS_MISSING)
    text, text_zh = _texts(outlook, reason)
    return ForecastRuleStanding(
        rule=rule.id,
        name=rule.name,
        site=subject.site,
        state=_state(result),
        reason=reason,
        text=text,
        text_zh=text_zh,
        what=shown.test.what,
        value=None if verdict is None else verdict.value,
        unit=unit_of_what(shown.test.what) or "",
        forecast=None if verdict is None else verdict.forecast,
        simulated=verdict is not None and verdict.simulated,
    )


def _state(result: ConditionResult) -> StandingState:
    if not result.is_known[0]:
        return "unknown"
    if result.is_bad[0]:
        return "beyond"
    return "not_beyond" if result.is_over[0] else "near"


def _texts(outlook: Outlook | None, reason: str | None) -> tuple[str, str]:
    """Return why a rule cannot be judged, or how old the forecast is."""
    if outlook is not None and (reason != HOURS_MISSING or not outlook.hours):
        return outlook.text, outlook.text_zh
    text = (
        CatalogText("forecast_states", NO_FORECASTS)
        if outlook is None
        else CatalogText("forecast_rules", HOURS_MISSING)
    )
    return text.text("en"), text.text("zh")
