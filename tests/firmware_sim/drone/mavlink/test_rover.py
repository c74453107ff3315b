from __future__ import annotations

from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect
from pymavlink.mavutil import mode_mapping_rover

from firmware_sim.drone.flight.modes import Mode
from firmware_sim.drone.mavlink.firmware.ardupilot import ArduRover
from firmware_sim.drone.simulator import DroneSettings
from headland.errors import SettingsError
from tests.firmware_sim.drone.mavlink.station import Station, upload


def rover(**values: Any) -> Station:
    """Return the station of a rover with a fix."""
    return Station(autopilot="rover", **values).ready()


def mode_of(station: Station) -> int:
    return int([m for m in station.listen(1) if m.get_type() == "HEARTBEAT"][-1].custom_mode)


def read(station: Station, name: str) -> list[Any]:
    return station.ask(dialect.MAVLink_param_request_read_message(1, 1, name.encode(), -1))


def test_it_is_a_ground_rover_of_ardupilot() -> None:
    station = rover()
    (beat,) = [m for m in station.listen(1) if m.get_type() == "HEARTBEAT"]
    assert (beat.autopilot, beat.type, beat.custom_mode) == (3, 10, 0)


def test_its_modes_have_ardurovers_numbers() -> None:
    # LEARNING no longer exists; INITIALISING can only be told, not entered.
    assert set(mode_mapping_rover) == {*ArduRover.modes, 2, 16}
    station = rover()
    for mode in (0, 1, 3, 4, 5, 7, 9, 10, 11, 12, 15):
        assert station.result(176, 1, mode) == 0
        assert mode_of(station) == mode
    for mode in (2, 6, 8, 13, 14, 16, 17, 27):
        assert station.result(176, 1, mode) == 4


@pytest.mark.parametrize(("mode", "armable"), [(0, True), (4, True), (15, True), (10, True), (11, False), (12, False)])
def test_some_modes_cannot_be_armed_in(mode: int, armable: bool) -> None:
    station = rover()
    station.result(176, 1, mode)
    assert station.result(400, 1) == (0 if armable else 4)


def test_it_drives_the_rows_on_the_ground_sprays_and_comes_home() -> None:
    station = Station(autopilot="rover", idle=False)
    body = station.vehicle.body
    station.fly(60)
    assert body.motion.up_m == pytest.approx(0, abs=0.01)
    assert body.machine.applied > 0.5
    assert station.vehicle.autopilot.mode is Mode.AUTO
    assert mode_of(station) == 10
    assert station.result(20) == 0
    station.fly(60)
    home = station.vehicle.autopilot.home
    assert (body.motion.east_m, body.motion.north_m) == pytest.approx(home, abs=0.5)
    assert (mode_of(station), station.vehicle.autopilot.armed) == (11, True)


def test_its_crew_refills_at_home_and_drives_on() -> None:
    station = Station(autopilot="rover", idle=False, scenario="jurong-refill")
    vehicle = station.vehicle
    seen: list[bool] = []
    for _ in range(420):
        station.fly(1)
        if not seen or seen[-1] != vehicle.autopilot.armed:
            seen.append(vehicle.autopilot.armed)
    assert seen[:4] == [False, True, False, True]
    assert vehicle.body.machine.applied > 12


def test_a_place_is_driven_to_and_take_off_and_landing_are_not() -> None:
    station = rover()
    station.result(176, 1, 15)
    station.result(400, 1)
    assert station.result(22, param7=5) == 4
    assert station.result(21) == 4
    east, north = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(east + 12, north)
    x, y = round(latitude * 1e7), round(longitude * 1e7)
    go = dialect.MAVLink_command_int_message(1, 1, 6, 192, 0, 0, -1, 0, 0, 0, x, y, 50)
    assert station.ask(go)[0].result == 0
    station.fly(10)
    motion = station.vehicle.body.motion
    assert motion.east_m - east == pytest.approx(12, abs=0.4)
    assert motion.up_m == 0
    assert station.result(400, 0) == 0


def test_its_parameters_are_ardurovers() -> None:
    station = rover()
    (speed,) = read(station, "WP_SPEED")
    assert speed.param_value == pytest.approx(5.0)
    (speed,) = station.ask(dialect.MAVLink_param_set_message(1, 1, b"WP_SPEED", 2.0, 9))
    assert (speed.param_value, station.vehicle.parameters["WPNAV_SPEED"]) == (2.0, 200.0)
    assert [value.param_value for value in read(station, "MODE4")] == [11]
    assert read(station, "WPNAV_SPEED") == read(station, "FLTMODE1") == read(station, "RTL_ALT") == []
    assert [value.param_value for value in read(station, "SERVO9_FUNCTION")] == [22]


@pytest.mark.parametrize(("action", "mode"), [(0, 4), (1, 11), (2, 4), (3, 12), (6, 5)])
def test_a_lost_ground_station_does_what_fs_action_says(action: float, mode: int) -> None:
    station = Station(autopilot="rover", idle=False)
    station.fly(12)
    for name, value in ((b"FS_GCS_ENABLE", 1), (b"FS_ACTION", action)):
        station.ask(dialect.MAVLink_param_set_message(1, 1, name, value, 2))
    station.send(dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3), 255)
    station.fly(5.2)
    assert mode_of(station) == mode


def test_a_mission_is_its_own_and_starts_without_a_take_off() -> None:
    station = rover()
    items = list(station.vehicle.autopilot.items)
    assert upload(station, [items[0], *items[2:]]) == 0
    station.result(176, 1, 15)
    station.result(400, 1)
    assert station.result(300) == 0
    station.fly(5)
    assert station.vehicle.body.motion.speed_m_s > 2


def test_an_autopilot_that_is_none_is_refused_with_the_names() -> None:
    with pytest.raises(SettingsError, match="copter, px4, rover"):
        DroneSettings(autopilot="plane")
