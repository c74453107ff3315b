"""From mission items to the waypoints that are flown without a stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from firmware_sim.drone.field_model import FieldScenario, Place
from firmware_sim.drone.mission import (
    COMMAND_DELAY,
    COMMAND_LAND,
    COMMAND_LOITER,
    COMMAND_LOITER_TIME,
    COMMAND_RETURN,
    COMMAND_SPEED,
    COMMAND_TAKEOFF,
    DO_COMMANDS,
    FRAME_GLOBAL,
    FRAME_TERRAIN,
    FRAMES,
    Item,
)
from firmware_sim.drone.path import Height, Waypoint

#: Items that are no place to fly to.
_NOWHERE: Final = frozenset({COMMAND_TAKEOFF, COMMAND_RETURN, COMMAND_DELAY})
#: Items at which the vehicle stops, as at any with a delay.
_STOPS: Final = frozenset({COMMAND_LOITER, COMMAND_LOITER_TIME, COMMAND_LAND})


def list_waypoints(
    items: Sequence[Item], first: int, scenario: FieldScenario, here: Place, up: Height, speed_m_s: float
) -> list[Waypoint]:
    """Return the waypoints from item `first` up to the first stop, at least one where `first` is one.

    An item without a place is flown where the one before was, or `here`; a landing is flown to at the height `up`.
    A change of speed among the items holds from there on.
    """
    waypoints: list[Waypoint] = []
    frame, place, cap_m_s = scenario.frame(), here, speed_m_s
    for seq in range(first, len(items)):
        item = items[seq]
        if item.command == COMMAND_SPEED and item.param2 > 0:
            cap_m_s = item.param2
        if item.command in DO_COMMANDS:
            continue
        if item.command in _NOWHERE:
            break
        if item.has_place:
            place = frame.to_east_north(item.x / 1e7, item.y / 1e7)
        height = up if item.command == COMMAND_LAND else height_of(item, scenario)
        waypoints.append(Waypoint(place, height, cap_m_s, seq))
        if item.command in _STOPS or item.param1 > 0:
            break
    return waypoints


def height_of(item: Item, scenario: FieldScenario) -> Height:
    """Return an item's height above home or, in a terrain frame, above the ground."""
    frame = FRAMES.get(item.frame)
    if frame == FRAME_TERRAIN:
        return Height(item.z, over_ground=True)
    return Height(item.z - (scenario.altitude_m if frame == FRAME_GLOBAL else 0.0))
