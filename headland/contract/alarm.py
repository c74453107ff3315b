"""One alarm of one device: when it is raised, said again and cleared. Pure, on the time of the data.

Every cycle from one raising to the next takes at least `for_s` and `clear_for_s` together; in between it is said again
only every `repeat_s`. So no noise, however fast, makes a storm of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from headland.contract.records import ALARM_CLEARED, ALARM_RAISED

#: Without a sample for so long, what pointed to an alarm before counts no more.
_STALE_S: Final = 1800.0


class Phase(StrEnum):
    """`pending`: the condition holds, not yet for long enough. `clearing`: no longer, not yet for long enough."""

    NORMAL = "normal"
    PENDING = "pending"
    RAISED = "raised"
    CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a condition must hold (`for_s`) or be over (`clear_for_s`), and when a raised alarm is said again."""

    for_s: float
    clear_for_s: float
    repeat_s: float | None = None


@dataclass(frozen=True, slots=True)
class AlarmState:
    """Where an alarm stands. `since_ms`: since when the phase's condition holds; `began_ms`: since when it is bad."""

    phase: Phase = Phase.NORMAL
    since_ms: int = 0
    began_ms: int = 0
    raised_ms: int = 0
    said_ms: int = 0
    last_ms: int | None = None
    repeats: int = 0

    @property
    def is_raised(self) -> bool:
        """Whether it was raised and not cleared since."""
        return self.phase in (Phase.RAISED, Phase.CLEARING)


#: What a step says: the event's kind, or None.
Said = str | None


def step(state: AlarmState, timing: Timing, time_ms: int, *, is_bad: bool, is_over: bool) -> tuple[AlarmState, Said]:
    """Return the next state and what is to be said at `time_ms`; a time that does not go forward changes nothing.

    `is_bad`: beyond the threshold. `is_over`: back beyond threshold and hysteresis. Neither: in between, which keeps
    an alarm raised and raises none.
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


def _step_raised(state: AlarmState, timing: Timing, time_ms: int, *, is_over: bool) -> tuple[AlarmState, Said]:
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
