"""Events for changes of a vehicle's state: mode, arming, landing, VTOL, mission progress, home, texts.

Each change is one event; a repeated report gives none. `StateEvents` does not depend on the source: live links and
flight logs share it. `StateReader` reads the state from MAVLink messages.
"""

from __future__ import annotations

import math
from typing import Any, Final

from edge.sources.mavlink.mapping.row_compiler import Raw
from edge.sources.mavlink.protocol.enum_names import (
    ARMED_FLAG,
    AUTOPILOT_ARDUPILOT,
    AUTOPILOT_INVALID,
    AUTOPILOT_PX4,
    CUSTOM_MODE_FLAG,
    failure_names,
    landed_name,
    mission_state_name,
    mode_name,
    severity_name,
    vtol_name,
)
from edge.sources.mavlink.protocol.messages import (
    ExtendedSysState,
    Heartbeat,
    HomePosition,
    MissionAck,
    MissionClearAll,
    MissionCount,
    MissionCurrent,
    MissionItem,
    MissionItemInt,
    MissionItemReached,
    Statustext,
)
from edge.sources.mavlink.protocol.statustext import TextAssembler
from edge.sources.mavlink.timing.pending import EventBody
from headland.contract.records import Scalar

_UINT16_MAX: Final = 65535
#: A home that moves by less is the same (1e-7 degrees are 1.1 cm; mm).
_HOME_SLACK: Final = 100
_HOME_SLACK_MM: Final = 1000
#: Items of a plan that are remembered; more than any autopilot holds is damage.
_MAX_ITEMS: Final = 5000
#: MAV_MISSION_TYPE of the flight plan: fence and rally points are sent in the same messages.
_FLIGHT_PLAN: Final = 0
_ACCEPTED: Final = 0
#: An item came twice or out of order; the upload goes on.
_INVALID_SEQUENCE: Final = 13
#: MISSION_ITEM.current of ArduPilot's orders to fly to a place, or to change the height.
_ORDERS: Final = (2, 3)

PlanMessage = MissionItemInt | MissionItem | MissionCount | MissionClearAll


class StateEvents:
    """The last known state of one vehicle; each method returns the event of a change, or none."""

    def __init__(self) -> None:
        self.mode: str | None = None
        self.armed: bool | None = None
        self._landed: str | None = None
        self._vtol: str | None = None
        self._failures = 0
        self._items: dict[int, object] = {}

    def note_mode(self, mode: str, **detail: Scalar) -> list[EventBody]:
        """Note the flight mode; `detail` is added to the event."""
        if mode == self.mode:
            return []
        previous, self.mode = self.mode, mode
        return [EventBody("mode", {"mode": mode, "previous": previous, **detail})]

    def note_armed(self, armed: bool) -> list[EventBody]:
        """Note whether the motors are armed."""
        if armed == self.armed:
            return []
        self.armed = armed
        return [EventBody("armed", {"armed": armed})]

    def note_landed(self, state: str) -> list[EventBody]:
        """Note whether the vehicle is on the ground, in the air or between."""
        if state == self._landed:
            return []
        self._landed = state
        return [EventBody("landed_state", {"state": state})]

    def note_vtol(self, state: str) -> list[EventBody]:
        """Note whether a VTOL flies as a multicopter, as a fixed wing, or changes between them."""
        if state == self._vtol:
            return []
        self._vtol = state
        return [EventBody("vtol_state", {"state": state})]

    def note_failures(self, flags: int) -> list[EventBody]:
        """Note the failures that a high latency link reports, as HL_FAILURE_FLAG."""
        if flags == self._failures:
            return []
        self._failures = flags
        return [EventBody("failure_flags", {"code": flags, "failures": failure_names(flags)})]

    def note_item(self, seq: int, data: dict[str, Scalar], fingerprint: object) -> list[EventBody]:
        """Note an item of the plan; it is the same as before where its fingerprint is equal."""
        if self._items.get(seq) == fingerprint:
            return []
        self._items[seq] = fingerprint
        return [EventBody("mission_item", data)]

    @property
    def items(self) -> dict[int, object]:
        """The fingerprints of the plan's items, a copy."""
        return dict(self._items)

    @items.setter
    def items(self, items: dict[int, object]) -> None:
        self._items = items

    def restart(self) -> None:
        """Forget mode, arming and landing: the autopilot has started anew."""
        self.mode = self.armed = self._landed = self._vtol = None
        self._failures = 0


class StateReader:
    """Reads one vehicle's state from its MAVLink messages; each method returns the events of a message."""

    def __init__(self) -> None:
        #: The number of the current mission item.
        self.mission_seq: int | None = None
        #: Command and first parameter of the plan's items, as far as they were received.
        self.plan: dict[int, tuple[int, float]] = {}
        #: The plan before the upload under way, which the vehicle may refuse: its items and their fingerprints.
        self._plan_before: tuple[dict[int, tuple[int, float]], dict[int, object]] | None = None
        #: Mode, arming, landing and plan items.
        self.events = StateEvents()
        self._texts = TextAssembler()
        self._heartbeat: Heartbeat | None = None
        self._mission_state = 0
        self._reached: int | None = None
        self._home: tuple[int, int, int] | None = None

    @property
    def autopilot(self) -> int | None:
        """MAV_AUTOPILOT by the last HEARTBEAT, None before the first."""
        return None if self._heartbeat is None else self._heartbeat.autopilot

    def read_heartbeat(self, heartbeat: Heartbeat, _now_ms: int) -> list[EventBody]:
        """Follow mode and arming."""
        if heartbeat == self._heartbeat or heartbeat.autopilot == AUTOPILOT_INVALID:
            return []
        self._heartbeat = heartbeat
        events = self.events.note_mode(mode_name(heartbeat), code=heartbeat.custom_mode)
        return events + self.events.note_armed(bool(heartbeat.base_mode & ARMED_FLAG))

    def read_high_latency2(self, values: Raw, *, has_heartbeat: bool) -> list[EventBody]:
        """Follow mode, arming and failures of HIGH_LATENCY2, which comes instead of a HEARTBEAT.

        Its `custom_mode` is PX4's main and sub mode, or ArduPilot's mode, whose `custom0` is the base mode.
        """
        custom_mode, failures, kind, autopilot, custom0 = values[3], values[8], values[9], values[10], values[24]
        events = self.events.note_failures(failures)
        if has_heartbeat:
            return events
        mode = custom_mode << 16 if autopilot == AUTOPILOT_PX4 else custom_mode
        heartbeat = Heartbeat(mode, kind, autopilot, CUSTOM_MODE_FLAG, 0, 0)
        events += self.events.note_mode(mode_name(heartbeat), code=mode)
        if autopilot == AUTOPILOT_ARDUPILOT:
            events += self.events.note_armed(bool(custom0 & ARMED_FLAG))
        return events

    def read_high_latency(self, values: Raw, *, has_heartbeat: bool) -> list[EventBody]:
        """Follow mode, arming and landing of HIGH_LATENCY, which does not say whose autopilot it is."""
        custom_mode, base_mode, landed = values[0], values[10], values[11]
        events = self.events.note_landed(landed_name(landed)) if landed else []
        if has_heartbeat:
            return events
        heartbeat = Heartbeat(custom_mode, 0, 0, base_mode, 0, 0)
        events += self.events.note_mode(mode_name(heartbeat), code=custom_mode)
        return events + self.events.note_armed(bool(base_mode & ARMED_FLAG))

    def read_landed(self, message: ExtendedSysState, _now_ms: int) -> list[EventBody]:
        """Follow landing and take-off, and a VTOL's transitions; 0 is undefined."""
        events = self.events.note_landed(landed_name(message.landed_state)) if message.landed_state else []
        return events + (self.events.note_vtol(vtol_name(message.vtol_state)) if message.vtol_state else [])

    def read_mission(self, message: MissionCurrent, _now_ms: int) -> list[EventBody]:
        """Follow the current mission item and whether the mission runs."""
        if message.seq == self.mission_seq and message.mission_state == self._mission_state:
            return []
        self.mission_seq, self._mission_state = message.seq, message.mission_state
        total = None if message.total in (0, _UINT16_MAX) else message.total  # 0: an extension that was not sent
        command = self.plan.get(message.seq)
        data: dict[str, Scalar] = {
            "seq": message.seq,
            "total": total,
            "state": mission_state_name(message.mission_state),
            "command": None if command is None else command[0],
        }
        return [EventBody("mission_current", data)]

    def read_reached(self, message: MissionItemReached, _now_ms: int) -> list[EventBody]:
        """Follow which items were reached; a vehicle reports each several times."""
        if message.seq == self._reached:
            return []
        self._reached = message.seq
        return [EventBody("mission_reached", {"seq": message.seq})]

    def read_upload(self, message: PlanMessage) -> list[EventBody]:
        """Follow a plan that a ground station sends to the vehicle; it is valid unless the vehicle refuses it."""
        if message.mission_type == _FLIGHT_PLAN and self._plan_before is None:
            self._plan_before = dict(self.plan), self.events.items
        if isinstance(message, MissionClearAll):
            return self.read_count(MissionCount(0, 0, 0, message.mission_type), 0)
        return self.read_count(message, 0) if isinstance(message, MissionCount) else self.read_item(message, 0)

    def read_ack(self, message: MissionAck, _now_ms: int) -> list[EventBody]:
        """Follow whether the vehicle accepts an uploaded plan; the plan before a refused one is valid again."""
        before = self._plan_before
        if message.mission_type != _FLIGHT_PLAN or before is None or message.type == _INVALID_SEQUENCE:
            return []
        self._plan_before = None
        if message.type == _ACCEPTED:
            return []
        self.plan, self.events.items = before
        return [EventBody("mission_refused", {"result": message.type})]

    def read_count(self, message: MissionCount, _now_ms: int) -> list[EventBody]:
        """Follow how long the plan is that is uploaded or downloaded: items beyond are none of it."""
        if message.mission_type == _FLIGHT_PLAN:
            self.plan = {seq: item for seq, item in self.plan.items() if seq < message.count}
            self.events.items = {seq: item for seq, item in self.events.items.items() if seq < message.count}
        return []

    def read_item(self, item: MissionItemInt | MissionItem, _now_ms: int) -> list[EventBody]:
        """Follow a plan that is uploaded or downloaded; other plans, and orders in the form of an item, are none."""
        if item.mission_type != _FLIGHT_PLAN or item.seq >= _MAX_ITEMS or item.current in _ORDERS:
            return []
        has_place = item.x or item.y
        per_degree = 1.0 if isinstance(item, MissionItem) else 1e7
        data: dict[str, Scalar] = {
            "seq": item.seq,
            "command": item.command,
            "frame": item.frame,
            "latitude_deg": _finite(item.x / per_degree) if has_place else None,
            "longitude_deg": _finite(item.y / per_degree) if has_place else None,
            "height_m": _finite(item.z),
            **{f"param{n}": _finite(value) for n, value in enumerate(item[:4], 1)},
        }
        events = self.events.note_item(item.seq, data, item._replace(target_system=0, target_component=0, current=0))
        if events:
            self.plan[item.seq] = (item.command, item.param1)
        return events

    def read_home(self, message: HomePosition, _now_ms: int) -> list[EventBody]:
        """Follow home, the zero of relative heights."""
        home = (message.latitude, message.longitude, message.altitude)
        if not (home[0] or home[1]):
            return []
        if self._home is not None:
            moved = [abs(new - old) for new, old in zip(home, self._home, strict=True)]
            if moved[0] < _HOME_SLACK and moved[1] < _HOME_SLACK and moved[2] < _HOME_SLACK_MM:
                return []
        self._home = home
        place: dict[str, Scalar] = {"latitude_deg": home[0] / 1e7, "longitude_deg": home[1] / 1e7}
        return [EventBody("home_position", {**place, "altitude_m": home[2] / 1000})]

    def read_text(self, message: Statustext, now_ms: int) -> list[EventBody]:
        """Add a text or a chunk of one."""
        return _text_events(self._texts.take(message, now_ms))

    def expire(self, now_ms: int) -> list[EventBody]:
        """Return the text whose missing chunks did not come in time."""
        return _text_events(self._texts.expire(now_ms))

    def finish(self) -> list[EventBody]:
        """Return the incomplete text, if there is one."""
        return _text_events(self._texts.flush())


def _text_events(texts: list[tuple[int, str]]) -> list[EventBody]:
    return [EventBody("text", {"text": text, "severity": severity_name(severity)}) for severity, text in texts]


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
