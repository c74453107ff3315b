from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.imports.dataflash.source import DataflashSource
from edge.imports.log_output import LogReport
from edge.imports.sentences import Sentence
from edge.sources.mavlink.settings import MavlinkSettings
from edge.sources.mavlink.spray.profile import SprayerSettings
from edge.sources.source import Reading, Readings
from headland.contract.records import Clock, Evidence
from headland.errors import DataDamaged
from tests.edge.imports.dataflash.bin_writer import FORMATS, NOON_MS, BinWriter, make_flight
from tests.edge.sources.mavlink.stand_ins import Collector
from tests.examples import examples

Play = Callable[..., tuple[Collector, LogReport]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(log: BinWriter | bytes, settings: MavlinkSettings | None = None) -> tuple[Collector, LogReport]:
        path = tmp_path / "flight.BIN"
        path.write_bytes(log if isinstance(log, bytes) else log.data)
        source, sink = DataflashSource(path, settings, "home"), Collector()
        source.run(sink)
        return sink, source.report()

    return run


def having(sink: Collector, channel: str) -> list[Reading]:
    return [row for row in sink.readings if channel in row.values]


def profile(**fields: object) -> MavlinkSettings:
    return MavlinkSettings(name="drone", url="udpin:127.0.0.1:14550", sprayer=SprayerSettings(**fields))  # type: ignore[arg-type]


def test_a_flight_is_dated_by_its_satellites_from_its_first_message_on(play: Play) -> None:
    sink, report = play(make_flight(30))
    attitudes = having(sink, "roll_rad")
    assert [row.time_ms for row in attitudes] == [NOON_MS + 5_000 + 100 * tenth for tenth in range(300)]
    assert {row.clock for row in sink.readings} == {Clock.GPS}
    assert attitudes[0].values["roll_rad"] == pytest.approx(0.1745329)
    assert (report.first_ms, report.last_ms) == (NOON_MS + 5_000, NOON_MS + 34_900)
    assert report.left_out == {}
    assert report.messages == 30 * 30 + 5 + 8


def test_there_is_no_position_before_the_first_fix(play: Play) -> None:
    sink, _ = play(make_flight(30))
    positions = having(sink, "latitude_deg")
    assert [row.values["latitude_deg"] for row in positions[:25]] == [None] * 25
    assert positions[25].values["latitude_deg"] == 49.400001
    fixes = having(sink, "gps_fix_code")
    assert {row.values["gps_latitude_deg"] for row in fixes[:25]} == {None}
    assert fixes[25].values == {
        "gps_latitude_deg": 49.4,
        "gps_longitude_deg": -123.0,
        "gps_altitude_m": 50.0,
        "gps_ground_speed_m_s": 5.0,
        "gps_course_deg": 90.0,
        "gps_hdop_ratio": 0.9,
        "gps_yaw_deg": None,
        "gps_fix_code": 3,
        "gps_satellites_count": 14,
    }


def test_the_device_is_the_same_as_on_a_live_link(play: Play) -> None:
    """AUTOPILOT_VERSION.uid2 has the processor's 12 bytes in their order; the text has each word's last byte first."""
    sink, report = play(make_flight(6))
    assert report.devices == ("uav-210032000a51323138383637",)
    descriptor = sink.descriptors[-1]
    assert (descriptor.name, descriptor.model, descriptor.software, descriptor.simulated) == (
        "ArduPilot hexarotor, system 7",
        "ArduPilot hexarotor",
        "4.5.7",
        False,
    )
    assert set(descriptor.channels) >= {"latitude_deg", "roll_rad", "gps_fix_code"}


def test_a_linux_boards_machine_id_is_the_start_of_its_uid2(play: Play) -> None:
    _, report = play(make_flight(6, board="fbaf504eac5f4ec7bfb0bf84d9c26c3c"))
    assert report.devices == (f"uav-{b'fbaf504eac5f4ec7bf'.hex()}",)


def test_a_vehicle_without_an_id_is_named_by_the_file(play: Play) -> None:
    log = make_flight(6, board="RCOut: PWM:1-8")
    _, report = play(log)
    assert report.devices == (f"log-{hashlib.sha256(log.data).hexdigest()[:12]}.sys7",)


def test_the_log_of_a_simulator_is_marked_as_simulated(play: Play) -> None:
    log = make_flight(6)
    log.put("PARM", 10_900_000, "SIM_SPEEDUP", 1.0)
    sink, _ = play(log)
    assert all(row.source.simulated for row in sink.readings)
    assert sink.descriptors[-1].simulated


def test_a_log_without_a_satellite_is_not_dated_and_has_a_note(play: Play) -> None:
    log = BinWriter().put("MSG", 1_000_000, "ArduSub V4.1.0")
    for second in range(5, 15):
        log.att(second * 1000).gps(second * 1000, 1)
    sink, report = play(log)
    assert (sink.readings, sink.events, sink.descriptors) == ([], [], [])
    assert report.left_out == {"undated_rows": 20, "undated_events": 1}
    assert report.notes == (Sentence("undated"),)


def test_the_same_file_gives_the_same_rows(play: Play) -> None:
    data = bytes(make_flight(12).data)
    first, report = play(data)
    second, again = play(data)
    assert (first.readings, first.events, first.descriptors) == (second.readings, second.events, second.descriptors)
    assert report == again


def test_old_firmware_with_milliseconds_and_without_units_is_read(play: Play) -> None:
    old = {
        "PARM": (129, "Nf", "Name,Value"),
        "MSG": (130, "Z", "Message"),
        "MODE": (131, "IMB", "TimeMS,Mode,ModeNum"),
        "GPS": (132, "BIHBcLLeeEefI", "Status,TimeMS,Week,NSats,HDop,Lat,Lng,RelAlt,Alt,Spd,GCrs,VZ,T"),
        "ATT": (134, "IccCCC", "TimeMS,Roll,Pitch,Yaw,ErrorRP,ErrorYaw"),
        "CURR": (135, "IhhhHfh", "TimeMS,Thr,Volt,Curr,Vcc,CurrTot,Volt2"),
        "RCOU": (136, "Ihhhhhhhhhhhh", "TimeMS," + ",".join(f"Ch{n}" for n in range(1, 13))),
    }
    log = BinWriter(old).put("MSG", "ArduPlane V3.1.2beta1 (834f90e8)").put("PARM", "THR_MAX", 75.0)
    for second in range(10):
        own_ms = 9_000 + 1000 * second
        # 2014-12-04T15:02:57.8Z, then 16 s behind GPS time.
        place = (428_539_020, -26_451_300, 12, 51_064)
        log.put("GPS", 3, 399_793_800 + 1000 * second, 1821, 10, 174, *place, 14, 18_019, -17, own_ms)
        log.put("ATT", own_ms, 25, 116, 27_181, 0, 0)
        log.put("CURR", own_ms, 0, 1180, 250, 5000, 12.5, 0)
        log.put("RCOU", own_ms, 1100, 1500, *[0] * 10)
        log.put("MODE", own_ms, 5 if second < 5 else 11, 5)
    sink, report = play(log)
    start_ms = 1_417_705_377_800
    rows = {next(iter(row.values)): row for row in sink.readings if row.time_ms == start_ms}
    assert rows["gps_latitude_deg"].values["gps_altitude_m"] == 510.64
    assert rows["battery_voltage_v"].values == {
        "battery_voltage_v": 11.8,
        "battery_current_a": 2.5,
        "battery_consumed_mah": 12.5,
    }
    assert rows["servo_output_us:1"].values == {"servo_output_us:1": 1100, "servo_output_us:2": 1500}
    assert rows["roll_rad"].values["yaw_rad"] == pytest.approx(-1.5392, abs=1e-4)
    assert rows["roll_rad"].values["heading_deg"] == 271.81
    assert sink.descriptors[-1].model == "ArduPilot fixed wing"
    assert [event.data for event in sink.events if event.kind == "mode"] == [
        {"mode": "FBWA", "previous": None, "code": 5}
    ]
    assert report.first_ms == start_ms


def test_units_of_the_log_override_the_assumed_ones(play: Play) -> None:
    log = make_flight(6)
    log.units("BAT", "s#vvAaXOw%", "F-000C0?00")
    log.units("ESC", "s#qvAOaO%", "F-B--BCB-")
    log.battery(10_000, 0, 12.0, 800.0, 55).battery(10_000, 1, 0.5, 20.0)
    log.put("ESC", 10_100_000, 3, 412_300, 22.1, 3.5, 4550, 120.0, 0, 0.0)
    log.att(10_500)
    sink, report = play(log)
    first, second = having(sink, "battery_voltage_v")[0], having(sink, "battery_voltage_v:1")[0]
    assert first.values["battery_consumed_mah"] == 800.0  # 0.001 Ah each
    assert first.values["battery_remaining_pct"] == 55
    assert second.values["battery_remaining_pct:1"] is None
    esc = having(sink, "esc_rpm:4")[0].values
    assert esc["esc_rpm:4"] == 4123.0
    assert esc["esc_temperature_degc:4"] == 45.5
    assert esc["esc_consumed_mah:4"] == 120.0
    assert report.notes == ()


DOUBTS = "its unit table contradicts itself or the message, so what ArduPilot writes there was taken for: "


def test_a_unit_letter_that_is_declared_twice_loses_no_field_and_is_told(play: Play) -> None:
    """ArduPilot 3.6 declares U for degrees of longitude and for microseconds, and a dilution of precision in metres."""
    log = make_flight(6)
    for letter, label in (("D", "deglatitude"), ("U", "deglongitude"), ("m", "m"), ("U", "us"), ("S", "satellites")):
        log.put("UNIT", 1, ord(letter), label)
    log.put("MULT", 1, ord("G"), 1e-7).put("UNIT", 1, ord("h"), "degheading")
    log.units("GPS", "s#---SmDUm--h--", "F----0BGGB-----")
    log.units("POS", "sDUmmm", "FGG---")
    log.gps(10_000).pos(10_000).att(10_500)
    sink, report = play(log)
    fixes = [row for row in having(sink, "gps_latitude_deg") if row.values["gps_latitude_deg"] is not None]
    places = [row for row in having(sink, "latitude_deg") if row.values["latitude_deg"] is not None]
    assert fixes
    assert places
    assert {row.values["gps_longitude_deg"] for row in fixes} == {-123.0}
    assert {row.values["gps_hdop_ratio"] for row in fixes} == {0.9}
    assert {row.values["longitude_deg"] for row in places} == {-123.0}
    doubted = "GPS.HDop (m), GPS.Lng (deglongitude, us), POS.Lng (deglongitude, us)"
    assert report.notes == (f"{DOUBTS}{doubted}",)


@pytest.mark.parametrize("label", ["A", "furlong", "?", ""])
def test_a_unit_that_cannot_be_true_gives_way_to_what_the_message_is_known_to_hold(play: Play, label: str) -> None:
    log = make_flight(6)
    log.put("UNIT", 1, ord("z"), label)
    log.units("BAT", "s#zvAzXOw%", "F-000C0?00").battery(10_000, 0, 12.0, 800.0, 55).att(10_500)
    sink, report = play(log)
    assert having(sink, "battery_voltage_v")[0].values["battery_voltage_v"] == 22.5
    if label:
        assert having(sink, "battery_consumed_mah")[0].values["battery_consumed_mah"] == 800.0
        assert report.notes == (f"{DOUBTS}BAT.CurrTot ({label}), BAT.Volt ({label})",)


@pytest.mark.parametrize("declared", [(), (1e-3, 1.0), (float("inf"),)], ids=["not", "twice", "absurdly"])
def test_a_multiplier_that_is_not_declared_once_is_not_used(play: Play, declared: tuple[float, ...]) -> None:
    log = make_flight(6)
    for value in declared:
        log.put("MULT", 1, ord("q"), value)
    log.units("BAT", "s#vvAaXOw%", "F-000q0?00").battery(10_000, 0, 12.0, 800.0, 55).att(10_500)
    sink, report = play(log)
    assert having(sink, "battery_consumed_mah")[0].values["battery_consumed_mah"] == 800.0
    assert report.notes == (f"{DOUBTS}BAT.CurrTot (Ah)",)


def test_two_units_of_one_kind_for_one_letter_give_way_to_the_known_one(play: Play) -> None:
    log = make_flight(6)
    log.put("UNIT", 1, ord("z"), "mV").put("UNIT", 1, ord("z"), "V")
    log.units("BAT", "s#zvAaXOw%", "F-000C0?00").battery(10_000, 0, 12.0, 800.0, 55).att(10_500)
    sink, report = play(log)
    assert having(sink, "battery_voltage_v")[0].values["battery_voltage_v"] == 22.5
    assert report.notes == (f"{DOUBTS}BAT.Volt (mV, V)",)


def test_units_that_are_declared_behind_their_formats_are_known(play: Play) -> None:
    log = make_flight(0)
    log.put("FMTU", 1, 135, "s#zvAaXOw%", "F-000C0?00").put("UNIT", 1, ord("z"), "mV")
    log.units("BARO", "s#mPOnsmOm-", "F-00B0C??0-")
    for second in range(5, 12):
        log.gps(1000 * second)
    log.battery(10_000, 0, 12.0, 800.0, 55).att(10_500)
    sink, _ = play(log)
    assert having(sink, "battery_voltage_v")[0].values["battery_voltage_v"] == 0.0225


def test_a_column_of_which_neither_the_log_nor_headland_knows_the_unit_is_left_out_and_named(play: Play) -> None:
    log = BinWriter({"PM": (150, "QHH", "TimeUS,NLon,Load")})
    log.put("PM", 6_000_000, 1, 550)
    for second in range(5, 12):
        log.gps(1000 * second)
    _, report = play(log)
    assert report.notes == ("in units that are not known: PM.Load",)


def test_each_change_of_state_is_one_event(play: Play) -> None:
    log = make_flight(6)
    for number in (10, 28, 18, 11, 62):
        log.put("EV", 10_500_000 + number, number)
    log.put("ARM", 10_600_000, 0, 0, 0, 1)
    log.put("ERR", 10_600_000, 6, 1)
    log.put("MODE", 10_600_000, 6, 6, 1).put("MODE", 10_700_000, 6, 6, 1)
    item = (5, 1, 216, 1.0, 0.0, 0.0, 0.0, 0, 0, 0.0, 3)
    log.put("CMD", 10_700_000, *item).put("CMD", 10_800_000, *item).att(10_900)
    sink, _ = play(log)
    events = [(event.kind, event.data) for event in sink.events if event.kind != "text"]
    assert events == [
        ("mode", {"mode": "STABILIZE", "previous": None, "code": 0}),
        ("armed", {"armed": True}),
        ("landed_state", {"state": "in_air"}),
        ("landed_state", {"state": "on_ground"}),
        ("armed", {"armed": False}),
        ("autopilot_event", {"code": 62, "name": "ekf_yaw_reset"}),
        ("autopilot_error", {"subsystem": "failsafe_battery", "code": 1}),
        ("mode", {"mode": "RTL", "previous": "STABILIZE", "code": 6}),
        (
            "mission_item",
            {
                "seq": 1, "command": 216, "frame": 3, "latitude_deg": None, "longitude_deg": None, "height_m": 0.0,
                "param1": 1.0, "param2": 0.0, "param3": 0.0, "param4": 0.0,
            },
        ),
    ]  # fmt: skip
    assert sink.events[0].data == {"text": "ArduCopter V4.5.7 (2a3dc4b7)", "severity": None}


def test_a_reading_that_the_sensor_marks_invalid_is_no_value(play: Play) -> None:
    log = make_flight(6)
    log.put("TERR", 10_100_000, 1, 0, 0, 100, 0.0, 0.0, 504, 0)
    log.put("TERR", 10_200_000, 2, 0, 0, 100, 45.5, 20.25, 0, 504)
    log.put("RFND", 10_100_000, 0, 1234, 4, 25).put("RFND", 10_200_000, 0, 4000, 3, 25)
    log.put("BARO", 10_200_000, 0, -1.5, 100_000.0, 3500, 0.0, 0, 0.0, 20.0, 1).att(10_500)
    sink, _ = play(log)
    assert [row.values["height_above_terrain_m"] for row in having(sink, "terrain_altitude_m")] == [None, 20.25]
    assert [row.values["distance_m"] for row in having(sink, "distance_m")] == [12.34, None]
    assert having(sink, "baro_altitude_m")[0].values == {"baro_altitude_m": -1.5, "static_pressure_hpa": 1000.0}


def test_velocity_is_that_of_the_estimator_in_use(play: Play) -> None:
    log = make_flight(6)
    for step in range(4):
        own_us = 10_000_000 + 100_000 * step
        for core in range(2):
            log.put("XKF1", own_us, core, 0, 0, 0, 3.0 + core, 4.0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0)
            log.put("XKF4", own_us, core, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0 if step < 2 else 1)
    log.att(10_500)
    sink, _ = play(log)
    assert [row.values["velocity_north_m_s"] for row in having(sink, "velocity_north_m_s")] == [3.0, 3.0, 3.0, 4.0]
    assert having(sink, "ground_speed_m_s")[0].values["ground_speed_m_s"] == 5.0
    assert having(sink, "ekf_velocity_variance_ratio")[0].values["ekf_velocity_variance_ratio"] == 0.1


def test_a_profile_finds_pump_and_meter_by_the_logs_own_parameters(play: Play) -> None:
    log = make_flight(6)
    for name, value in (("SERVO9_FUNCTION", 22.0), ("SERVO9_MIN", 1000.0), ("SERVO9_MAX", 2000.0)):
        log.put("PARM", 10_900_000, name, value)
    for step in range(50):
        own_ms = 11_000 + 200 * step
        log.outputs(own_ms, c1=1500, c9=1000 if step < 25 else 1800)
        # 8 L/min are 480 L/h, beyond the limit of int16 centiamperes.
        log.battery(own_ms, 1, 0.0 if step < 25 else 480.0, 0.0 if step < 25 else (step - 25) * 8000 / 300)
        log.battery(own_ms, 2, 0.0, 2000.0, 80)
    sink, _ = play(log, profile(pump_function=22, flow_battery_id=1, tank_battery_id=2, tank_capacity_l=10))
    assert [row.values["pump_on"] for row in having(sink, "pump_on")] == [0.0] * 25 + [1.0] * 25
    flow = [row.values["flow_l_min"] for row in having(sink, "flow_l_min")]
    assert flow[:25] == [0.0] * 25
    assert flow[-1] == pytest.approx(8.0, rel=0.01)
    assert having(sink, "tank_l")[0].values["tank_l"] == 8.0
    assert not having(sink, "battery_voltage_v:1")
    channels = sink.descriptors[-1].channels
    assert channels["flow_l_min"].evidence == Evidence.MEASURED_FLOW
    assert channels["pump_on"].evidence == Evidence.PUMP_PWM


def test_an_autopilot_that_restarted_within_the_file_begins_a_session_and_keeps_both_dated(play: Play) -> None:
    log = make_flight(30)
    for tenth in range(200):  # a minute later, from boot on
        own_ms = 2_000 + 100 * tenth
        log.att(own_ms)
        if tenth >= 50:
            log.gps(own_ms, utc_ms=NOON_MS + 95_000 + own_ms)
    sink, report = play(log)
    (reboot,) = (event for event in sink.events if event.kind == "reboot")
    times = [row.time_ms for row in having(sink, "roll_rad")]
    assert times == sorted(times)
    assert times[:300] == [NOON_MS + 5_000 + 100 * tenth for tenth in range(300)]
    assert times[300:] == [NOON_MS + 97_000 + 100 * tenth for tenth in range(2, 200)]
    assert reboot.t == NOON_MS + 97_200
    assert report.left_out == {"odd_time": 2}


def damaged_flight() -> bytes:
    log = make_flight(8)
    log.units("BAT", "s#vvAaXOw%", "F-000C0?00").battery(11_000, 0, 12.0, 800.0, 55).outputs(12_000, c1=1500)
    log.put("XKF1", 12_100_000, 0, 0, 0, 0, 3.0, 4.0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0)
    log.put("XKF4", 12_100_000, 0, 10, 20, 30, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    log.put("CMD", 12_200_000, 5, 1, 216, 1.0, 0.0, 0.0, 0.0, 0, 0, 0.0, 3).put("ERR", 12_200_000, 6, 1)
    log.put("TERR", 12_200_000, 2, 0, 0, 100, 45.5, 20.25, 0, 504).put("DSF", 12_300_000, 3, 0, 0, 0, 0, 0)
    return bytes(log.att(12_400).data)


DAMAGED = damaged_flight()


@given(st.lists(st.tuples(st.integers(0, len(DAMAGED) - 1), st.integers(0, 255)), min_size=1, max_size=6))
@settings(
    max_examples=examples(80),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_damaged_log_raises_nothing_and_gives_only_finite_numbers(play: Play, damage: list[tuple[int, int]]) -> None:
    data = bytearray(DAMAGED)
    for at, value in damage:
        data[at] = value
    with suppress(DataDamaged):
        sink, report = play(bytes(data), profile(pump_function=22, flow_battery_id=1))
        assert len(sink.readings) == report.rows
        assert all(value is None or math.isfinite(value) for row in sink.readings for value in row.values.values())


@pytest.mark.parametrize("character", ["n", "f", "L", "a"])
def test_known_messages_with_columns_of_another_kind_raise_nothing(play: Play, character: str) -> None:
    value = {"n": "abcd", "f": math.nan, "L": -1, "a": bytes(64)}[character]
    log = make_flight(6)
    for name, (number, _, columns) in FORMATS.items():
        if name != "FMT":
            count = len(columns.split(",")) if character != "a" else 3
            other = BinWriter({name: (number, character * count, ",".join(columns.split(",")[:count]))})
            log.data += other.put(name, *[value] * count).data
    sink, _ = play(log, profile(pump_function=22, flow_battery_id=1))
    assert len(having(sink, "roll_rad")) >= 60


def test_a_step_of_the_receivers_utc_is_followed_and_noted(play: Play) -> None:
    log = make_flight(30)
    for second in range(35, 65):
        log.att(second * 1000).gps(second * 1000, utc_ms=NOON_MS + second * 1000 + 18_000)
    sink, report = play(log)
    times = [row.time_ms for row in having(sink, "roll_rad")]
    assert times[:300] == [NOON_MS + 5_000 + 100 * tenth for tenth in range(300)]
    assert times[301:] == [NOON_MS + 18_000 + second * 1000 for second in range(36, 65)]
    assert report.notes == ("the receiver's UTC stepped, and rows with it (steps: 1)",)


def test_a_file_that_is_no_log_is_refused(play: Play) -> None:
    for data in (
        b"",
        b"this is no recording" * 100,
        bytes(BinWriter().put("FMT", 200, 15, "X", "Qf", "TimeUS,V").data),
    ):
        with pytest.raises(DataDamaged, match=r"flight\.BIN holds no DataFlash message"):
            play(data)


def test_stop_ends_the_run_soon_and_progress_never_falls(tmp_path: Path) -> None:
    path = tmp_path / "flight.BIN"
    path.write_bytes(make_flight(3000).data)
    source, sink = DataflashSource(path, None, "home"), Collector()
    seen: list[int] = []

    class Watcher(Collector):
        def runs(self, runs: Sequence[Readings]) -> None:
            super().runs(runs)
            seen.extend([source.position_bytes] * sum(map(len, runs)))
            if len(seen) >= 1000:
                threading.Thread(target=source.stop).start()

    source.stop()
    source.run(sink)
    assert sink.readings == []
    source = DataflashSource(path, None, "home")
    source.run(Watcher())
    assert seen == sorted(seen)
    assert 1000 <= len(seen) < 3000 * 20


def test_a_start_dates_a_log_without_a_satellite_until_the_autopilot_restarts(tmp_path: Path) -> None:
    log = BinWriter()
    for second in range(3, 9):
        log.att(1000 * second)
    for second in range(1, 5):
        log.att(1000 * second)
    path = tmp_path / "flight.BIN"
    path.write_bytes(log.data)
    source, sink = DataflashSource(path, None, "home", start_ms=NOON_MS), Collector()
    source.run(sink)
    assert [row.time_ms - NOON_MS for row in sink.readings] == [1000 * second for second in range(6)]
    assert {row.clock for row in sink.readings} == {Clock.RTC}
    assert source.report().left_out == {"odd_time": 2, "undated_rows": 2, "undated_events": 1}
    (note,) = source.report().notes
    assert note == (
        "no satellite fix with a time is in it: it is dated by the given start, "
        "2024-06-01 06:00:00 UTC at its first message"
    )


def test_a_log_that_was_cut_off_says_so(play: Play) -> None:
    data = bytes(make_flight(6).data)
    assert play(data)[1].notes == ()
    _, report = play(data[:-10])
    assert report.notes[0].startswith("it ends in the middle of a message (")
