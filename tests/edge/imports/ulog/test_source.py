from __future__ import annotations

import builtins
import hashlib
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.imports.log_output import LogReport
from edge.imports.report import Gaps
from edge.imports.ulog.cut import find_cut
from edge.imports.ulog.source import MOST_BYTES, UlogSource
from edge.sources.source import Reading
from headland.contract.records import Clock
from headland.errors import DataDamaged, SettingsError
from tests.edge.imports.ulog.ulg_writer import GPS_NEW, NOON_MS, NOON_US, OUTPUTS, UUID, UlgWriter, make_flight
from tests.edge.sources.mavlink.stand_ins import Collector
from tests.examples import examples

Play = Callable[..., tuple[Collector, LogReport]]
DAMAGED = make_flight(6).whole()


class Stopping(UlogSource):
    """One that somebody stops when so much was read."""

    stop_at_bytes = 0

    def _note_read(self, count: int) -> bool:
        going_on = super()._note_read(count)
        if self._read_bytes >= self.stop_at_bytes:
            self.stop()
        return going_on


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(data: bytes) -> tuple[Collector, LogReport]:
        path = tmp_path / "flight.ulg"
        path.write_bytes(data)
        source, sink = UlogSource(path, None, "home"), Collector()
        source.run(sink)
        return sink, source.report()

    return run


def having(sink: Collector, channel: str) -> list[Reading]:
    return [row for row in sink.readings if channel in row.values]


def test_a_flight_is_dated_by_its_satellites_from_its_first_message_on(play: Play) -> None:
    sink, report = play(make_flight().whole())
    attitudes = having(sink, "roll_rad")
    assert [row.time_ms for row in attitudes] == [NOON_MS + 1000 + 100 * tenth for tenth in range(200)]
    assert {row.clock for row in sink.readings} == {Clock.GPS}
    assert attitudes[0].values["yaw_rad"] == pytest.approx(1.5707963)
    assert [row.time_ms for row in sink.readings] == sorted(row.time_ms for row in sink.readings)
    assert (report.first_ms, report.last_ms) == (NOON_MS + 1000, NOON_MS + 20_900)
    assert (report.messages, report.rows, report.left_out) == (224, 220, {})


def test_the_device_is_the_same_as_on_a_live_link(play: Play) -> None:
    sink, report = play(make_flight().whole())
    assert report.devices == (f"uav-{UUID}",)
    descriptor = sink.descriptors[-1]
    assert (descriptor.name, descriptor.simulated) == ("PX4 quadrotor, system 3", False)
    data = make_flight(sys_uuid="", ver_hw="PX4_SITL").whole()
    sink, report = play(data)
    assert report.devices == (f"log-{hashlib.sha256(data).hexdigest()[:12]}.sys3",)
    assert all(row.source.simulated for row in sink.readings)


def test_there_is_no_position_before_the_first_fix(play: Play) -> None:
    sink, _ = play(make_flight().whole())
    fixes = having(sink, "gps_fix_code")
    assert {row.values["gps_latitude_deg"] for row in fixes[:4]} == {None}
    assert fixes[4].values == pytest.approx(
        {
            "gps_latitude_deg": 49.4,
            "gps_longitude_deg": -123.0,
            "gps_altitude_m": 50.0,
            "gps_ground_speed_m_s": 5.0,
            "gps_course_deg": 270.0,
            "gps_hdop_ratio": 0.9,
            "gps_vdop_ratio": 1.2,
            "gps_horizontal_accuracy_m": 1.5,
            "gps_vertical_accuracy_m": 2.5,
            "gps_speed_accuracy_m_s": 0.3,
            "gps_yaw_deg": None,
            "gps_fix_code": 3,
            "gps_satellites_count": 14,
        },
        abs=1e-5,
    )


def test_receivers_of_newer_firmware_have_a_series_each_and_their_blend_none(play: Play) -> None:
    log = make_flight()
    log.topic("sensor_gps", GPS_NEW).topic("sensor_gps", GPS_NEW, 1)
    for second in range(5, 15):
        own_us = second * 1_000_000
        log.put("sensor_gps", own_us, NOON_US + own_us, 49.5, -123.5, 51.0, 5.0, 0.0, 6, 20)
        log.put("sensor_gps", own_us, NOON_US + own_us, 49.6, -123.6, 52.0, 5.0, 0.0, 3, 10, instance=1)
    sink, _ = play(log.whole())
    assert [row.values["gps_latitude_deg"] for row in having(sink, "gps_latitude_deg")] == [49.5] * 10
    assert having(sink, "gps_fix_code:1")[0].values["gps_altitude_m:1"] == 52.0


def test_each_change_of_state_and_each_text_is_one_event(play: Play) -> None:
    log = make_flight().text(6_500_000, "[commander] Takeoff detected")
    sink, _ = play(log.whole())
    assert [(event.t - NOON_MS, event.kind, event.data) for event in sink.events] == [
        (1000, "mode", {"mode": "TAKEOFF", "previous": None, "nav_state": 17}),
        (1000, "armed", {"armed": False}),
        (6000, "armed", {"armed": True}),
        (6500, "text", {"text": "[commander] Takeoff detected", "severity": "info"}),
        (11_000, "mode", {"mode": "MISSION", "previous": "TAKEOFF", "nav_state": 3}),
    ]


def test_outputs_that_are_pulse_widths_are_named_as_on_a_live_link(play: Play) -> None:
    log = make_flight().topic("actuator_outputs", OUTPUTS).topic("actuator_outputs", OUTPUTS, 1)
    log.put("actuator_outputs", 6_000_000, 4, 1100.0, 1900.0, 0.0, 8191.0, *[1500.0] * 12)
    log.put("actuator_outputs", 6_000_000, 1, 1234.0, *[0.0] * 15, instance=1)
    sink, _ = play(log.whole())
    assert having(sink, "servo_output_us:1")[0].values == {"servo_output_us:1": 1100.0, "servo_output_us:2": 1900.0}
    assert having(sink, "servo_output_us:17")[0].values == {"servo_output_us:17": 1234.0}


def test_what_the_logger_dropped_is_reported_as_dropouts(play: Play) -> None:
    _, report = play(make_flight().dropout(1234).dropout(66).whole())
    assert report.dropouts == Gaps(2, 1300)


def test_a_log_without_a_fix_is_not_dated_and_has_a_note(play: Play) -> None:
    sink, report = play(make_flight(4).whole())
    assert (sink.readings, sink.events, sink.descriptors) == ([], [], [])
    assert report.left_out == {"undated_rows": 44, "undated_events": 2}
    assert report.notes[0].startswith("no satellite fix with a time is in it")


def test_a_log_that_was_cut_off_gives_its_whole_messages(play: Play) -> None:
    data = make_flight().whole()
    sink, report = play(data[: len(data) - 1500])
    assert 0 < len(having(sink, "roll_rad")) < 200
    assert re.fullmatch(
        r"it ends in the middle of a message \(\d+ bytes of it\): it was cut off, and what came after is missing",
        report.notes[0],
    )
    assert play(data)[1].notes == ()


@pytest.mark.parametrize(
    ("last", "cut_bytes"),
    [(b"\x20\0D\0\0", 5), (b"", 0), (b"\x20\0", 2), (bytes(5000), 0)],
    ids=["body", "nothing", "half of a head", "zeros of the file system"],
)
def test_how_many_bytes_a_cut_message_has_is_told_exactly(tmp_path: Path, last: bytes, cut_bytes: int) -> None:
    path = tmp_path / "flight.ulg"
    path.write_bytes(make_flight(2).whole() + last)
    assert find_cut(path) == cut_bytes


def test_what_a_crash_left_unfinished_before_an_appended_part_is_no_cut(tmp_path: Path) -> None:
    log = make_flight(2)
    head, flags = log.definitions[:16], UlgWriter._message("B", bytes(16) + struct.pack("<3Q", 0, 0, 0))
    whole = bytes(log.definitions[16 + len(flags) :] + log.data)
    appended_at = 16 + len(flags) + len(whole) + 20
    flags = UlgWriter._message("B", bytes(16) + struct.pack("<3Q", appended_at, 0, 0))
    path = tmp_path / "flight.ulg"
    last = UlgWriter._message("L", struct.pack("<BQ", 54, 1) + b"rebooted")
    path.write_bytes(bytes(head) + flags + whole + b"\x40\0D" + bytes(17) + last)
    assert find_cut(path) == 0
    path.write_bytes(path.read_bytes()[:-1])
    assert find_cut(path) == len(last) - 1


def test_a_log_that_was_cut_within_its_definitions_is_refused_in_a_sentence(play: Play) -> None:
    log = make_flight(2)
    with pytest.raises(DataDamaged, match=r"flight\.ulg holds no data: it was cut off before its first"):
        play(bytes(log.definitions) + log.data[:7])


def test_a_damaged_time_stamp_makes_no_row_of_a_far_year(play: Play) -> None:
    log = make_flight()
    log.put("vehicle_attitude", 2**62, 0.7071068, 0.0, 0.0, 0.7071068)
    sink, report = play(log.whole())
    assert report.left_out == {"odd_time": 1}
    assert report.last_ms == max(row.time_ms for row in sink.readings) < NOON_MS + 60_000


def test_a_start_dates_a_log_without_a_fix_from_its_first_message_on(tmp_path: Path) -> None:
    path = tmp_path / "flight.ulg"
    path.write_bytes(make_flight(4).whole())
    source, sink = UlogSource(path, None, "home", start_ms=NOON_MS), Collector()
    source.run(sink)
    assert source.report().first_ms == NOON_MS
    assert {row.clock for row in sink.readings} == {Clock.RTC}
    (note,) = source.report().notes
    assert note == (
        "no satellite fix with a time is in it: it is dated by the given start, "
        "2024-06-01 06:00:00 UTC at its first message"
    )


def test_a_file_that_is_no_ulog_is_refused(play: Play) -> None:
    for data in (b"", b"this is no recording" * 100):
        with pytest.raises(DataDamaged, match=r"flight\.ulg cannot be read as a ULog of PX4"):
            play(data)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6))
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_damaged_log_is_read_or_refused_and_raises_nothing_else(play: Play, damage: list[tuple[int, int]]) -> None:
    data = bytearray(DAMAGED)
    for at, value in damage:
        data[at % len(data)] = value
    with suppress(DataDamaged):
        sink, report = play(bytes(data))
        assert len(sink.readings) == report.rows


def test_a_log_that_is_too_large_to_be_held_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "long.ulg"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(DataDamaged, match=r"long\.ulg has 500 MB, .* one of more than 500 MB is refused"):
        UlogSource(path, None, "home").run(Collector())


def test_without_pyulog_the_error_names_the_package_to_install(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    original_import = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("pyulog"):
            raise ImportError(name)
        return original_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsError, match=r"PX4 logs need pyulog, .*: pip install 'headland\[logs\]'"):
        play(make_flight().whole())


def test_a_gateway_that_reads_no_ulog_loads_neither_pyulog_nor_numpy() -> None:
    code = (
        "import sys, edge.imports.importer, edge.imports.ulog.source\n"
        "print([name for name in ('numpy', 'pyulog') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_that_is_stopped_while_the_file_is_read_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "flight.ulg"
    path.write_bytes(make_flight(600).whole())
    for read_bytes in (0, path.stat().st_size + 1):  # at once; when its hash is known
        source, sink = Stopping(path, None, "home"), Collector()
        source.stop_at_bytes = read_bytes
        source.run(sink)
        assert sink.readings == []


def test_the_writer_needs_no_topic_that_is_read(play: Play) -> None:
    sink, report = play(UlgWriter().text(2_000_000, "hello").whole())
    assert sink.events == []
    assert report.left_out == {"undated_events": 1}
