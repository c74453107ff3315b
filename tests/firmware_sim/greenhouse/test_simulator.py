from __future__ import annotations

import csv
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymodbus.client import ModbusTcpClient

from firmware_sim.greenhouse.house import Compartments
from firmware_sim.greenhouse.scenarios import HOUSES
from firmware_sim.greenhouse.simulator import GreenhouseSettings, LinesLink, advance, run_greenhouse
from firmware_sim.greenhouse.truth import CLIMATE_COLUMNS, HouseTruth
from firmware_sim.protocols.modbus_table import IDENTITY, REGISTER_COUNT
from headland.clock import wall_clock_ms
from headland.errors import RetryLater, SettingsError
from tests.ports import find_free_port
from tests.waiting import wait_until

START_MS = 1_795_000_000_000


@contextmanager
def serving(settings: GreenhouseSettings) -> Iterator[ModbusTcpClient]:
    stop = threading.Event()
    thread = threading.Thread(target=run_greenhouse, args=(settings, stop), name="greenhouse")
    thread.start()
    client = ModbusTcpClient("127.0.0.1", port=settings.port, timeout=120)
    try:
        wait_until(client.connect)
        yield client
    finally:
        # The client is still connected: the server must end all the same.
        stop.set()
        thread.join(120)
        client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
        assert not thread.is_alive()


def read(client: ModbusTcpClient) -> list[int]:
    answer = client.read_holding_registers(0, count=REGISTER_COUNT, device_id=1)
    assert not answer.isError()
    return list(answer.registers)


def clock_ms(words: list[int]) -> int:
    return (words[0] << 16 | words[1]) * 1000 + words[2]


def test_a_client_reads_the_clock_the_identity_and_a_plausible_climate() -> None:
    with serving(GreenhouseSettings(port=find_free_port())) as client:
        before = wall_clock_ms()
        # A second of simulation may lie between two states.
        words = wait_until(lambda: [words for words in [read(client)] if clock_ms(words) >= before - 1_500])[0]
        assert clock_ms(words) <= wall_clock_ms()
        assert words[3] == IDENTITY
        assert 500 < words[10] < 4_500
        assert 2_000 < words[11] <= 10_000
        assert 300 < words[12] < 1_500
        assert words[4:10] == [0] * 6


def test_a_fast_house_reads_later_each_time_and_never_in_the_future(tmp_path: Path) -> None:
    start_ms = wall_clock_ms() - 10_000_000
    settings = GreenhouseSettings(port=find_free_port(), speed=600, start_ms=start_ms, truth_dir=tmp_path)
    with serving(settings) as client:
        first = clock_ms(read(client))
        second = wait_until(lambda: (now := clock_ms(read(client))) > first + 100_000 and now)
    assert start_ms <= first < second <= wall_clock_ms()
    rows = list(csv.DictReader((tmp_path / "greenhouse-1.csv").read_text().splitlines()))
    assert tuple(rows[0]) == CLIMATE_COLUMNS
    times = [int(row["time_ms"]) for row in rows]
    assert times == list(range(times[0], times[-1] + 1, 1000))


def test_registers_cannot_be_written_and_strangers_are_refused() -> None:
    with serving(GreenhouseSettings(port=find_free_port())) as client:
        assert client.write_register(10, 1, device_id=1).isError()
        assert client.read_holding_registers(0, count=REGISTER_COUNT + 5, device_id=1).isError()
        assert client.read_holding_registers(0, count=2, device_id=9).isError()
        assert read(client)[3] == IDENTITY


def test_a_taken_port_is_to_be_tried_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(RetryLater, match="choose another"):
        run_greenhouse(GreenhouseSettings(port=taken.getsockname()[1]), threading.Event())


def test_it_catches_up_in_bounded_pieces_with_a_row_a_second(tmp_path: Path) -> None:
    house = Compartments(HOUSES["hubei-tomato"], 1, START_MS)
    truth = HouseTruth(tmp_path, HOUSES["hubei-tomato"], 1, house)
    assert not advance(house, START_MS + 3_600_000, truth)
    assert house.time_ms == START_MS + 120_000
    assert advance(house, START_MS + 120_500, truth)
    truth.close()
    assert len((tmp_path / "greenhouse-1.csv").read_text().splitlines()) == 121


@pytest.mark.parametrize(
    "change",
    [
        {"scenario": "nowhere"},
        {"speed": -1.0},
        {"port": -1},
        {"seed": -1},
        {"lines": [LinesLink("xml", Path("port"))]},
        {"mqtt_period_s": 0.0},
        {"scale": 500},
    ],
)
def test_settings_out_of_bounds_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        replace(GreenhouseSettings(), **change)
