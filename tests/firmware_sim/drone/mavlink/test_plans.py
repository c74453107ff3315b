from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.mavlink.missions.plans import fence_refusal
from tests.examples import examples
from tests.firmware_sim.drone.mavlink.station import PLACE, WAYPOINT, Station, begin, download, encode, upload

FENCE, RALLY = 1, 2


def corner(count: float, number: int, command: int = 5001) -> Item:
    return Item(command, 0, float(count), x=PLACE[0] + 1000 * (number % 2), y=PLACE[1] + 1000 * (number // 2))


TRIANGLE = [corner(3, number) for number in range(3)]
HOLE = [corner(4, number, 5002) for number in range(4)]
CIRCLES = [Item(5003, 0, 200.0, x=PLACE[0], y=PLACE[1]), Item(5004, 0, 5.0, x=PLACE[0], y=PLACE[1])]
RETURN_POINT = Item(5000, 0, x=PLACE[0], y=PLACE[1])
RALLY_POINT = Item(5100, 3, x=PLACE[0], y=PLACE[1], z=30.0)


def test_a_fence_comes_back_without_what_it_does_not_have_and_is_counted_and_cleared() -> None:
    station = Station()
    before = download(station)
    items = [*TRIANGLE, *HOLE, *CIRCLES, RETURN_POINT]
    assert upload(station, [replace(item, frame=3, param2=7.0, z=4.0) for item in items], FENCE) == 0
    assert download(station, FENCE) == items
    assert station.vehicle.parameters["FENCE_TOTAL"] == 10
    assert (download(station, RALLY), download(station)) == ([], before)
    (ack,) = station.ask(dialect.MAVLink_mission_clear_all_message(1, 1, FENCE))
    assert (ack.type, ack.mission_type) == (0, FENCE)
    assert download(station, FENCE) == []
    assert station.vehicle.parameters["FENCE_TOTAL"] == 0


def test_rally_points_come_back_with_heights_in_whole_metres() -> None:
    station = Station()
    assert upload(station, [RALLY_POINT, replace(RALLY_POINT, frame=6, z=12.7)], RALLY) == 0
    assert download(station, RALLY) == [RALLY_POINT, replace(RALLY_POINT, z=12.0)]
    assert station.vehicle.parameters["RALLY_TOTAL"] == 2
    assert "Rally points received" in station.texts(0.04)
    (ack,) = begin(station, 0, RALLY)
    assert (ack.type, ack.mission_type) == (0, RALLY)
    assert download(station, RALLY) == []


@pytest.mark.parametrize(
    ("kind", "item", "result"),
    [
        (FENCE, WAYPOINT, 3),
        (FENCE, RALLY_POINT, 3),
        (FENCE, replace(TRIANGLE[0], frame=1), 2),
        (FENCE, replace(TRIANGLE[0], frame=2), 2),
        (FENCE, replace(TRIANGLE[0], x=900_000_001), 10),
        (FENCE, replace(CIRCLES[0], y=1_800_000_001), 11),
        (FENCE, replace(CIRCLES[0], param1=0.0), 1),
        (FENCE, replace(CIRCLES[0], param1=float("nan")), 1),
        (FENCE, replace(TRIANGLE[0], param1=float("inf")), 1),
        (FENCE, TRIANGLE[0], 1),
        (RALLY, WAYPOINT, 3),
        (RALLY, replace(RALLY_POINT, frame=0), 2),
        (RALLY, replace(RALLY_POINT, frame=10), 2),
        (RALLY, replace(RALLY_POINT, x=-900_000_001), 10),
        (RALLY, replace(RALLY_POINT, y=-1_800_000_001), 11),
        (RALLY, replace(RALLY_POINT, z=40_000.0), 12),
        (RALLY, replace(RALLY_POINT, z=float("nan")), 12),
    ],
)
def test_what_is_no_fence_or_rally_point_is_refused_with_the_reason(kind: int, item: Item, result: int) -> None:
    station = Station()
    good = [RETURN_POINT] if kind == FENCE else [RALLY_POINT]
    assert upload(station, good, kind) == 0
    assert upload(station, [item], kind) == result
    assert download(station, kind) == good


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], None),
        (TRIANGLE, None),
        ([*TRIANGLE, *TRIANGLE], None),
        ([*HOLE, *TRIANGLE, RETURN_POINT], None),
        (TRIANGLE[:2], "Incorrect item count"),
        ([corner(2, 0), corner(2, 1)], "Invalid vertex count (2)"),
        ([*TRIANGLE[:2], *HOLE], "Received incorrect vertices type"),
        ([*TRIANGLE[:2], RETURN_POINT], "Received incorrect vertices type"),
        ([TRIANGLE[0], corner(4, 1), TRIANGLE[2]], "Unexpected vertex count"),
        ([RETURN_POINT, RETURN_POINT], "Multiple return points"),
    ],
)
def test_a_fence_must_be_whole(items: list[Item], reason: str | None) -> None:
    assert fence_refusal(items) == reason


def test_all_plans_are_cleared_at_once_with_an_answer_for_each() -> None:
    station = Station()
    upload(station, TRIANGLE, FENCE)
    upload(station, [RALLY_POINT], RALLY)
    acks = station.ask(dialect.MAVLink_mission_clear_all_message(1, 1, 255))
    assert [(ack.type, ack.mission_type) for ack in acks] == [(0, 0), (0, 1), (0, 2)]
    assert [download(station, kind) for kind in (0, 1, 2)] == [[], [], []]


def test_an_item_that_a_plan_does_not_have_is_refused() -> None:
    station = Station()
    upload(station, TRIANGLE, FENCE)
    for kind, seq, result in ((FENCE, 3, 1), (FENCE, 9, 13), (RALLY, 0, 13)):
        (ack,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, seq, kind))
        assert (ack.get_type(), ack.type, ack.mission_type) == ("MISSION_ACK", result, kind)


def test_plans_are_left_to_the_crew_and_survive_a_reboot() -> None:
    station = Station(idle=False)
    upload(station, TRIANGLE, FENCE)
    assert station.vehicle.crew.flies
    station = Station().ready()
    upload(station, [RALLY_POINT], RALLY)
    station.command(246, 1)
    station.listen(1)
    assert download(station, RALLY) == [RALLY_POINT]


def test_a_fence_is_switched_on_where_there_is_one() -> None:
    station = Station()
    assert station.result(207, 1) == 4
    upload(station, TRIANGLE, FENCE)
    assert (station.result(207, 1), station.vehicle.parameters["FENCE_ENABLE"]) == (0, 1)
    assert (station.result(207, 0), station.vehicle.parameters["FENCE_ENABLE"]) == (0, 0)


@settings(max_examples=examples(60), deadline=None)
@given(
    kind=st.sampled_from([0, 1, 2, 7]),
    command=st.sampled_from([16, 177, 5000, 5001, 5002, 5003, 5004, 5100, 0, 65535]),
    frame=st.integers(0, 255),
    params=st.tuples(*[st.floats(width=32)] * 4),
    x=st.integers(-(2**31), 2**31 - 1),
    z=st.floats(width=32),
    old=st.booleans(),
)
def test_any_item_of_any_kind_is_answered_once(
    kind: int, command: int, frame: int, params: tuple[float, float, float, float], x: int, z: float, old: bool
) -> None:
    station = Station()
    begin(station, 1, kind)
    item = Item(command, frame, *params, x=x, y=x, z=z)
    message = encode(item, 0, mission_type=kind)
    if old:
        message = dialect.MAVLink_mission_item_message(
            1, 1, 0, frame, command, 0, 1, *params, params[0], params[1], z, kind
        )
    (answer,) = station.ask(message)
    assert (answer.get_type(), answer.mission_type) == ("MISSION_ACK", kind)
