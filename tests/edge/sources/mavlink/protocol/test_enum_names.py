from __future__ import annotations

from types import SimpleNamespace

import pytest
from pymavlink import mavutil

from edge.sources.mavlink.protocol.enum_names import landed_name, mode_name, model_name, severity_name, vtol_name
from edge.sources.mavlink.protocol.messages import Heartbeat


def heartbeat(kind: int, autopilot: int, custom_mode: int, base_mode: int = 1) -> Heartbeat:
    return Heartbeat(custom_mode, kind, autopilot, base_mode, 4, 3)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 19, 20, 21, 29])
def test_ardupilots_modes_are_called_as_pymavlink_calls_them(kind: int) -> None:
    named = 0
    for custom_mode in range(40):
        theirs = mavutil.mode_string_v10(
            SimpleNamespace(autopilot=3, type=kind, base_mode=1, custom_mode=custom_mode, get_type=lambda: "HEARTBEAT")
        )
        if not theirs.startswith("Mode("):  # our table may know newer ones
            assert mode_name(heartbeat(kind, 3, custom_mode)) == theirs
            named += 1
    assert named >= 6


def test_px4s_modes_are_called_as_pymavlink_calls_them() -> None:
    named = 0
    for main in range(1, 12):
        for sub in range(12):
            custom_mode = main << 16 | sub << 24
            theirs = mavutil.interpret_px4_mode(1, custom_mode)
            if theirs != "UNKNOWN" and (main, sub) not in ((3, 1), (3, 2)):  # two that it does not know
                assert mode_name(heartbeat(2, 12, custom_mode, 0)) == theirs
                named += 1
    assert named > 80


@pytest.mark.parametrize(
    ("main", "sub", "name"),
    [
        (3, 0, "POSCTL"),
        (3, 1, "ORBIT"),
        (3, 2, "POSITION_SLOW"),
        (4, 1, "READY"),
        (4, 9, "PRECLAND"),
        (4, 10, "VTOL_TAKEOFF"),
        (4, 11, "EXTERNAL1"),
        (4, 18, "EXTERNAL8"),
        (10, 0, "TERMINATION"),
        (11, 0, "ALTITUDE_CRUISE"),
        (4, 19, "Mode(4.19)"),
        (12, 3, "Mode(12.3)"),
    ],
)
def test_every_mode_of_px4s_own_table_has_a_name(main: int, sub: int, name: str) -> None:
    assert mode_name(heartbeat(2, 12, main << 16 | sub << 24)) == name


def test_a_blimps_modes_have_names() -> None:
    modes = ["LAND", "MANUAL", "VELOCITY", "LOITER", "RTL"]
    assert [mode_name(heartbeat(7, 3, mode)) for mode in range(5)] == modes


def test_a_mode_without_a_name_is_its_number() -> None:
    assert mode_name(heartbeat(2, 3, 200)) == "Mode(200)"
    assert mode_name(heartbeat(2, 0, 5)) == "Mode(5)"
    assert mode_name(heartbeat(2, 3, 5, base_mode=0)) == "Mode(0x00)"


def test_unknown_numbers_still_have_a_name() -> None:
    assert model_name(heartbeat(2, 3, 0)) == "ArduPilot quadrotor"
    assert model_name(heartbeat(1, 12, 0)) == "PX4 fixed wing"
    assert model_name(heartbeat(250, 99, 0)) == "autopilot 99 type 250"
    assert (landed_name(1), landed_name(77)) == ("on_ground", "state 77")
    assert (vtol_name(1), vtol_name(9)) == ("transition_to_fw", "state 9")
    assert (severity_name(0), severity_name(9)) == ("emergency", "severity 9")


def test_a_severity_that_is_none_has_its_number() -> None:
    assert [severity_name(number) for number in (-48, -1, 200)] == ["severity -48", "severity -1", "severity 200"]
