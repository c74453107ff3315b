"""QGroundControl mission files (.plan) of a prescription. Headland writes them; a person flies them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from headland.agronomy.prescription.flight_lines import FlightLine, Place

HeightAbove = Literal["terrain", "home"]

# MAV_CMD and MAV_FRAME, common.xml of MAVLink.
_WAYPOINT, _LOITER, _RETURN, _TAKEOFF, _SPEED, _SPRAYER = 16, 17, 20, 22, 178, 216
_MISSION, _RELATIVE, _TERRAIN = 2, 3, 10
#: QGroundControl's altitude modes by frame.
_ALTITUDE_MODES: Final = {_RELATIVE: 1, _TERRAIN: 3}
_ARDUPILOT, _MULTIROTOR = 3, 2


@dataclass(frozen=True, slots=True)
class PlannedFlight:
    """A flight: loads of lines, the height and its reference, and the place of refilling.

    `speed_m_s` returns the speed for a rate; `to_degrees` converts a place to (latitude, longitude). `run_m` is flown
    before and after each line, to reach the speed and to turn. `refill` is (latitude, longitude). `properties` are
    written to the file unchanged.
    """

    loads: Sequence[Sequence[FlightLine]]
    speed_m_s: Callable[[float], float]
    to_degrees: Callable[[Place], Place]
    height_m: float
    height_above: HeightAbove
    run_m: float
    turn_speed_m_s: float
    refill: Place
    properties: dict[str, Any]


def write_plan(flight: PlannedFlight) -> bytes:
    """Return the file. Each load ends at the place of refilling: the last by returning home, the others by waiting.

    A waiting mission continues only after a person lands, refills, takes off and sets its next item.
    """
    writer = _Items(flight)
    writer.add(_TAKEOFF, _RELATIVE, [0, 0, 0, None, 0, 0, flight.height_m])
    # An aborted flight may have left it on.
    writer.switch(on=False)
    for number, load in enumerate(flight.loads):
        if number:
            writer.fly(_WAYPOINT, flight.refill)
            writer.fly(_LOITER, flight.refill)
        for line in load:
            writer.treat(line)
    writer.add(_RETURN, _MISSION, [0, 0, 0, 0, 0, 0, 0])
    plan = {
        "fileType": "Plan",
        "version": 1,
        "groundStation": "Headland",
        "geoFence": {"circles": [], "polygons": [], "version": 2},
        "rallyPoints": {"points": [], "version": 2},
        "mission": {
            "version": 2,
            "firmwareType": _ARDUPILOT,
            "vehicleType": _MULTIROTOR,
            "cruiseSpeed": flight.turn_speed_m_s,
            "hoverSpeed": flight.turn_speed_m_s,
            "globalPlanAltitudeMode": 0,
            "plannedHomePosition": [*flight.refill, 0.0],
            "items": writer.items,
        },
        "headland": flight.properties,
    }
    return orjson.dumps(plan, option=orjson.OPT_INDENT_2)


class _Items:
    """Items of a mission, in order."""

    def __init__(self, flight: PlannedFlight) -> None:
        self._flight = flight
        self._frame = _TERRAIN if flight.height_above == "terrain" else _RELATIVE
        self._speed_m_s: float | None = None
        self.items: list[dict[str, Any]] = []

    def switch(self, *, on: bool) -> None:
        """Switch the sprayer."""
        self.add(_SPRAYER, _MISSION, [1 if on else 0, 0, 0, 0, 0, 0, 0])

    def treat(self, line: FlightLine) -> None:
        """Add a line: run in, its pieces with the sprayer on, off between them, run out."""
        flight = self._flight
        run_in, run_out = line.beyond(flight.run_m)
        self.fly(_WAYPOINT, flight.to_degrees(run_in))
        is_on, at = False, None
        for piece in line.pieces:
            if is_on and piece.start != at:
                self.switch(on=False)
                is_on = False
            self._set_speed(flight.speed_m_s(piece.rate_ha))
            if not is_on:
                self.fly(_WAYPOINT, flight.to_degrees(piece.start))
                self.switch(on=True)
                is_on = True
            self.fly(_WAYPOINT, flight.to_degrees(piece.end))
            at = piece.end
        self.switch(on=False)
        self.fly(_WAYPOINT, flight.to_degrees(run_out))

    def fly(self, command: int, place: Place) -> None:
        """Add an item with a place at the flight's height."""
        self.add(command, self._frame, [0, 0, 0, None, place[0], place[1], self._flight.height_m])

    def add(self, command: int, frame: int, params: list[float | None]) -> None:
        """Add an item."""
        item = {
            "type": "SimpleItem",
            "autoContinue": True,
            "command": command,
            "doJumpId": len(self.items) + 1,
            "frame": frame,
            "params": params,
        }
        if frame in _ALTITUDE_MODES:
            item |= {"Altitude": params[6], "AltitudeMode": _ALTITUDE_MODES[frame], "AMSLAltAboveTerrain": None}
        self.items.append(item)

    def _set_speed(self, speed_m_s: float) -> None:
        if speed_m_s != self._speed_m_s:
            self.add(_SPEED, _MISSION, [1, round(speed_m_s, 3), -1, 0, 0, 0, 0])
            self._speed_m_s = speed_m_s
