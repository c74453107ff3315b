"""State of a rule on one subject, and its transitions on the time of the data. Pure and restart-safe.

Evaluation in one go or in any number of parts, with the state stored in between, gives the same transitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import msgspec
import numpy as np

from headland.alarms.rules.rule_conditions import ConditionResult
from headland.contract.alarm import AlarmState, Phase, Timing, step
from headland.contract.records import ALARM_RAISED
from headland.registry.models.alarms import AlarmRule

TransitionKind = Literal["raised", "cleared", "no_data"]


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a rule on a subject. `known_ms` is the newest instant at which its value was known."""

    state: AlarmState = AlarmState()
    known_ms: int | None = None

    @property
    def evaluated_until_ms(self) -> int | None:
        """The newest instant that was evaluated; samples that are not later change nothing."""
        return self.state.last_ms

    def differs_only_in_time(self, other: RuleState) -> bool:
        """Return whether only time has passed between the two."""
        return replace(self.state, last_ms=None) == replace(other.state, last_ms=None)


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """A change at `time_ms` and the row of the result that caused it; None for the end without data."""

    kind: TransitionKind
    time_ms: int
    began_ms: int
    row: int | None = None


def bring_back(rule_state: RuleState, start_ms: int, now_ms: int) -> RuleState:
    """Return a state that is ahead of now, since the clock was set back: it begins again at `start_ms`.

    A raised alarm remains, and ends as any other: what was later than now is now. Only what is pending begins anew.
    """
    state, known_ms = rule_state.state, rule_state.known_ms
    if not state.is_raised:
        return RuleState(
            state=AlarmState(last_ms=start_ms), known_ms=None if known_ms is None else min(known_ms, now_ms)
        )
    past = {name: min(getattr(state, name), now_ms) for name in ("since_ms", "began_ms", "raised_ms", "said_ms")}
    # Its value was known when the clock was set: without any from now on it ends as lost.
    return RuleState(state=replace(state, last_ms=start_ms, **past), known_ms=now_ms)


def timing_of(rule: AlarmRule) -> Timing:
    """Return how long a rule must be true and over; repetition is a matter of notification."""
    return Timing(rule.for_s, rule.clear_for_s)


def advance(
    rule: AlarmRule, rule_state: RuleState, result: ConditionResult, now_ms: int
) -> tuple[RuleState, list[Transition]]:
    """Return the next state and the transitions after a result, in time order, and the time now.

    Rows that are not later than the last evaluated one change nothing. A raised alarm whose value has been unknown for
    `lost_after_s` ends as `no_data`, at that instant of the data's time.
    """
    state, known_ms = rule_state.state, rule_state.known_ms
    lost_ms = round(rule.lost_after_s * 1000)
    timing = timing_of(rule)
    transitions: list[Transition] = []
    times = result.time_ms.tolist()
    is_bad, is_over, is_known = result.is_bad, result.is_over, result.is_known
    bad_rows = np.flatnonzero(is_bad)
    known_rows = np.flatnonzero(is_known)
    row = 0 if state.last_ms is None else int(np.searchsorted(result.time_ms, state.last_ms, "right"))
    while row < len(times):
        if state.phase is Phase.NORMAL:
            # Until the next bad row nothing can happen.
            at = int(np.searchsorted(bad_rows, row))
            upto = int(bad_rows[at]) if at < len(bad_rows) else len(times)
            known = known_rows[int(np.searchsorted(known_rows, row)) : int(np.searchsorted(known_rows, upto))]
            if len(known):
                known_ms = times[int(known[-1])]
            if upto > row:
                state, row = replace(state, last_ms=times[upto - 1]), upto
            if row == len(times):
                break
        state, lost = _end_without_data(state, known_ms, times[row], lost_ms)
        if lost is not None:
            transitions.append(lost)
            continue
        if state.is_raised and not is_known[row]:
            # An unknown value is no evidence that the condition is over, nor that it is bad again.
            state, row = replace(state, last_ms=times[row]), row + 1
            continue
        before = state
        state, event = step(state, timing, times[row], is_bad=bool(is_bad[row]), is_over=bool(is_over[row]))
        if is_known[row]:
            known_ms = times[row]
        if event is not None:
            kind: TransitionKind = "raised" if event == ALARM_RAISED else "cleared"
            began_ms = state.began_ms if kind == "raised" else before.began_ms
            transitions.append(Transition(kind=kind, time_ms=times[row], began_ms=began_ms, row=row))
        row += 1
    state, lost = _end_without_data(state, known_ms, now_ms, lost_ms)
    return RuleState(state=state, known_ms=known_ms), transitions if lost is None else [*transitions, lost]


def transitions_since(transitions: Sequence[Transition], since_ms: int) -> list[Transition]:
    """Return the transitions of a rule that exists since an instant: an alarm is raised no earlier than that.

    What was over before it is no alarm. `began_ms` stays: since then the condition holds.
    """
    found: list[Transition] = []
    for transition in transitions:
        if transition.time_ms >= since_ms:
            found.append(transition)
        elif transition.kind == "raised":
            found.append(msgspec.structs.replace(transition, time_ms=since_ms))
        elif found and found[-1].kind == "raised":
            found.pop()
        else:
            found.append(transition)
    return found


def _end_without_data(
    state: AlarmState, known_ms: int | None, time_ms: int, lost_ms: int
) -> tuple[AlarmState, Transition | None]:
    """End a raised alarm whose value was unknown for too long before `time_ms`."""
    if not state.is_raised or known_ms is None or time_ms - known_ms <= lost_ms:
        return state, None
    lost = Transition(kind="no_data", time_ms=known_ms + lost_ms, began_ms=state.began_ms)
    return replace(state, phase=Phase.NORMAL, since_ms=known_ms + lost_ms), lost
