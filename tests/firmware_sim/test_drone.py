from __future__ import annotations

import csv
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from firmware_sim.drone import TRUTH_COLUMNS, Drone, DroneSettings, advance, run_drone
from firmware_sim.truth import TruthFile
from headland.errors import HeadlandError, RetryLater, SettingsError
from tests.firmware_sim.recording import START_MS


@contextmanager
def flying(settings: DroneSettings) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_drone, args=(settings, stop), name="drone")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(1.0)
        assert not thread.is_alive()


@contextmanager
def listening() -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2)
        yield receiver, f"udpout:127.0.0.1:{receiver.getsockname()[1]}"


def read_for(receiver: socket.socket, seconds: float) -> list[Any]:
    parser = dialect.MAVLink(None)
    messages: list[Any] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        messages += parser.parse_buffer(receiver.recv(65536)) or []
    return messages


def test_a_real_udp_run_says_all_it_should_and_answers() -> None:
    with listening() as (receiver, url), flying(DroneSettings(connect=url)):
        first, address = receiver.recvfrom(65536)
        assert first[0] == 0xFD
        ask = dialect.MAVLink_command_long_message(1, 1, 512, 0, 148, 0, 0, 0, 0, 0, 0)
        receiver.sendto(ask.pack(dialect.MAVLink(None, srcSystem=245, srcComponent=191)), address)
        kinds = {message.get_type() for message in read_for(receiver, 1.3)}
    assert kinds >= {
        "HEARTBEAT", "SYSTEM_TIME", "GPS_RAW_INT", "GLOBAL_POSITION_INT", "ATTITUDE", "VFR_HUD", "SYS_STATUS",
        "BATTERY_STATUS", "SERVO_OUTPUT_RAW", "MISSION_CURRENT", "EXTENDED_SYS_STATE", "COMMAND_ACK",
        "AUTOPILOT_VERSION",
    }  # fmt: skip


def test_at_speed_60_a_minute_passes_in_a_second_and_nothing_is_lost() -> None:
    start_ms = time.time_ns() // 1_000_000 - 3_600_000
    with listening() as (receiver, url), flying(DroneSettings(connect=url, speed=60, start_ms=start_ms)):
        messages = read_for(receiver, 1.5)
    boot = [message.time_boot_ms for message in messages if message.get_type() == "GLOBAL_POSITION_INT"]
    assert boot[-1] - boot[0] > 45_000
    assert all(later - earlier == 100 for earlier, later in pairwise(boot))
    utc = [m.time_unix_usec // 1000 for m in messages if m.get_type() == "SYSTEM_TIME" and m.time_unix_usec]
    assert all(start_ms <= time_ms <= start_ms + 120_000 for time_ms in utc)


def test_a_tcp_drone_without_a_peer_flies_on_and_ends_when_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with flying(DroneSettings(connect=f"tcp:127.0.0.1:{port}")):
        time.sleep(0.1)


def test_the_truth_file_has_a_row_a_simulated_second(tmp_path: Path) -> None:
    drone = Drone(DroneSettings(), START_MS + 7)
    truth = TruthFile(tmp_path / "drone-1.csv", TRUTH_COLUMNS)
    link = Nowhere()
    while not advance(drone, START_MS + 30_000, link, truth):
        pass
    truth.close()
    rows = list(csv.DictReader((tmp_path / "drone-1.csv").read_text().splitlines()))
    assert list(rows[0]) == list(TRUTH_COLUMNS)
    assert [int(row["time_ms"]) for row in rows] == [START_MS + 1000 * second for second in range(1, 31)]
    for name in ("applied_l", "treated_m2", "overlap_m2"):
        values = [float(row[name]) for row in rows]
        assert values == sorted(values)
    assert float(rows[-1]["treated_m2"]) > 400
    assert max(link.sizes) <= 1200


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
    drone = Drone(DroneSettings(), START_MS)
    assert not advance(drone, START_MS + 3_600_000, Nowhere(), None)
    assert drone.vehicle.time_ms == START_MS + 300 * 20


def test_the_same_settings_and_start_give_the_same_bytes() -> None:
    one, other = (Drone(DroneSettings(seed=3), START_MS) for _ in range(2))
    for _ in range(500):
        assert one.step() == other.step()


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "nowhere"},
        {"speed": 0.0},
        {"system_id": 0},
        {"system_id": 256},
        {"mavlink_version": 3},
        {"seed": -1},
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
