"""What changes in a vehicle's state, as events: mode, arming, landing, mission progress, home, texts.

Each is said once, when it changes; a repeated message says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from edge.sources.mavlink.protocol.enum_names import (
    ARMED_FLAG,
    AUTOPILOT_INVALID,
    landed_name,
    mission_state_name,
    mode_name,
    severity_name,
)
from edge.sources.mavlink.protocol.messages import (
    ExtendedSysState,
    Heartbeat,
    HomePosition,
    MissionCurrent,
    MissionItemInt,
    MissionItemReached,
    Statustext,
)
from edge.sources.mavlink.protocol.statustext import TextAssembler
from headland.contract.records import Scalar

#: Says an event: kind, data, when it was heard.
Say = Callable[[str, dict[str, Scalar], int], None]

_UINT16_MAX: Final = 65535
#: A home that moves by less is the same (1e-7 degrees are 1.1 cm; mm).
_HOME_SLACK: Final = 100
_HOME_SLACK_MM: Final = 1000
#: Items of a plan that are remembered; more than any autopilot holds is damage.
_MAX_ITEMS: Final = 5000


class StateEvents:
    """Follows one vehicle's state; events go to `say`."""

    def __init__(self, say: Say) -> None:
        self.mode: str | None = None
        self.armed: bool | None = None
        #: The mission item that is flown to.
        self.mission_seq: int | None = None
        #: Command and first parameter of the plan's items, as far as they were heard.
        self.plan: dict[int, tuple[int, float]] = {}
        self._say = say
        self._texts = TextAssembler()
        self._heartbeat: Heartbeat | None = None
        self._landed: int | None = None
        self._mission_state = 0
        self._reached: int | None = None
        self._home: tuple[int, int, int] | None = None
        self._items: dict[int, MissionItemInt] = {}

    def note_heartbeat(self, heartbeat: Heartbeat, now_ms: int) -> None:
        """Follow mode and arming."""
        if heartbeat == self._heartbeat or heartbeat.autopilot == AUTOPILOT_INVALID:
            return
        self._heartbeat = heartbeat
        mode = mode_name(heartbeat)
        if mode != self.mode:
            self._say("mode", {"mode": mode, "previous": self.mode, "code": heartbeat.custom_mode}, now_ms)
            self.mode = mode
        armed = bool(heartbeat.base_mode & ARMED_FLAG)
        if armed != self.armed:
            self._say("armed", {"armed": armed}, now_ms)
            self.armed = armed

    def note_landed(self, message: ExtendedSysState, now_ms: int) -> None:
        """Follow landed and flying."""
        state = message.landed_state
        if state not in (0, self._landed):
            self._say("landed_state", {"state": landed_name(state)}, now_ms)
            self._landed = state

    def note_mission(self, message: MissionCurrent, now_ms: int) -> None:
        """Follow which item is flown to, and whether the mission runs."""
        if message.seq == self.mission_seq and message.mission_state == self._mission_state:
            return
        self.mission_seq, self._mission_state = message.seq, message.mission_state
        total = None if message.total in (0, _UINT16_MAX) else message.total  # 0: an extension that was not sent
        command = self.plan.get(message.seq)
        data: dict[str, Scalar] = {
            "seq": message.seq,
            "total": total,
            "state": mission_state_name(message.mission_state),
            "command": None if command is None else command[0],
        }
        self._say("mission_current", data, now_ms)

    def note_reached(self, message: MissionItemReached, now_ms: int) -> None:
        """Follow which items were reached; a vehicle says it several times."""
        if message.seq != self._reached:
            self._reached = message.seq
            self._say("mission_reached", {"seq": message.seq}, now_ms)

    def note_item(self, item: MissionItemInt, now_ms: int) -> None:
        """Keep the plan that passes by, on its way up or down; an item that is new or another is said."""
        if item.mission_type != 0 or item.seq >= _MAX_ITEMS:
            return
        same = item._replace(target_system=0, target_component=0, current=0)
        if self._items.get(item.seq) == same:
            return
        self._items[item.seq] = same
        self.plan[item.seq] = (item.command, item.param1)
        has_place = item.x or item.y
        data: dict[str, Scalar] = {
            "seq": item.seq,
            "command": item.command,
            "frame": item.frame,
            "latitude_deg": item.x / 1e7 if has_place else None,
            "longitude_deg": item.y / 1e7 if has_place else None,
            "height_m": _finite(item.z),
            **{f"param{n}": _finite(value) for n, value in enumerate(item[:4], 1)},
        }
        self._say("mission_item", data, now_ms)

    def note_home(self, message: HomePosition, now_ms: int) -> None:
        """Follow home, which relative heights are above."""
        home = (message.latitude, message.longitude, message.altitude)
        if not (home[0] or home[1]):
            return
        if self._home is not None:
            moved = [abs(new - old) for new, old in zip(home, self._home, strict=True)]
            if moved[0] < _HOME_SLACK and moved[1] < _HOME_SLACK and moved[2] < _HOME_SLACK_MM:
                return
        self._home = home
        place: dict[str, Scalar] = {"latitude_deg": home[0] / 1e7, "longitude_deg": home[1] / 1e7}
        self._say("home_position", {**place, "altitude_m": home[2] / 1000}, now_ms)

    def note_text(self, message: Statustext, now_ms: int) -> None:
        """Take a text or a chunk of one."""
        self._say_texts(self._texts.take(message, now_ms), now_ms)

    def expire(self, now_ms: int) -> None:
        """Say the text whose missing chunks did not come."""
        self._say_texts(self._texts.expire(now_ms), now_ms)

    def finish(self, now_ms: int) -> None:
        """Say what there is of the text under way."""
        self._say_texts(self._texts.flush(), now_ms)

    def _say_texts(self, texts: list[tuple[int, str]], now_ms: int) -> None:
        for severity, text in texts:
            self._say("text", {"text": text, "severity": severity_name(severity)}, now_ms)


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
