from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission import Item, list_items
from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.scenarios import FIELDS
from tests.firmware_sim.drone.mavlink.test_handler import Station

PLACE = (319_500_000, 1_191_700_000)
WAYPOINT = Item(16, 3, x=PLACE[0], y=PLACE[1], z=5.0)


def encode(item: Item, seq: int, *, mission_type: int = 0) -> Any:
    params = (item.param1, item.param2, item.param3, item.param4)
    return dialect.MAVLink_mission_item_int_message(
        1, 1, seq, item.frame, item.command, 0, 1, *params, item.x, item.y, item.z, mission_type
    )


def begin(station: Station, count: int, mission_type: int = 0) -> list[Any]:
    return station.ask(dialect.MAVLink_mission_count_message(1, 1, count, mission_type))


def upload(station: Station, items: list[Item]) -> int:
    """Upload as the protocol wants and return the MAV_MISSION_RESULT."""
    (request,) = begin(station, len(items))
    while request.get_type() == "MISSION_REQUEST_INT":
        (request,) = station.ask(encode(items[request.seq], request.seq))
    assert request.get_type() == "MISSION_ACK"
    return int(request.type)


def download(station: Station) -> list[Item]:
    (count,) = station.ask(dialect.MAVLink_mission_request_list_message(1, 1))
    answers = [station.ask(dialect.MAVLink_mission_request_int_message(1, 1, seq))[0] for seq in range(count.count)]
    return [Item(m.command, m.frame, m.param1, m.param2, m.param3, m.param4, x=m.x, y=m.y, z=m.z) for m in answers]


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
        (replace(WAYPOINT, command=177), 3),
        (replace(WAYPOINT, frame=8), 2),
        (replace(WAYPOINT, frame=2), 2),
        (replace(WAYPOINT, param1=float("nan")), 6),
        (replace(WAYPOINT, param2=float("inf")), 7),
        (replace(WAYPOINT, param3=float("nan")), 8),
        (replace(WAYPOINT, x=900_000_001), 10),
        (replace(WAYPOINT, y=-1_800_000_001), 11),
        (replace(WAYPOINT, z=float("nan")), 12),
    ],
)
def test_an_item_that_cannot_be_flown_is_refused_with_the_reason_and_nothing_changes(item: Item, result: int) -> None:
    station = Station()
    before = download(station)
    assert upload(station, [WAYPOINT, item, WAYPOINT]) == result
    assert download(station) == before


def test_a_yaw_of_nan_is_as_you_like() -> None:
    assert upload(Station(), [WAYPOINT, replace(WAYPOINT, param4=float("nan"))]) == 0


def test_an_item_out_of_turn_ends_the_upload() -> None:
    station = Station()
    begin(station, 3)
    (ack,) = station.ask(encode(WAYPOINT, 2))
    assert ack.type == 13
    (ack,) = station.ask(encode(WAYPOINT, 0))
    assert ack.type == 1


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


def test_what_is_no_mission_or_too_long_or_only_a_part_is_refused() -> None:
    station = Station()
    assert begin(station, 3, mission_type=1)[0].type == 3
    assert begin(station, 5000)[0].type == 4
    (ack,) = station.ask(dialect.MAVLink_mission_write_partial_list_message(1, 1, 1, 2))
    assert ack.type == 3
    (ack,) = station.ask(encode(WAYPOINT, 0, mission_type=2))
    assert ack.type == 3


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
