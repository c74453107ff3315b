from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone import Drone, DroneSettings
from firmware_sim.impair import corrupt, cut
from firmware_sim.mission import list_items
from tests.firmware_sim.recording import START_MS, read_frames


class Station:
    """A ground station made of pymavlink alone."""

    def __init__(self, **settings: Any) -> None:
        self.drone = Drone(DroneSettings(**settings), START_MS)
        self.mav = dialect.MAVLink(None, srcSystem=245, srcComponent=191)

    def ask(self, message: Any) -> list[Any]:
        return read_frames(self.drone.hear(message.pack(self.mav)))

    def command(self, number: int, param1: float = 0, param2: float = 0) -> list[Any]:
        return self.ask(dialect.MAVLink_command_long_message(1, 1, number, 0, param1, param2, 0, 0, 0, 0, 0))

    def listen(self, seconds: float) -> list[Any]:
        return read_frames([frame for _ in range(round(seconds * 50)) for frame in self.drone.step()])


def test_the_autopilot_version_is_given_on_request_with_the_simulators_identity() -> None:
    ack, version = Station(seed=9).command(512, 148)
    assert (ack.command, ack.result, ack.target_system, ack.target_component) == (512, 0, 245, 191)
    assert bytes(version.uid2).startswith(b"HLSIM\x09")
    assert version.uid != 0


@pytest.mark.parametrize(("number", "kind"), [(242, "HOME_POSITION"), (245, "EXTENDED_SYS_STATE"), (0, "HEARTBEAT")])
def test_other_messages_are_given_on_request(number: int, kind: str) -> None:
    ack, message = Station().command(512, number)
    assert ack.result == 0
    assert message.get_type() == kind


def test_a_message_it_does_not_have_is_unsupported() -> None:
    (ack,) = Station().command(512, 300)
    assert ack.result == 3


@pytest.mark.parametrize("number", [400, 22, 176, 216, 65535])
def test_every_other_command_is_acknowledged_as_unsupported(number: int) -> None:
    station = Station()
    (ack,) = station.command(number, 1)
    assert (ack.command, ack.result) == (number, 3)
    (ack,) = station.ask(dialect.MAVLink_command_int_message(1, 1, 0, number, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    assert (ack.command, ack.result) == (number, 3)


def test_a_message_interval_is_honoured_and_acknowledged() -> None:
    station = Station()
    (ack,) = station.command(511, 33, 40_000)
    assert (ack.command, ack.result) == (511, 0)
    assert sum(m.get_type() == "GLOBAL_POSITION_INT" for m in station.listen(4)) == 100
    station.command(511, 33, -1)
    assert not [m for m in station.listen(2) if m.get_type() == "GLOBAL_POSITION_INT"]
    station.command(511, 33, 0)
    assert sum(m.get_type() == "GLOBAL_POSITION_INT" for m in station.listen(2)) == 20


def test_an_interval_for_batteries_holds_for_both() -> None:
    station = Station()
    station.command(511, 147, 1_000_000)
    ids = [m.id for m in station.listen(10) if m.get_type() == "BATTERY_STATUS"]
    assert (ids.count(0), ids.count(1)) == (10, 10)


def test_an_interval_that_is_no_number_is_denied() -> None:
    (ack,) = Station().command(511, 33, float("nan"))
    assert ack.result == 2
    (ack,) = Station().command(511, float("nan"), 100_000)
    assert ack.result == 3


def test_the_interval_can_be_asked_for() -> None:
    ack, interval = Station().command(510, 33)
    assert (ack.result, interval.message_id, interval.interval_us) == (0, 33, 100_000)


def test_parameters_are_read_by_name_by_index_and_all() -> None:
    station = Station()
    (value,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"SERVO9_FUNCTION", -1))
    assert (value.param_id, value.param_value) == ("SERVO9_FUNCTION", 22)
    everything = station.ask(dialect.MAVLink_param_request_list_message(1, 1))
    assert len(everything) == everything[0].param_count
    assert {value.param_id: value.param_value for value in everything}["SPRAY_ENABLE"] == 1
    (again,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"", 3))
    assert again.param_id == everything[3].param_id
    assert station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"NOTHING", -1)) == []
    assert station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"", 999)) == []


def test_the_mission_is_downloaded_item_by_item() -> None:
    station = Station()
    (count,) = station.ask(dialect.MAVLink_mission_request_list_message(1, 1))
    items = list_items(station.drone.vehicle.scenario)
    assert count.count == len(items)
    for seq in range(count.count):
        (item,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, seq))
        assert (item.get_type(), item.seq, item.command) == ("MISSION_ITEM_INT", seq, items[seq].command)
    (first,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, 2))
    assert (first.x, first.y) == (pytest.approx(319_500_000, abs=2_000), pytest.approx(1_191_700_000, abs=2_000))
    (old,) = station.ask(dialect.MAVLink_mission_request_message(1, 1, 2))
    assert old.x == pytest.approx(first.x / 1e7, abs=1e-5)
    (refused,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, 999))
    assert (refused.get_type(), refused.type) == ("MISSION_ACK", 13)
    (fence,) = station.ask(dialect.MAVLink_mission_request_list_message(1, 1, 1))
    assert fence.count == 0


def test_answers_in_mavlink_1_leave_the_extensions_out() -> None:
    station = Station(mavlink_version=1, seed=9)
    ack, version = station.command(512, 148)
    assert (ack.command, ack.result) == (512, 0)
    assert version.uid.to_bytes(8, "little") == b"HLSIM\x09\0\0"
    (value,) = station.ask(dialect.MAVLink_param_request_read_message(1, 1, b"SERVO9_FUNCTION", -1))
    assert (value.param_id, value.param_value) == ("SERVO9_FUNCTION", 22)
    (item,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, 2))
    assert item.command == 16


def test_what_is_meant_for_another_vehicle_is_not_answered() -> None:
    station = Station(system_id=1)
    other = dialect.MAVLink_command_long_message(2, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0)
    assert station.ask(other) == []
    assert station.drone.handler.counters["ignored"] == 1


def requests() -> list[bytes]:
    mav = dialect.MAVLink(None, srcSystem=245, srcComponent=191)
    return [
        message.pack(mav)
        for message in (
            dialect.MAVLink_heartbeat_message(18, 8, 0, 0, 4, 3),
            dialect.MAVLink_command_long_message(1, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0),
            dialect.MAVLink_param_request_read_message(1, 1, b"SERVO9_FUNCTION", -1),
            dialect.MAVLink_mission_request_list_message(1, 1),
            dialect.MAVLink_statustext_message(6, b"hello"),
        )
        for _ in range(3)
    ]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), longest=st.integers(1, 40), noise=st.binary(max_size=200))
def test_damaged_and_cut_bytes_are_counted_and_never_raise(seed: int, longest: int, noise: bytes) -> None:
    drone = Drone(DroneSettings(), START_MS)
    for chunk in cut([*corrupt(requests(), seed, 0.4), noise], seed, longest):
        drone.hear(chunk)
    for chunk in [bytes(600), *requests(), *requests()]:
        drone.hear(chunk)
    assert drone.handler.counters["heard"] > 0


def test_cut_requests_are_answered_as_whole_ones() -> None:
    whole, pieces = Drone(DroneSettings(), START_MS), Drone(DroneSettings(), START_MS)
    answers = [frame for chunk in requests() for frame in whole.hear(chunk)]
    assert answers == [frame for chunk in cut(requests(), 3, 7) for frame in pieces.hear(chunk)]
