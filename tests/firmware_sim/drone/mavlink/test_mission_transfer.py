from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymavlink.dialects.v10 import ardupilotmega as dialect_1
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.field_rows import list_items
from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.modes import Mode, Stage
from firmware_sim.drone.scenarios import FIELDS
from tests.firmware_sim.drone.mavlink.station import (
    PLACE,
    WAYPOINT,
    Station,
    answer_requests,
    begin,
    download,
    encode,
    flown,
    upload,
)
from tests.firmware_sim.recording import read_frames


def test_a_mission_comes_back_as_it_was_loaded() -> None:
    station = Station()
    items = [
        WAYPOINT,
        Item(22, 3, z=6.0),
        replace(WAYPOINT, x=PLACE[0] + 500, param1=2.0),
        Item(216, 2, param1=1.0),
        Item(178, 2, param1=1.0, param2=3.0, param3=-1.0),
        Item(20, 2),
    ]
    assert upload(station, items) == 0
    assert download(station) == items


def test_items_of_floats_are_taken_too() -> None:
    station = Station()
    begin(station, 1)
    old = dialect.MAVLink_mission_item_message(1, 1, 0, 3, 16, 0, 1, 0, 0, 0, 0, 31.95, 119.17, 5.0)
    (ack,) = station.ask(old)
    assert (ack.get_type(), ack.type) == ("MISSION_ACK", 0)
    (item,) = download(station)
    # A float holds degrees to some metres only.
    assert (item.x, item.y) == pytest.approx(PLACE, abs=100)


@pytest.mark.parametrize(
    ("item", "result"),
    [
        (replace(WAYPOINT, command=24), 3),
        (replace(WAYPOINT, command=5001), 3),
        (replace(WAYPOINT, frame=8), 2),
        (replace(WAYPOINT, param1=float("nan")), 6),
        (replace(WAYPOINT, param2=float("inf")), 7),
        (replace(WAYPOINT, param3=float("nan")), 8),
        (replace(WAYPOINT, x=900_000_001), 10),
        (replace(WAYPOINT, y=-1_800_000_001), 11),
        (replace(WAYPOINT, z=float("nan")), 12),
        (replace(WAYPOINT, z=83_000.0), 12),
        (Item(22, 3, z=float("nan")), 12),
        (Item(17, 3, param4=float("nan")), 9),
        (Item(178, 2, param2=float("nan")), 7),
        # As MAVSDK sends the return after a mission.
        (Item(20, 2, float("nan"), float("nan"), float("nan"), float("nan")), 6),
        (Item(85, 3, param2=float("nan")), 7),
        (Item(177, 2, param1=0), 1),
        (Item(177, 2, param1=99), 1),
        (Item(177, 2, param1=-1), 1),
    ],
)
def test_an_item_that_cannot_be_flown_is_refused_with_the_reason_and_nothing_changes(item: Item, result: int) -> None:
    station = Station()
    before = download(station)
    assert upload(station, [WAYPOINT, item, WAYPOINT]) == result
    assert download(station) == before


def test_a_yaw_of_nan_is_as_you_like() -> None:
    assert upload(Station(), [WAYPOINT, replace(WAYPOINT, param4=float("nan"))]) == 0


def test_an_item_out_of_turn_is_refused_and_the_upload_goes_on() -> None:
    station = Station()
    begin(station, 3)
    (ack,) = station.ask(encode(WAYPOINT, 2))
    assert ack.type == 13
    (request,) = station.ask(encode(WAYPOINT, 0))
    assert (request.get_type(), request.seq) == ("MISSION_REQUEST_INT", 1)


def test_an_item_that_nobody_asked_for_is_refused() -> None:
    (ack,) = Station().ask(encode(WAYPOINT, 0))
    assert (ack.type, ack.mission_type) == (1, 0)


def test_an_item_that_comes_twice_is_asked_on_from() -> None:
    station = Station()
    begin(station, 3)
    station.ask(encode(WAYPOINT, 0))
    (request,) = station.ask(encode(WAYPOINT, 0))
    assert (request.get_type(), request.seq) == ("MISSION_REQUEST_INT", 1)


def test_a_lost_item_is_asked_for_again_and_given_up_after_eight_seconds() -> None:
    station = Station()
    before = download(station)
    begin(station, 2)
    heard = [m for m in station.listen(9) if m.get_type() in {"MISSION_REQUEST_INT", "MISSION_ACK", "STATUSTEXT"}]
    assert [m.get_type() for m in heard] == ["MISSION_REQUEST_INT"] * 7 + ["STATUSTEXT", "MISSION_ACK"] or [
        m.get_type() for m in heard
    ] == ["MISSION_REQUEST_INT"] * 7 + ["MISSION_ACK", "STATUSTEXT"]
    (ack,) = [m for m in heard if m.get_type() == "MISSION_ACK"]
    assert ack.type == 15
    assert download(station) == before


def test_one_uploads_at_a_time() -> None:
    station = Station()
    begin(station, 3)
    station.mav = dialect.MAVLink(None, srcSystem=200, srcComponent=190)
    (ack,) = begin(station, 1)
    assert ack.type == 14
    (ack,) = station.ask(encode(WAYPOINT, 0))
    assert ack.type == 14


def test_a_plan_of_no_kind_or_too_long_is_refused() -> None:
    station = Station()
    (ack,) = begin(station, 3, mission_type=7)
    assert (ack.type, ack.mission_type) == (3, 7)
    for kind, count in ((0, 725), (1, 256), (2, 101)):
        (ack,) = begin(station, count, kind)
        assert (ack.type, ack.mission_type) == (4, kind)
    (ack,) = station.ask(encode(WAYPOINT, 0, mission_type=2))
    assert (ack.type, ack.mission_type) == (1, 2)


def test_a_mission_is_cleared_but_not_while_it_is_flown() -> None:
    station = Station(idle=False)
    station.listen(10)
    (ack,) = station.ask(dialect.MAVLink_mission_clear_all_message(1, 1))
    assert ack.type == 1
    station = Station()
    (ack,) = station.ask(dialect.MAVLink_mission_clear_all_message(1, 1))
    assert ack.type == 0
    assert download(station) == []
    assert station.result(176, 1, 3) == 4
    assert any("no mission" in text for text in station.texts(0.1))


def test_a_mission_without_a_take_off_does_not_start_from_the_ground() -> None:
    station = Station().ready()
    assert upload(station, [WAYPOINT, WAYPOINT]) == 0
    station.result(176, 1, 4)
    station.result(400, 1)
    assert station.result(300) == 4
    assert "Auto: Missing Takeoff Cmd" in station.texts(0.1)


def test_a_loaded_mission_is_flown_with_its_speeds_sprayer_and_waits() -> None:
    station = Station().ready()
    home = station.vehicle.autopilot.home

    def waypoint(east_m: float, wait_s: float = 0.0) -> Item:
        latitude, longitude = station.vehicle.body.frame.to_degrees(home[0] + east_m, home[1])
        return Item(16, 6, param1=wait_s, x=round(latitude * 1e7), y=round(longitude * 1e7), z=4.0)

    items = [
        waypoint(0),
        Item(22, 6, z=4.0),
        Item(178, 2, param1=1.0, param2=3.0),
        waypoint(20),
        Item(216, 2, param1=1.0),
        waypoint(60),
        Item(216, 2, param1=0.0),
        waypoint(80, wait_s=3.0),
        Item(20, 2),
    ]
    assert upload(station, items) == 0
    station.result(176, 1, 4)
    station.result(400, 1)
    assert station.result(300) == 0
    assert station.vehicle.autopilot.mode is Mode.AUTO
    sprayed, speeds, reached = [], [], []
    for _ in range(800):
        reached += [m.seq for m in station.listen(0.1) if m.get_type() == "MISSION_ITEM_REACHED"]
        body = station.vehicle.body
        if station.vehicle.autopilot.sprayer.spraying:
            sprayed.append(body.motion.east_m - home[0])
            speeds.append(body.motion.speed_m_s)
    assert reached == [1, 3, 5, 7]
    assert min(sprayed) == pytest.approx(20.5, abs=1.0)
    assert max(sprayed) == pytest.approx(60.0, abs=1.0)
    assert max(speeds) == pytest.approx(3.0, abs=0.3)
    assert station.vehicle.body.landed
    assert not station.vehicle.autopilot.armed


def test_the_scenarios_own_mission_can_be_loaded_by_anybody() -> None:
    station = Station()
    items = list(list_items(FIELDS["jurong-wheat"]))
    assert upload(station, items) == 0
    assert download(station) == items


def test_a_fast_vehicle_waits_for_an_item_as_long_as_a_ground_station_takes() -> None:
    station = Station(speed=30.0)
    begin(station, 2)
    # Eight of its own seconds are a quarter of one of the station's.
    assert [m for m in station.listen(29) if m.get_type() in {"MISSION_REQUEST_INT", "MISSION_ACK"}] == []
    (again,) = [m for m in station.listen(2) if m.get_type() in {"MISSION_REQUEST_INT", "MISSION_ACK"}]
    assert (again.get_type(), again.seq) == ("MISSION_REQUEST_INT", 0)


@pytest.mark.parametrize("z", [float("nan"), float("inf")])
def test_what_an_item_does_not_use_may_be_anything(z: float) -> None:
    # As MAVSDK sends a change of speed and a camera's trigger.
    station = Station()
    items = [
        WAYPOINT,
        Item(178, 2, param1=1.0, param2=5.0, param3=-1.0, z=z),
        Item(206, 2, param1=12.0, z=z),
        Item(216, 2, param1=1.0, x=2**31 - 1, y=-(2**31), z=z),
        Item(20, 99, z=z),
    ]
    assert upload(station, items) == 0
    loaded = download(station)
    assert [item.command for item in loaded] == [item.command for item in items]
    assert [item.z for item in loaded[1:]] == [0.0] * 4


@pytest.mark.parametrize(
    ("x", "y", "result"), [(float("nan"), 0.0, 10), (0.0, float("nan"), 11), (91.0, 0.0, 10), (0.0, -181.0, 11)]
)
def test_degrees_of_an_item_of_floats_must_be_some(x: float, y: float, result: int) -> None:
    station = Station()
    begin(station, 1)
    (ack,) = station.ask(dialect.MAVLink_mission_item_message(1, 1, 0, 3, 178, 0, 1, 1, 5, 0, 0, x, y, 0))
    assert ack.type == result


def test_an_absolute_height_may_say_so_by_no_frame() -> None:
    station = flown(Station())
    place = station.vehicle.body.frame.to_degrees(*station.vehicle.autopilot.home)
    there = replace(WAYPOINT, frame=2, x=round(place[0] * 1e7), y=round(place[1] * 1e7), z=22.0 + 9.0)
    assert upload(station, [WAYPOINT, there, replace(there, command=17)]) == 0
    assert station.result(300) == 0
    station.fly(12)
    assert station.vehicle.body.motion.up_m == pytest.approx(9.0, abs=0.3)


def part(station: Station, first: int, last: int, kind: int = 0) -> list[Any]:
    return station.ask(dialect.MAVLink_mission_write_partial_list_message(1, 1, first, last, kind))


def test_a_part_of_a_mission_is_replaced_or_one_item_appended() -> None:
    station = Station()
    items = [replace(WAYPOINT, z=float(height)) for height in range(5)]
    assert upload(station, items) == 0
    changed = [*items[:2], replace(WAYPOINT, z=20.0), replace(WAYPOINT, z=30.0), items[4]]
    assert answer_requests(station, part(station, 2, 3), changed) == 0
    assert download(station) == changed
    longer = [*changed, replace(WAYPOINT, z=50.0)]
    assert answer_requests(station, part(station, 5, 5), longer) == 0
    assert download(station) == longer
    assert station.vehicle.parameters["MIS_TOTAL"] == 6


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (3, 2), (2, 6), (6, 6)])
def test_a_part_that_the_mission_does_not_have_is_refused(first: int, last: int) -> None:
    station = Station()
    assert upload(station, [WAYPOINT] * 5) == 0
    (ack,) = part(station, first, last)
    assert (ack.get_type(), ack.type) == ("MISSION_ACK", 1)
    assert "Flight plan update rejected" in station.texts(0.04)


def test_an_item_of_a_part_that_is_refused_changes_nothing() -> None:
    station = Station()
    assert upload(station, [WAYPOINT] * 4) == 0
    assert answer_requests(station, part(station, 1, 2), [replace(WAYPOINT, x=2**31 - 1)] * 4) == 10
    assert download(station) == [WAYPOINT] * 4


def test_while_one_uploads_another_is_denied_and_the_first_may_begin_again() -> None:
    station = Station()
    begin(station, 2)
    for message in (
        dialect.MAVLink_mission_count_message(1, 1, 2),
        dialect.MAVLink_mission_write_partial_list_message(1, 1, 0, 1),
        dialect.MAVLink_mission_request_list_message(1, 1),
        dialect.MAVLink_mission_request_int_message(1, 1, 0),
        encode(WAYPOINT, 0),
    ):
        (ack,) = station.send(message, 200)
        assert (ack.get_type(), ack.type, ack.target_system) == ("MISSION_ACK", 14, 200)
    (ack,) = station.send(encode(WAYPOINT, 1), 200)
    assert ack.type == 13
    (ack,) = station.send(dialect.MAVLink_mission_clear_all_message(1, 1), 200)
    assert ack.type == 1
    assert upload(station, [WAYPOINT] * 3) == 0
    assert len(download(station)) == 3


def test_two_stations_upload_different_kinds_at_the_same_time() -> None:
    station = Station()
    circle = Item(5003, 0, 30.0, x=PLACE[0], y=PLACE[1])
    begin(station, 2)
    (request,) = station.send(dialect.MAVLink_mission_count_message(1, 1, 1, 1), 200)
    assert (request.seq, request.mission_type, request.target_system) == (0, 1, 200)
    (request,) = station.ask(encode(WAYPOINT, 0))
    assert (request.seq, request.mission_type) == (1, 0)
    (ack,) = station.send(encode(circle, 0, mission_type=1), 200)
    assert (ack.type, ack.mission_type, ack.target_system) == (0, 1, 200)
    (ack,) = station.ask(encode(WAYPOINT, 1))
    assert (ack.type, ack.mission_type) == (0, 0)
    assert download(station, 1) == [circle]


def test_a_station_that_goes_away_in_the_middle_leaves_the_plan_and_the_way_free() -> None:
    station = Station()
    before = download(station)
    begin(station, 3)
    station.ask(encode(WAYPOINT, 0))
    heard = [m for m in station.listen(9.1) if m.get_type() in {"MISSION_REQUEST_INT", "MISSION_ACK"}]
    assert [m.seq for m in heard[:-1]] == [1] * 7
    assert (heard[-1].type, heard[-1].target_system) == (15, 245)
    assert download(station) == before
    assert upload(station, [WAYPOINT] * 2) == 0


def test_a_mission_is_replaced_while_it_is_flown_and_its_item_begins_again() -> None:
    station = Station(idle=False)
    station.fly(14)
    seq = station.vehicle.autopilot.seq
    items = list(station.vehicle.autopilot.items)
    assert upload(station, items) == 0
    assert (station.vehicle.autopilot.mode, station.vehicle.autopilot.seq) == (Mode.AUTO, seq)
    assert "Auto mission changed, restarted command" in station.texts(0.04)
    assert upload(station, items[:1]) == 0
    station.fly(3)
    assert station.vehicle.autopilot.stage is Stage.HOLD
    (ack,) = begin(station, 0)
    assert ack.type == 0
    assert download(station) == []


def test_mavlink_1_carries_missions_and_no_other_plans() -> None:
    station = Station(mavlink_version=1)
    (ack,) = begin(station, 1, mission_type=1)
    assert (ack.get_type(), ack.type) == ("MISSION_ACK", 3)
    assert upload(station, [WAYPOINT]) == 0
    old = dialect_1.MAVLink(None, srcSystem=245, srcComponent=191)
    count = dialect_1.MAVLink_mission_count_message(1, 1, 1).pack(old)
    (request,) = read_frames(Station().fleet.receive(count))
    assert (request.seq, request.mission_type) == (0, 0)


def test_a_place_to_fly_to_at_once_is_taken_in_guided_only() -> None:
    station = Station()
    there = encode(WAYPOINT, 0)
    there.current = 2
    (ack,) = station.ask(there)
    assert ack.type == 1
    flown(station)
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 15, north)
    goto = dialect.MAVLink_mission_item_message(1, 1, 0, 3, 16, 2, 1, 0, 0, 0, 0, latitude, longitude, 7.0)
    (ack,) = station.ask(goto)
    assert ack.type == 0
    station.fly(12)
    motion = station.vehicle.body.motion
    # A float holds degrees to some metres only.
    assert motion.east_m == pytest.approx(east + 15, abs=6)
    assert motion.up_m == pytest.approx(7, abs=0.3)
