from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.items import Item
from tests.firmware_sim.drone.mavlink.station import Station, flown, upload


def ahead(station: Station, east_m: float, **values: Any) -> Item:
    """Return a waypoint east of the home, 5 m up."""
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + east_m, north)
    return Item(16, 6, x=round(latitude * 1e7), y=round(longitude * 1e7), z=5.0, **values)


def outputs(station: Station) -> Any:
    return [m for m in station.listen(0.2) if m.get_type() == "SERVO_OUTPUT_RAW"][-1]


def pictures(station: Station, seconds: float) -> list[Any]:
    return [m for m in station.listen(seconds) if m.get_type() == "CAMERA_FEEDBACK"]


@pytest.mark.parametrize("as_int", [False, True])
def test_a_servo_output_is_set_by_command_and_a_motor_is_not(as_int: bool) -> None:
    station = Station()

    def set_servo(output: float, pulse_us: float) -> int:
        if not as_int:
            return station.result(183, output, pulse_us)
        command = dialect.MAVLink_command_int_message(1, 1, 2, 183, 0, 0, output, pulse_us, 0, 0, 0, 0, 0)
        return int(station.ask(command)[0].result)

    assert set_servo(11, 1700) == 0
    assert outputs(station).servo11_raw == 1700
    for output, pulse_us in ((1, 1500), (0, 1500), (17, 1500), (-1, 1500), (11, -1), (float("nan"), 1500)):
        assert set_servo(output, pulse_us) == 4
    assert set_servo(11, float("nan")) == 4
    assert "ServoRelayEvent: Channel 1 is already in use" in station.texts(0.1)
    assert outputs(station).servo11_raw == 1700
    station.ready().command(246, 1)
    station.listen(0.2)
    assert outputs(station).servo11_raw == 0


def test_a_pump_that_a_servo_command_switches_pumps() -> None:
    station = Station()
    for name, value in (("SERVO9_FUNCTION", 0), ("SPRAY_ENABLE", 0)):
        station.ask(dialect.MAVLink_param_set_message(1, 1, name.encode(), value, 4))
    assert station.result(183, 9, 1500) == 0
    station.fly(10)
    # Half of the pump's 6 L/min, 6 % too little.
    assert station.vehicle.body.machine.applied == pytest.approx(6 * 0.5 * 0.94 / 6, rel=0.15)
    assert station.result(183, 9, 1100) == 0
    station.fly(1)
    applied = station.vehicle.body.machine.applied
    station.fly(5)
    assert station.vehicle.body.machine.applied == applied


def test_the_sprayer_takes_its_output_back() -> None:
    station = Station()
    station.result(183, 9, 1800)
    assert outputs(station).servo9_raw == 1800
    station.result(216, 1)
    assert outputs(station).servo9_raw == 1100
    station.result(216, 0)
    assert outputs(station).servo9_raw == 1100


def test_a_mission_sets_outputs_jumps_and_takes_pictures_by_distance() -> None:
    station = flown(Station())
    items = [
        ahead(station, 0),
        ahead(station, 10),
        Item(183, 2, 12.0, 1234.0),
        Item(206, 2, 5.0, 0.0, 1.0, z=float("nan")),
        ahead(station, 40),
        Item(206, 2, 0.0),
        ahead(station, 60),
        Item(177, 2, 4.0, 1.0),
        Item(20, 2),
    ]
    assert upload(station, items) == 0
    assert station.result(300) == 0
    seen: list[Any] = []
    while not station.vehicle.body.landed:
        seen += [m for m in station.listen(1) if m.get_type() in {"CAMERA_FEEDBACK", "MISSION_ITEM_REACHED"}]
    assert [m.seq for m in seen if m.get_type() == "MISSION_ITEM_REACHED"] == [1, 4, 6, 4, 6]
    feedback = [m for m in seen if m.get_type() == "CAMERA_FEEDBACK"]
    assert [m.img_idx for m in feedback] == list(range(1, len(feedback) + 1))
    assert len(feedback) == pytest.approx(7, abs=1)
    per_north, per_east = station.vehicle.body.frame.degrees_per_metre()
    for one, other in pairwise(feedback):
        apart_m = math.hypot((other.lat - one.lat) / 1e7 / per_north, (other.lng - one.lng) / 1e7 / per_east)
        assert apart_m == pytest.approx(5.0, abs=0.5)
    assert all(m.alt_rel == pytest.approx(5, abs=0.4) and m.alt_msl - m.alt_rel == pytest.approx(22) for m in feedback)
    assert outputs(station).servo12_raw == 1234


def test_one_picture_a_series_and_one_without_end() -> None:
    station = Station().ready()
    assert station.result(2000, 0, 0) == 0
    (one,) = pictures(station, 0.5)
    assert (one.img_idx, one.time_usec // 1000) == (1, station.vehicle.utc_ms - 500)
    assert station.ask(dialect.MAVLink_command_long_message(1, 1, 2000, 0, 0, 2, 3, 0, 0, 0, 0))[0].result == 0
    assert [m.img_idx for m in pictures(station, 10)] == [2, 3, 4]
    assert station.result(2000, 0, 1) == 0
    assert len(pictures(station, 5)) == 5
    assert station.result(2001) == 0
    assert pictures(station, 3) == []
    assert station.ask(dialect.MAVLink_command_long_message(1, 1, 203, 0, 0, 0, 0, 0, 1, 0, 0))[0].result == 0
    assert len(pictures(station, 1)) == 1


def test_without_a_camera_nothing_is_taken_and_the_commands_are_unsupported() -> None:
    station = Station().ready()
    station.ask(dialect.MAVLink_param_set_message(1, 1, b"CAM1_TYPE", 0, 2))
    for command in (203, 206, 2000, 2001):
        assert station.result(command) == 3
    assert pictures(station, 1) == []


@pytest.mark.parametrize("number", [-1, 2, float("nan")])
def test_another_camera_than_the_first_is_unsupported(number: float) -> None:
    assert Station().result(2000, number) == 3
