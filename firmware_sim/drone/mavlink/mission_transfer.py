"""Mission protocol: uploads item by item with repeats and a time-out, downloads, and validation of items."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.flight.mission import DO_COMMANDS, FRAMES, NAV_COMMANDS, PLACED, Item
from firmware_sim.drone.flight.modes import Mode

Message = Any
Responses = list[Message]

MAX_ITEMS: Final = 724
_REPEAT_MS: Final = 1000
_GIVE_UP_MS: Final = 8000
#: MAV_FRAME_MISSION, of items without a place.
_FRAME_MISSION: Final = 2
_MISSION: Final = 0

ACCEPTED: Final = 0
ERROR: Final = 1
UNSUPPORTED_FRAME: Final = 2
UNSUPPORTED: Final = 3
NO_SPACE: Final = 4
INVALID_PARAM: Final = 6
INVALID_X: Final = 10
INVALID_Y: Final = 11
INVALID_Z: Final = 12
INVALID_SEQUENCE: Final = 13
DENIED: Final = 14
CANCELLED: Final = 15


@dataclass(slots=True)
class _Upload:
    """A running upload and its sender."""

    sender: tuple[int, int]
    count: int
    asked_ms: int
    began_ms: int
    items: list[Item] = field(default_factory=list)


class MissionTransfer:
    """Upload and download of missions for a vehicle; fences and rally points are not supported.

    A ground station responds in real time: at a simulation `speed` the time limits are multiplied by it.
    """

    def __init__(self, autopilot: Autopilot, speed: float = 1.0) -> None:
        self._autopilot = autopilot
        self._repeat_ms = _REPEAT_MS * speed
        self._give_up_ms = _GIVE_UP_MS * speed
        self._upload: _Upload | None = None

    def count(self, message: Message, now_ms: int) -> Responses:
        """Start an upload (MISSION_COUNT): request the first item."""
        sender = _sender(message)
        if message.mission_type != _MISSION:
            return [_ack(sender, UNSUPPORTED, message.mission_type)]
        if self._upload is not None and self._upload.sender != sender:
            return [_ack(sender, DENIED)]
        if message.count > MAX_ITEMS:
            return [_ack(sender, NO_SPACE)]
        if message.count == 0:
            return [self._clear(sender)]
        self._upload = _Upload(sender, message.count, now_ms, now_ms)
        return [_request(self._upload)]

    def item(self, message: Message, now_ms: int) -> Responses:
        """Process MISSION_ITEM_INT or MISSION_ITEM: request the next, acknowledge the last, or refuse the upload."""
        upload, sender = self._upload, _sender(message)
        if message.mission_type != _MISSION:
            return [_ack(sender, UNSUPPORTED, message.mission_type)]
        if upload is None:
            return [_ack(sender, ERROR)]
        if upload.sender != sender:
            return [_ack(sender, DENIED)]
        if message.seq == len(upload.items) - 1:
            # Our request was lost and the item was repeated.
            return [_request(upload)]
        if message.seq != len(upload.items):
            self._upload = None
            return [_ack(sender, INVALID_SEQUENCE)]
        item, refusal = read_item(message)
        if item is None:
            self._upload = None
            return [_ack(sender, refusal)]
        upload.items.append(item)
        upload.asked_ms = upload.began_ms = now_ms
        if len(upload.items) < upload.count:
            return [_request(upload)]
        self._upload = None
        self._autopilot.load(upload.items)
        return [_ack(sender, ACCEPTED)]

    def repeat_requests(self, now_ms: int) -> Responses:
        """Repeat the request for a missing item; cancel the upload after the time limit."""
        upload = self._upload
        if upload is None or now_ms < upload.asked_ms + self._repeat_ms:
            return []
        if now_ms >= upload.began_ms + self._give_up_ms:
            self._upload = None
            self._autopilot.send_text(4, "Mission upload timeout")
            return [_ack(upload.sender, CANCELLED)]
        upload.asked_ms = now_ms
        return [_request(upload)]

    def list(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_LIST."""
        sender, kind = _sender(message), message.mission_type
        count = len(self._autopilot.items) if kind == _MISSION else 0
        return [dialect.MAVLink_mission_count_message(*sender, count, kind)]

    def send(self, message: Message) -> Responses:
        """Respond to MISSION_REQUEST_INT with integers and to MISSION_REQUEST with floats."""
        sender, seq = _sender(message), message.seq
        items = self._autopilot.items
        if message.mission_type != _MISSION or not 0 <= seq < len(items):
            return [_ack(sender, INVALID_SEQUENCE, message.mission_type)]
        item = items[seq]
        current = int(seq == self._autopilot.seq)
        params = (item.param1, item.param2, item.param3, item.param4)
        head = (*sender, seq, item.frame, item.command, current, 1, *params)
        if message.get_type() == "MISSION_REQUEST":
            return [dialect.MAVLink_mission_item_message(*head, item.x / 1e7, item.y / 1e7, item.z)]
        return [dialect.MAVLink_mission_item_int_message(*head, item.x, item.y, item.z)]

    def clear_all(self, message: Message) -> Responses:
        """Respond to MISSION_CLEAR_ALL; there are no fences and rally points to clear."""
        if message.mission_type not in {_MISSION, 255}:
            return [_ack(_sender(message), ACCEPTED, message.mission_type)]
        return [self._clear(_sender(message))]

    def write_part(self, message: Message) -> Responses:
        """Refuse MISSION_WRITE_PARTIAL_LIST: a mission is loaded completely."""
        return [_ack(_sender(message), UNSUPPORTED)]

    def _clear(self, sender: tuple[int, int]) -> Message:
        autopilot = self._autopilot
        if autopilot.mode is Mode.AUTO and autopilot.armed:
            return _ack(sender, ERROR)
        self._upload = None
        autopilot.load(())
        return _ack(sender, ACCEPTED)


def read_item(message: Message) -> tuple[Item | None, int]:
    """Return the item of MISSION_ITEM_INT or MISSION_ITEM, or None and the MAV_MISSION_RESULT that refuses it."""
    command = message.command
    if command not in NAV_COMMANDS | DO_COMMANDS:
        return None, UNSUPPORTED
    if message.frame not in FRAMES and not (message.frame == _FRAME_MISSION and command not in PLACED):
        return None, UNSUPPORTED_FRAME
    # A yaw of NaN means any yaw; the others must be numbers.
    for index, value in enumerate((message.param1, message.param2, message.param3)):
        if not math.isfinite(value):
            return None, INVALID_PARAM + index
    if not math.isfinite(message.z):
        return None, INVALID_Z
    x, y = message.x, message.y
    if message.get_type() == "MISSION_ITEM":
        if not (math.isfinite(x) and math.isfinite(y)):
            return None, INVALID_X
        x, y = round(x * 1e7), round(y * 1e7)
    if command in PLACED and abs(x) > 900_000_000:
        return None, INVALID_X
    if command in PLACED and abs(y) > 1_800_000_000:
        return None, INVALID_Y
    params = (message.param1, message.param2, message.param3, message.param4)
    return Item(command, message.frame, *params, x=x, y=y, z=message.z), ACCEPTED


def _sender(message: Message) -> tuple[int, int]:
    return message.get_srcSystem(), message.get_srcComponent()


def _ack(target: tuple[int, int], result: int, mission_type: int = _MISSION) -> Message:
    return dialect.MAVLink_mission_ack_message(*target, result, mission_type)


def _request(upload: _Upload) -> Message:
    return dialect.MAVLink_mission_request_int_message(*upload.sender, len(upload.items), _MISSION)
