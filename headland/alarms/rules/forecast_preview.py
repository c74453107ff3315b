"""Preview of a rule on the weather to come: what it would have said by past issues, and what was measured then.

A rule is judged at a bounded number of past instants, each by the forecast as it was known then. Beside each stands
whether the event came within the rule's hours as the site's own station measured it, by hourly means: a warning during
which that is so is a hit, and an event during which nothing warned is missed. Nothing is stored and nobody is notified.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.alarms.rules.evaluation import describe_alarm
from headland.alarms.rules.rule_conditions import evaluate_rule
from headland.alarms.rules.rule_state import RuleState, advance
from headland.alarms.rules.targets import EvaluationTargets, Subject
from headland.contract.alarm import AlarmState
from headland.registry.models.alarms import Alarm, AlarmRule, AlarmTest
from headland.registry.validation.alarm_rules import FORECAST_CHANCE, FORECAST_SUM, tests_of
from headland.units_of_time import HOUR_MS

#: Instants of a preview, and the share of the hours after one that must be measured to tell that nothing came.
MOST_INSTANTS: Final = 120
_LEAST_MEASURED: Final = 0.9
#: Precipitation of an hour from which on it is wet, as providers mean it by a chance of precipitation.
_WET_MM: Final = 0.1

#: What a site's own station measured of a channel in the hours of [start_ms, end_ms), by the start of each hour: means,
#: and the sums of an amount. Unknown hours are left out.
MeasuredHours = Callable[[str, str, int, int], Mapping[int, float]]


class ForecastPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule on a forecast would have said by the issues that are kept, and what was measured after it."""

    every_h: Annotated[int, "Hours from one instant that was judged to the next."]
    judged: Annotated[int, "Instants at which the forecast was enough to judge the rule."]
    not_judged: Annotated[int, "Instants without a forecast, or with too little of one."]
    issues: Annotated[int, "Different issues among them."]
    reason: Annotated[
        str | None, "Why nothing is told of events: not_measured, or several_tests; null where they are told."
    ] = None
    hits: Annotated[int | None, "Warnings that the event followed as measured; null where that is not told."] = None
    false_alarms: Annotated[int | None, "Warnings that it did not follow."] = None
    unclear: Annotated[int | None, "Warnings of which too little was measured, or whose time is not over."] = None
    missed: Annotated[int | None, "Events that were measured and that no warning preceded."] = None
    lead_h: Annotated[float | None, "Median hours from a warning to its event; null without a hit."] = None


@dataclass(frozen=True, slots=True)
class _Instant:
    """A judged instant: whether the rule was raised then, None where it could not be judged, and when the event came.

    `came_ms` is None where it did not come within the rule's hours, and `is_measured` False where that is not known.
    """

    time_ms: int
    warned: bool | None
    came_ms: int | None = None
    is_measured: bool = False


def preview_forecast_rule(
    rule: AlarmRule,
    subject: Subject,
    targets: EvaluationTargets,
    measured: MeasuredHours,
    start_ms: int,
    end_ms: int,
) -> tuple[tuple[Alarm, ...], ForecastPreview]:
    """Return the alarms that a rule would have raised at a site over [start_ms, end_ms), and what followed them."""
    first_ms = -(-start_ms // HOUR_MS) * HOUR_MS
    every_h = max(1, math.ceil((end_ms - first_ms) / HOUR_MS / MOST_INSTANTS))
    # It is judged so seldom that how long it has to hold says nothing.
    lost_s = max(rule.lost_after_s, 2.0 * 3600.0 * every_h)
    at_once = msgspec.structs.replace(rule, for_s=0.0, clear_for_s=0.0, lost_after_s=lost_s)
    state = RuleState(state=AlarmState(last_ms=first_ms - 1))
    alarms: list[Alarm] = []
    instants: list[_Instant] = []
    issues: set[tuple[int | None, int | None]] = set()
    for time_ms in range(first_ms, end_ms, every_h * HOUR_MS):
        inputs = targets.forecast_inputs(rule, subject, time_ms)
        if inputs.forecast is not None and inputs.forecast.hours:
            issues.add((inputs.forecast.issued_ms, inputs.forecast.fetched_ms))
        axis = np.array([time_ms], np.int64)
        result = evaluate_rule(rule, inputs, axis, targets.conditions_of(subject.site, time_ms))
        state, transitions = advance(at_once, state, result, time_ms)
        for transition in transitions:
            if transition.kind == "raised":
                alarms.append(describe_alarm(rule, subject, result, transition))
            else:
                ended = {"ended_ms": transition.time_ms, "ended_why": transition.kind, "standing": ()}
                alarms[-1] = msgspec.structs.replace(alarms[-1], **ended)
        instants.append(_Instant(time_ms, state.state.is_raised if result.is_known[0] else None))
    judged = sum(instant.warned is not None for instant in instants)
    preview = ForecastPreview(
        every_h=every_h, judged=judged, not_judged=len(instants) - judged, issues=len(issues), reason="several_tests"
    )
    tests = tests_of(rule.any_of)
    if len(tests) != 1 or rule.any_of != ((tests[0],),):
        return tuple(alarms), preview
    ahead_ms = math.ceil(tests[0].within_h or 0.0) * HOUR_MS
    hours = measured(subject.site, tests[0].what, first_ms, end_ms + ahead_ms)
    if not hours:
        return tuple(alarms), msgspec.structs.replace(preview, reason="not_measured")
    return tuple(alarms), _compare([_follow(tests[0], each, hours) for each in instants], preview)


def _follow(test: AlarmTest, instant: _Instant, hours: Mapping[int, float]) -> _Instant:
    """Return an instant with what was measured within the hours of the rule after it."""
    first_ms = instant.time_ms // HOUR_MS * HOUR_MS
    wanted = range(first_ms, instant.time_ms + round((test.within_h or 0.0) * HOUR_MS), HOUR_MS)
    known = [(hour_ms, hours[hour_ms]) for hour_ms in wanted if hour_ms in hours]
    is_all = len(known) >= _LEAST_MEASURED * len(wanted)
    came_ms = _came_ms(test, known, is_all=is_all)
    return _Instant(instant.time_ms, instant.warned, came_ms, came_ms is not None or is_all)


def _came_ms(test: AlarmTest, known: Sequence[tuple[int, float]], *, is_all: bool) -> int | None:
    """Return the hour in which what a rule warns of came; None where it did not."""
    if test.what == FORECAST_SUM:
        total = 0.0
        for hour_ms, amount in known:
            total += amount
            if test.above is not None and total > test.above:
                return hour_ms
        is_less = test.below is not None and is_all and total < test.below
        return known[0][0] if is_less and known else None
    if test.what == FORECAST_CHANCE:
        wet = [hour_ms for hour_ms, amount in known if amount >= _WET_MM]
        if test.above is not None:
            return wet[0] if wet else None
        return known[0][0] if is_all and known and not wet else None
    beyond = (
        hour_ms
        for hour_ms, value in known
        if (value < test.below if test.below is not None else value > (test.above or 0.0))
    )
    return next(beyond, None)


def _compare(instants: Sequence[_Instant], preview: ForecastPreview) -> ForecastPreview:
    """Return the preview with its hits, false alarms and missed events."""
    hits = false_alarms = unclear = 0
    leads_h: list[float] = []
    for run in _runs(instants, [instant.warned is True for instant in instants]):
        came = [instant.came_ms for instant in run if instant.came_ms is not None]
        if came:
            hits += 1
            leads_h.append(max(0.0, (came[0] - run[0].time_ms) / HOUR_MS))
        elif all(instant.is_measured for instant in run):
            false_alarms += 1
        else:
            unclear += 1
    missed = sum(
        any(instant.warned is not None for instant in run) and not any(instant.warned for instant in run)
        for run in _runs(instants, [instant.came_ms is not None for instant in instants])
    )
    return msgspec.structs.replace(
        preview,
        reason=None,
        hits=hits,
        false_alarms=false_alarms,
        unclear=unclear,
        missed=missed,
        lead_h=statistics.median(leads_h) if leads_h else None,
    )


def _runs(instants: Sequence[_Instant], chosen: Sequence[bool]) -> Iterator[list[_Instant]]:
    """Yield the instants that are chosen one after the other."""
    run: list[_Instant] = []
    for instant, is_chosen in zip(instants, chosen, strict=True):
        if is_chosen:
            run.append(instant)
        elif run:
            yield run
            run = []
    if run:
        yield run
