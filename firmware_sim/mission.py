"""The lawnmower mission: rows to fly as a smooth path, and the same as MAVLink mission items."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from firmware_sim.scenario import FieldScenario

#: Acceleration the planned path keeps to; the vehicle itself may use 2 m/s2.
PLANNED_ACCELERATION_M_S2 = 1.7
TRANSIT_M_S = 6.0
CORNER_M_S = 1.0
#: Length flown before and after a row to be at speed at the field's edge.
RUN_M = 6.5
_ARC_STEPS = 24
_SHARP_RAD = math.radians(20)
#: Carry this much more than the plan needs, so that the tank does not run dry in a row.
_RESERVE = 1.05

COMMAND_WAYPOINT = 16
COMMAND_RETURN = 20
COMMAND_TAKEOFF = 22
COMMAND_SPRAYER = 216


@dataclass(frozen=True, slots=True)
class Leg:
    """A straight piece of the path, east-north metres; `seq` is the mission item flown to."""

    start: tuple[float, float]
    end: tuple[float, float]
    cap_m_s: float
    spray: bool
    seq: int

    @property
    def length_m(self) -> float:
        """Length of the leg."""
        return math.dist(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Sortie:
    """One tank's work: rows `first_row` up to, not including, `end_row`; `entry_m_s[i]` is the speed to enter leg i."""

    legs: tuple[Leg, ...]
    entry_m_s: tuple[float, ...]
    first_row: int
    end_row: int


@dataclass(frozen=True, slots=True)
class Item:
    """One MAVLink mission item; `east_north` is None for an item without a place."""

    command: int
    param1: float
    east_north: tuple[float, float] | None
    height_m: float


def row_litres(scenario: FieldScenario) -> float:
    """Return what one row takes as planned: L/ha over the row's area."""
    return scenario.rate_l_ha * scenario.length_m * scenario.swath_m / 10_000


def rows_for(scenario: FieldScenario, tank_l: float, first_row: int) -> int:
    """Return the row after the last one that `tank_l` suffices for; at least one row is flown."""
    affordable = int(tank_l / (row_litres(scenario) * _RESERVE))
    return min(len(scenario.row_offsets_m), first_row + max(1, affordable))


def plan_sortie(scenario: FieldScenario, first_row: int, end_row: int) -> Sortie:
    """Return the path from home over the rows and back; corners are rounded or slow enough for the acceleration."""
    legs: list[Leg] = []
    here = scenario.home_east_north()
    for row in range(first_row, end_row):
        start_m, end_m = _ends(scenario, row)
        step_m = math.copysign(RUN_M, end_m - start_m)
        offset_m = scenario.row_offsets_m[row]
        run_in = scenario.to_east_north(start_m - step_m, offset_m)
        edge = scenario.to_east_north(start_m, offset_m)
        far_edge = scenario.to_east_north(end_m, offset_m)
        run_out = scenario.to_east_north(end_m + step_m, offset_m)
        seq = _first_seq(row)
        if row == first_row:
            legs.append(Leg(here, run_in, TRANSIT_M_S, spray=False, seq=seq))
        else:
            legs += _turn(scenario, start_m - step_m, -step_m, row, seq)
        legs.append(Leg(run_in, edge, scenario.speed_m_s, spray=False, seq=seq))
        legs.append(Leg(edge, far_edge, scenario.speed_m_s, spray=True, seq=seq + 2))
        legs.append(Leg(far_edge, run_out, scenario.speed_m_s, spray=False, seq=seq + 2))
        here = run_out
    last_seq = _first_seq(len(scenario.row_offsets_m))
    legs.append(Leg(here, scenario.home_east_north(), TRANSIT_M_S, spray=False, seq=last_seq))
    legs = [leg for leg in legs if leg.length_m > 1e-6]
    return Sortie(tuple(legs), _entry_speeds(legs), first_row, end_row)


def list_items(scenario: FieldScenario) -> tuple[Item, ...]:
    """Return the mission as a ground station downloads it: home, take-off, rows with the sprayer on and off, return."""
    height_m = scenario.height_m
    home = scenario.home_east_north()
    items = [Item(COMMAND_WAYPOINT, 0, home, 0.0), Item(COMMAND_TAKEOFF, 0, None, height_m)]
    for row, offset_m in enumerate(scenario.row_offsets_m):
        start_m, end_m = _ends(scenario, row)
        items += [
            Item(COMMAND_WAYPOINT, 0, scenario.to_east_north(start_m, offset_m), height_m),
            Item(COMMAND_SPRAYER, 1, None, 0.0),
            Item(COMMAND_WAYPOINT, 0, scenario.to_east_north(end_m, offset_m), height_m),
            Item(COMMAND_SPRAYER, 0, None, 0.0),
        ]
    return (*items, Item(COMMAND_RETURN, 0, None, 0.0))


def _first_seq(row: int) -> int:
    return 2 + 4 * row


def _ends(scenario: FieldScenario, row: int) -> tuple[float, float]:
    """Return where along the field a row starts and ends: every second one is flown back."""
    return (0.0, scenario.length_m) if row % 2 == 0 else (scenario.length_m, 0.0)


def _turn(scenario: FieldScenario, along_m: float, outwards_m: float, row: int, seq: int) -> list[Leg]:
    """Return the half circle from the row before to `row`, bulging out of the field."""
    low_m, high_m = scenario.row_offsets_m[row - 1], scenario.row_offsets_m[row]
    radius_m = abs(high_m - low_m) / 2
    cap_m_s = math.sqrt(PLANNED_ACCELERATION_M_S2 * radius_m)
    out = math.copysign(radius_m, outwards_m)
    middle_m = (low_m + high_m) / 2
    points = [
        scenario.to_east_north(
            along_m + out * math.sin(math.pi * step / _ARC_STEPS),
            middle_m + (low_m - middle_m) * math.cos(math.pi * step / _ARC_STEPS),
        )
        for step in range(_ARC_STEPS + 1)
    ]
    return [Leg(start, end, cap_m_s, spray=False, seq=seq) for start, end in pairwise(points)]


def _entry_speeds(legs: Sequence[Leg]) -> tuple[float, ...]:
    """Return the highest speed to enter each leg (and, last, to end with) so that braking always suffices."""
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
