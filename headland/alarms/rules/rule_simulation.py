"""Rule replay: the alarms that a rule would have raised over stored samples; nothing is stored or notified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from headland.alarms.rules.evaluation import MOST_BEHIND_MS, describe_alarm, inputs_of
from headland.alarms.rules.rule_conditions import (
    channels_by_device,
    evaluate_rule,
    is_clock_driven,
    lookback_ms,
    sample_times,
)
from headland.alarms.rules.rule_state import RuleState, advance
from headland.alarms.rules.rule_values import ChannelSamples
from headland.alarms.rules.samples import read_samples
from headland.alarms.rules.targets import EvaluationTargets, Subject
from headland.contract.alarm import AlarmState
from headland.registry.models.alarms import Alarm, AlarmRule
from headland.store.port import Store
from headland.units_of_time import DAY_MS, MINUTE_MS

#: The span that is read at a time; evaluation in parts gives the same alarms as in one go.
_CHUNK_MS: Final = 7 * DAY_MS
#: The interval at which a clock-driven rule is evaluated.
_CLOCK_MS: Final = MINUTE_MS


@dataclass(frozen=True, slots=True)
class RuleSimulation:
    """The alarms of a rule on one subject; `known_count` counts the instants at which its value was known."""

    subject: Subject
    known_count: int
    alarms: tuple[Alarm, ...]


def simulate_rule(
    rule: AlarmRule,
    subject: Subject,
    targets: EvaluationTargets,
    store: Store,
    organisation: str,
    start_ms: int,
    end_ms: int,
) -> RuleSimulation:
    """Evaluate a rule on a device or zone over [start_ms, end_ms) from its initial state; an active alarm has no end.

    Raises ValueError for a gateway: its status has no history.
    """
    if subject.kind == "gateway":
        raise ValueError("a gateway's status has no history")
    state, known_count = RuleState(state=AlarmState(last_ms=start_ms - 1)), 0
    alarms: list[Alarm] = []
    for chunk_ms in range(start_ms, end_ms, _CHUNK_MS):
        until_ms = min(chunk_ms + _CHUNK_MS, end_ms) - 1
        first_ms = chunk_ms - max(lookback_ms(rule), MOST_BEHIND_MS if is_clock_driven(rule) else 0)
        samples: dict[str, dict[str, ChannelSamples]] = {}
        for device, channels in channels_by_device(rule, subject.name, subject.members).items():
            samples.update(read_samples(store, organisation, channels, first_ms, until_ms + 1, device))
        limited = {device: targets.with_limits(device, columns) for device, columns in samples.items()}
        inputs = inputs_of(rule, subject, limited)
        axis = sample_times(rule, inputs, chunk_ms - 1, until_ms)
        if is_clock_driven(rule):
            axis = np.arange(chunk_ms, until_ms + 1, _CLOCK_MS, dtype=np.int64)
        result = evaluate_rule(rule, inputs, axis, targets.conditions_of(subject.site, chunk_ms))
        known_count += int(result.is_known.sum())
        state, transitions = advance(rule, state, result, until_ms)
        for transition in transitions:
            if transition.kind == "raised":
                alarms.append(describe_alarm(rule, subject, result, transition))
            else:
                ended = {"ended_ms": transition.time_ms, "ended_why": transition.kind, "standing": ()}
                alarms[-1] = msgspec.structs.replace(alarms[-1], **ended)
    return RuleSimulation(subject, known_count, tuple(alarms))
