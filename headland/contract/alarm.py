"""Alarm state machine of one rule on one device: raising, repeating, clearing. Pure; runs on the time of the data.

A cycle from one raising to the next takes at least `for_s` and `clear_for_s` together, and a raised alarm is repeated
only every `repeat_s`. Noise, however fast, cannot cause a flood of alarms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED

#: After this long without a sample a pending alarm starts anew.
_STALE_S: Final = 1800.0


class Phase(StrEnum):
    """Phase of an alarm.

    `pending`: the condition holds, but not yet for `for_s`. `clearing`: it is over, but not yet for `clear_for_s`.
    """

    NORMAL = "normal"
    PENDING = "pending"
    RAISED = "raised"
    CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations of a rule: to raise an alarm, to clear it, and between the repetitions of a raised one."""

    for_s: float
    clear_for_s: float
    repeat_s: float | None = None


@dataclass(frozen=True, slots=True)
class AlarmState:
    """State of an alarm. `since_ms`: start of the phase; `began_ms`: start of the condition; `said_ms`: last notice."""

    phase: Phase = Phase.NORMAL
    since_ms: int = 0
    began_ms: int = 0
    raised_ms: int = 0
    said_ms: int = 0
    last_ms: int | None = None
    repeats: int = 0

    @property
    def is_raised(self) -> bool:
        """Whether the alarm was raised and not cleared since."""
        return self.phase in (Phase.RAISED, Phase.CLEARING)


def step(
    state: AlarmState, timing: Timing, time_ms: int, *, is_bad: bool, is_over: bool
) -> tuple[AlarmState, str | None]:
    """Return the next state and the kind of the event to send at `time_ms`, or None.

    `is_bad`: beyond the threshold. `is_over`: back beyond threshold and hysteresis. Neither: in between, where a raised
    alarm remains raised and no alarm is raised. A time that is not after the last one changes nothing.
    """
    if state.last_ms is not None and time_ms <= state.last_ms:
        return state, None
    if state.phase is Phase.PENDING and time_ms - (state.last_ms or 0) > _STALE_S * 1000:
        state = replace(state, phase=Phase.NORMAL)
    state = replace(state, last_ms=time_ms)
    if state.is_raised:
        return _step_raised(state, timing, time_ms, is_over=is_over)
    if not is_bad:
        return replace(state, phase=Phase.NORMAL), None
    if state.phase is Phase.NORMAL:
        state = replace(state, phase=Phase.PENDING, since_ms=time_ms, began_ms=time_ms)
    if time_ms - state.since_ms < timing.for_s * 1000:
        return state, None
    raised = replace(state, phase=Phase.RAISED, since_ms=time_ms, raised_ms=time_ms, said_ms=time_ms, repeats=0)
    return raised, ALARM_RAISED


def _step_raised(state: AlarmState, timing: Timing, time_ms: int, *, is_over: bool) -> tuple[AlarmState, str | None]:
    if is_over:
        if state.phase is Phase.RAISED:
            state = replace(state, phase=Phase.CLEARING, since_ms=time_ms)
        if time_ms - state.since_ms >= timing.clear_for_s * 1000:
            return replace(state, phase=Phase.NORMAL, since_ms=time_ms), ALARM_CLEARED
        return state, None
    if state.phase is Phase.CLEARING:
        state = replace(state, phase=Phase.RAISED, since_ms=time_ms)
    if timing.repeat_s is not None and time_ms - state.said_ms >= timing.repeat_s * 1000:
        return replace(state, said_ms=time_ms, repeats=state.repeats + 1), ALARM_RAISED
    return state, None
