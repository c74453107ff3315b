"""Looking again at hours into which samples came late: alarms that were missed become history, and are never said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from headland.alarms.evaluation import MOST_BEHIND_MS, RuleTarget
from headland.alarms.rule_conditions import channels_of, runs_on_the_clock, wants_of
from headland.alarms.rule_simulation import replay
from headland.alarms.samples import MAX_QUALITY
from headland.alarms.targets import EvaluationTargets
from headland.registry.models.alarms import Alarm
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import SeriesFilter, Store
from headland.units_of_time import HOUR_MS

#: At its first look it takes all of these as changed: nobody knows what came while no station ran.
_FIRST_LOOK_MS: Final = 48 * HOUR_MS

Counts = Mapping[str, Mapping[int, int]]


class Review:
    """Remembers how many samples each hour of each device has, and judges hours again that have more than before."""

    def __init__(self, store: Store, repositories: OrganisationRepositories, handle: str) -> None:
        self._store = store
        self._repositories = repositories
        self._handle = handle
        self._counts: Counts | None = None

    def look(self, pairs: Iterable[RuleTarget], scene: EvaluationTargets, now_ms: int) -> list[Alarm]:
        """Return the alarms that nobody noted, over and without ids. Raises RetryLater while the store is away."""
        watched = [pair for pair in pairs if not runs_on_the_clock(pair.rule)]
        counts = self._count(watched, now_ms)
        missed: list[Alarm] = []
        for pair in watched:
            wanted = wants_of(pair.rule, pair.subject.name, pair.subject.members)
            hours = [hour for device in wanted for hour in self._changed(device, counts, now_ms)]
            judged_ms = pair.watch.judged_until_ms or 0
            late = [hour for hour in hours if hour < judged_ms]
            if late:
                missed += self._missed(pair, scene, min(late), min(max(late) + HOUR_MS, judged_ms), judged_ms)
        self._counts = counts
        return missed

    def _count(self, pairs: Iterable[RuleTarget], now_ms: int) -> Counts:
        channels = frozenset(channel for pair in pairs for channel in channels_of(pair.rule))
        end_ms = now_ms // HOUR_MS * HOUR_MS
        which = SeriesFilter(self._handle, None, channels)
        counts: dict[str, dict[int, int]] = {}
        if not channels:
            return counts
        found = self._store.buckets(which, end_ms - MOST_BEHIND_MS, end_ms, HOUR_MS, MAX_QUALITY)
        for one in found:
            hours = counts.setdefault(one.key.device, {})
            for hour, count in zip(one.start_ms.tolist(), one.count.tolist(), strict=True):
                hours[hour] = hours.get(hour, 0) + count
        return counts

    def _changed(self, device: str, counts: Counts, now_ms: int) -> list[int]:
        hours = counts.get(device, {})
        if self._counts is None:
            return [hour for hour in hours if hour >= now_ms - _FIRST_LOOK_MS]
        before = self._counts.get(device, {})
        return [hour for hour, count in hours.items() if count > before.get(hour, 0)]

    def _missed(
        self, pair: RuleTarget, scene: EvaluationTargets, start_ms: int, end_ms: int, judged_ms: int
    ) -> list[Alarm]:
        """Return what a rule raises in [start_ms, end_ms) by what the store holds now, and nobody noted."""
        rule, name = pair.rule, pair.subject.name
        around_ms = round((rule.for_s + rule.clear_for_s) * 1000) + HOUR_MS
        until_ms = min(end_ms + around_ms, judged_ms)
        done = replay(rule, pair.subject, scene, self._store, self._handle, start_ms - around_ms, until_ms)
        found = []
        for alarm in done.alarms:
            ended_ms = alarm.ended_ms
            if ended_ms is None or ended_ms < start_ms or alarm.began_ms >= end_ms or alarm.raised_ms < rule.created_ms:
                continue
            if not self._repositories.alarms.of(rule.name, name, alarm.began_ms, ended_ms + 1):
                found.append(msgspec.structs.replace(alarm, late=True))
        return found
