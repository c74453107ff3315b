from __future__ import annotations

import math
from itertools import pairwise

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect
from pymavlink.mavutil import mode_mapping_acm

from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.modes import Mode, Stage
from tests.firmware_sim.drone.mavlink.station import WAYPOINT, Station, flown, upload

#: Modes that no longer exist (POSITION, OF_LOITER), that a helicopter has, and of later versions (RATE_ACRO).
NOT_OF_IT = {8, 10, 26, 29}


def test_the_modes_have_arducopters_numbers_and_names() -> None:
    theirs = {number: name for number, name in mode_mapping_acm.items() if number not in NOT_OF_IT}
    ours = {int(mode): mode.name for mode in Mode}
    assert set(theirs) <= set(ours)
    assert {ours[number].replace("_", "") for number in theirs} == {name.replace("_", "") for name in theirs.values()}


@pytest.mark.parametrize("mode", [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 17, 18, 19, 20, 21, 24])
def test_a_mode_is_entered_and_told_in_the_heartbeat(mode: int) -> None:
    station = Station().ready()
    assert station.result(176, 1, mode) == 0
    (beat,) = [m for m in station.listen(1) if m.get_type() == "HEARTBEAT"]
    assert beat.custom_mode == mode


@pytest.mark.parametrize("mode", [14, 15, 22, 23, 25, 28, 27, 26, 8, 10, 12, 99, 2**24])
def test_a_mode_that_it_cannot_enter_fails_and_changes_nothing(mode: int) -> None:
    station = Station().ready()
    assert station.result(176, 1, mode) == 4
    assert station.vehicle.autopilot.mode is Mode.STABILIZE


@pytest.mark.parametrize(("mode", "stays"), [(2, False), (1, False), (16, True), (24, True), (5, True)])
def test_without_a_pilot_it_drifts_or_holds_its_place(mode: int, stays: bool) -> None:
    station = flown(Station())
    before = station.vehicle.autopilot.home
    station.result(176, 1, mode)
    station.fly(20)
    motion = station.vehicle.body.motion
    away_m = math.dist((motion.east_m, motion.north_m), before)
    assert (away_m < 1) is stays
    assert motion.up_m == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize(("rate", "sign"), [(20, -1), (-20, 1)])
def test_circle_flies_around_a_point_ahead(rate: float, sign: int) -> None:
    station = flown(Station())
    station.vehicle.parameters.set("CIRCLE_RATE", rate)
    motion = station.vehicle.body.motion
    centre = motion.ahead(10.0)
    station.result(176, 1, 7)
    station.fly(12)
    angles = []
    for _ in range(20):
        station.fly(1)
        assert math.dist((motion.east_m, motion.north_m), centre) == pytest.approx(10, abs=1.5)
        angles.append(math.atan2(motion.north_m - centre[1], motion.east_m - centre[0]))
    turned = sum(math.remainder(b - a, math.tau) for a, b in pairwise(angles))
    assert turned * sign > math.pi


def test_smart_rtl_returns_and_auto_rtl_needs_where_to_land() -> None:
    station = flown(Station())
    assert station.result(176, 1, 27) == 4
    assert "No landing sequence found" in "".join(station.texts(0.04))
    assert upload(station, [WAYPOINT, WAYPOINT, Item(189, 2), Item(20, 2)]) == 0
    assert station.result(176, 1, 27) == 0
    station.fly(1)
    assert (station.vehicle.autopilot.mode, station.vehicle.autopilot.seq) == (Mode.AUTO_RTL, 3)
    assert station.result(176, 1, 21) == 0
    assert station.vehicle.autopilot.stage is Stage.RETURN
    station.fly(30)
    assert station.vehicle.body.landed
    assert not station.vehicle.autopilot.armed


def test_a_mission_pauses_and_continues() -> None:
    station = Station(idle=False)
    station.fly(14)
    assert station.result(193, 2) == 2
    assert station.result(193, 0) == 0
    station.fly(5)
    assert station.vehicle.body.motion.speed_m_s < 0.3
    assert station.vehicle.autopilot.mode is Mode.AUTO
    assert station.result(193, 1) == 0
    station.fly(5)
    assert station.vehicle.body.motion.speed_m_s > 2
    assert Station().result(193, 0) == 4


def test_turns_around_an_item_are_flown() -> None:
    station = flown(Station())
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east, north)
    turns = Item(18, 3, param1=1.0, param3=-8.0, x=round(latitude * 1e7), y=round(longitude * 1e7), z=5.0)
    assert upload(station, [WAYPOINT, turns, Item(20, 2)]) == 0
    assert station.result(300) == 0
    station.fly(10)
    motion = station.vehicle.body.motion
    for _ in range(8):
        station.fly(1)
        assert math.dist((motion.east_m, motion.north_m), (east, north)) == pytest.approx(8, abs=1)
    station.fly(30)
    assert 1 in station.vehicle.autopilot.reached


def test_a_home_is_set_here_or_elsewhere_and_returned_to() -> None:
    station = Station()
    assert station.result(179, 1) == 4
    flown(station)
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 12, north + 5)
    x, y = round(latitude * 1e7), round(longitude * 1e7)
    there = dialect.MAVLink_command_int_message(1, 1, 0, 179, 0, 0, 0, 0, 0, 0, x, y, 22.0)
    assert station.ask(there)[0].result == 0
    (_, home) = station.command(512, 242)
    assert (home.latitude, home.longitude) == (x, y)
    assert station.result(179, 0) == 2
    station.result(20)
    station.fly(25)
    motion = station.vehicle.body.motion
    assert (motion.east_m - east, motion.north_m - north) == pytest.approx((12, 5), abs=0.5)


def test_a_mission_starts_as_a_whole_and_at_a_chosen_item_with_its_jumps_new() -> None:
    station = flown(Station())
    assert upload(station, [WAYPOINT, WAYPOINT, Item(177, 2, 1.0, 1.0), WAYPOINT]) == 0
    assert station.result(300, 1, 0) == 2
    assert station.result(300, 0, 3) == 2
    assert station.result(300) == 0
    assert station.result(224, 3, 1) == 0
    assert station.result(224, 9, 0) == 4
    assert station.result(224, -1, 0) == 4


def test_flight_termination_stops_the_motors() -> None:
    station = flown(Station())
    assert station.result(185, 0) == 4
    assert station.result(185, 1) == 0
    assert not station.vehicle.autopilot.armed
