from __future__ import annotations

import math
from typing import Any

import pytest
from pymavlink.dialects.v10 import ardupilotmega as dialect_1
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.parameters import Parameters
from firmware_sim.drone.scenarios import FIELDS
from tests.firmware_sim.drone.mavlink.station import Station, flown
from tests.firmware_sim.recording import read_frames


def requested(station: Station, number: int) -> Any:
    ack, message = station.command(512, number)
    assert ack.result == 0
    return message


def test_a_local_position_counts_from_the_origin_that_it_tells() -> None:
    station = flown(Station())
    local, origin = requested(station, 32), requested(station, 49)
    place = requested(station, 33)
    per_north, per_east = station.vehicle.body.frame.degrees_per_metre()
    assert (place.lat - origin.latitude) / 1e7 / per_north == pytest.approx(local.x, abs=0.2)
    assert (place.lon - origin.longitude) / 1e7 / per_east == pytest.approx(local.y, abs=0.2)
    assert local.z == pytest.approx(-5, abs=0.4)
    assert origin.altitude == 22_000


def test_before_the_fix_there_is_neither() -> None:
    station = Station()
    assert [station.result(512, number) for number in (32, 49)] == [3, 3]


def test_an_attitude_is_the_same_as_a_quaternion() -> None:
    station = flown(Station())
    quaternion, attitude = requested(station, 31), requested(station, 30)
    q = (quaternion.q1, quaternion.q2, quaternion.q3, quaternion.q4)
    assert math.hypot(*q) == pytest.approx(1)
    yaw = math.atan2(2 * (q[0] * q[3] + q[1] * q[2]), 1 - 2 * (q[2] ** 2 + q[3] ** 2))
    assert yaw == pytest.approx(attitude.yaw, abs=0.03)


def test_raw_sensors_feel_gravity_the_field_of_the_earth_and_the_air() -> None:
    station = Station().ready()
    for number in (27, 26):
        imu = requested(station, number)
        assert (imu.xacc, imu.yacc, imu.zacc) == pytest.approx((0, 0, -1000), abs=15)
        assert math.hypot(imu.xmag, imu.ymag) == pytest.approx(330, abs=2)
    assert requested(station, 29).press_abs == pytest.approx(1010.6, abs=0.2)
    assert requested(station, 241).vibration_x < 1
    assert requested(station, 125).Vcc == 5000
    assert requested(flown(Station()), 241).vibration_x > 2


def test_where_it_is_steered_to_has_a_bearing_and_a_distance() -> None:
    station = flown(Station())
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 30, north)
    x, y = round(latitude * 1e7), round(longitude * 1e7)
    station.ask(dialect.MAVLink_command_int_message(1, 1, 6, 192, 0, 0, -1, 0, 0, 0, x, y, 9))
    station.fly(2)
    navigation = requested(station, 62)
    assert navigation.target_bearing == pytest.approx(90, abs=8)
    assert navigation.alt_error == pytest.approx(9 - station.vehicle.body.motion.up_m, abs=0.2)


def test_they_are_streamed_when_asked_for() -> None:
    station = Station().ready()
    for number in (27, 31, 32, 29):
        assert station.result(511, number, 100_000) == 0
    kinds = [m.get_type() for m in station.listen(1)]
    assert [kinds.count(kind) for kind in ("RAW_IMU", "ATTITUDE_QUATERNION", "LOCAL_POSITION_NED")] == [10, 10, 10]
    station.ask(dialect.MAVLink_request_data_stream_message(1, 1, 1, 5, 1))
    assert [m.get_type() for m in station.listen(1)].count("SCALED_PRESSURE") == 5


@pytest.mark.parametrize(
    "name", ["FLTMODE1", "RC8_OPTION", "FENCE_ACTION", "COMPASS_OFS_X", "SR0_POSITION", "LOG_BITMASK"]
)
def test_it_has_the_parameters_that_ground_stations_set_it_up_with(name: str) -> None:
    station = Station()
    (value,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, name.encode(), -1))
    assert value.param_id == name
    assert station.ask(dialect.MAVLink_param_ext_request_read_message(1, 1, name.encode(), -1)) == []


def test_there_are_as_many_parameters_as_the_documentation_says() -> None:
    assert len(Parameters(FIELDS["demo"], 1)) == 443
    # A simulator's own would mark it as ArduPilot's simulator.
    assert not [name for name in Parameters(FIELDS["demo"], 1) if name.startswith("SIM_")]


def test_frames_of_mavlink_1_and_broadcasts_are_answered_as_any() -> None:
    old = dialect_1.MAVLink(None, srcSystem=245, srcComponent=191)
    for system, component in ((1, 1), (0, 0), (1, 0), (0, 1)):
        station = Station()
        asked = dialect_1.MAVLink_command_long_message(system, component, 512, 0, 148, 0, 0, 0, 0, 0, 0)
        kinds = [m.get_type() for m in read_frames(station.fleet.receive(asked.pack(old)))]
        assert kinds == ["COMMAND_ACK", "AUTOPILOT_VERSION"]
    for system, component in ((2, 1), (1, 100), (255, 0)):
        asked = dialect_1.MAVLink_command_long_message(system, component, 512, 0, 148, 0, 0, 0, 0, 0, 0)
        assert Station().fleet.receive(asked.pack(old)) == []


def test_what_a_cut_payload_leaves_out_is_zero() -> None:
    station = Station()
    # Kind of plan, parameters and target at the end are zeros: the frames are shorter than their messages.
    frame = dialect.MAVLink_mission_request_list_message(1, 1, 0).pack(station.mav)
    assert frame[1] == 2
    (count,) = read_frames(station.fleet.receive(frame))
    assert (count.get_type(), count.mission_type) == ("MISSION_COUNT", 0)
    frame = dialect.MAVLink_command_long_message(1, 1, 400, 0, 0, 0, 0, 0, 0, 0, 0).pack(station.mav)
    assert frame[1] < 33
    (ack,) = read_frames(station.fleet.receive(frame))
    assert (ack.command, ack.result) == (400, 0)
