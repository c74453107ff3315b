from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.drone.field_model import Place
from firmware_sim.drone.flight.autopilot import Autopilot
from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.physics.kinematics import Follower
from firmware_sim.drone.physics.path import PLANNED_ACCELERATION_M_S2, FlightPath, Height, Waypoint, plan_path
from firmware_sim.drone.physics.vehicle_body import Body
from firmware_sim.drone.scenarios import FIELDS
from tests.examples import examples
from tests.firmware_sim.recording import START_MS

places = st.tuples(st.floats(-200, 200), st.floats(-200, 200))


def path_over(*through: Place, cap_m_s: float = 6.0) -> FlightPath:
    waypoints = [Waypoint(place, Height(3.0), cap_m_s, seq) for seq, place in enumerate(through[1:], 1)]
    return plan_path(through[0], waypoints)


@settings(max_examples=examples(150), deadline=None)
@given(through=st.lists(places, min_size=2, max_size=8), cap_m_s=st.floats(0.5, 12))
def test_legs_join_and_every_one_can_be_braked_to_its_exit(through: list[Place], cap_m_s: float) -> None:
    path = path_over(*through, cap_m_s=cap_m_s)
    assert path.legs[0].start == pytest.approx(through[0], abs=1e-5)
    assert path.legs[-1].end == pytest.approx(through[-1], abs=1e-5)
    for before, after in pairwise(path.legs):
        assert math.dist(before.end, after.start) < 1e-5
        assert before.seq <= after.seq
    for index, leg in enumerate(path.legs):
        entry, leaving = path.entry_m_s[index], path.entry_m_s[index + 1]
        assert entry**2 - leaving**2 <= 2 * PLANNED_ACCELERATION_M_S2 * leg.length_m + 1e-9
        assert entry <= leg.cap_m_s + 1e-9
    assert path.entry_m_s[-1] == 0


@settings(max_examples=examples(60), deadline=None)
@given(through=st.lists(places, min_size=2, max_size=6))
def test_the_reference_always_arrives_and_passes_the_waypoints_in_order(through: list[Place]) -> None:
    path = path_over(*through)
    follower = Follower(path)
    seen: list[int] = []
    for _ in range(60_000):
        follower.step(0.02)
        if not seen or seen[-1] != follower.leg.seq:
            seen.append(follower.leg.seq)
        if follower.done:
            break
    assert follower.done
    assert seen == sorted(seen)
    aim = follower.aim()
    assert (aim.east_m, aim.north_m) == pytest.approx(through[-1], abs=1e-3)


def test_a_turn_between_two_rows_is_a_half_circle() -> None:
    path = path_over((0, 0), (50, 0), (50, 5), (0, 5))
    # Each corner is rounded with 2.5 m: 47.5 m, the half circle and 47.5 m back.
    assert sum(leg.length_m for leg in path.legs) == pytest.approx(47.5 * 2 + math.pi * 2.5, rel=1e-3)
    farthest_m = max(leg.end[0] for leg in path.legs)
    assert farthest_m == pytest.approx(50.0, abs=1e-6)


def test_points_on_a_line_are_passed_at_full_speed() -> None:
    path = path_over((0, 0), (40, 0), (80, 0), (120, 0))
    assert len(path.legs) == 3
    assert path.entry_m_s[1:3] == (6.0, 6.0)


def test_a_way_back_on_itself_is_turned_slowly() -> None:
    path = path_over((0, 0), (40, 0), (0, 0))
    assert len(path.legs) == 2
    assert path.entry_m_s[1] == 1.0


def test_a_place_where_it_already_is_is_a_path_too() -> None:
    body = Body(FIELDS["demo"], 1, START_MS, with_ground=False)
    here = (body.motion.east_m, body.motion.north_m)
    follower = Follower(plan_path(here, [Waypoint(here, Height(3.0), 5.0, 7)]))
    follower.step(0.02)
    assert follower.done
    assert follower.leg.seq == 7
    assert Autopilot(body, Parameters(FIELDS["demo"], 1)).home == here
