"""Fence of the autopilot, as ArduPilot's: polygons, circles, a circle around home, and heights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from firmware_sim.drone.field_model import LocalFrame, Place
from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.parameters import Parameters

INSIDE, OUTSIDE = 5001, 5002
INSIDE_CIRCLE, OUTSIDE_CIRCLE = 5003, 5004
#: Bits of FENCE_TYPE, and the names in the texts.
MAX_HEIGHT, HOME_CIRCLE, SHAPES, MIN_HEIGHT = 1, 2, 4, 8
NAMES: Final = {MAX_HEIGHT: "Max Alt", HOME_CIRCLE: "Circle", SHAPES: "Polygon", MIN_HEIGHT: "Min Alt"}
#: FENCE_ACTION -> the modes to try, in order, before landing; 0 only reports, and every other value returns.
ACTIONS: Final[dict[int, tuple[Mode, ...]]] = {
    1: (Mode.RTL,),
    2: (),
    3: (Mode.SMART_RTL, Mode.RTL),
    4: (Mode.BRAKE,),
    5: (Mode.SMART_RTL,),
}


class Fence:
    """Limits of a flight in the field's frame; `items` are those of the uploaded fence."""

    def __init__(self, frame: LocalFrame, parameters: Parameters) -> None:
        self._frame = frame
        self._parameters = parameters
        self.items: tuple[Item, ...] = ()
        self._polygons: list[tuple[int, list[Place]]] = []
        self._circles: list[tuple[int, Place, float]] = []

    def load(self, items: Sequence[Item]) -> None:
        """Replace the uploaded shapes; they must be whole."""
        self.items = tuple(items)
        self._polygons, self._circles = [], []
        corners: list[Place] = []
        for item in items:
            place = self._frame.to_east_north(item.x / 1e7, item.y / 1e7)
            if item.command in {INSIDE_CIRCLE, OUTSIDE_CIRCLE}:
                self._circles.append((item.command, place, item.param1))
            elif item.command in {INSIDE, OUTSIDE}:
                corners.append(place)
                if len(corners) == int(item.param1):
                    self._polygons.append((item.command, corners))
                    corners = []

    def breaches(self, place: Place, up_m: float, home: Place) -> int:
        """Return the bits of the fences, of those that are enabled, beyond which a place lies."""
        parameters = self._parameters
        if not parameters["FENCE_ENABLE"]:
            return 0
        found = 0
        if up_m > parameters["FENCE_ALT_MAX"]:
            found |= MAX_HEIGHT
        if math.dist(place, home) > parameters["FENCE_RADIUS"]:
            found |= HOME_CIRCLE
        if up_m < parameters["FENCE_ALT_MIN"]:
            found |= MIN_HEIGHT
        if self._leaves_shapes(place):
            found |= SHAPES
        return found & int(parameters["FENCE_TYPE"])

    def _leaves_shapes(self, place: Place) -> bool:
        """Return whether a place lies outside of one that it must be in, or in one that it must not."""
        return any(is_inside(place, corners) != (kind == INSIDE) for kind, corners in self._polygons) or any(
            (math.dist(place, centre) <= radius_m) != (kind == INSIDE_CIRCLE)
            for kind, centre, radius_m in self._circles
        )


def is_inside(place: Place, corners: Sequence[Place]) -> bool:
    """Return whether a place lies in a polygon: a ray from it crosses its sides an odd number of times."""
    inside = False
    x, y = place
    for index, (x1, y1) in enumerate(corners):
        x2, y2 = corners[index - 1]
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside
