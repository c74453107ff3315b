"""Backfill check: evaluates hours again that received late samples; missed alarms are recorded and never notified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from headland.alarms.rules.evaluation import MOST_BEHIND_MS, RuleTarget
from headland.alarms.rules.rule_conditions import channels_by_device, channels_of, is_clock_driven
from headland.alarms.rules.rule_simulation import simulate_rule
from headland.alarms.rules.samples import MAX_QUALITY
from headland.alarms.rules.targets import EvaluationTargets
from headland.registry.models.alarms import Alarm
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.runtime.item_failures import ItemFailures
from headland.store.port import SeriesFilter, Store
from headland.units_of_time import HOUR_MS

#: The first check treats all hours of this span as changed: samples may have arrived while no station ran.
_FIRST_CHECK_MS: Final = 48 * HOUR_MS

Counts = Mapping[str, Mapping[int, int]]


class BackfillCheck:
    """Counts the samples of each hour and device, and evaluates hours again that have more than before."""

    def __init__(
        self, store: Store, repositories: OrganisationRepositories, handle: str, failures: ItemFailures
    ) -> None:
        self._store = store
        self._repositories = repositories
        self._handle = handle
        self._failures = failures
        self._counts: Counts | None = None

    def find_missed_alarms(
        self, rule_targets: Iterable[RuleTarget], targets: EvaluationTargets, now_ms: int
    ) -> list[Alarm]:
        """Return alarms that are not recorded yet, ended and without ids. Raises RetryLater without the store."""
        checked = [target for target in rule_targets if not is_clock_driven(target.rule)]
        counts = self._count_samples(checked, now_ms)
        missed: list[Alarm] = []
        for target in checked:
            with self._failures.isolate(f"Late samples of {target.rule.name} on {target.subject.name}"):
                devices = channels_by_device(target.rule, target.subject.name, target.subject.members)
                hours = [hour for device in devices for hour in self._changed_hours(device, counts, now_ms)]
                evaluated_ms = target.state.evaluated_until_ms or 0
                late = [hour for hour in hours if hour < evaluated_ms]
                if late:
                    end_ms = min(max(late) + HOUR_MS, evaluated_ms)
                    missed += self._missed_in(target, targets, min(late), end_ms, evaluated_ms)
        self._counts = counts
        return missed

    def _count_samples(self, rule_targets: Iterable[RuleTarget], now_ms: int) -> Counts:
        channels = frozenset(channel for target in rule_targets for channel in channels_of(target.rule))
        end_ms = now_ms // HOUR_MS * HOUR_MS
        which = SeriesFilter(self._handle, None, channels)
        counts: dict[str, dict[int, int]] = {}
        if not channels:
            return counts
        for buckets in self._store.buckets(which, end_ms - MOST_BEHIND_MS, end_ms, HOUR_MS, MAX_QUALITY):
            hours = counts.setdefault(buckets.key.device, {})
            for hour, count in zip(buckets.start_ms.tolist(), buckets.count.tolist(), strict=True):
                hours[hour] = hours.get(hour, 0) + count
        return counts

    def _changed_hours(self, device: str, counts: Counts, now_ms: int) -> list[int]:
        hours = counts.get(device, {})
        if self._counts is None:
            return [hour for hour in hours if hour >= now_ms - _FIRST_CHECK_MS]
        before = self._counts.get(device, {})
        return [hour for hour, count in hours.items() if count > before.get(hour, 0)]

    def _missed_in(
        self, target: RuleTarget, targets: EvaluationTargets, start_ms: int, end_ms: int, evaluated_ms: int
    ) -> list[Alarm]:
        """Return the alarms of a rule in [start_ms, end_ms) by the samples stored now that are not recorded."""
        rule, name = target.rule, target.subject.name
        around_ms = round((rule.for_s + rule.clear_for_s) * 1000) + HOUR_MS
        until_ms = min(end_ms + around_ms, evaluated_ms)
        first_ms = start_ms - around_ms
        simulation = simulate_rule(rule, target.subject, targets, self._store, self._handle, first_ms, until_ms)
        missed = []
        for alarm in simulation.alarms:
            ended_ms = alarm.ended_ms
            if ended_ms is None or ended_ms < start_ms or alarm.began_ms >= end_ms or alarm.raised_ms < rule.created_ms:
                continue
            if not self._repositories.alarms.find(rule.name, name, alarm.began_ms, ended_ms + 1):
                missed.append(msgspec.structs.replace(alarm, late=True))
        return missed
