from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect
from pymavlink.mavutil import interpret_px4_mode, px4_map

from firmware_sim.drone.flight.mission.items import Item
from firmware_sim.drone.flight.modes import Mode, Stage
from tests.examples import examples
from tests.firmware_sim.drone.mavlink.station import WAYPOINT, Station, begin, download, encode, upload

NAN = float("nan")
ALTITUDE_M = 22.0


def px4(**values: Any) -> Station:
    """Return the station of a PX4 with a fix."""
    return Station(autopilot="px4", **values).ready()


def in_the_air(station: Station) -> Station:
    """Arm and take off to 5 m, as MAVSDK does."""
    assert station.result(400, 1) == 0
    assert station.result(22, param7=ALTITUDE_M + 5) == 0
    assert mode_of(station) == "TAKEOFF"
    station.fly(8)
    return station


def mode_of(station: Station) -> str:
    beats = [m for m in station.listen(1) if m.get_type() == "HEARTBEAT"]
    return str(interpret_px4_mode(beats[-1].base_mode, beats[-1].custom_mode))


def set_mode(station: Station, main: float, sub: float = 0) -> int:
    command = dialect.MAVLink_command_long_message(1, 1, 176, 0, 1, main, sub, 0, 0, 0, 0)
    return int(station.ask(command)[0].result)


def read(station: Station, name: str) -> Any:
    (value,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, name.encode(), -1))
    return value


def write(station: Station, name: str, value: float, kind: int) -> list[Any]:
    return station.ask(dialect.MAVLink_param_set_message(1, 1, name.encode(), value, kind))


def as_bits(number: int) -> float:
    return float(struct.unpack("<f", struct.pack("<i", number))[0])


def test_heartbeat_and_version_are_those_of_px4() -> None:
    station = px4()
    (beat,) = [m for m in station.listen(1) if m.get_type() == "HEARTBEAT"]
    assert (beat.autopilot, beat.type, beat.base_mode & 1) == (12, 2, 1)
    ack, version = station.command(512, 148)
    assert ack.result == 0
    assert version.flight_sw_version >> 24 == 1
    # Parameters byte by byte, not as floats; missions of integers.
    assert version.capabilities & (2 | 4 | 16) == 4 | 16
    assert bytes(version.uid2).startswith(b"HLSIM")


@pytest.mark.parametrize(
    ("main", "sub", "name"),
    [
        (1, 0, "MANUAL"), (2, 0, "ALTCTL"), (3, 0, "POSCTL"), (4, 3, "LOITER"), (4, 5, "RTL"), (4, 6, "LAND"),
        (5, 0, "ACRO"), (6, 0, "OFFBOARD"), (7, 0, "STABILIZED"), (4, 4, "MISSION"),
    ],
)  # fmt: skip
def test_modes_have_px4s_two_numbers(main: int, sub: int, name: str) -> None:
    station = px4()
    assert set_mode(station, main, sub) == 0
    assert mode_of(station) == name
    assert name in px4_map


@pytest.mark.parametrize(
    ("main", "sub"), [(8, 0), (0, 0), (4, 0), (4, 8), (4, 9), (10, 0), (300, 0), (-1, 0), (NAN, 0)]
)
def test_a_mode_that_it_does_not_have_is_rejected(main: float, sub: float) -> None:
    station = px4()
    before = mode_of(station)
    assert set_mode(station, main, sub) == 1
    assert mode_of(station) == before


def test_it_takes_off_to_a_height_above_sea_holds_flies_and_returns() -> None:
    station = px4()
    assert station.result(22, param7=NAN) == 1
    in_the_air(station)
    assert mode_of(station) == "LOITER"
    motion, home = station.vehicle.body.motion, station.vehicle.autopilot.home
    assert motion.up_m == pytest.approx(5, abs=0.3)
    latitude, longitude = station.vehicle.body.frame.to_degrees(home[0] + 15, home[1])
    x, y = round(latitude * 1e7), round(longitude * 1e7)
    go = dialect.MAVLink_command_int_message(1, 1, 5, 192, 0, 0, -1, 1, 0, NAN, x, y, ALTITUDE_M + 8)
    assert station.ask(go)[0].result == 0
    station.fly(12)
    assert (motion.east_m - home[0], motion.up_m) == pytest.approx((15, 8), abs=0.4)
    assert station.result(20) == 0
    assert mode_of(station) == "RTL"
    station.fly(30)
    assert not station.vehicle.autopilot.armed


def test_without_a_height_it_takes_off_to_its_parameters() -> None:
    station = px4()
    write(station, "MIS_TAKEOFF_ALT", 4.0, 9)
    station.result(400, 1)
    assert set_mode(station, 4, 2) == 0
    station.fly(8)
    assert station.vehicle.body.motion.up_m == pytest.approx(4, abs=0.3)


def test_offboard_follows_targets_and_hold_does_not_say_it() -> None:
    station = in_the_air(px4())
    target = dialect.MAVLink_set_position_target_local_ned_message(0, 1, 1, 1, 0xDC7, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0)
    station.ask(target)
    assert set_mode(station, 6) == 0
    assert mode_of(station) == "OFFBOARD"
    station.ask(target)
    station.fly(2.5)
    assert station.vehicle.body.motion.north_m_s == pytest.approx(2, abs=0.4)
    assert set_mode(station, 4, 3) == 0
    assert mode_of(station) == "LOITER"


def test_integers_travel_in_the_bits_of_a_float() -> None:
    station = px4()
    value = read(station, "SYS_AUTOSTART")
    assert value.param_type == 6
    assert struct.unpack("<i", struct.pack("<f", value.param_value)) == (4001,)
    assert struct.unpack("<i", struct.pack("<f", read(station, "COM_FLTMODE1").param_value)) == (-1,)
    (answer,) = write(station, "NAV_DLL_ACT", as_bits(2), 6)
    assert struct.unpack("<i", struct.pack("<f", answer.param_value)) == (2,)
    assert station.vehicle.parameters["FS_GCS_ENABLE"] == 1
    (answer,) = write(station, "MPC_XY_CRUISE", 4.0, 9)
    assert (answer.param_value, station.vehicle.parameters["WPNAV_SPEED"]) == (4.0, 400.0)


def test_parameters_are_px4s_and_listed_read_by_index_and_hashed() -> None:
    station = px4()
    listed = station.ask(dialect.MAVLink_param_request_list_message(1, 1))
    assert [value.param_index for value in listed] == list(range(listed[0].param_count))
    assert {value.param_type for value in listed} == {6, 9}
    names = {value.param_id for value in listed}
    assert {"MAV_SYS_ID", "RTL_RETURN_ALT", "COM_DL_LOSS_T"} <= names
    assert not {name for name in names if name.startswith(("WPNAV", "SYSID", "SERVO", "SPRAY"))}
    (again,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"", 3))
    assert again.param_id == listed[3].param_id
    digest = read(station, "_HASH_CHECK")
    assert (digest.param_type, digest.param_index) == (5, 65535)
    write(station, "RTL_TYPE", as_bits(1), 6)
    assert read(station, "_HASH_CHECK").param_value != digest.param_value


def test_a_parameter_of_another_type_or_name_is_not_answered() -> None:
    station = px4()
    assert write(station, "RTL_TYPE", 1.0, 9) == []
    assert write(station, "MPC_XY_CRUISE", as_bits(3), 6) == []
    assert write(station, "NOTHING", 1.0, 9) == []
    assert station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"NOTHING", -1)) == []
    assert station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"", 999)) == []
    assert station.ask(dialect.MAVLink_param_ext_request_list_message(1, 1)) == []


def test_a_mission_has_no_home_item_and_starts_with_a_take_off_of_its_own() -> None:
    station = px4()
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 20, north)
    there = Item(16, 6, x=round(latitude * 1e7), y=round(longitude * 1e7), z=5.0)
    items = [there, Item(178, 2, 1.0, 3.0, -1.0), replace(there, z=6.0), Item(177, 2, 0.0, 1.0), Item(20, 2)]
    assert upload(station, items) == 0
    assert download(station) == items
    station.result(400, 1)
    assert station.result(300) == 0
    reached: list[int] = []
    currents: list[int] = []
    while station.vehicle.autopilot.armed:
        heard = station.listen(1)
        reached += [m.seq for m in heard if m.get_type() == "MISSION_ITEM_REACHED"]
        currents += [m.seq for m in heard if m.get_type() == "MISSION_CURRENT"]
    assert reached == [0, 2, 0, 2]
    assert max(currents) == 4


@pytest.mark.parametrize(
    ("item", "result"),
    [
        (Item(216, 2, 1.0), 3),
        (replace(WAYPOINT, command=82), 3),
        (replace(WAYPOINT, frame=10), 2),
        (replace(WAYPOINT, frame=8), 2),
        (replace(WAYPOINT, x=900_000_001), 10),
        (Item(177, 2, 5.0, 1.0), 6),
    ],
)
def test_items_that_px4_does_not_have_are_refused(item: Item, result: int) -> None:
    station = px4()
    assert upload(station, [WAYPOINT, item]) == result
    assert upload(station, [WAYPOINT]) == 0


def test_its_current_item_is_counted_without_a_home() -> None:
    station = px4()
    upload(station, [WAYPOINT, WAYPOINT, WAYPOINT])
    (current,) = station.ask(dialect.MAVLink_mission_set_current_message(1, 1, 2))
    assert current.seq == 2
    assert station.vehicle.autopilot.seq == 3
    assert station.ask(dialect.MAVLink_mission_set_current_message(1, 1, 3)) == []
    assert station.result(224, 1) == 0
    assert station.vehicle.autopilot.seq == 2


def test_what_comes_out_of_turn_is_ignored_and_the_upload_goes_on() -> None:
    station = px4()
    assert station.ask(encode(WAYPOINT, 0)) == []
    begin(station, 2)
    # Nothing has come yet: the count is taken for a repetition.
    (request,) = begin(station, 2)
    assert request.seq == 0
    assert station.ask(encode(WAYPOINT, 1)) == []
    assert station.send(encode(WAYPOINT, 0), 200) == []
    assert station.send(dialect.MAVLink_mission_count_message(1, 1, 1), 200) == []
    assert station.ask(dialect.MAVLink_mission_request_list_message(1, 1)) == []
    assert station.ask(dialect.MAVLink_mission_write_partial_list_message(1, 1, 0, 0)) == []
    (request,) = station.ask(encode(WAYPOINT, 0))
    assert request.seq == 1
    (ack,) = station.ask(encode(WAYPOINT, 1))
    assert ack.type == 0


def test_a_station_cancels_its_upload_or_is_given_up_after_five_seconds() -> None:
    station = px4()
    begin(station, 2)
    station.ask(dialect.MAVLink_mission_ack_message(1, 1, 15))
    assert [m for m in station.listen(1) if m.get_type() == "MISSION_REQUEST_INT"] == []
    begin(station, 2)
    heard = [m.get_type() for m in station.listen(6)]
    assert 18 <= heard.count("MISSION_REQUEST_INT") <= 20
    assert heard.count("MISSION_ACK") == 1


def test_it_has_no_sprayer_command_and_its_pump_is_an_actuator() -> None:
    station = px4()
    for command in (216, 183, 115, 189, 31000):
        assert station.result(command, 1) == 3
    command = dialect.MAVLink_command_long_message(1, 1, 187, 0, 0.5, NAN, NAN, NAN, NAN, NAN, 0)
    assert station.ask(command)[0].result == 0
    station.fly(5)
    assert station.vehicle.body.machine.applied > 0.2


def test_it_sends_px4s_messages_and_no_ardupilots() -> None:
    kinds = {m.get_type() for m in px4().listen(2.1)}
    assert kinds >= {
        "ALTITUDE",
        "WIND_COV",
        "ESTIMATOR_STATUS",
        "ATTITUDE_QUATERNION",
        "LOCAL_POSITION_NED",
        "HEARTBEAT",
    }
    assert not kinds & {"WIND", "EKF_STATUS_REPORT", "RANGEFINDER", "TERRAIN_REPORT", "RPM", "NAMED_VALUE_FLOAT"}
    assert px4().result(512, 168) == 3


@pytest.mark.parametrize(("action", "mode"), [(0, "LOITER"), (1, "LOITER"), (2, "RTL"), (3, "LAND")])
def test_a_lost_ground_station_is_any_and_after_ten_seconds(action: int, mode: str) -> None:
    station = in_the_air(px4())
    write(station, "NAV_DLL_ACT", as_bits(action), 6)
    write(station, "COM_DL_LOSS_T", as_bits(10), 6)
    station.send(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3), 99)
    station.fly(9.5)
    assert mode_of(station) == "LOITER"
    station.fly(1)
    assert mode_of(station) == mode


def test_it_is_armed_in_any_mode_and_refused_for_now_without_a_position() -> None:
    station = Station(autopilot="px4")
    assert station.result(400, 1) == 1
    station.ready()
    set_mode(station, 4, 5)
    assert station.result(400, 1) == 0
    assert station.vehicle.autopilot.mode is Mode.RTL
    assert station.vehicle.autopilot.stage is Stage.IDLE


@settings(max_examples=examples(60), deadline=None)
@given(
    number=st.sampled_from(
        [16, 20, 21, 22, 84, 176, 178, 179, 183, 185, 187, 192, 216, 224, 246, 300, 400, 511, 512, 2000]
    ),
    params=st.tuples(*[st.floats(width=32)] * 7),
    as_int=st.booleans(),
)
def test_every_command_is_acknowledged_once(number: int, params: tuple[float, ...], as_int: bool) -> None:
    station = Station(autopilot="px4")
    message = dialect.MAVLink_command_long_message(1, 1, number, 0, *params)
    if as_int:
        message = dialect.MAVLink_command_int_message(
            1, 1, 6, number, 0, 0, *params[:4], 2**31 - 1, -(2**31), params[6]
        )
    assert [m.command for m in station.ask(message) if m.get_type() == "COMMAND_ACK"] == [number]
    station.listen(0.2)
