"""Path planning: waypoints to legs with rounded corners and speeds that permit braking."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from firmware_sim.drone.field_model import Place

#: Maximum acceleration of the planned path; that of the vehicle is 2 m/s2.
PLANNED_ACCELERATION_M_S2 = 1.7
CORNER_M_S = 1.0
_MAX_RADIUS_M = 5.0
#: A corner with a smaller radius is not rounded.
_MIN_RADIUS_M = 0.5
_ARC_RAD = math.radians(7.5)
_STRAIGHT_RAD = math.radians(2)
_SHARP_RAD = math.radians(20)


@dataclass(frozen=True, slots=True)
class Height:
    """A height in metres above home, or above the ground below the vehicle."""

    height_m: float
    over_ground: bool = False


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place to fly to, with height and maximum speed; `seq` is its mission item."""

    place: Place
    height: Height
    cap_m_s: float
    seq: int


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight section of a path, east-north metres; `seq` is the target waypoint, `height` that of its end."""

    start: Place
    end: Place
    height: Height
    cap_m_s: float
    seq: int

    @property
    def length_m(self) -> float:
        """Length of the leg."""
        return math.dist(self.start, self.end)


@dataclass(frozen=True, slots=True)
class FlightPath:
    """Connected legs; `entry_m_s[i]` is the maximum entry speed of leg i, and the last value the final speed (0)."""

    legs: tuple[Leg, ...]
    entry_m_s: tuple[float, ...]


def plan_path(start: Place, waypoints: Sequence[Waypoint]) -> FlightPath:
    """Return the path from `start` through the waypoints, with a stop at the last one. It has at least one leg.

    A corner is rounded within half of its shorter side: it ends before the next one starts. The first half of the arc
    belongs to its waypoint, the second half to the next.
    """
    legs: list[Leg] = []
    here = start
    for index, waypoint in enumerate(waypoints):
        after = waypoints[index + 1] if index + 1 < len(waypoints) else None
        arc = [] if after is None else _arc(waypoints[index - 1].place if index else start, waypoint.place, after.place)
        legs.append(Leg(here, arc[0] if arc else waypoint.place, waypoint.height, waypoint.cap_m_s, waypoint.seq))
        here = legs[-1].end
        if after is None or not arc:
            continue
        radius_m = _radius(arc)
        cap_m_s = min(math.sqrt(PLANNED_ACCELERATION_M_S2 * radius_m), waypoint.cap_m_s, after.cap_m_s)
        for step, (low, high) in enumerate(pairwise(arc)):
            seq = waypoint.seq if 2 * step < len(arc) - 1 else after.seq
            legs.append(Leg(low, high, waypoint.height, cap_m_s, seq))
        here = arc[-1]
    flown = [leg for leg in legs if leg.length_m > 1e-6] or legs[-1:]
    return FlightPath(tuple(flown), _entry_speeds(flown))


def _arc(before: Place, corner: Place, after: Place) -> list[Place]:
    """Return the points of the arc that rounds a corner; none for a straight line or a corner that is too sharp."""
    inward = math.dist(before, corner)
    onward = math.dist(corner, after)
    if min(inward, onward) < 1e-3:
        return []
    first = math.atan2(corner[1] - before[1], corner[0] - before[0])
    second = math.atan2(after[1] - corner[1], after[0] - corner[0])
    turn = math.remainder(second - first, math.tau)
    if abs(turn) < _STRAIGHT_RAD or abs(turn) > math.radians(170):
        return []
    tangent = math.tan(abs(turn) / 2)
    radius_m = min(_MAX_RADIUS_M, min(inward, onward) / 2 / tangent)
    if radius_m < _MIN_RADIUS_M:
        return []
    side = math.copysign(1.0, turn)
    start = (corner[0] - radius_m * tangent * math.cos(first), corner[1] - radius_m * tangent * math.sin(first))
    centre = (start[0] - side * radius_m * math.sin(first), start[1] + side * radius_m * math.cos(first))
    steps = max(2, 2 * math.ceil(abs(turn) / _ARC_RAD / 2))
    return [
        (
            centre[0] + side * radius_m * math.sin(first + turn * step / steps),
            centre[1] - side * radius_m * math.cos(first + turn * step / steps),
        )
        for step in range(steps + 1)
    ]


def _radius(arc: Sequence[Place]) -> float:
    """Return the radius of an arc from its chord and sagitta."""
    chord_m = math.dist(arc[0], arc[-1])
    middle = arc[len(arc) // 2]
    rise_m = math.dist(middle, ((arc[0][0] + arc[-1][0]) / 2, (arc[0][1] + arc[-1][1]) / 2))
    return (chord_m**2 / 4 + rise_m**2) / (2 * rise_m)


def _entry_speeds(legs: Sequence[Leg]) -> tuple[float, ...]:
    speeds = [0.0]
    for index in range(len(legs) - 1, -1, -1):
        leg = legs[index]
        limit = leg.cap_m_s
        if index > 0:
            limit = min(limit, legs[index - 1].cap_m_s)
            if _bend_rad(legs[index - 1], leg) > _SHARP_RAD:
                limit = min(limit, CORNER_M_S)
        braking = math.sqrt(speeds[-1] ** 2 + 2 * PLANNED_ACCELERATION_M_S2 * leg.length_m)
        speeds.append(min(limit, braking))
    return tuple(reversed(speeds))


def _bend_rad(before: Leg, after: Leg) -> float:
    first = math.atan2(before.end[1] - before.start[1], before.end[0] - before.start[0])
    second = math.atan2(after.end[1] - after.start[1], after.end[0] - after.start[0])
    return abs(math.remainder(second - first, math.tau))
