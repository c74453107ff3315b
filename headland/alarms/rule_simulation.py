"""What a rule would have raised over what the store holds now: nothing is kept and nothing is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from headland.alarms.evaluation import MOST_BEHIND_MS, describe, sight_of
from headland.alarms.rule_conditions import axis_of, judge, lookback_ms, runs_on_the_clock, wants_of
from headland.alarms.rule_state import RuleState, run
from headland.alarms.rule_values import Column
from headland.alarms.samples import read_samples
from headland.alarms.targets import EvaluationTargets, Subject
from headland.contract.alarm import AlarmState
from headland.registry.models.alarms import Alarm, AlarmRule
from headland.store.port import Store
from headland.units_of_time import DAY_MS, MINUTE_MS

#: So much is read at a time; judging in parts leads to the same as in one go.
_CHUNK_MS: Final = 7 * DAY_MS
#: How often a rule that the clock drives is judged.
_CLOCK_MS: Final = MINUTE_MS


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a rule would have raised on one subject; `judged` counts the instants at which its value was known."""

    subject: Subject
    judged: int
    alarms: tuple[Alarm, ...]


def replay(
    rule: AlarmRule,
    subject: Subject,
    scene: EvaluationTargets,
    store: Store,
    organisation: str,
    start_ms: int,
    end_ms: int,
) -> Replayed:
    """Judge a rule on a device or zone over [start_ms, end_ms) as if nothing was known before; what stands has no end.

    Of gateways there is no history: their rules cannot be replayed (ValueError).
    """
    if subject.kind == "gateway":
        raise ValueError("a gateway's status has no history")
    watch, judged_rows = RuleState(state=AlarmState(last_ms=start_ms - 1)), 0
    alarms: list[Alarm] = []
    for chunk_ms in range(start_ms, end_ms, _CHUNK_MS):
        until_ms = min(chunk_ms + _CHUNK_MS, end_ms) - 1
        first_ms = chunk_ms - max(lookback_ms(rule), MOST_BEHIND_MS if runs_on_the_clock(rule) else 0)
        read: dict[str, dict[str, Column]] = {}
        for device, channels in wants_of(rule, subject.name, subject.members).items():
            read.update(read_samples(store, organisation, channels, first_ms, until_ms + 1, device))
        sight = sight_of(rule, subject, read)
        axis = axis_of(rule, sight, chunk_ms - 1, until_ms)
        if runs_on_the_clock(rule):
            axis = np.arange(chunk_ms, until_ms + 1, _CLOCK_MS, dtype=np.int64)
        judged = judge(rule, sight, axis, scene.utc_offset_ms(subject.site, chunk_ms))
        judged_rows += int(judged.is_known.sum())
        watch, changes = run(rule, watch, judged, until_ms)
        for change in changes:
            if change.turn == "raised":
                alarms.append(describe(rule, subject, judged, change))
            else:
                ended = {"ended_ms": change.time_ms, "ended_why": change.turn, "standing": ()}
                alarms[-1] = msgspec.structs.replace(alarms[-1], **ended)
    return Replayed(subject, judged_rows, tuple(alarms))
