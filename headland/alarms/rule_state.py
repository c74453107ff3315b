"""One rule on one subject: what its judgements lead to, on the time of the data. Pure, and restart-safe.

Judging in one go or in any number of parts, with the state kept in between, leads to the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import msgspec
import numpy as np

from headland.alarms.rule_conditions import ConditionResult
from headland.contract.alarm import AlarmState, Phase, Timing, step
from headland.contract.records import ALARM_RAISED
from headland.registry.models.alarms import AlarmRule

Turn = Literal["raised", "cleared", "no_data"]


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a rule stands. `known_ms` is the newest instant at which its value was known."""

    state: AlarmState = AlarmState()
    known_ms: int | None = None

    @property
    def judged_until_ms(self) -> int | None:
        """Up to when it was judged; what is not later changes it no more."""
        return self.state.last_ms

    def is_like(self, other: RuleState) -> bool:
        """Return whether only time has passed between the two."""
        return replace(self.state, last_ms=None) == replace(other.state, last_ms=None)


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """A change at `time_ms`, at a row of what was judged; None for what no row says: that there is none any more."""

    turn: Turn
    time_ms: int
    began_ms: int
    row: int | None = None


def timing_of(rule: AlarmRule) -> Timing:
    """Return how long a rule must hold and be over; repeating is for those who are told."""
    return Timing(rule.for_s, rule.clear_for_s)


def run(rule: AlarmRule, watch: RuleState, judged: ConditionResult, now_ms: int) -> tuple[RuleState, list[Transition]]:
    """Take what was judged, in time order, and the time now; return the next state and what has changed.

    Rows that are not later than what was judged before change nothing. A raised alarm whose value nobody has known for
    `lost_after_s` ends as `no_data`, at that instant of the data's time.
    """
    state, known_ms = watch.state, watch.known_ms
    lost_ms = round(rule.lost_after_s * 1000)
    timing = timing_of(rule)
    changes: list[Transition] = []
    times = judged.time_ms.tolist()
    is_bad, is_over, is_known = judged.is_bad, judged.is_over, judged.is_known
    bad_rows = np.flatnonzero(is_bad)
    known_rows = np.flatnonzero(is_known)
    row = 0 if state.last_ms is None else int(np.searchsorted(judged.time_ms, state.last_ms, "right"))
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
        state, gone = _lose(state, known_ms, times[row], lost_ms)
        if gone is not None:
            changes.append(gone)
            continue
        if state.is_raised and not is_known[row]:
            # What nobody knows is no evidence: neither that it is over nor that it is bad again.
            state, row = replace(state, last_ms=times[row]), row + 1
            continue
        before = state
        state, said = step(state, timing, times[row], is_bad=bool(is_bad[row]), is_over=bool(is_over[row]))
        if is_known[row]:
            known_ms = times[row]
        if said is not None:
            turn: Turn = "raised" if said == ALARM_RAISED else "cleared"
            began_ms = state.began_ms if turn == "raised" else before.began_ms
            changes.append(Transition(turn=turn, time_ms=times[row], began_ms=began_ms, row=row))
        row += 1
    state, gone = _lose(state, known_ms, now_ms, lost_ms)
    return RuleState(state=state, known_ms=known_ms), changes if gone is None else [*changes, gone]


def _lose(state: AlarmState, known_ms: int | None, time_ms: int, lost_ms: int) -> tuple[AlarmState, Transition | None]:
    """End a raised alarm of which nothing was known for too long before `time_ms`."""
    if not state.is_raised or known_ms is None or time_ms - known_ms <= lost_ms:
        return state, None
    gone = Transition(turn="no_data", time_ms=known_ms + lost_ms, began_ms=state.began_ms)
    return replace(state, phase=Phase.NORMAL, since_ms=known_ms + lost_ms), gone
