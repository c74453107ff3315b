"""Judging all rules on all that they are for: which samples to read, and what comes of each rule on each subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.alarms.rule_conditions import (
    OWN,
    ConditionResult,
    RuleInputs,
    axis_of,
    is_of_gateways,
    judge,
    judge_values,
    lookback_ms,
    runs_on_the_clock,
    wants_of,
)
from headland.alarms.rule_state import RuleState, Transition, run
from headland.alarms.rule_values import ANY, Column, Samples
from headland.alarms.samples import read_samples
from headland.alarms.targets import EvaluationTargets, Subject
from headland.contract.alarm import AlarmState
from headland.registry.models.alarms import Alarm, AlarmRule, AlarmTest
from headland.registry.validation.alarm_rules import unit_of_what
from headland.store.port import Store
from headland.units_of_time import DAY_MS

#: What is read of all devices at once; a device that is further behind is read on its own.
_NEAR_MS: Final = 1_800_000
#: A rule that was not at work for longer begins again here: what is older is history.
MOST_BEHIND_MS: Final = 8 * DAY_MS


@dataclass(frozen=True, slots=True)
class RuleTarget:
    """A rule on a subject, and where it stands."""

    rule: AlarmRule
    subject: Subject
    watch: RuleState

    @property
    def key(self) -> tuple[str, str]:
        """As it is kept: the rule's id and the subject."""
        return self.rule.id, self.subject.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pair: its next state, and each change with the alarm that it would raise."""

    pair: RuleTarget
    watch: RuleState
    changes: tuple[tuple[Transition, Alarm], ...]


def pair_up(
    rules: Iterable[AlarmRule], scene: EvaluationTargets, watches: Mapping[tuple[str, str], RuleState], now_ms: int
) -> list[RuleTarget]:
    """Return every rule with everything that it is for; one that is new there begins a little before now."""
    pairs = []
    for rule in rules:
        for subject in scene.subjects_of(rule):
            watch = watches.get((rule.id, subject.name))
            if watch is None or (watch.judged_until_ms or 0) < now_ms - MOST_BEHIND_MS:
                watch = _begin(rule, watch, now_ms)
            pairs.append(RuleTarget(rule, subject, watch))
    return pairs


def judge_pairs(
    pairs: Iterable[RuleTarget], scene: EvaluationTargets, store: Store, organisation: str, now_ms: int
) -> list[Outcome]:
    """Judge each pair up to now. Raises RetryLater while the store is away."""
    listed = list(pairs)
    due = [pair for pair in listed if not runs_on_the_clock(pair.rule) and _has_news(pair, scene)]
    samples = _read(due, store, organisation, now_ms)
    is_due = {id(pair) for pair in due}
    outcomes = []
    for pair in listed:
        sight = RuleInputs(members=pair.subject.members)
        if runs_on_the_clock(pair.rule):
            sight = sight if is_of_gateways(pair.rule) else scene.newest_sight(pair.rule, pair.subject)
        elif id(pair) in is_due:
            sight = samples.get((id(pair.rule), pair.subject.name), sight)
        outcomes.append(_judge(pair, sight, scene, now_ms))
    return outcomes


def _judge(pair: RuleTarget, sight: RuleInputs, scene: EvaluationTargets, now_ms: int) -> Outcome:
    rule, subject = pair.rule, pair.subject
    if is_of_gateways(rule):
        judged = judge_values(rule, subject.told, now_ms)
    else:
        axis = np.array([now_ms], np.int64)
        if not runs_on_the_clock(rule):
            axis = axis_of(rule, sight, pair.watch.judged_until_ms or 0, now_ms)
        offset_ms = scene.utc_offset_ms(subject.site, now_ms)
        judged = judge(rule, sight, axis, offset_ms)
    watch, changes = run(rule, pair.watch, judged, now_ms)
    told = tuple((change, describe(rule, subject, judged, change)) for change in changes)
    return Outcome(pair, watch, told)


def describe(rule: AlarmRule, subject: Subject, judged: ConditionResult, change: Transition) -> Alarm:
    """Return the alarm that a change raises, with what made it bad."""
    leaf = judged.leaf_at(change.row)
    test = leaf.test if leaf is not None else AlarmTest()
    value = float(leaf.value[change.row]) if leaf is not None and change.row is not None else None
    bound = test.below if test.below is not None else test.above
    return Alarm(
        rule=rule.name,
        subject=subject.name,
        kind=subject.kind,
        site=subject.site,
        severity=rule.severity,
        by_station=True,
        standing=("station",),
        began_ms=change.began_ms,
        raised_ms=change.time_ms,
        what=test.what,
        value=value if value is not None and np.isfinite(value) else None,
        unit="h" if test.hours is not None else unit_of_what(test.what) or "1",
        condition="hours" if test.hours is not None else "below" if test.below is not None else "above",
        threshold=bound if test.hours is None else test.hours,
        estimated=leaf is not None and leaf.estimated,
        simulated=subject.simulated,
        name=subject.title,
        measured_by="" if leaf is None or leaf.device == OWN else leaf.device,
        text=rule.text,
        text_zh=rule.text_zh,
    )


def _begin(rule: AlarmRule, watch: RuleState | None, now_ms: int) -> RuleState:
    """Return where a rule begins on a subject; what stood before goes on."""
    start_ms = now_ms - round(max(rule.for_s, rule.page_within_s) * 1000)
    if watch is not None and watch.state.is_raised:
        return watch
    return RuleState(state=AlarmState(last_ms=max(start_ms, now_ms - MOST_BEHIND_MS)))


def _has_news(pair: RuleTarget, scene: EvaluationTargets) -> bool:
    until_ms = pair.watch.judged_until_ms or 0
    for device, channels in _wants(pair).items():
        newest = pair.subject.newest if device == pair.subject.name else scene.newest_of(device)
        if any(channel in newest and newest[channel].time_ms > until_ms for channel in channels):
            return True
    return False


def _wants(pair: RuleTarget) -> dict[str, frozenset[str]]:
    return wants_of(pair.rule, pair.subject.name, pair.subject.members)


def sight_of(rule: AlarmRule, subject: Subject, read: Mapping[str, Samples]) -> RuleInputs:
    """Return what a rule sees on a subject of what was read, by device: the channels that it wants and no more."""
    wanted = {
        device: {
            channel: column
            for channel, column in read.get(device, {}).items()
            if channel in channels or ANY in channels
        }
        for device, channels in wants_of(rule, subject.name, subject.members).items()
    }
    return RuleInputs(wanted.pop(subject.name, {}), wanted, subject.members)


def _read(
    pairs: Iterable[RuleTarget], store: Store, organisation: str, now_ms: int
) -> dict[tuple[int, str], RuleInputs]:
    """Return the samples of each pair, read in as few questions as there are spans of time to look back on."""
    together: dict[int, list[RuleTarget]] = {}
    alone: dict[str, list[RuleTarget]] = {}
    for pair in pairs:
        if now_ms - (pair.watch.judged_until_ms or 0) > _NEAR_MS:
            alone.setdefault(pair.subject.name, []).append(pair)
        else:
            together.setdefault(-(-lookback_ms(pair.rule) // _NEAR_MS), []).append(pair)
    found: dict[tuple[int, str], RuleInputs] = {}
    groups = [(group, False) for group in together.values()] + [(group, True) for group in alone.values()]
    for group, is_alone in groups:
        wants = [_wants(pair) for pair in group]
        channels = frozenset(channel for want in wants for each in want.values() for channel in each)
        oldest_ms = now_ms - MOST_BEHIND_MS
        start_ms = min(max(pair.watch.judged_until_ms or 0, oldest_ms) - lookback_ms(pair.rule) for pair in group)
        devices = {device for want in wants for device in want}
        read: dict[str, dict[str, Column]] = {}
        # One question for all devices; of those that are behind, none for what others measured meanwhile.
        for device in sorted(devices) if is_alone or len(devices) == 1 else [None]:
            read.update(read_samples(store, organisation, channels, start_ms, now_ms + 1, device))
        for pair in group:
            found[id(pair.rule), pair.subject.name] = sight_of(pair.rule, pair.subject, read)
    return found
