"""Plans that ground stations upload: the mission, the fence and the rally points, each with ArduPilot's rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.flight.fence import INSIDE, INSIDE_CIRCLE, OUTSIDE, OUTSIDE_CIRCLE
from firmware_sim.drone.flight.mission import commands
from firmware_sim.drone.flight.mission.items import FRAME_GLOBAL, FRAME_MISSION, FRAME_RELATIVE, FRAMES, Item
from firmware_sim.drone.flight.modes import MISSION_MODES
from firmware_sim.drone.mavlink.missions import result
from firmware_sim.drone.parameters import Parameters

Message = Any
Read = tuple[Item | None, int]

MISSION: Final = 0
FENCE: Final = 1
RALLY: Final = 2

_MAX_MISSION_ITEMS: Final = 724
_MAX_FENCE_ITEMS: Final = 255
_MAX_RALLY_POINTS: Final = 100
#: Heights of missions are stored in 24 bits of centimetres.
_MAX_HEIGHT_M: Final = 83_000.0
_INT16: Final = 32_767
_POLYGONS: Final = frozenset({INSIDE, OUTSIDE})
_CIRCLES: Final = frozenset({INSIDE_CIRCLE, OUTSIDE_CIRCLE})
_RETURN_POINT: Final = 5000
_RALLY_POINT: Final = 5100
_MIN_CORNERS: Final = 3


class PlanKind(Protocol):
    """A kind of plan of a vehicle; results are MAV_MISSION_RESULT."""

    kind: int
    max_items: int
    #: Name in the text of an upload that timed out.
    name: str

    @property
    def items(self) -> Sequence[Item]:
        """Items as they are downloaded."""

    @property
    def current(self) -> int | None:
        """Current item, None where there is none."""

    def read(self, message: Message, last_seq: int, /) -> Read:
        """Return the item of a message in an upload up to `last_seq`, or None and the reason."""

    def store(self, items: Sequence[Item]) -> int:
        """Replace the plan, or refuse it."""

    def clear(self) -> bool:
        """Remove all items; return False where that is not possible now."""

    def refuse_item(self, seq: int, /) -> int:
        """Return the result for a request of an item that does not exist."""


class MissionPlan:
    """The mission. Item 0 is home; it is kept as it was uploaded."""

    kind = MISSION
    max_items = _MAX_MISSION_ITEMS
    name = "Mission"

    def __init__(self, autopilot: Autopilot) -> None:
        self._autopilot = autopilot

    @property
    def items(self) -> Sequence[Item]:
        """Items of the mission."""
        return self._autopilot.items

    @property
    def current(self) -> int | None:
        """Current item."""
        return self._autopilot.seq

    def read(self, message: Message, last_seq: int, /) -> Read:
        """Return a mission's item, checked as ArduPilot does: what it does not use may be anything."""
        item, reason = read_item(message)
        if item is None or item.command != commands.JUMP:
            return item, reason
        if item.param1 < 1 or int(item.param1) > max(last_seq, len(self.items) - 1):
            return None, result.ERROR
        return item, reason

    def store(self, items: Sequence[Item]) -> int:
        """Load the mission, also while one is flown."""
        self._autopilot.load(items)
        self._autopilot.send_text(6, "Flight plan received")
        return result.ACCEPTED

    def clear(self) -> bool:
        """Remove the mission unless it is flown."""
        autopilot = self._autopilot
        if autopilot.mode in MISSION_MODES and autopilot.armed:
            return False
        autopilot.load(())
        return True

    def refuse_item(self, _seq: int, /) -> int:
        """Return the result for an item beyond the end."""
        return result.ERROR


class FencePlan:
    """The fence: polygons, circles and a return point, which is only kept."""

    kind = FENCE
    max_items = _MAX_FENCE_ITEMS
    name = "Fence"
    current = None

    def __init__(self, autopilot: Autopilot) -> None:
        self._parameters = autopilot.parameters
        self._send_text = autopilot.send_text
        self._fence = autopilot.fence

    @property
    def items(self) -> Sequence[Item]:
        """Items of the fence; frame and height are not kept."""
        return self._fence.items

    def read(self, message: Message, _last_seq: int, /) -> Read:
        """Return a corner, circle or return point; the shape is checked when all have come."""
        if message.frame not in FRAMES:
            return None, result.UNSUPPORTED_FRAME
        if message.command not in _POLYGONS | _CIRCLES | {_RETURN_POINT}:
            return None, result.UNSUPPORTED
        place = _place_of(message)
        if isinstance(place, int):
            return None, place
        param1 = message.param1 if math.isfinite(message.param1) and message.command != _RETURN_POINT else 0.0
        return Item(message.command, FRAME_GLOBAL, param1, x=place[0], y=place[1]), result.ACCEPTED

    def store(self, items: Sequence[Item]) -> int:
        """Replace the fence where its shapes are complete."""
        reason = fence_refusal(items)
        if reason is not None:
            self._send_text(4, reason)
            return result.ERROR
        self._fence.load(items)
        self._parameters.put("FENCE_TOTAL", len(items))
        return result.ACCEPTED

    def clear(self) -> bool:
        """Remove the fence."""
        return self.store(()) == result.ACCEPTED

    def refuse_item(self, seq: int, /) -> int:
        """Return the result for an item beyond the end."""
        return result.ERROR if seq == len(self.items) else result.INVALID_SEQUENCE


class RallyPlan:
    """The rally points. They are stored; the vehicle returns to its home."""

    kind = RALLY
    max_items = _MAX_RALLY_POINTS
    name = "Rally"
    current = None

    def __init__(self, parameters: Parameters, send_text: Callable[[int, str], None]) -> None:
        self._parameters = parameters
        self._send_text = send_text
        self._items: tuple[Item, ...] = ()

    @property
    def items(self) -> Sequence[Item]:
        """Rally points, with heights in whole metres above home."""
        return self._items

    def read(self, message: Message, _last_seq: int, /) -> Read:
        """Return a rally point: a place and a height above home."""
        if message.command != _RALLY_POINT:
            return None, result.UNSUPPORTED
        if FRAMES.get(message.frame) != FRAME_RELATIVE:
            return None, result.UNSUPPORTED_FRAME
        place = _place_of(message)
        if isinstance(place, int):
            return None, place
        if not abs(message.z) <= _INT16:
            return None, result.INVALID_Z
        return Item(_RALLY_POINT, FRAME_RELATIVE, x=place[0], y=place[1], z=float(int(message.z))), result.ACCEPTED

    def store(self, items: Sequence[Item]) -> int:
        """Replace the rally points."""
        self._items = tuple(items)
        self._parameters.put("RALLY_TOTAL", len(self._items))
        self._send_text(6, "Rally points received")
        return result.ACCEPTED

    def clear(self) -> bool:
        """Remove the rally points."""
        self._items = ()
        self._parameters.put("RALLY_TOTAL", 0)
        return True

    def refuse_item(self, _seq: int, /) -> int:
        """Return the result for an item beyond the end."""
        return result.INVALID_SEQUENCE


def read_item(message: Message) -> Read:
    """Return the mission item of MISSION_ITEM_INT or MISSION_ITEM, or None and the reason that refuses it."""
    command = message.command
    for number, value in enumerate((message.param1, message.param2, message.param3, message.param4), 1):
        if math.isinf(value) or (math.isnan(value) and not commands.may_be_nan(command, number)):
            return None, result.INVALID_PARAM + number - 1
    if command not in commands.KNOWN:
        return None, result.UNSUPPORTED
    placed = command in commands.PLACED
    if message.get_type() == "MISSION_ITEM" and not commands.has_degrees(command):
        place: tuple[int, int] | int = (_whole(message.x), _whole(message.y))
    elif placed or message.get_type() == "MISSION_ITEM":
        place = _place_of(message)
    else:
        place = (message.x, message.y)
    if isinstance(place, int):
        return None, place
    if placed and not abs(message.z) < _MAX_HEIGHT_M:
        return None, result.INVALID_Z
    if placed and message.frame not in FRAMES and message.frame != FRAME_MISSION:
        return None, result.UNSUPPORTED_FRAME
    params = (message.param1, message.param2, message.param3, message.param4)
    z = message.z if math.isfinite(message.z) else 0.0
    return Item(command, message.frame, *params, x=place[0], y=place[1], z=z), result.ACCEPTED


def fence_refusal(items: Sequence[Item]) -> str | None:
    """Return the reason why a fence's items make no shapes, None where they do."""
    left, corners, command, returns = 0, 0.0, 0, 0
    for item in items:
        if left and item.command != command:
            return "Received incorrect vertices type"
        if item.command in _POLYGONS:
            if item.param1 < _MIN_CORNERS:
                return f"Invalid vertex count ({int(item.param1)})"
            if left and item.param1 != corners:
                return "Unexpected vertex count"
            left = (left or int(item.param1)) - 1
            corners, command = item.param1, item.command
        elif item.command in _CIRCLES and item.param1 <= 0:
            return "Non-positive circle radius"
        elif item.command == _RETURN_POINT:
            returns += 1
            if returns > 1:
                return "Multiple return points"
    return "Incorrect item count" if left else None


def _place_of(message: Message) -> tuple[int, int] | int:
    """Return x and y in 1e-7 degrees, or the reason why they are no place."""
    x, y = message.x, message.y
    if message.get_type() == "MISSION_ITEM":
        if not abs(x) <= 90:
            return result.INVALID_X
        if not abs(y) <= 180:
            return result.INVALID_Y
        return round(x * 1e7), round(y * 1e7)
    if abs(x) > 900_000_000:
        return result.INVALID_X
    return (x, y) if abs(y) <= 1_800_000_000 else result.INVALID_Y


def _whole(number: float) -> int:
    return max(-(2**31), min(2**31 - 1, int(number))) if math.isfinite(number) else 0
