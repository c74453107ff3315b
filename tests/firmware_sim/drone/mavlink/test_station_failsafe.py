from __future__ import annotations

from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.modes import Mode
from tests.firmware_sim.drone.mavlink.station import WAYPOINT, Station, flown, upload

HEARTBEAT = dialect.MAVLink_heartbeat_message(6, 8, 0, 0, 4, 3)


def guarded(enable: float, *, mode: int = 4, **parameters: float) -> Station:
    """Return the station of a vehicle in the air that has heard its ground station just now."""
    station = flown(Station())
    for name, value in {"FS_GCS_ENABLE": enable, **parameters}.items():
        assert station.vehicle.parameters.set(name, value)
    if mode != 4:
        assert station.result(176, 1, mode) == 0
    station.send(HEARTBEAT, 255)
    return station


def mode_of(station: Station) -> Mode:
    return station.vehicle.autopilot.mode


def listen(station: Station, seconds: float) -> tuple[list[str], list[Any]]:
    """Return the texts and the heartbeats of a time."""
    heard = station.listen(seconds)
    return [m.text for m in heard if m.get_type() == "STATUSTEXT"], [m for m in heard if m.get_type() == "HEARTBEAT"]


def test_five_silent_seconds_bring_it_home_and_the_next_heartbeat_is_told() -> None:
    station = guarded(1)
    texts, beats = listen(station, 5)
    assert "GCS Failsafe" not in texts
    assert {beat.system_status for beat in beats} == {4}
    texts, beats = listen(station, 1.1)
    assert "GCS Failsafe" in texts
    assert station.vehicle.autopilot.mode is Mode.RTL
    assert beats[-1].system_status == 5
    station.send(HEARTBEAT, 255)
    texts, beats = listen(station, 1.1)
    assert "GCS Failsafe Cleared" in texts
    assert (beats[-1].system_status, station.vehicle.autopilot.mode) == (4, Mode.RTL)


@pytest.mark.parametrize(
    ("enable", "mode"),
    [
        (0, Mode.GUIDED),
        (2, Mode.RTL),
        (3, Mode.SMART_RTL),
        (4, Mode.SMART_RTL),
        (5, Mode.LAND),
        (6, Mode.RTL),
        (7, Mode.BRAKE),
        (99, Mode.RTL),
    ],
)
def test_what_it_does_is_a_parameter(enable: float, mode: Mode) -> None:
    station = guarded(enable)
    station.fly(5.2)
    assert station.vehicle.autopilot.mode is mode


def test_without_a_position_it_lands() -> None:
    station = guarded(1)
    station.vehicle.body.receiver.lose_fix(station.vehicle.time_ms, 60)
    station.fly(5.2)
    assert station.vehicle.autopilot.mode is Mode.LAND


def test_only_the_station_that_it_is_told_of_counts_and_only_once_heard() -> None:
    station = flown(Station())
    station.vehicle.parameters.set("FS_GCS_ENABLE", 1)
    station.fly(10)
    assert mode_of(station) is Mode.GUIDED
    station.send(HEARTBEAT, 255)
    station.fly(3)
    # The gateway and another station are no substitute.
    station.ask(HEARTBEAT)
    station.send(HEARTBEAT, 254)
    station.fly(2.2)
    assert mode_of(station) is Mode.RTL
    other = guarded(1, SYSID_MYGCS=254)
    other.send(HEARTBEAT, 254)
    other.fly(4)
    other.send(HEARTBEAT, 254)
    other.fly(4)
    assert other.vehicle.autopilot.mode is Mode.GUIDED


def test_the_time_is_a_parameter_and_real_at_any_speed() -> None:
    station = guarded(1, FS_GCS_TIMEOUT=20)
    station.fly(19)
    assert mode_of(station) is Mode.GUIDED
    station.fly(1.2)
    assert mode_of(station) is Mode.RTL
    fast = flown(Station(speed=10.0))
    fast.vehicle.parameters.set("FS_GCS_ENABLE", 1)
    fast.send(HEARTBEAT, 255)
    fast.fly(49)
    assert mode_of(fast) is Mode.GUIDED
    fast.fly(1.2)
    assert mode_of(fast) is Mode.RTL


@pytest.mark.parametrize(
    ("options", "mode", "text", "after"),
    [
        (16, 5, "GCS Failsafe - Continuing Pilot Control", Mode.LOITER),
        (0, 5, "GCS Failsafe", Mode.RTL),
        (2, 3, "GCS Failsafe - Continuing Auto Mode", Mode.AUTO),
        (0, 3, "GCS Failsafe", Mode.RTL),
        (8, 9, "GCS Failsafe - Continuing Landing", Mode.LAND),
    ],
)
def test_options_let_it_continue(options: float, mode: int, text: str, after: Mode) -> None:
    station = flown(Station())
    # High enough that a landing takes longer than the silence.
    station.vehicle.body.motion.up_m = 30.0
    assert upload(station, [WAYPOINT, WAYPOINT]) == 0
    station.vehicle.parameters.set("FS_GCS_ENABLE", 1)
    station.vehicle.parameters.set("FS_OPTIONS", options)
    assert station.result(176, 1, mode) == 0
    station.send(HEARTBEAT, 255)
    texts, _ = listen(station, 5.2)
    assert text in texts
    assert station.vehicle.autopilot.mode is after


def test_on_the_ground_it_disarms_and_unarmed_only_says_it() -> None:
    station = Station().ready()
    station.vehicle.parameters.set("FS_GCS_ENABLE", 1)
    station.vehicle.parameters.set("DISARM_DELAY", 0)
    station.result(176, 1, 4)
    station.result(400, 1)
    station.send(HEARTBEAT, 255)
    texts, _ = listen(station, 5.2)
    assert "GCS Failsafe - Disarming" in texts
    assert not station.vehicle.autopilot.armed
    station.send(HEARTBEAT, 255)
    station.listen(1)
    texts, _ = listen(station, 5)
    assert "GCS Failsafe" in texts
    assert station.vehicle.autopilot.mode is Mode.GUIDED


@pytest.mark.parametrize(
    ("action", "mode"),
    [(0, Mode.GUIDED), (1, Mode.LAND), (2, Mode.RTL), (3, Mode.SMART_RTL), (6, Mode.RTL), (7, Mode.BRAKE)],
)
def test_a_low_battery_does_once_what_its_parameter_says(action: float, mode: Mode) -> None:
    station = flown(Station())
    station.vehicle.parameters.set("BATT_FS_LOW_ACT", action)
    station.vehicle.body.battery.consumed_mah = 20_000
    texts, beats = listen(station, 1.1)
    assert texts.count("Battery 1 is low") == 1
    assert mode_of(station) is mode
    assert beats[-1].system_status == 5
    # The pilot has the last word.
    station.result(176, 1, 5)
    station.fly(1)
    assert mode_of(station) is Mode.LOITER
