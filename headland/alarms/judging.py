"""Judging all rules on all that they are for: which samples to read, and what comes of each rule on each subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.alarms.conditions import (
    Column,
    Judged,
    axis_of,
    channels_of,
    is_estimated,
    is_of_gateways,
    judge,
    judge_values,
    lookback_ms,
    runs_on_the_clock,
)
from headland.alarms.samples import read_samples
from headland.alarms.scene import Scene, Subject
from headland.alarms.watch import Transition, Watch, run
from headland.contract.alarm import AlarmState
from headland.registry.alarm_checks import unit_of_what
from headland.registry.alarm_records import Alarm, AlarmRule
from headland.store.port import Store

#: What is read of all devices at once; a device that is further behind is read on its own.
_NEAR_MS: Final = 1_800_000
#: A rule that was not at work for longer begins again here: what is older is history.
MOST_BEHIND_MS: Final = 8 * 86_400_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule on a subject, and where it stands."""

    rule: AlarmRule
    subject: Subject
    watch: Watch

    @property
    def key(self) -> tuple[str, str]:
        """As it is kept: the rule's id and the subject."""
        return self.rule.id, self.subject.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pair: its next state, and each change with the alarm that it would raise."""

    pair: Pair
    watch: Watch
    changes: tuple[tuple[Transition, Alarm], ...]


def pair_up(
    rules: Iterable[AlarmRule], scene: Scene, watches: Mapping[tuple[str, str], Watch], now_ms: int
) -> list[Pair]:
    """Return every rule with everything that it is for; one that is new there begins a little before now."""
    pairs = []
    for rule in rules:
        for subject in scene.subjects_of(rule):
            watch = watches.get((rule.id, subject.name))
            if watch is None or (watch.judged_until_ms or 0) < now_ms - MOST_BEHIND_MS:
                watch = _begin(rule, watch, now_ms)
            pairs.append(Pair(rule, subject, watch))
    return pairs


def judge_pairs(pairs: Iterable[Pair], scene: Scene, store: Store, organisation: str, now_ms: int) -> list[Outcome]:
    """Judge each pair up to now. Raises RetryLater while the store is away."""
    listed = list(pairs)
    due = [pair for pair in listed if not runs_on_the_clock(pair.rule) and _has_news(pair)]
    samples = _read(due, store, organisation, now_ms)
    is_due = {id(pair) for pair in due}
    outcomes = []
    for pair in listed:
        found: Mapping[str, Column] = {}
        if runs_on_the_clock(pair.rule):
            found = {} if is_of_gateways(pair.rule) else pair.subject.newest_columns()
        elif id(pair) in is_due:
            found = samples.get((id(pair.rule), pair.subject.name), {})
        outcomes.append(_judge(pair, found, scene, now_ms))
    return outcomes


def _judge(pair: Pair, samples: Mapping[str, Column], scene: Scene, now_ms: int) -> Outcome:
    rule, subject = pair.rule, pair.subject
    if is_of_gateways(rule):
        judged = judge_values(rule, subject.told, now_ms)
    else:
        axis = np.array([now_ms], np.int64)
        if not runs_on_the_clock(rule):
            axis = axis_of(rule, samples, pair.watch.judged_until_ms or 0, now_ms)
        offset_ms = scene.utc_offset_ms(subject.site, now_ms)
        judged = judge(rule, samples, axis, offset_ms)
    watch, changes = run(rule, pair.watch, judged, now_ms)
    told = tuple((change, describe(rule, subject, judged, samples, change)) for change in changes)
    return Outcome(pair, watch, told)


def describe(
    rule: AlarmRule, subject: Subject, judged: Judged, samples: Mapping[str, Column], change: Transition
) -> Alarm:
    """Return the alarm that a change raises, with what made it bad."""
    group, value = 0, None
    if change.row is not None:
        group = judged.group_at(change.row)
        value = float(judged.values[group][0][change.row])
    test = rule.any_of[group][0]
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
        estimated=is_estimated(test, samples),
        simulated=subject.simulated,
        text=rule.text,
        text_zh=rule.text_zh,
    )


def _begin(rule: AlarmRule, watch: Watch | None, now_ms: int) -> Watch:
    """Return where a rule begins on a subject; what stood before goes on."""
    start_ms = now_ms - round(max(rule.for_s, rule.page_within_s) * 1000)
    if watch is not None and watch.state.is_raised:
        return watch
    return Watch(state=AlarmState(last_ms=max(start_ms, now_ms - MOST_BEHIND_MS)))


def _has_news(pair: Pair) -> bool:
    until_ms = pair.watch.judged_until_ms or 0
    newest = pair.subject.newest
    return any(channel in newest and newest[channel].time_ms > until_ms for channel in channels_of(pair.rule))


def _read(
    pairs: Iterable[Pair], store: Store, organisation: str, now_ms: int
) -> dict[tuple[int, str], dict[str, Column]]:
    """Return the samples of each pair, read in as few questions as there are spans of time to look back on."""
    together: dict[int, list[Pair]] = {}
    alone: dict[str, list[Pair]] = {}
    for pair in pairs:
        if now_ms - (pair.watch.judged_until_ms or 0) > _NEAR_MS:
            alone.setdefault(pair.subject.name, []).append(pair)
        else:
            together.setdefault(-(-lookback_ms(pair.rule) // _NEAR_MS), []).append(pair)
    found: dict[tuple[int, str], dict[str, Column]] = {}
    for group in (*together.values(), *alone.values()):
        channels = frozenset(channel for pair in group for channel in channels_of(pair.rule))
        oldest_ms = now_ms - MOST_BEHIND_MS
        start_ms = min(max(pair.watch.judged_until_ms or 0, oldest_ms) - lookback_ms(pair.rule) for pair in group)
        devices = {pair.subject.name for pair in group}
        device = next(iter(devices)) if len(devices) == 1 else None
        read = read_samples(store, organisation, channels, start_ms, now_ms + 1, device)
        for pair in group:
            columns = read.get(pair.subject.name, {})
            wanted = channels_of(pair.rule)
            found[id(pair.rule), pair.subject.name] = {
                channel: column for channel, column in columns.items() if channel in wanted
            }
    return found
