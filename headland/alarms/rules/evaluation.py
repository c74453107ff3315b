"""Evaluation of all rules on their targets: the samples to read, and the outcome of each rule on each subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.alarms.rules.rule_conditions import (
    OWN,
    ConditionResult,
    RuleInputs,
    channels_by_device,
    evaluate_rule,
    evaluate_values,
    is_clock_driven,
    is_for_gateways,
    is_for_sites,
    lookback_ms,
    sample_times,
)
from headland.alarms.rules.rule_state import RuleState, Transition, advance, bring_back, transitions_since
from headland.alarms.rules.rule_values import ANY_CHANNEL, ChannelSamples, Samples
from headland.alarms.rules.samples import read_samples
from headland.alarms.rules.targets import EvaluationTargets, Subject
from headland.clock.station_clock.record import AGREE_MS
from headland.contract.alarm import AlarmState
from headland.registry.models.alarms import Alarm, AlarmRule, AlarmTest
from headland.registry.validation.alarm_rules import unit_of_what
from headland.runtime.item_failures import ItemFailures
from headland.store.port import Store
from headland.units_of_time import DAY_MS

#: The span that is read for all devices at once; a device that is further behind is read on its own.
_NEAR_MS: Final = 1_800_000
#: A rule that was not evaluated for longer begins again: older data is history.
MOST_BEHIND_MS: Final = 8 * DAY_MS


@dataclass(frozen=True, slots=True)
class RuleTarget:
    """A rule on a subject, with its state.

    `since_ms` is since when the rule is judged on it: its creation, or the change that switched it on.
    """

    rule: AlarmRule
    subject: Subject
    state: RuleState
    since_ms: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """The rule's id and the subject, under which the state is stored."""
        return self.rule.id, self.subject.name


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The next state of a rule target, and each transition with the alarm that it would raise."""

    target: RuleTarget
    state: RuleState
    transitions: tuple[tuple[Transition, Alarm], ...]


def match_rules(
    rules: Iterable[AlarmRule],
    targets: EvaluationTargets,
    states: Mapping[tuple[str, str], RuleState],
    now_ms: int,
    failures: ItemFailures,
) -> tuple[list[RuleTarget], set[str]]:
    """Return every rule on every subject that it is for, and the names of the rules that could not be matched.

    A new rule begins a little before now, and so does one whose state is ahead of now: the clock was set back.
    """
    matched: list[RuleTarget] = []
    failed = {rule.name for rule in rules}
    for rule in rules:
        with failures.isolate(f"Alarm rule {rule.name}"):
            of_rule = []
            for subject in targets.subjects_of(rule):
                state, its_now_ms = states.get((rule.id, subject.name)), targets.now_of(subject, now_ms)
                # A device whose clock is behind has no data from after the rule's creation.
                since_ms = min(rule.changed_ms if state is None else rule.created_ms, its_now_ms)
                of_rule.append(RuleTarget(rule, subject, _state_at(rule, state, its_now_ms), since_ms))
            matched += of_rule
            failed.discard(rule.name)
    return matched, failed


def evaluate_targets(
    rule_targets: Iterable[RuleTarget],
    targets: EvaluationTargets,
    store: Store,
    organisation: str,
    now_ms: int,
    failures: ItemFailures,
) -> list[RuleOutcome]:
    """Evaluate each rule target up to now; one that fails keeps its state. Raises RetryLater without the store."""
    listed = list(rule_targets)
    due = []
    for target in listed:
        with failures.isolate(_item(target)):
            if not is_clock_driven(target.rule) and _has_new_samples(target, targets):
                due.append(target)
    samples = _read_inputs(due, targets, store, organisation, now_ms, failures)
    is_due = {id(target) for target in due}
    outcomes = []
    for target in listed:
        outcome = RuleOutcome(target, target.state, ())
        with failures.isolate(_item(target)):
            inputs: RuleInputs | None = RuleInputs(members=target.subject.members)
            if is_for_sites(target.rule):
                inputs = _forecast_inputs(target, targets, now_ms)
            elif is_clock_driven(target.rule):
                inputs = inputs if is_for_gateways(target.rule) else targets.newest_inputs(target.rule, target.subject)
            elif id(target) in is_due:
                # None where its samples could not be read: its state then stays as it is.
                inputs = samples.get((id(target.rule), target.subject.name))
            if inputs is not None:
                outcome = _evaluate(target, inputs, targets, targets.now_of(target.subject, now_ms))
        outcomes.append(outcome)
    return outcomes


def _forecast_inputs(target: RuleTarget, targets: EvaluationTargets, now_ms: int) -> RuleInputs | None:
    """Return the weather to come at the site of a rule; None before the rule existed, as by a clock that was set."""
    at_ms = targets.now_of(target.subject, now_ms)
    if at_ms < target.rule.created_ms:
        return None
    return targets.forecast_inputs(target.rule, target.subject, at_ms)


def _item(target: RuleTarget) -> str:
    return f"Alarm rule {target.rule.name} on {target.subject.name}"


def _evaluate(target: RuleTarget, inputs: RuleInputs, targets: EvaluationTargets, now_ms: int) -> RuleOutcome:
    rule, subject = target.rule, target.subject
    if is_for_gateways(rule):
        result = evaluate_values(rule, subject.values, now_ms)
    else:
        axis = np.array([now_ms], np.int64)
        if not is_clock_driven(rule):
            axis = sample_times(rule, inputs, target.state.evaluated_until_ms or 0, now_ms)
        result = evaluate_rule(rule, inputs, axis, targets.conditions_of(subject.site, now_ms))
    state, transitions = advance(rule, target.state, result, now_ms)
    transitions = transitions_since(transitions, target.since_ms)
    described = tuple((transition, describe_alarm(rule, subject, result, transition)) for transition in transitions)
    return RuleOutcome(target, state, described)


def describe_alarm(rule: AlarmRule, subject: Subject, result: ConditionResult, transition: Transition) -> Alarm:
    """Return the alarm that a transition raises, with the test that caused it."""
    cause = result.cause_at(transition.row)
    test = cause.test if cause is not None else AlarmTest()
    value = float(cause.value[transition.row]) if cause is not None and transition.row is not None else None
    bound = test.below if test.below is not None else test.above
    verdict = None if cause is None else cause.verdict
    condition = "hours" if test.hours is not None else "below" if test.below is not None else "above"
    return Alarm(
        rule=rule.name,
        subject=subject.name,
        kind=subject.kind,
        site=subject.site,
        severity=rule.severity,
        by_station=True,
        standing=("station",),
        began_ms=transition.began_ms,
        raised_ms=transition.time_ms,
        what=test.what,
        value=value if value is not None and np.isfinite(value) else None,
        unit="h" if test.hours is not None else unit_of_what(test.what) or "1",
        condition=condition if verdict is None else f"forecast_{condition}",
        threshold=bound if test.hours is None else test.hours,
        estimated=cause is not None and transition.row is not None and bool(cause.estimated[transition.row]),
        simulated=subject.simulated if verdict is None else verdict.simulated,
        name=subject.title,
        forecast=None if verdict is None else verdict.forecast,
        measured_by="" if cause is None or cause.device == OWN else cause.device,
        text=rule.text,
        text_zh=rule.text_zh,
    )


def inputs_of(rule: AlarmRule, subject: Subject, samples: Mapping[str, Samples]) -> RuleInputs:
    """Return the inputs of a rule on a subject from samples by device: only the channels that it uses."""
    used = {
        device: {
            channel: column
            for channel, column in samples.get(device, {}).items()
            if channel in channels or ANY_CHANNEL in channels
        }
        for device, channels in channels_by_device(rule, subject.name, subject.members).items()
    }
    return RuleInputs(used.pop(subject.name, {}), used, subject.members)


def _state_at(rule: AlarmRule, state: RuleState | None, now_ms: int) -> RuleState:
    """Return the state from which a rule goes on now on a subject; a raised one continues."""
    until_ms = 0 if state is None else state.evaluated_until_ms or 0
    if state is not None and now_ms - MOST_BEHIND_MS <= until_ms <= now_ms + AGREE_MS:
        return state
    start_ms = max(now_ms - round(max(rule.for_s, rule.page_within_s) * 1000), now_ms - MOST_BEHIND_MS)
    if state is not None and until_ms > now_ms:
        return bring_back(state, start_ms, now_ms)
    if state is not None and state.state.is_raised:
        return state
    return RuleState(state=AlarmState(last_ms=start_ms))


def _has_new_samples(target: RuleTarget, targets: EvaluationTargets) -> bool:
    until_ms = target.state.evaluated_until_ms or 0
    for device, channels in _channels_by_device(target).items():
        newest = target.subject.newest if device == target.subject.name else targets.newest_of(device)
        if any(channel in newest and newest[channel].time_ms > until_ms for channel in channels):
            return True
    return False


def _channels_by_device(target: RuleTarget) -> dict[str, frozenset[str]]:
    return channels_by_device(target.rule, target.subject.name, target.subject.members)


def _read_inputs(
    rule_targets: Iterable[RuleTarget],
    targets: EvaluationTargets,
    store: Store,
    organisation: str,
    now_ms: int,
    failures: ItemFailures,
) -> dict[tuple[int, str], RuleInputs]:
    """Return the inputs of each rule target, read in one query for all targets that look back about as far.

    A target whose samples cannot be read is left out.
    """
    together: dict[int, list[RuleTarget]] = {}
    alone: dict[str, list[RuleTarget]] = {}
    for target in rule_targets:
        with failures.isolate(_item(target)):
            its_now_ms = targets.now_of(target.subject, now_ms)
            # Whose time is another than that of the others is far from them, too.
            is_far = abs(now_ms - its_now_ms) > max(_NEAR_MS, targets.simulated_lag_ms)
            if is_far or now_ms - (target.state.evaluated_until_ms or 0) > _NEAR_MS:
                alone.setdefault(target.subject.name, []).append(target)
            else:
                together.setdefault(-(-lookback_ms(target.rule) // _NEAR_MS), []).append(target)
    inputs: dict[tuple[int, str], RuleInputs] = {}
    groups = [(group, False) for group in together.values()] + [(group, True) for group in alone.values()]
    for group, is_alone in groups:
        until_ms = max(targets.now_of(target.subject, now_ms) for target in group)
        failed = failures.count
        with failures.isolate("A group of alarm rules"):
            inputs |= _read_group(group, store, organisation, until_ms, is_alone=is_alone)
        if failures.count > failed:
            # The failure is that of one target: the others must not fail with it.
            for target in group:
                with failures.isolate(_item(target)):
                    inputs |= _read_group([target], store, organisation, until_ms, is_alone=True)
    return inputs


def _read_group(
    group: list[RuleTarget], store: Store, organisation: str, now_ms: int, *, is_alone: bool
) -> dict[tuple[int, str], RuleInputs]:
    oldest_ms = now_ms - MOST_BEHIND_MS
    used = [_channels_by_device(target) for target in group]
    channels = frozenset(channel for devices in used for names in devices.values() for channel in names)
    start_ms = min(max(target.state.evaluated_until_ms or 0, oldest_ms) - lookback_ms(target.rule) for target in group)
    names = {device for devices in used for device in devices}
    samples: dict[str, dict[str, ChannelSamples]] = {}
    # One query for all devices; a device that is behind has its own, which reads nothing of the others.
    for device in sorted(names) if is_alone or len(names) == 1 else [None]:
        samples.update(read_samples(store, organisation, channels, start_ms, now_ms + 1, device))
    return {(id(target.rule), target.subject.name): inputs_of(target.rule, target.subject, samples) for target in group}
