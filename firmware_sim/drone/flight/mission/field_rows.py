"""Mission of a field scenario: take-off, rows with the sprayer on and off, and the return."""

from __future__ import annotations

import math
from typing import Final

from firmware_sim.drone.field_model import FieldScenario, Place
from firmware_sim.drone.flight.mission.commands import RETURN, SPRAYER, TAKEOFF, WAYPOINT
from firmware_sim.drone.flight.mission.items import FRAME_GLOBAL, FRAME_RELATIVE, FRAME_TERRAIN, Item

#: Run-up before and after a row, for full speed at the field's edge.
RUN_M: Final = 6.5
#: First item of the rows, items per row, and the item after the end of a row.
_FIRST_ROW_SEQ: Final = 2
_ROW_ITEMS: Final = 6
_ROW_DONE: Final = 5


def list_items(scenario: FieldScenario) -> tuple[Item, ...]:
    """Return the mission for a ground station: home, take-off, rows with the sprayer on and off, return."""
    height_m = scenario.height_m
    frame = FRAME_TERRAIN if scenario.profile_m else FRAME_RELATIVE
    rows = scenario.rows()

    def waypoint(place: Place) -> Item:
        x, y = _integers(scenario, scenario.to_east_north(*place))
        return Item(WAYPOINT, frame, x=x, y=y, z=height_m)

    x, y = _integers(scenario, scenario.home_east_north())
    items = [
        Item(WAYPOINT, FRAME_GLOBAL, x=x, y=y, z=scenario.altitude_m),
        Item(TAKEOFF, z=height_m),
    ]
    for index, row in enumerate(rows):
        step_m = math.copysign(1.0, row.end[0] - row.start[0])
        # The turn between two rows is a half circle if there is room for its radius beyond the run.
        run_in_m = RUN_M + (_half_gap(rows[index - 1].end, row.start) if index else 0.0)
        run_out_m = RUN_M + (_half_gap(row.end, rows[index + 1].start) if index + 1 < len(rows) else 0.0)
        items += [
            waypoint((row.start[0] - step_m * run_in_m, row.start[1])),
            waypoint(row.start),
            Item(SPRAYER, param1=1.0),
            waypoint(row.end),
            Item(SPRAYER, param1=0.0),
            waypoint((row.end[0] + step_m * run_out_m, row.end[1])),
        ]
    return (*items, Item(RETURN))


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
