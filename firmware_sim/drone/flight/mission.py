"""Mission items, the mission of a field scenario, and the waypoints of a mission."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from firmware_sim.drone.field_model import FieldScenario, Place
from firmware_sim.drone.physics.path import Height, Waypoint

COMMAND_WAYPOINT: Final = 16
COMMAND_LOITER: Final = 17
COMMAND_LOITER_TIME: Final = 19
COMMAND_RETURN: Final = 20
COMMAND_LAND: Final = 21
COMMAND_TAKEOFF: Final = 22
COMMAND_DELAY: Final = 93
COMMAND_SPEED: Final = 178
COMMAND_SPRAYER: Final = 216

#: Items that the vehicle flies to or waits at; `DO_COMMANDS` are executed at the end of the item before.
NAV_COMMANDS: Final = frozenset(
    {
        COMMAND_WAYPOINT, COMMAND_LOITER, COMMAND_LOITER_TIME, COMMAND_RETURN, COMMAND_LAND, COMMAND_TAKEOFF,
        COMMAND_DELAY,
    }
)  # fmt: skip
DO_COMMANDS: Final = frozenset({COMMAND_SPEED, COMMAND_SPRAYER})
#: Items without a place to fly to.
_UNPLACED: Final = frozenset({COMMAND_TAKEOFF, COMMAND_RETURN, COMMAND_DELAY})
#: Items at which the vehicle stops, in addition to those with a delay.
_STOPS: Final = frozenset({COMMAND_LOITER, COMMAND_LOITER_TIME, COMMAND_LAND})
#: Items with a place.
PLACED: Final = frozenset({COMMAND_WAYPOINT, COMMAND_LOITER, COMMAND_LOITER_TIME, COMMAND_LAND})

FRAME_GLOBAL: Final = 0
FRAME_RELATIVE: Final = 3
FRAME_TERRAIN: Final = 10
#: MAV_FRAME -> frame; the newer numbers are the same frames with integer coordinates.
FRAMES: Final = {0: FRAME_GLOBAL, 5: FRAME_GLOBAL, 3: FRAME_RELATIVE, 6: FRAME_RELATIVE, 10: FRAME_TERRAIN,
                 11: FRAME_TERRAIN}  # fmt: skip

#: Run-up before and after a row, for full speed at the field's edge.
RUN_M: Final = 6.5
#: First item of the rows, items per row, and the item after the end of a row.
_FIRST_ROW_SEQ: Final = 2
_ROW_ITEMS: Final = 6
_ROW_DONE: Final = 5


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
        return self.command in PLACED and (self.x != 0 or self.y != 0)


def list_items(scenario: FieldScenario) -> tuple[Item, ...]:
    """Return the mission for a ground station: home, take-off, rows with the sprayer on and off, return."""
    height_m = scenario.height_m
    frame = FRAME_TERRAIN if scenario.profile_m else FRAME_RELATIVE
    rows = scenario.rows()

    def waypoint(place: Place) -> Item:
        x, y = _integers(scenario, scenario.to_east_north(*place))
        return Item(COMMAND_WAYPOINT, frame, x=x, y=y, z=height_m)

    x, y = _integers(scenario, scenario.home_east_north())
    items = [
        Item(COMMAND_WAYPOINT, FRAME_GLOBAL, x=x, y=y, z=scenario.altitude_m),
        Item(COMMAND_TAKEOFF, z=height_m),
    ]
    for index, row in enumerate(rows):
        step_m = math.copysign(1.0, row.end[0] - row.start[0])
        # The turn between two rows is a half circle if there is room for its radius beyond the run.
        run_in_m = RUN_M + (_half_gap(rows[index - 1].end, row.start) if index else 0.0)
        run_out_m = RUN_M + (_half_gap(row.end, rows[index + 1].start) if index + 1 < len(rows) else 0.0)
        items += [
            waypoint((row.start[0] - step_m * run_in_m, row.start[1])),
            waypoint(row.start),
            Item(COMMAND_SPRAYER, param1=1.0),
            waypoint(row.end),
            Item(COMMAND_SPRAYER, param1=0.0),
            waypoint((row.end[0] + step_m * run_out_m, row.end[1])),
        ]
    return (*items, Item(COMMAND_RETURN))


def row_start_seq(row: int) -> int:
    """Return the first item of a row in the scenario's mission."""
    return _FIRST_ROW_SEQ + _ROW_ITEMS * row


def rows_done(seq: int) -> int:
    """Return the number of complete rows of the scenario's mission at item `seq`."""
    return max(0, (seq - _FIRST_ROW_SEQ + _ROW_ITEMS - _ROW_DONE) // _ROW_ITEMS)


def _half_gap(end: Place, start: Place) -> float:
    return min(3.0, abs(end[1] - start[1]) / 2)


def _integers(scenario: FieldScenario, east_north: Place) -> tuple[int, int]:
    latitude, longitude = scenario.frame().to_degrees(*east_north)
    return round(latitude * 1e7), round(longitude * 1e7)


def list_waypoints(
    items: Sequence[Item], first: int, scenario: FieldScenario, here: Place, up: Height, speed_m_s: float
) -> list[Waypoint]:
    """Return the waypoints from item `first` up to the first stop; at least one where `first` is a waypoint.

    An item without a place has the place of the one before, or `here`; a landing is approached at the height `up`.
    A change of speed applies to the items after it.
    """
    waypoints: list[Waypoint] = []
    frame, place, cap_m_s = scenario.frame(), here, speed_m_s
    for seq in range(first, len(items)):
        item = items[seq]
        if item.command == COMMAND_SPEED and item.param2 > 0:
            cap_m_s = item.param2
        if item.command in DO_COMMANDS:
            continue
        if item.command in _UNPLACED:
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
