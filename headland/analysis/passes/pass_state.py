"""State of a pass: under way, finished or interrupted, from what its vehicle reported until now.

    product last left --> down since, or silent for a minute, or half an hour without product --> the pass has ended
    ended --> the link was lost while product left, or the mission was left before its last item --> interrupted

Nothing of it is stored: telemetry that comes late, from a spool or a vehicle's card, changes the answer. Simulators
that run faster than real time while they make a past are behind: their flights of that moment count as ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headland.agronomy.application.pass_detection import JOIN_S
from headland.analysis.inputs.errors import PreconditionError
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import FieldPass, list_passes
from headland.analysis.passes.telemetry import load_pass_telemetry
from headland.contract.records import Event
from headland.store.port import SeriesFilter

PassState = Literal["flying", "finished", "interrupted"]

#: A vehicle that reported within this time is heard.
HEARD_MS: Final = 60_000
#: Later work is another pass, or one that continues this after a refill.
_JOIN_MS: Final = round(1000 * JOIN_S)
#: A vehicle that is silent so soon after it last released product was lost at work.
_LOST_MS: Final = 5000
#: Below this height above home a vehicle that reports no landing is on the ground [m].
_GROUND_M: Final = 0.5
_POSITION: Final = "latitude_deg"
_HEIGHT: Final = "relative_altitude_m"
_BEFORE_MS: Final = 900_000
_MOST_EVENTS: Final = 50_000
_DOWN: Final = frozenset({"on_ground"})
_UP: Final = frozenset({"in_air", "takeoff", "landing"})


@dataclass(frozen=True, slots=True)
class LastReports:
    """What was heard of a vehicle: its newest position, the last within a minute of a pass's end, its height [m]."""

    newest_ms: int
    after_ms: int
    height_m: float | None = None


def judge_state(
    end_ms: int, heard: LastReports | None, events: Sequence[Event], now_ms: int, *, is_over: bool = False
) -> PassState:
    """Return the state of a pass whose product last left at `end_ms`, by its vehicle's events since before its start.

    Without anything heard of the vehicle it is finished: somebody declared it. `is_over` where its end was declared
    and has gone by.
    """
    if heard is None:
        return "finished"
    landed_ms = _landed_ms(events, end_ms)
    # Work after a refill belongs to the pass as soon as product leaves again: then it ends later than this landing.
    down = landed_ms is not None
    if all(_is_down(event) is None for event in events):
        down = heard.height_m is not None and heard.height_m <= _GROUND_M
    is_heard = now_ms - heard.newest_ms <= HEARD_MS and heard.newest_ms - end_ms <= _JOIN_MS
    if is_heard and not down and not is_over:
        return "flying"
    at_end = _is_at_missions_end(event for event in events if landed_ms is None or event.t <= landed_ms)
    if at_end is not None:
        return "finished" if at_end else "interrupted"
    is_told = landed_ms is not None and landed_ms <= end_ms + HEARD_MS
    was_lost = heard.after_ms - end_ms < _LOST_MS and not is_told
    return "interrupted" if was_lost else "finished"


def _is_down(event: Event) -> bool | None:
    """Return whether an event says that the vehicle is down, None where it says nothing of it."""
    if event.kind == "armed":
        return event.data.get("armed") is False
    state = event.data.get("state") if event.kind == "landed_state" else None
    return state in _DOWN if state in _DOWN | _UP else None


def _landed_ms(events: Iterable[Event], end_ms: int) -> int | None:
    """Return when the vehicle first landed after product last left, None where it did not."""
    return next((event.t for event in events if event.t >= end_ms and _is_down(event)), None)


def _is_at_missions_end(events: Iterable[Event]) -> bool | None:
    """Return whether a mission that went on came to its last item, None where none did, or its length is not known.

    Of two ways to count, the last item is `total` or the one before.
    """
    items = [event.data for event in events if event.kind == "mission_current"]
    numbers = {seq for data in items if isinstance(seq := data.get("seq"), int)}
    if len(numbers) < 2:
        return None
    seq, total = items[-1].get("seq"), items[-1].get("total")
    if items[-1].get("state") == "complete":
        return True
    if not isinstance(seq, int) or not isinstance(total, int):
        return None
    return seq >= total - 1


class PassStates:
    """The states of passes, asked for one after another: what is known of a vehicle is read once."""

    def __init__(self, scope: OrgScope) -> None:
        self._scope = scope
        self._newest: dict[tuple[str, bool], tuple[int, float | None] | None] = {}

    def of(self, field_pass: FieldPass) -> PassState:
        """Return the state of a pass; that of one that ended long ago comes from the cache."""
        scope = self._scope
        if field_pass.telemetry is None:
            return "finished"
        end_ms = field_pass.end_ms if field_pass.detected is None else field_pass.detected.end_ms
        if scope.now_ms - end_ms > _JOIN_MS + HEARD_MS:
            key = ("pass-state", scope.organisation, field_pass.key)
            return scope.cache.get(key, lambda: self._judge(field_pass, end_ms), (*key[:2], field_pass.id))
        return self._judge(field_pass, end_ms)

    def _judge(self, field_pass: FieldPass, end_ms: int) -> PassState:
        scope = self._scope
        window = Window(field_pass.start_ms - _BEFORE_MS, end_ms + _JOIN_MS)
        events = scope.store.events(scope.organisation, window.start_ms, window.end_ms, field_pass.device, _MOST_EVENTS)
        is_over = field_pass.declared is not None and field_pass.declared.end_ms < scope.now_ms
        return judge_state(end_ms, self._heard(field_pass, end_ms), events, scope.now_ms, is_over=is_over)

    def _heard(self, field_pass: FieldPass, end_ms: int) -> LastReports | None:
        newest = self._newest_of(field_pass.device, field_pass.simulated)
        if newest is None:
            return None
        return LastReports(newest[0], self._last_after(field_pass, end_ms), newest[1])

    def _last_after(self, field_pass: FieldPass, end_ms: int) -> int:
        """Return the time of the last position within a minute of a pass's end, the end without one."""
        scope, ref, until_ms = self._scope, field_pass.telemetry, end_ms + HEARD_MS
        if ref is not None and until_ms <= ref.window.end_ms:
            times_ms = load_pass_telemetry(scope, ref).vehicle.track.time_ms
            after = times_ms[(times_ms >= end_ms) & (times_ms < until_ms)].tolist()
        else:
            which = SeriesFilter(scope.organisation, field_pass.device, frozenset((_POSITION,)))
            found = scope.store.raw(which, end_ms, until_ms)
            after = [int(each.time_ms[-1]) for each in found if each.key.simulated == field_pass.simulated]
        return max(after, default=end_ms)

    def _newest_of(self, device: str, simulated: bool) -> tuple[int, float | None] | None:
        if (device, simulated) not in self._newest:
            which = SeriesFilter(self._scope.organisation, device, frozenset((_POSITION, _HEIGHT)))
            newest = [each for each in self._scope.store.last(which) if each.key.simulated == simulated]
            times = [each.time_ms for each in newest if each.key.channel == _POSITION]
            heights = [each.value for each in newest if each.key.channel == _HEIGHT]
            self._newest[device, simulated] = (max(times), heights[0] if heights else None) if times else None
        return self._newest[device, simulated]


def state_of_pass(scope: OrgScope, field_pass: FieldPass) -> PassState:
    """Return the state of one pass."""
    return PassStates(scope).of(field_pass)


def refuse_flying(scope: OrgScope, field_pass: FieldPass) -> None:
    """Raise PreconditionError (pass-under-way) for a pass that has not ended: what it left out is not skipped yet."""
    if state_of_pass(scope, field_pass) == "flying":
        raise PreconditionError("pass-under-way", "The pass is under way", _SENTENCE)


def refuse_flying_between(scope: OrgScope, field: str, device: str, window: Window) -> None:
    """Raise PreconditionError (pass-under-way) where a vehicle is at work on a field in a window."""
    states = PassStates(scope)
    around = Window(window.start_ms - _JOIN_MS * 8, max(window.end_ms, window.start_ms + 1))
    for field_pass in list_passes(scope, field, around):
        is_own = field_pass.device == device and field_pass.declared is None and field_pass.end_ms > window.start_ms
        if is_own and field_pass.start_ms < window.end_ms and states.of(field_pass) == "flying":
            raise PreconditionError("pass-under-way", "The pass is under way", _SENTENCE)


_SENTENCE: Final = "The vehicle is still at work on this field: wait until it has landed, or is silent for a minute."
