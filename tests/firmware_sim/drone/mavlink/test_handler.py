from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.flight.mission.commands import KNOWN
from firmware_sim.drone.flight.mission.field_rows import list_items
from firmware_sim.drone.flight.modes import Mode, Stage
from firmware_sim.drone.mavlink.firmware.choice import FIRMWARES
from firmware_sim.drone.simulator import DroneSettings, SimulatedFleet
from firmware_sim.links.impairment import corrupt, cut
from tests.examples import examples
from tests.firmware_sim.drone.mavlink.station import Station, flown
from tests.firmware_sim.recording import START_MS


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


@pytest.mark.parametrize("number", [31000, 34, 65535])
def test_every_other_command_is_acknowledged_as_unsupported(number: int) -> None:
    station = Station()
    (ack,) = station.command(number, 1)
    assert (ack.command, ack.result) == (number, 3)
    (ack,) = station.ask(dialect.MAVLink_command_int_message(1, 1, 0, number, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    assert (ack.command, ack.result) == (number, 3)


def test_arming_without_a_fix_is_refused_with_the_reason() -> None:
    station = Station()
    assert station.result(400, 1) == 4
    assert station.texts(0.1) == ["PreArm: GPS 1: Bad fix"]
    station.ready()
    assert station.result(400, 1) == 0
    assert station.vehicle.autopilot.armed


@pytest.mark.parametrize(
    ("mode", "armable"),
    [(mode, True) for mode in (0, 1, 2, 4, 5, 16, 24)] + [(mode, False) for mode in (3, 6, 7, 9, 17, 21)],
)
def test_some_modes_can_be_armed_in(mode: int, armable: bool) -> None:
    station = Station().ready()
    assert station.result(176, 1, mode) == 0
    assert station.result(400, 1) == (0 if armable else 4)
    if not armable:
        assert any("mode not armable" in text for text in station.texts(0.1))


def test_a_mode_that_does_not_exist_fails_and_set_mode_works_as_message_too() -> None:
    station = Station().ready()
    assert station.result(176, 1, 99) == 4
    assert station.result(176, 0, 4) == 2
    (ack,) = station.ask(dialect.MAVLink_set_mode_message(1, 1, 5))
    assert (ack.command, ack.result) == (11, 0)
    assert station.vehicle.autopilot.mode is Mode.LOITER


def test_a_low_pack_forbids_arming_and_force_overrides_it() -> None:
    station = Station().ready()
    station.vehicle.body.battery.consumed_mah = 20_000
    assert station.result(400, 1) == 4
    assert any("Battery" in text for text in station.texts(0.02))
    assert station.result(400, 1, 21196) == 0


def test_it_disarms_by_itself_when_nothing_follows() -> None:
    station = Station().ready()
    station.result(400, 1)
    station.listen(9.5)
    assert station.vehicle.autopilot.armed
    station.listen(1)
    assert not station.vehicle.autopilot.armed


def test_it_takes_off_in_guided_only_and_lands_and_disarms() -> None:
    station = Station().ready()
    assert station.result(22, param7=5) == 4
    flown(station)
    assert station.vehicle.body.height_m == pytest.approx(5.0, abs=0.3)
    assert station.result(400, 0) == 4
    assert station.result(21) == 0
    station.listen(20)
    assert station.vehicle.body.landed
    assert not station.vehicle.autopilot.armed


def test_it_returns_home_from_where_it_was_sent() -> None:
    station = flown(Station())
    home = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(home[0] + 60, home[1] + 20)
    sent = dialect.MAVLink_command_int_message(
        1, 1, 6, 192, 0, 0, -1, 1, 0, float("nan"), round(latitude * 1e7), round(longitude * 1e7), 12
    )
    assert station.ask(sent)[0].result == 0
    station.listen(25)
    motion = station.vehicle.body.motion
    assert (motion.east_m, motion.north_m) == pytest.approx((home[0] + 60, home[1] + 20), abs=0.5)
    assert motion.up_m == pytest.approx(12, abs=0.3)
    assert station.result(20) == 0
    station.listen(45)
    assert station.vehicle.body.landed
    assert (motion.east_m, motion.north_m) == pytest.approx(home, abs=0.5)


def test_brake_stops_and_stabilize_drifts_with_the_wind() -> None:
    station = flown(Station())
    home = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(home[0] + 100, home[1])
    station.ask(
        dialect.MAVLink_command_int_message(
            1, 1, 6, 192, 0, 0, -1, 0, 0, 0, round(latitude * 1e7), round(longitude * 1e7), 8
        )
    )
    station.listen(8)
    motion = station.vehicle.body.motion
    assert motion.speed_m_s > 4
    station.result(176, 1, 17)
    station.listen(6)
    assert motion.speed_m_s < 0.3
    station.result(176, 1, 0)
    station.listen(20)
    assert station.vehicle.autopilot.stage is Stage.DRIFT
    # The wind comes from 120 degrees: it goes west and north.
    assert motion.east_m_s < -0.5
    assert motion.north_m_s > 0.2


def test_stopping_the_motors_in_the_air_must_be_forced_and_then_it_falls() -> None:
    station = flown(Station())
    assert station.result(400, 0) == 4
    assert station.result(400, 0, 21196) == 0
    station.listen(2)
    assert station.vehicle.body.landed


@pytest.mark.parametrize("how", ["long", "int"])
def test_the_sprayer_is_switched_by_command_and_shows_on_its_output(how: str) -> None:
    station = flown(Station())
    if how == "long":
        assert station.result(216, 1) == 0
        assert station.result(216, 7) == 4
    else:
        on = dialect.MAVLink_command_int_message(1, 1, 3, 216, 0, 0, 1, 0, 0, 0, 0, 0, 0)
        assert station.ask(on)[0].result == 0
    home = station.vehicle.autopilot.home
    latitude, longitude = station.vehicle.body.frame.to_degrees(home[0] + 60, home[1])
    station.ask(
        dialect.MAVLink_command_int_message(
            1, 1, 6, 192, 0, 0, -1, 0, 0, 0, round(latitude * 1e7), round(longitude * 1e7), 5
        )
    )
    outputs = [m.servo9_raw for m in station.listen(8) if m.get_type() == "SERVO_OUTPUT_RAW"]
    assert outputs[0] == 1100
    assert max(outputs) == pytest.approx(1700, abs=50)
    assert station.vehicle.body.machine.applied > 0.2
    # It goes on spraying on the way home, as long as it is fast enough: nobody took the command away.
    station.result(20)
    assert any(m.servo9_raw > 1140 for m in station.listen(10)[200:] if m.get_type() == "SERVO_OUTPUT_RAW")
    assert station.result(216, 0) == 0
    assert {m.servo9_raw for m in station.listen(1) if m.get_type() == "SERVO_OUTPUT_RAW"} == {1100}


def test_a_low_battery_in_the_air_brings_it_home() -> None:
    station = flown(Station())
    station.vehicle.body.battery.consumed_mah = 20_000
    assert "Battery 1 is low" in station.texts(0.1)
    assert station.vehicle.autopilot.mode is Mode.RTL


def test_whoever_flies_it_takes_it_over_from_its_crew() -> None:
    station = Station(idle=False)
    station.listen(20)
    assert station.vehicle.autopilot.mode is Mode.AUTO
    assert station.vehicle.crew.flies
    assert station.result(176, 1, 6) == 0
    station.listen(90)
    assert not station.vehicle.autopilot.armed
    assert station.vehicle.body.machine.left == 25.0


def test_watching_does_not_take_it_over() -> None:
    station = Station(idle=False)
    station.command(512, 148)
    station.ask(dialect.MAVLink_param_request_list_message(1, 1))
    station.ask(dialect.MAVLink_mission_request_list_message(1, 1))
    assert station.vehicle.crew.flies


def test_it_can_be_rebooted_on_the_ground_only() -> None:
    station = Station().ready()
    assert station.result(246, 0) == 3
    assert station.result(246, 1) == 0
    times = [m for m in station.listen(2) if m.get_type() == "SYSTEM_TIME"]
    assert times[0].time_boot_ms == 40
    assert times[0].time_unix_usec == 0
    assert flown(station).result(246, 1) == 4


def test_streams_are_switched_in_groups_too() -> None:
    station = Station()
    station.ask(dialect.MAVLink_request_data_stream_message(1, 1, 6, 2, 1))
    assert sum(m.get_type() == "GLOBAL_POSITION_INT" for m in station.listen(5)) == 10
    station.ask(dialect.MAVLink_request_data_stream_message(1, 1, 0, 0, 0))
    assert {m.get_type() for m in station.listen(2)} == {"HEARTBEAT"}
    station.ask(dialect.MAVLink_request_data_stream_message(1, 1, 0, 4, 1))
    assert sum(m.get_type() == "ATTITUDE" for m in station.listen(5)) == 20


def test_file_transfer_is_refused_at_once_so_that_parameters_come_the_other_way() -> None:
    station = Station()
    payload = bytearray(251)
    payload[0:5] = (41).to_bytes(2, "little") + bytes([2, 4, 16])
    payload[12:28] = b"@PARAM/param.pck"
    (answer,) = station.ask(dialect.MAVLink_file_transfer_protocol_message(0, 1, 1, list(payload)))
    said = bytes(answer.payload)
    assert (said[0], said[2], said[3], said[4], said[5], said[12]) == (42, 2, 129, 1, 4, 7)
    assert (answer.target_system, answer.target_component) == (245, 191)


def test_the_time_is_told_to_who_asks() -> None:
    station = Station()
    station.listen(2)
    (answer,) = station.ask(dialect.MAVLink_timesync_message(0, 123))
    assert (answer.tc1, answer.ts1) == (2_000_000_000, 123)
    assert station.ask(answer) == []


def test_a_parameter_is_set_and_what_holds_is_answered() -> None:
    station = Station()
    (value,) = station.ask(dialect.MAVLink_param_set_message(1, 1, b"SPRAY_SPEED_MIN", 150, 4))
    assert (value.param_id, value.param_value) == ("SPRAY_SPEED_MIN", 150)
    (value,) = station.ask(dialect.MAVLink_param_set_message(1, 1, b"SPRAY_SPEED_MIN", float("nan"), 4))
    assert value.param_value == 150
    assert station.ask(dialect.MAVLink_param_set_message(1, 1, b"NOTHING", 1, 4)) == []


def test_a_message_interval_is_honoured_and_acknowledged() -> None:
    station = Station()
    (ack,) = station.command(511, 33, 40_000)
    assert (ack.command, ack.result) == (511, 0)
    assert sum(m.get_type() == "GLOBAL_POSITION_INT" for m in station.listen(4)) == 100
    station.command(511, 33, -1)
    assert not [m for m in station.listen(2) if m.get_type() == "GLOBAL_POSITION_INT"]
    station.command(511, 33, 0)
    assert sum(m.get_type() == "GLOBAL_POSITION_INT" for m in station.listen(2)) == 20


def test_an_interval_for_batteries_holds_for_all_of_them() -> None:
    station = Station()
    station.command(511, 147, 1_000_000)
    ids = [m.id for m in station.listen(10) if m.get_type() == "BATTERY_STATUS"]
    assert (ids.count(0), ids.count(1), ids.count(2)) == (10, 10, 10)


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
    items = list_items(station.vehicle.scenario)
    assert count.count == len(items)
    for seq in range(count.count):
        (item,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, seq))
        assert (item.get_type(), item.seq, item.command) == ("MISSION_ITEM_INT", seq, items[seq].command)
    (first,) = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, 3))
    assert (first.x, first.y) == (pytest.approx(319_500_000, abs=2_000), pytest.approx(1_191_700_000, abs=2_000))
    (old,) = station.ask(dialect.MAVLink_mission_request_message(1, 1, 3))
    assert (old.get_type(), old.x) == ("MISSION_ITEM", pytest.approx(first.x / 1e7, abs=1e-5))
    told, refused = station.ask(dialect.MAVLink_mission_request_int_message(1, 1, 999))
    assert (told.get_type(), told.count) == ("MISSION_COUNT", len(items))
    assert (refused.get_type(), refused.type) == ("MISSION_ACK", 1)
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
    assert station.drone.handler.counters == {"handled": 0, "ignored": 1}


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
            dialect.MAVLink_command_int_message(1, 1, 6, 192, 0, 0, -1, 1, 0, 0, 319_500_000, 1_191_700_000, 5),
            dialect.MAVLink_param_set_message(1, 1, b"SPRAY_SPEED_MIN", 150, 4),
            dialect.MAVLink_mission_count_message(1, 1, 2),
            dialect.MAVLink_mission_item_int_message(1, 1, 0, 3, 16, 0, 1, 0, 0, 0, 0, 319_500_000, 1_191_700_000, 5),
            dialect.MAVLink_file_transfer_protocol_message(0, 1, 1, [0] * 251),
            dialect.MAVLink_set_mode_message(1, 1, 4),
            dialect.MAVLink_timesync_message(0, 5),
            dialect.MAVLink_mission_count_message(1, 1, 2, 1),
            dialect.MAVLink_mission_item_int_message(
                1, 1, 0, 0, 5003, 0, 1, 9, 0, 0, 0, 319_500_000, 1_191_700_000, 0, 1
            ),
            dialect.MAVLink_mission_write_partial_list_message(1, 1, 1, 2),
            dialect.MAVLink_mission_clear_all_message(1, 1, 255),
            dialect.MAVLink_mission_set_current_message(1, 1, 3),
            dialect.MAVLink_set_position_target_local_ned_message(0, 1, 1, 1, 0xDC7, *[0] * 3, 1, *[0] * 7),
            dialect.MAVLink_set_position_target_global_int_message(
                0, 1, 1, 6, 0xDF8, 319_500_000, 1_191_700_000, *[5] * 9
            ),
        )
        for _ in range(3)
    ]


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 2**32),
    longest=st.integers(1, 40),
    noise=st.binary(max_size=200),
    autopilot=st.sampled_from(sorted(FIRMWARES)),
)
def test_damaged_and_cut_bytes_are_counted_and_never_raise(
    seed: int, longest: int, noise: bytes, autopilot: str
) -> None:
    fleet = SimulatedFleet(DroneSettings(autopilot=autopilot), START_MS)
    for chunk in cut([*corrupt(requests(), seed, 0.4), noise], seed, longest):
        fleet.receive(chunk)
    for chunk in [bytes(600), *requests(), *requests()]:
        fleet.receive(chunk)
    assert fleet.drones[0].handler.counters["handled"] > 0


any_float = st.floats(width=32)
known_commands = st.sampled_from(
    [16, 17, 20, 21, 22, 84, 85, 115, 176, 178, 179, 183, 185, 189, 192, 193, 203, 206, 207, 216, 224, 246, 300, 400,
     401, 410, 510, 511, 512, 520, 2000, 2001]
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(number=known_commands, params=st.tuples(*[any_float] * 7), flying=st.booleans(), steps=st.integers(0, 60))
def test_every_command_is_acknowledged_once_whatever_its_parameters(
    number: int, params: tuple[float, ...], flying: bool, steps: int
) -> None:
    station = Station()
    autopilot = station.vehicle.autopilot
    if flying:
        station.listen(3.5)
        autopilot.set_mode(4)
        autopilot.arm()
        autopilot.take_off(5.0)
        station.listen(1)
    answers = station.ask(dialect.MAVLink_command_long_message(1, 1, number, 0, *params))
    acks = [answer for answer in answers if answer.get_type() == "COMMAND_ACK"]
    assert [ack.command for ack in acks] == [number]
    for _ in range(steps):
        station.fleet.step()


@settings(max_examples=examples(40), deadline=None)
@given(data=st.data(), scenario=st.sampled_from(["demo", "jurong-wheat"]))
def test_it_flies_with_any_parameters(data: st.DataObject, scenario: str) -> None:
    station = Station(scenario=scenario, idle=False)
    names = sorted(name for name in station.vehicle.parameters if not name.startswith("ARMING"))
    changes = data.draw(st.lists(st.tuples(st.sampled_from(names), any_float), min_size=1, max_size=8))
    for name, value in changes:
        station.ask(dialect.MAVLink_param_set_message(1, 1, name.encode(), value, 9))
    station.listen(8)
    station.result(20)
    station.listen(2)


@settings(max_examples=examples(30), deadline=None)
@given(
    command=st.sampled_from([*sorted(KNOWN)]),
    frame=st.sampled_from([0, 2, 3, 6, 10]),
    params=st.tuples(*[any_float] * 4),
    x=st.integers(-(2**31), 2**31 - 1),
    y=st.integers(-(2**31), 2**31 - 1),
    z=any_float,
)
def test_whatever_item_is_accepted_can_be_flown(
    command: int, frame: int, params: tuple[float, ...], x: int, y: int, z: float
) -> None:
    station = Station()
    item = dialect.MAVLink_mission_item_int_message
    station.ask(dialect.MAVLink_mission_count_message(1, 1, 3))
    station.ask(item(1, 1, 0, 3, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0))
    station.ask(item(1, 1, 1, 3, 22, 0, 1, 0, 0, 0, 0, 0, 0, 2))
    (ack,) = station.ask(item(1, 1, 2, frame, command, 0, 1, *params, x, y, z))
    assert ack.get_type() == "MISSION_ACK"
    if ack.type == 0:
        station.listen(3.5)
        assert [station.result(number, *rest) for number, *rest in ((176, 1, 4), (400, 1), (300,))] == [0, 0, 0]
        station.listen(4)


def test_cut_requests_are_answered_as_whole_ones() -> None:
    whole, pieces = SimulatedFleet(DroneSettings(), START_MS), SimulatedFleet(DroneSettings(), START_MS)
    answers = [frame for chunk in requests() for frame in whole.receive(chunk)]
    assert answers == [frame for chunk in cut(requests(), 3, 7) for frame in pieces.receive(chunk)]


def test_a_low_battery_without_a_position_lands_it_and_says_so_once() -> None:
    station = flown(Station())
    station.vehicle.body.receiver.lose_fix(station.vehicle.time_ms, 60)
    station.listen(0.1)
    station.vehicle.body.battery.consumed_mah = 20_000
    texts = station.texts(2)
    assert texts.count("Battery 1 is low") == 1
    assert station.vehicle.autopilot.mode is Mode.LAND


def test_a_speed_changes_what_is_under_way_and_one_that_is_none_is_denied() -> None:
    station = Station(idle=False)
    station.listen(14)
    motion = station.vehicle.body.motion
    assert motion.speed_m_s == pytest.approx(5.0, abs=0.4)
    assert station.result(178, 1, 2) == 0
    station.listen(4)
    assert motion.speed_m_s == pytest.approx(2.0, abs=0.4)
    for refused in (-1, 0, float("nan"), float("inf")):
        assert station.result(178, 1, refused) == 2
    assert station.result(178, 7, 3) == 2
    assert station.result(178, 2, 1.5) == 0
    assert station.vehicle.parameters["WPNAV_SPEED_UP"] == 150
    station.listen(1)
    assert motion.speed_m_s == pytest.approx(2.0, abs=0.4)


class Echo:
    """A service that answers file transfers with a text and says another at the next step."""

    def __init__(self) -> None:
        self.due: list[Any] = []

    @property
    def kinds(self) -> dict[str, Any]:
        return {"FILE_TRANSFER_PROTOCOL": self.answer}

    def answer(self, message: Any) -> list[Any]:
        self.due.append(dialect.MAVLink_statustext_message(6, b"later"))
        return [dialect.MAVLink_statustext_message(6, b"now")]

    def step(self) -> list[Any]:
        due, self.due = self.due, []
        return due


def test_a_service_takes_its_messages_over_and_sends_in_its_own_time() -> None:
    station = Station()
    station.drone.handler.add_service(Echo())
    (answer,) = station.ask(dialect.MAVLink_file_transfer_protocol_message(0, 1, 1, [0] * 251))
    assert answer.text == "now"
    assert station.texts(0.04) == ["later"]
