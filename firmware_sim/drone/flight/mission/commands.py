"""Mission commands that ArduPilot stores, and which of them the simulated vehicle executes.

Numbers are those of MAV_CMD. ArduPilot's library of missions stores all of them on every vehicle; a vehicle passes over
those that it cannot execute.
"""

from __future__ import annotations

from typing import Final

WAYPOINT: Final = 16
LOITER: Final = 17
LOITER_TURNS: Final = 18
LOITER_TIME: Final = 19
RETURN: Final = 20
LAND: Final = 21
TAKEOFF: Final = 22
LOITER_TO_ALT: Final = 31
SPLINE: Final = 82
VTOL_TAKEOFF: Final = 84
VTOL_LAND: Final = 85
DELAY: Final = 93
PAYLOAD_PLACE: Final = 94
JUMP: Final = 177
SPEED: Final = 178
SET_HOME: Final = 179
SERVO: Final = 183
DIGICAM: Final = 203
CAMERA_DISTANCE: Final = 206
FENCE_ENABLE: Final = 207
SPRAYER: Final = 216
JUMP_TAG: Final = 600
JUMP_TO_TAG: Final = 601
IMAGES_START: Final = 2000
IMAGES_STOP: Final = 2001

TAKEOFFS: Final = frozenset({TAKEOFF, VTOL_TAKEOFF})
LANDINGS: Final = frozenset({LAND, VTOL_LAND})
#: Items that the vehicle flies to, at their place or the current one.
FLOWN_TO: Final = frozenset(
    {WAYPOINT, LOITER, LOITER_TURNS, LOITER_TIME, LOITER_TO_ALT, SPLINE, PAYLOAD_PLACE} | LANDINGS
)
#: Items that take time; all others are executed, or passed over, at the end of the item before.
NAV_COMMANDS: Final = FLOWN_TO | TAKEOFFS | {RETURN, DELAY}
#: Waypoints that wait for `param1` seconds.
WAITING: Final = frozenset({WAYPOINT, SPLINE, LOITER_TIME})
JUMPS: Final = frozenset({JUMP, JUMP_TO_TAG})
#: Further commands that are stored: guided limits, conditions, region of interest, mount, gripper, winch, scripts ...
_OTHERS: Final = frozenset(
    {30, 83, 92, 112, 114, 115, 181, 182, 184, 188, 189, 191, 193, 194, 195, 197, 201, 202, 205, 208, 210, 211, 212,
     213, 215, 217, 218, 222, 223, 530, 531, 532, 534, 1000, 2500, 2501, 3000, 42600, 42702, 42703}
)  # fmt: skip
KNOWN: Final = frozenset(
    NAV_COMMANDS | JUMPS | _OTHERS
    | {SPEED, SET_HOME, SERVO, DIGICAM, CAMERA_DISTANCE, FENCE_ENABLE, SPRAYER, JUMP_TAG, IMAGES_START, IMAGES_STOP}
)  # fmt: skip
#: Commands stored with latitude, longitude and height, which must be valid.
PLACED: Final = frozenset(FLOWN_TO | TAKEOFFS | {30, SET_HOME, 188, 189, 191, 195, 201})
#: Commands whose x and y are other numbers than degrees.
_OTHER_XY: Final = frozenset({202, DIGICAM, 1000, 42703})
#: Commands whose given parameters may be NaN, from 1; every other parameter must be a number.
_NAN_ALLOWED: Final[dict[int, frozenset[int]]] = {
    WAYPOINT: frozenset({4}),
    LAND: frozenset({4}),
    TAKEOFF: frozenset({4}),
    VTOL_TAKEOFF: frozenset({4}),
    VTOL_LAND: frozenset({3, 4}),
}


def may_be_nan(command: int, parameter: int) -> bool:
    """Return whether ArduPilot accepts NaN as a parameter (1 to 4) of a mission command."""
    return parameter in _NAN_ALLOWED.get(command, ())


def has_degrees(command: int) -> bool:
    """Return whether x and y of a command's MISSION_ITEM are degrees."""
    return command not in _OTHER_XY
