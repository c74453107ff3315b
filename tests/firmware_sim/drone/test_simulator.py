from __future__ import annotations

import csv
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone.physics.deposition import read_grid
from firmware_sim.drone.simulator import Drone, DroneSettings, SimulatedFleet, advance, run_drone
from firmware_sim.drone.truth import COLUMNS, DroneTruth
from firmware_sim.links.faults import read_faults
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, RetryLater, SettingsError
from tests.firmware_sim.recording import START_MS
from tests.waiting import wait_until


@contextmanager
def flying(settings: DroneSettings) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_drone, args=(settings, stop), name="drone")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(120)
        assert not thread.is_alive()


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(120)
        yield receiver, f"udpout:127.0.0.1:{receiver.getsockname()[1]}"


def read_until(receiver: socket.socket, is_enough: Callable[[list[Any]], bool]) -> list[Any]:
    parser = dialect.MAVLink(None)
    messages: list[Any] = []

    def enough() -> bool:
        messages.extend(parser.parse_buffer(receiver.recv(65536)) or [])
        return is_enough(messages)

    wait_until(enough, every_s=0.0)
    return messages


def boot_times_ms(messages: list[Any]) -> list[int]:
    return [message.time_boot_ms for message in messages if message.get_type() == "GLOBAL_POSITION_INT"]


def is_past(times_ms: list[int], span_ms: int) -> bool:
    return bool(times_ms) and times_ms[-1] - times_ms[0] > span_ms


#: What a drone says of itself, unasked and asked for its version.
KINDS = {
    "HEARTBEAT", "SYSTEM_TIME", "GPS_RAW_INT", "GLOBAL_POSITION_INT", "ATTITUDE", "VFR_HUD", "SYS_STATUS",
    "BATTERY_STATUS", "SERVO_OUTPUT_RAW", "MISSION_CURRENT", "EXTENDED_SYS_STATE", "COMMAND_ACK",
    "AUTOPILOT_VERSION", "RANGEFINDER", "DISTANCE_SENSOR", "TERRAIN_REPORT", "WIND", "EKF_STATUS_REPORT",
    "RC_CHANNELS",
}  # fmt: skip


def test_a_real_udp_run_says_all_it_should_and_answers() -> None:
    with listening() as (receiver, url), flying(DroneSettings(connect=url)):
        first, address = receiver.recvfrom(65536)
        assert first[0] == 0xFD
        ask = dialect.MAVLink_command_long_message(1, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0)
        receiver.sendto(ask.pack(dialect.MAVLink(None, srcSystem=245, srcComponent=191)), address)
        read_until(receiver, lambda messages: {message.get_type() for message in messages} >= KINDS)


def test_at_speed_60_a_minute_passes_in_a_second_and_nothing_is_lost() -> None:
    start_ms = wall_clock_ms() - 3_600_000
    with listening() as (receiver, url), flying(DroneSettings(connect=url, speed=60, start_ms=start_ms)):
        messages = read_until(receiver, lambda heard: is_past(boot_times_ms(heard), 45_000))
    boot = boot_times_ms(messages)
    assert all(later - earlier == 100 for earlier, later in pairwise(boot))
    utc = [m.time_unix_usec // 1000 for m in messages if m.get_type() == "SYSTEM_TIME" and m.time_unix_usec]
    assert all(start_ms <= time_ms <= start_ms + 120_000 for time_ms in utc)


def test_a_tcp_drone_without_a_peer_flies_on_and_ends_when_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with flying(DroneSettings(connect=f"tcp:127.0.0.1:{port}", truth_dir=tmp_path)):
        truth = tmp_path / "drone-1.csv"
        wait_until(lambda: truth.exists() and truth.read_text().count("\n") >= 2)


def test_the_truth_file_has_a_row_a_simulated_second_and_says_what_landed(tmp_path: Path) -> None:
    fleet = SimulatedFleet(DroneSettings(truth_dir=tmp_path), START_MS + 7)
    vehicle = fleet.drones[0].vehicle
    truth = DroneTruth(tmp_path, vehicle, 1)
    link = Nowhere()
    while not advance(fleet, START_MS + 30_000, link, [truth]):
        pass
    truth.close()
    rows = list(csv.DictReader((tmp_path / "drone-1.csv").read_text().splitlines()))
    assert list(rows[0]) == list(COLUMNS["L"])
    assert [int(row["time_ms"]) for row in rows] == [START_MS + 1000 * second for second in range(1, 31)]
    for name in ("applied_l", "treated_m2", "overlap_m2"):
        values = [float(row[name]) for row in rows]
        assert values == sorted(values)
    assert float(rows[-1]["treated_m2"]) > 400
    assert max(link.sizes) <= 1200
    per_m2, header = read_grid(tmp_path / f"drone-1-ground-{START_MS}.npz")
    assert header["unit"] == "L/m2"
    assert header["released"] == pytest.approx(float(rows[-1]["applied_l"]), abs=1e-4)
    assert vehicle.body.deposition is not None
    landed_l = per_m2.sum() * header["cell_m"] ** 2 + header["landed_outside"] + vehicle.body.deposition.airborne
    assert landed_l == pytest.approx(header["released"], rel=1e-6)


class Nowhere:
    """A link that only measures what it is given."""

    def __init__(self) -> None:
        self.dropped = 0
        self.sizes: list[int] = []

    def send(self, chunk: bytes) -> None:
        self.sizes.append(len(chunk))

    def receive(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


def test_it_catches_up_in_bounded_pieces() -> None:
    fleet = SimulatedFleet(DroneSettings(), START_MS)
    assert not advance(fleet, START_MS + 3_600_000, Nowhere(), [])
    assert fleet.time_ms == START_MS + 300 * 20


def test_the_same_settings_and_start_give_the_same_bytes() -> None:
    one, other = (Drone(DroneSettings(seed=3), START_MS) for _ in range(2))
    for _ in range(500):
        assert one.step() == other.step()


def read(fleet: SimulatedFleet, seconds: float) -> list[Any]:
    parser = dialect.MAVLink(None)
    parser.robust_parsing = True
    frames = [frame for _ in range(round(seconds * 50)) for frame in fleet.step()]
    return [message for frame in frames for message in parser.parse_buffer(frame) or []]


def test_a_fleet_has_its_own_ids_seeds_and_fields_and_starts_one_after_another() -> None:
    fleet = SimulatedFleet(DroneSettings(fleet=3, seed=5, system_id=11), START_MS)
    messages = read(fleet, 20)
    assert {message.get_srcSystem() for message in messages} == {11, 12, 13}
    turns: dict[int, int] = {}
    for message in messages:
        if message.get_type() == "HEARTBEAT" and message.base_mode & 128:
            turns.setdefault(message.get_srcSystem(), len(turns))
    assert turns == {11: 0, 12: 1, 13: 2}
    assert [drone.seed for drone in fleet.drones] == [5, 6, 7]
    boot_ms = {
        message.get_srcSystem(): message.time_boot_ms for message in messages if message.get_type() == "ATTITUDE"
    }
    assert [boot_ms[one] // 1000 for one in (11, 12, 13)] == [20, 61, 102]
    latitudes = [drone.vehicle.scenario.latitude_deg for drone in fleet.drones]
    assert all(later - earlier > 0.0008 for earlier, later in pairwise(latitudes))


def test_each_of_a_fleet_answers_for_itself_and_all_of_them_to_everybody() -> None:
    fleet = SimulatedFleet(DroneSettings(fleet=2), START_MS)
    station = dialect.MAVLink(None, srcSystem=245, srcComponent=191)

    def answers(system_id: int) -> set[int]:
        frames = fleet.receive(
            dialect.MAVLink_command_long_message(system_id, 1, 512, 0, 0, 0, 0, 0, 0, 0, 0).pack(station)
        )
        return {frame[5] for frame in frames}

    assert answers(2) == {2}
    assert answers(0) == {1, 2}


def test_two_vehicles_can_share_one_system_id() -> None:
    fleet = SimulatedFleet(DroneSettings(fleet=2, faults=read_faults(["same-id"])), START_MS)
    messages = read(fleet, 2)
    assert {message.get_srcSystem() for message in messages} == {1}
    beats = [message for message in messages if message.get_type() == "HEARTBEAT"]
    assert len(beats) == 4
    station = dialect.MAVLink(None, srcSystem=245, srcComponent=191)
    ask = dialect.MAVLink_command_long_message(1, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0).pack(station)
    parser = dialect.MAVLink(None)
    versions = [
        m for frame in fleet.receive(ask) for m in parser.parse_buffer(frame) if m.get_type() == "AUTOPILOT_VERSION"
    ]
    assert len({bytes(version.uid2) for version in versions}) == 2


def test_a_reboot_starts_clocks_and_counters_at_zero_and_the_flight_goes_on() -> None:
    fleet = SimulatedFleet(DroneSettings(faults=read_faults(["reboot=30"])), START_MS)
    before, after = read(fleet, 30), read(fleet, 10)
    assert max(m.time_boot_ms for m in before if m.get_type() == "SYSTEM_TIME") > 29_000
    times = [m for m in after if m.get_type() == "SYSTEM_TIME"]
    assert [m.time_boot_ms for m in times][:2] == [40, 1040]
    assert [m.time_unix_usec == 0 for m in times[:5]] == [True, True, True, False, False]
    meter = [m.current_consumed for m in before + after if m.get_type() == "BATTERY_STATUS" and m.id == 1]
    assert max(meter[:150]) > meter[152]
    assert any("Watchdog" in m.text for m in after if m.get_type() == "STATUSTEXT")
    assert fleet.drones[0].vehicle.autopilot.armed


def test_a_clock_step_and_a_lost_fix_come_at_their_time() -> None:
    fleet = SimulatedFleet(DroneSettings(faults=read_faults(["clock-step=10:10", "no-fix=15:5"])), START_MS)
    messages = read(fleet, 25)
    ahead = {
        m.time_boot_ms // 1000: m.time_unix_usec // 1000 - m.time_boot_ms - START_MS
        for m in messages
        if m.get_type() == "SYSTEM_TIME" and m.time_unix_usec
    }
    assert (ahead[9], ahead[10], ahead[24]) == (0, 10_000, 10_000)
    fixes = {m.time_usec // 1_000_000: m.fix_type for m in messages if m.get_type() == "GPS_RAW_INT"}
    assert [fixes[second] for second in (14, 16, 19, 21)] == [6, 1, 1, 6]
    assert fleet.drones[0].vehicle.body.receiver.clock_error_ms == 10_000


def test_a_bad_link_loses_what_it_was_told_to_and_a_cut_passes_nothing() -> None:
    clean = len(read(SimulatedFleet(DroneSettings(), START_MS), 20))
    lossy = SimulatedFleet(DroneSettings(faults=read_faults(["lose=0.1"])), START_MS)
    assert len(read(lossy, 20)) == pytest.approx(0.9 * clean, rel=0.03)
    cut = SimulatedFleet(DroneSettings(faults=read_faults(["cut=5:10"])), START_MS)
    read(cut, 5)
    assert read(cut, 9.9) == []
    assert read(cut, 5)


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "nowhere"},
        {"speed": 0.0},
        {"system_id": 0},
        {"system_id": 256},
        {"mavlink_version": 3},
        {"seed": -1},
        {"fleet": 0},
        {"fleet": 10, "system_id": 247},
    ],
)
def test_settings_out_of_bounds_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        replace(DroneSettings(), **change)


def test_a_link_that_is_none_or_taken_is_said_at_once() -> None:
    with pytest.raises(SettingsError):
        run_drone(DroneSettings(connect="nonsense"), threading.Event())
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RetryLater) as caught:
        run_drone(DroneSettings(connect=f"tcpin:127.0.0.1:{taken.getsockname()[1]}"), threading.Event())
    assert isinstance(caught.value, HeadlandError)
