from __future__ import annotations

import math
from collections import Counter

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.mavlink.encoder import unique_id
from firmware_sim.drone.simulator import Drone, DroneSettings
from tests.firmware_sim.recording import START_MS, read_demo, read_frames, record_demo, sprayer_of


def of(kind: str) -> list[dialect.MAVLink_message]:
    return [message for message in read_demo() if message.get_type() == kind]


def test_every_message_comes_at_its_rate() -> None:
    seconds = len(record_demo().east_north_m) * 0.02
    counts = Counter(message.get_type() for message in read_demo())
    rates = {
        "HEARTBEAT": 1, "SYSTEM_TIME": 1, "SYS_STATUS": 1, "MISSION_CURRENT": 1, "EXTENDED_SYS_STATE": 1,
        "GPS_RAW_INT": 5, "VFR_HUD": 5, "GLOBAL_POSITION_INT": 10, "ATTITUDE": 10, "SERVO_OUTPUT_RAW": 10,
        "BATTERY_STATUS": 15, "RANGEFINDER": 5, "DISTANCE_SENSOR": 5, "TERRAIN_REPORT": 2, "WIND": 1,
        "EKF_STATUS_REPORT": 1, "RC_CHANNELS": 2,
    }  # fmt: skip
    for kind, rate in rates.items():
        assert counts[kind] == pytest.approx(rate * seconds, abs=max(2, rate / 5)), kind
    assert counts["STATUSTEXT"] == 4
    assert counts["NAMED_VALUE_FLOAT"] == counts["RPM"] == 0


def test_sequence_numbers_have_no_gap() -> None:
    sequence = [message.get_seq() for message in read_demo()]
    assert sequence == [number % 256 for number in range(len(sequence))]


def test_there_is_neither_time_nor_place_before_the_fix() -> None:
    times = of("SYSTEM_TIME")
    assert [message.time_unix_usec for message in times if message.time_boot_ms < 3000] == [0, 0, 0]
    assert all(m.lat == 0 and m.lon == 0 for m in of("GLOBAL_POSITION_INT") if m.time_boot_ms < 3000)
    assert all(m.fix_type == 1 and m.vel == 65535 for m in of("GPS_RAW_INT") if m.time_usec < 3_000_000)


def test_afterwards_utc_is_the_simulated_time() -> None:
    later = [message for message in of("SYSTEM_TIME") if message.time_boot_ms >= 3000]
    assert len(later) > 300
    assert all(message.time_unix_usec // 1000 - message.time_boot_ms == START_MS for message in later)


def test_positions_lie_around_the_field() -> None:
    fixed = [message for message in of("GLOBAL_POSITION_INT") if message.time_boot_ms >= 3000]
    assert all(abs(m.lat / 1e7 - 31.95) < 0.002 and abs(m.lon / 1e7 - 119.17) < 0.002 for m in fixed)
    flying = [m for m in fixed if 10_000 < m.time_boot_ms < 300_000]
    assert all(2.6 < m.relative_alt / 1000 < 3.4 for m in flying)
    assert all(m.alt - m.relative_alt == pytest.approx(22_000, abs=2) for m in fixed)
    assert all(0 <= m.hdg < 36_000 for m in fixed)


def test_the_nose_points_where_it_flies_in_a_row() -> None:
    rows = [m for m in of("GLOBAL_POSITION_INT") if math.hypot(m.vx, m.vy) > 480 and 10_000 < m.time_boot_ms < 300_000]
    assert len(rows) > 1_500
    for message in rows:
        course = math.degrees(math.atan2(message.vy, message.vx))
        assert abs(math.remainder(course - message.hdg / 100, 360)) < 8


def test_the_flow_meter_counts_the_applied_litres_within_2_percent() -> None:
    meter = [message for message in of("BATTERY_STATUS") if message.id == 1]
    litres = meter[-1].current_consumed / 1000
    assert litres == pytest.approx(sprayer_of(record_demo().drone).applied_l, rel=0.02)
    assert all(message.voltages[0] == 1000 and message.temperature == 32767 for message in meter)
    assert max(message.current_battery for message in meter) == pytest.approx(4.5 * 0.94 * 6000, rel=0.2)
    consumed = [message.current_consumed for message in meter]
    assert consumed == sorted(consumed)


def test_a_flow_too_large_for_the_wire_clips_and_its_volume_does_not() -> None:
    drone = Drone(DroneSettings(scenario="jurong-heavy"), START_MS)
    messages = read_frames([frame for _ in range(25 * 50) for frame in drone.step()])
    meter = [m for m in messages if m.get_type() == "BATTERY_STATUS" and m.id == 1]
    assert max(m.current_battery for m in meter) == 32767
    assert meter[-1].current_consumed / 1000 == pytest.approx(sprayer_of(drone).applied_l, rel=0.02, abs=0.2)


def test_the_flight_pack_discharges_plausibly() -> None:
    pack = [message for message in of("BATTERY_STATUS") if message.id == 0]
    assert pack[0].battery_remaining == 100
    assert 40 < pack[-1].battery_remaining < 80
    assert all(44_000 < message.voltages[0] < 50_500 for message in pack)
    assert max(message.current_battery for message in pack) < 15_000


def test_the_pump_output_says_when_it_sprays_and_rests_at_its_minimum() -> None:
    outputs = {message.servo9_raw for message in of("SERVO_OUTPUT_RAW")}
    assert 1100 in outputs
    assert all(output == 1100 or 1180 <= output <= 1900 for output in outputs)
    assert {message.port for message in of("SERVO_OUTPUT_RAW")} == {0}


def test_modes_and_arming_follow_the_flight() -> None:
    modes = [(message.custom_mode, bool(message.base_mode & 128)) for message in of("HEARTBEAT")]
    ordered = [pair for index, pair in enumerate(modes) if index == 0 or modes[index - 1] != pair]
    # As with ArduCopter, a mission's own return is flown in AUTO.
    assert ordered[:2] == [(0, False), (3, True)]
    assert all(message.autopilot == 3 and message.type == 2 for message in of("HEARTBEAT"))


def test_landed_states_follow_the_flight() -> None:
    states = [message.landed_state for message in of("EXTENDED_SYS_STATE")]
    assert [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state] == [1, 3, 2, 4]


def test_items_reached_are_said_in_their_order() -> None:
    reached = [message.seq for message in of("MISSION_ITEM_REACHED")]
    waypoints = [1] + [2 + 6 * row + item for row in range(11) for item in (0, 1, 3, 5)]
    assert reached == waypoints


def test_the_rangefinder_and_the_terrain_say_the_height_above_the_ground() -> None:
    rows = of("RANGEFINDER")[100:-200]
    assert sum(m.distance for m in rows) / len(rows) == pytest.approx(3.1, abs=0.1)
    terrain = [m for m in of("TERRAIN_REPORT") if m.spacing]
    assert {m.terrain_height for m in terrain} == {22.0}
    assert all(m.spacing == 0 and m.current_height == 0 for m in of("TERRAIN_REPORT")[:5])


def test_the_wind_says_where_it_comes_from() -> None:
    wind = of("WIND")
    assert sum(m.speed for m in wind) / len(wind) == pytest.approx(2.6, abs=0.3)
    north = sum(math.cos(math.radians(m.direction)) for m in wind) / len(wind)
    east = sum(math.sin(math.radians(m.direction)) for m in wind) / len(wind)
    assert math.degrees(math.atan2(east, north)) == pytest.approx(120, abs=8)


def test_the_tank_is_a_third_battery() -> None:
    tank = [message for message in of("BATTERY_STATUS") if message.id == 2]
    machine = sprayer_of(record_demo().drone)
    assert tank[-1].current_consumed == pytest.approx((25.0 - machine.tank_l) * 1000, abs=30)
    assert tank[-1].battery_remaining == round(100 * machine.tank_l / 25.0)
    assert all(message.current_battery == -1 for message in tank)


def test_a_spreader_says_its_hopper_its_flow_and_its_disc() -> None:
    drone = Drone(DroneSettings(scenario="jurong-wheat"), START_MS)
    messages = read_frames([frame for _ in range(25 * 50) for frame in drone.step()])
    named = {name: [m.value for m in messages if m.get_type() == "NAMED_VALUE_FLOAT" and m.name == name]
             for name in ("HOPPER_KG", "MFLOW_KGM")}  # fmt: skip
    assert named["HOPPER_KG"][0] == pytest.approx(50.0, abs=0.7)
    assert named["HOPPER_KG"][-1] == pytest.approx(drone.vehicle.body.machine.left, abs=1.5)
    assert max(named["MFLOW_KGM"]) == pytest.approx(19.4 * 0.92, rel=0.15)
    discs = [m for m in messages if m.get_type() == "RPM"]
    assert max(m.rpm1 for m in discs) == pytest.approx(1100, abs=40)
    assert {m.rpm2 for m in discs} == {-1.0}
    assert max(m.servo10_raw for m in messages if m.get_type() == "SERVO_OUTPUT_RAW") == 1550
    assert {m.id for m in messages if m.get_type() == "BATTERY_STATUS"} == {0}


def test_without_a_flow_sensor_only_the_load_cells_speak() -> None:
    drone = Drone(DroneSettings(scenario="jurong-wheat-hopper"), START_MS)
    messages = read_frames([frame for _ in range(50) for frame in drone.step()])
    assert {m.name for m in messages if m.get_type() == "NAMED_VALUE_FLOAT"} == {"HOPPER_KG"}


def test_a_long_text_comes_in_numbered_pieces() -> None:
    drone = Drone(DroneSettings(idle=True), START_MS)
    drone.vehicle.autopilot.send_text(6, "x" * 120)
    texts = [m for m in read_frames(drone.step()) if m.get_type() == "STATUSTEXT"]
    assert [(m.id, m.chunk_seq, len(m.text)) for m in texts] == [(1, 0, 50), (1, 1, 50), (1, 2, 20)]


@pytest.mark.parametrize(
    ("seed", "text"), [(0, "484c53494d"), (1, "484c53494d01"), (258, "484c53494d0201"), (256, "484c53494d0001")]
)
def test_the_identity_says_simulator_and_which(seed: int, text: str) -> None:
    assert len(unique_id(seed)) == 18
    assert unique_id(seed).rstrip(b"\0").hex() == text


def test_mavlink_1_is_spoken_on_demand() -> None:
    drone = Drone(DroneSettings(mavlink_version=1, system_id=7), START_MS)
    frames = [frame for _ in range(12 * 50) for frame in drone.step()]
    assert {frame[0] for frame in frames} == {0xFE}
    messages = read_frames(frames)
    assert {message.get_srcSystem() for message in messages} == {7}
    assert {"GLOBAL_POSITION_INT", "BATTERY_STATUS", "SYSTEM_TIME"} <= {m.get_type() for m in messages}
    servo = [len(frame) for frame in frames if frame[5] == dialect.MAVLINK_MSG_ID_SERVO_OUTPUT_RAW]
    assert set(servo) == {8 + 21}
