"""Plans on their way to a vehicle or from it, in both forms of an item."""

from __future__ import annotations

from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from tests.edge.sources.mavlink.spray.test_channels import SPRAYER, Sprayer
from tests.edge.sources.mavlink.stand_ins import UID_A, Autopilot
from tests.edge.sources.mavlink.vehicle.test_fleet import Field, met

#: Place, DO_SPRAYER on, two places, DO_SPRAYER off, place, return: command and first parameter.
PLAN = ((16, 0.0), (216, 1.0), (16, 0.0), (16, 0.0), (216, 0.0), (16, 0.0), (20, 0.0))
LAT, LON = 49.4, -123.05


def item(seq: int, *, is_float: bool, target: tuple[int, int], **changes: Any) -> Any:
    command, first = PLAN[seq]
    has_place = command == 16
    lat, lon = (LAT + seq / 1000, LON) if has_place else (0.0, 0.0)
    fields = {
        "target_system": target[0], "target_component": target[1], "seq": seq, "frame": 3, "command": command,
        "current": 0, "autocontinue": 1, "param1": first, "param2": 0.0, "param3": 0.0, "param4": 0.0, "z": 5.0,
        "mission_type": 0, **changes,
    }  # fmt: skip
    if is_float:
        return dialect.MAVLink_mission_item_message(x=lat, y=lon, **fields)
    return dialect.MAVLink_mission_item_int_message(x=round(lat * 1e7), y=round(lon * 1e7), **fields)


def send_plan(
    field: Field, sender: Autopilot, target: tuple[int, int], *, is_float: bool, count: int = 7, link: str = "a"
) -> None:
    field.receive(sender.encode(dialect.MAVLink_mission_count_message(*target, count)), link=link)
    for seq in range(count):
        field.receive(sender.encode(item(seq, is_float=is_float, target=target)), link=link)


def items_of(field: Field) -> list[Any]:
    return [event.data for event in field.events if event.kind == "mission_item"]


@pytest.mark.parametrize("is_float", [False, True])
@pytest.mark.parametrize("sender", [(255, 190), (254, 1), (1, 191), (1, 1)])
@pytest.mark.parametrize("greets", [False, True])
def test_a_plan_is_learnt_whoever_sends_it_and_in_either_form(
    sender: tuple[int, int], *, is_float: bool, greets: bool
) -> None:
    field, pilot = Field(), Autopilot()
    field.receive([*met(pilot, 1000, UID_A)])
    is_download = sender == (1, 1)
    if greets and not is_download:
        field.receive(Autopilot(*sender).heartbeat(kind=6, autopilot=8))
    send_plan(
        field, pilot if is_download else Autopilot(*sender), (255, 190) if is_download else (1, 1), is_float=is_float
    )
    learnt = items_of(field)
    assert [(data["seq"], data["command"], data["param1"]) for data in learnt] == [
        (seq, *command) for seq, command in enumerate(PLAN)
    ]
    assert [data["latitude_deg"] for data in learnt][::2] == [
        pytest.approx(LAT, abs=1e-5), pytest.approx(LAT + 0.002, abs=1e-5), None, None
    ]  # fmt: skip
    assert [event.device for event in field.events if event.kind == "mission_item"] == ["uav-a1b2c3"] * 7
    assert field.devices() <= {"uav-a1b2c3"}


@pytest.mark.parametrize("is_float", [False, True])
def test_spraying_that_an_uploaded_plan_orders_is_known(*, is_float: bool) -> None:
    sprayer, station = Sprayer(SPRAYER), Autopilot(255, 190)
    for seq in range(7):
        sprayer.receive(station.encode(item(seq, is_float=is_float, target=(1, 1))))
    for seq in (0, 2, 3, 5):
        sprayer.send(dialect.MAVLink_mission_current_message(seq, 7, 3))
    assert sprayer.values("spray_commanded_on") == [1.0, 0.0]


def test_a_plan_from_another_peer_reaches_the_only_vehicle_that_it_can_be_for() -> None:
    field, pilot, station = Field(), Autopilot(), Autopilot(255, 190)
    field.receive(met(pilot, 1000, UID_A), link="a")
    send_plan(field, station, (1, 0), is_float=False, link="station")
    assert len(items_of(field)) == 7
    field.receive(met(Autopilot(), 5000, [9] + [0] * 17), link="b")
    send_plan(field, station, (1, 0), is_float=True, link="station")
    assert len(items_of(field)) == 7


def test_a_refused_plan_leaves_the_one_before() -> None:
    field, pilot, station = Field(), Autopilot(), Autopilot(255, 190)
    field.receive(met(pilot, 1000, UID_A))
    send_plan(field, pilot, (255, 190), is_float=False)
    (vehicle,) = field.fleet.vehicles.values()
    before = dict(vehicle._dispatcher._state.plan)
    field.receive(station.encode(item(1, is_float=False, target=(1, 1), command=16)))
    field.receive(pilot.encode(dialect.MAVLink_mission_ack_message(255, 190, 13)))  # out of order: it goes on
    assert vehicle._dispatcher._state.plan != before
    field.receive(pilot.encode(dialect.MAVLink_mission_ack_message(255, 190, 4)))
    assert vehicle._dispatcher._state.plan == before
    assert field.event("mission_refused").data == {"result": 4}
    field.receive(station.encode(item(1, is_float=False, target=(1, 1), command=16)))
    assert items_of(field)[-1]["command"] == 16
    field.receive(pilot.encode(dialect.MAVLink_mission_ack_message(255, 190, 0)))
    assert vehicle._dispatcher._state.plan[1][0] == 16


def test_a_shorter_plan_and_a_cleared_one_leave_no_items_of_the_one_before() -> None:
    field, pilot, station = Field(), Autopilot(), Autopilot(255, 190)
    field.receive(met(pilot, 1000, UID_A))
    send_plan(field, station, (1, 1), is_float=False)
    send_plan(field, station, (1, 1), is_float=False, count=3)
    (vehicle,) = field.fleet.vehicles.values()
    assert sorted(vehicle._dispatcher._state.plan) == [0, 1, 2]
    field.receive(station.encode(dialect.MAVLink_mission_clear_all_message(1, 1)))
    assert vehicle._dispatcher._state.plan == {}


@pytest.mark.parametrize("changes", [{"current": 2}, {"current": 3}, {"mission_type": 1}, {"mission_type": 2}])
def test_orders_fences_and_rally_points_are_no_plan(changes: dict[str, int]) -> None:
    field, pilot = Field(), Autopilot()
    field.receive(met(pilot, 1000, UID_A))
    for is_float in (False, True):
        field.receive(Autopilot(255, 190).encode(item(0, is_float=is_float, target=(1, 1), **changes)))
    assert items_of(field) == []
