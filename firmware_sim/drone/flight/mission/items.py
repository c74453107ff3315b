"""Mission items, and the waypoints that they lead through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.drone.field_model import FieldScenario, Place
from firmware_sim.drone.flight.mission.commands import (
    FLOWN_TO,
    JUMPS,
    LANDINGS,
    LOITER,
    LOITER_TIME,
    LOITER_TO_ALT,
    LOITER_TURNS,
    NAV_COMMANDS,
    PAYLOAD_PLACE,
    SPEED,
    WAITING,
)
from firmware_sim.drone.physics.path import Height, Waypoint

FRAME_GLOBAL: Final = 0
FRAME_RELATIVE: Final = 3
FRAME_TERRAIN: Final = 10
#: MAV_FRAME -> frame; the newer numbers are the same frames with integer coordinates.
FRAMES: Final = {0: FRAME_GLOBAL, 5: FRAME_GLOBAL, 3: FRAME_RELATIVE, 6: FRAME_RELATIVE, 10: FRAME_TERRAIN,
                 11: FRAME_TERRAIN}  # fmt: skip
#: MAV_FRAME_MISSION; ArduPilot reads the height of such an item as absolute.
FRAME_MISSION: Final = 2

#: Items at which the vehicle stops, in addition to those with a delay.
_STOPS: Final = frozenset({LOITER, LOITER_TURNS, LOITER_TIME, LOITER_TO_ALT, PAYLOAD_PLACE} | LANDINGS)
_CORNERS: Final = 12
_MAX_TURNS: Final = 255
_MAX_RADIUS_M: Final = 2550.0


@dataclass(frozen=True, slots=True)
class Item:
    """A mission item as in MISSION_ITEM_INT: integers of 1e-7 degrees, heights in the frame's metres."""

    command: int
    frame: int = FRAME_RELATIVE
    param1: float = 0.0
    param2: float = 0.0
    param3: float = 0.0
    param4: float = 0.0
    x: int = 0
    y: int = 0
    z: float = 0.0

    @property
    def has_place(self) -> bool:
        """Whether the item has a place; zeros mean the current place."""
        return self.command in FLOWN_TO and (self.x != 0 or self.y != 0)


@dataclass(frozen=True, slots=True)
class Circle:
    """Circles of LOITER_TURNS: radius where an item gives none, and angular speed (CIRCLE_RADIUS, CIRCLE_RATE)."""

    radius_m: float = 10.0
    rate_deg_s: float = 20.0

    def turns(self, item: Item, centre: Place, height: Height, cap_m_s: float, seq: int) -> list[Waypoint]:
        """Return the corners of an item's circles, clockwise unless its radius is negative; the centre without any."""
        radius_m = min(_MAX_RADIUS_M, abs(item.param3) or self.radius_m)
        count = _CORNERS * max(0, min(_MAX_TURNS, math.trunc(item.param1)))
        if radius_m < 1 or not count:
            return [Waypoint(centre, height, cap_m_s, seq)]
        step_rad = math.copysign(math.tau / _CORNERS, -1.0 if item.param3 < 0 else 1.0)
        pace_m_s = min(cap_m_s, max(0.5, radius_m * math.radians(abs(self.rate_deg_s))))
        east, north = centre
        return [
            Waypoint(
                (east + radius_m * math.sin(step * step_rad), north + radius_m * math.cos(step * step_rad)),
                height,
                pace_m_s if step else cap_m_s,
                seq,
            )
            for step in range(count + 1)
        ]


def list_waypoints(
    items: Sequence[Item],
    first: int,
    scenario: FieldScenario,
    here: Place,
    up: Height,
    speed_m_s: float,
    circle: Circle = Circle(),
) -> list[Waypoint]:
    """Return the waypoints from item `first` up to the first stop; at least one where `first` is a waypoint.

    An item without a place has the place of the one before, or `here`; a landing is approached at the height `up`.
    A change of speed applies to the items after it. The vehicle stops before a jump.
    """
    waypoints: list[Waypoint] = []
    frame, place, cap_m_s = scenario.frame(), here, speed_m_s
    for seq in range(first, len(items)):
        item = items[seq]
        if item.command == SPEED and item.param2 > 0:
            cap_m_s = item.param2
        if item.command in JUMPS:
            break
        if item.command not in NAV_COMMANDS:
            continue
        if item.command not in FLOWN_TO:
            break
        if item.has_place:
            place = frame.to_east_north(item.x / 1e7, item.y / 1e7)
        height = up if item.command in LANDINGS else height_of(item, scenario)
        if item.command == LOITER_TURNS:
            waypoints += circle.turns(item, place, height, cap_m_s, seq)
        else:
            waypoints.append(Waypoint(place, height, cap_m_s, seq))
        if item.command in _STOPS or (item.command in WAITING and item.param1 > 0):
            break
    return waypoints


def height_of(item: Item, scenario: FieldScenario) -> Height:
    """Return an item's height above home or, in a terrain frame, above the ground."""
    frame = FRAME_GLOBAL if item.frame == FRAME_MISSION else FRAMES.get(item.frame)
    if frame == FRAME_TERRAIN:
        return Height(item.z, over_ground=True)
    return Height(item.z - (scenario.altitude_m if frame == FRAME_GLOBAL else 0.0))
