from __future__ import annotations

import hashlib
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.mavlink_log.tlog import TlogSource
from edge.sources.mavlink.settings import MavlinkSettings
from headland.contract.records import Clock
from headland.errors import DataDamaged
from tests.edge.sources.mavlink.stand_ins import NOON_MS, UID_A, UID_B, Autopilot, Collector, make_tlog

RECORDER_AHEAD_MS = 8000


def record(
    pilot: Autopilot, seconds: int, *, utc: bool = True, fix: int = 3, uid2: list[int] | None = None
) -> list[tuple[int, bytes]]:
    """Return what a ground station recorded, by its own clock that is 8 s ahead; who it is comes last."""
    frames: list[tuple[int, bytes]] = []
    for second in range(seconds):
        boot_ms = 20_000 + second * 1000
        at_ms = pilot.utc_at_boot_ms + boot_ms + RECORDER_AHEAD_MS
        frames.append((at_ms, pilot.position(boot_ms)))
        frames.append((at_ms + 20, pilot.attitude(boot_ms + 20)))
        frames.append((at_ms + 40, pilot.gps(boot_ms + 40, fix)))
        frames.append((at_ms + 60, pilot.heartbeat()))
        frames.append((at_ms + 80, pilot.system_time(boot_ms + 80, utc_ms=None if utc else 0)))
    if uid2 is not None:
        frames.append((at_ms + 100, pilot.identity(uid2)))
    return frames


def play(path: Path, settings: MavlinkSettings | None = None) -> tuple[Collector, TlogSource]:
    source, sink = TlogSource(path, settings, "gw-1", "home"), Collector()
    source.run(sink)
    return sink, source


@pytest.fixture
def tlog(tmp_path: Path) -> Path:
    return tmp_path / "flight.tlog"


def test_rows_have_the_vehicles_utc_and_a_uid_from_the_end_of_the_file(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 60, uid2=UID_A)))
    sink, source = play(tlog)
    positions = [row for row in sink.readings if "latitude_deg" in row.values]
    assert [row.time_ms for row in positions] == [NOON_MS + 20_000 + second * 1000 for second in range(60)]
    assert {row.clock for row in sink.readings} == {Clock.GPS}
    assert {row.source.device for row in sink.readings} == {"uav-a1b2c3"}
    report = source.report()
    assert report.complete
    assert (report.frames, report.rows) == (301, 180)
    (device,) = report.devices
    assert (device.device, device.rows, device.clocks) == ("uav-a1b2c3", 180, {Clock.GPS: 180})
    assert (device.first_ms, device.last_ms) == (NOON_MS + 20_000, NOON_MS + 79_040)
    assert report.recorder_first_ms == NOON_MS + 28_000


def test_a_second_reading_gives_the_same_rows_and_events(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 20, uid2=UID_A)))
    first, _ = play(tlog)
    second, _ = play(tlog)
    assert (first.readings, first.events) == (second.readings, second.events)


def test_without_any_utc_rows_have_the_recorders_time(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 20, utc=False, uid2=UID_A)))
    sink, _ = play(tlog)
    assert {row.clock for row in sink.readings} == {Clock.ARRIVAL}
    assert sink.readings[0].time_ms == NOON_MS + 20_000 + RECORDER_AHEAD_MS


def test_without_any_fix_the_vehicles_clock_is_not_called_a_satellite_clock(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 20, fix=1)))
    sink, _ = play(tlog)
    assert {row.clock for row in sink.readings} == {Clock.RTC}


def test_a_vehicle_without_a_uid_is_named_by_the_file(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(system=7), 5)))
    sink, _ = play(tlog)
    digest = hashlib.sha256(tlog.read_bytes()).hexdigest()
    assert {row.source.device for row in sink.readings} == {f"log-{digest[:12]}.sys7"}


def test_bad_bytes_between_cost_nothing_but_are_counted(tlog: Path) -> None:
    noise = random.Random(3)
    frames = record(Autopilot(), 30, uid2=UID_A)
    pieces = [
        make_tlog([frame]) + (noise.randbytes(noise.randrange(40)) if n % 5 == 0 else b"")
        for n, frame in enumerate(frames)
    ]
    tlog.write_bytes(b"".join(pieces))
    sink, source = play(tlog)
    assert len(sink.readings) == 90
    assert source.report().left_out["junk_bytes"] > 0


def test_two_vehicles_that_took_turns_under_one_system_id_are_two(tlog: Path) -> None:
    one = record(Autopilot(), 20, uid2=UID_A)
    other = Autopilot(utc_at_boot_ms=NOON_MS + 600_000)
    first = [(at_ms - 1, other.identity(UID_B)) for at_ms, _ in record(other, 1)[:1]]
    tlog.write_bytes(make_tlog([*one, *first, *record(other, 20, uid2=UID_B)]))
    sink, _ = play(tlog)
    assert {"uav-a1b2c3", "uav-d4e5"} <= {row.source.device for row in sink.readings}
    for row in sink.readings:
        if row.source.device == "uav-a1b2c3":
            assert row.time_ms < NOON_MS + 60_000


def test_a_recording_that_goes_on_another_day_keeps_its_times(tlog: Path) -> None:
    week_ms = 7 * 86_400_000
    days = (Autopilot(), Autopilot(utc_at_boot_ms=NOON_MS + week_ms))
    tlog.write_bytes(make_tlog([frame for pilot in days for frame in record(pilot, 10, utc=False)]))
    sink, source = play(tlog)
    times = [row.time_ms for row in sink.readings if "latitude_deg" in row.values]
    assert times[10:] != times[:10]
    assert times[11:] == [ms + week_ms for ms in times[1:10]]
    assert source.report().left_out["odd_stamp"] == 1


def test_one_wild_stamp_moves_no_row(tlog: Path) -> None:
    frames = record(Autopilot(), 10, utc=False)
    frames[20] = (frames[20][0] + 900 * 86_400_000, frames[20][1])
    tlog.write_bytes(make_tlog(frames))
    sink, _ = play(tlog)
    assert max(row.time_ms for row in sink.readings) < NOON_MS + 60_000


def test_a_file_without_a_frame_is_refused_in_one_sentence(tlog: Path) -> None:
    for content in (b"", b"no telemetry here, only text\n" * 100):
        tlog.write_bytes(content)
        with pytest.raises(DataDamaged, match=r"flight\.tlog holds no MAVLink frame"):
            play(tlog)


def test_messages_without_any_heartbeat_are_left_out_and_counted(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(frame for n, frame in enumerate(record(Autopilot(), 10)) if n % 5 != 3))
    sink, source = play(tlog)
    assert sink.readings == []
    assert source.report().left_out["without_heartbeat"] == 40


def test_the_site_and_the_simulated_mark_come_from_the_settings(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 5)))
    settings = MavlinkSettings(name="a", url="udpin:127.0.0.1:1", site="north", simulated=True)
    sink, _ = play(tlog, settings)
    assert {(row.source.site, row.source.simulated) for row in sink.readings} == {("north", True)}


def test_the_position_rises_to_the_size_and_a_stopped_run_returns(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 1500)))
    source = TlogSource(tlog, None, "gw-1", "home")
    seen: list[int] = []

    class Watcher(Collector):
        def runs(self, runs: object) -> None:
            seen.append(source.position_bytes)

    source.run(Watcher())
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert source.position_bytes == source.size_bytes

    stopped = TlogSource(tlog, None, "gw-1", "home")

    class Stopper(Collector):
        def runs(self, runs: object) -> None:
            stopped.stop()

    thread = threading.Thread(target=stopped.run, args=(Stopper(),))
    thread.start()
    thread.join(timeout=120)
    assert not thread.is_alive()
    assert not stopped.report().complete


@pytest.mark.parametrize(("system", "component"), [(0, 1), (0, 200), (1, 250), (1, 50)])
def test_a_recording_of_an_autopilot_at_any_address_is_imported_whole(tlog: Path, system: int, component: int) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(system, component), 30, uid2=UID_A)))
    sink, source = play(tlog)
    assert [row.time_ms for row in sink.readings if "latitude_deg" in row.values] == [
        NOON_MS + 20_000 + second * 1000 for second in range(30)
    ]
    assert {(row.source.device, row.clock) for row in sink.readings} == {("uav-a1b2c3", Clock.GPS)}
    assert source.report().notes == ()


def test_the_report_says_whose_messages_were_set_aside_and_why(tlog: Path) -> None:
    ground, silent = Autopilot(255, 190), Autopilot(9, 1)
    at_ms = NOON_MS + 30_000
    strangers = [ground.heartbeat(kind=6, autopilot=8), ground.system_time(1), silent.hud(), silent.attitude(5)]
    frames = [*record(Autopilot(), 5), *((at_ms + n, frame) for n, frame in enumerate(strangers))]
    tlog.write_bytes(make_tlog(frames))
    assert play(tlog)[1].report().notes == (
        "2 messages of system 9, component 1 set aside: it sent no HEARTBEAT, so nothing says what it is",
        "1 message of system 255, component 190 set aside: its HEARTBEAT says gcs, which is no autopilot",
    )


SIMSTATE = dialect.MAVLink_simstate_message(0, 0, 0, 0, 0, 0, 0, 0, 0, 494_000_000, 1)
SIM_STATE = dialect.MAVLink_sim_state_message(*[0] * 21, 494_000_000, 1)
SIM_PARAMETER = dialect.MAVLink_param_value_message(b"SIM_GPS1_ENABLE", 1.0, 9, 1200, 55)
HIL_HEARTBEAT = dialect.MAVLink_heartbeat_message(2, 12, 1 | 32, 0, 4, 3)


@pytest.mark.parametrize("mark", [SIMSTATE, SIM_STATE, SIM_PARAMETER, HIL_HEARTBEAT], ids=lambda mark: str(mark.id))
@pytest.mark.parametrize("version", [1, 2])
def test_a_simulators_stream_is_marked_from_its_first_row_wherever_the_file_tells(
    tlog: Path, mark: Any, version: int
) -> None:
    pilot = Autopilot(version=version)
    frames = record(pilot, 20, uid2=UID_A)
    tlog.write_bytes(make_tlog([*frames, (frames[-1][0] + 50, pilot.encode(mark))]))
    sink, _ = play(tlog)
    assert {row.source.simulated for row in sink.readings} == {True}
    assert {event.simulated for event in sink.events} == {True}
    assert sink.descriptors[-1].simulated


def test_px4s_parameters_of_simulation_which_real_boards_have_mark_nothing(tlog: Path) -> None:
    pilot = Autopilot()
    frames = [(at_ms, frame) for at_ms, frame in record(pilot, 5) if frame[7] != 0]
    px4 = [(NOON_MS + 28_000, pilot.heartbeat(autopilot=12)), (NOON_MS + 28_001, pilot.encode(SIM_PARAMETER))]
    tlog.write_bytes(make_tlog([*px4, *frames]))
    assert {row.source.simulated for row in play(tlog)[0].readings} == {False}


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_a_recording_that_was_cut_off_says_so(tlog: Path, cut: int) -> None:
    data = make_tlog(record(Autopilot(), 10))
    tlog.write_bytes(data)
    whole = TlogSource(tlog, None, "gw-1", "home")
    whole.run(Collector())
    assert whole.report().notes == ()
    tlog.write_bytes(data[:-cut])
    source, sink = TlogSource(tlog, None, "gw-1", "home"), Collector()
    source.run(sink)
    assert len(sink.readings) >= 20
    (note,) = source.report().notes
    assert note.startswith("it ends in the middle of a message (")


def test_a_start_does_not_move_a_recording_that_has_times_and_that_is_told(tlog: Path) -> None:
    tlog.write_bytes(make_tlog(record(Autopilot(), 10, utc=False)))
    plain, source, sink = Collector(), TlogSource(tlog, None, "gw-1", "home", start_ms=1), Collector()
    TlogSource(tlog, None, "gw-1", "home").run(plain)
    source.run(sink)
    assert sink.readings == plain.readings
    assert source.report().notes == ("its own times are used, not the given start",)
