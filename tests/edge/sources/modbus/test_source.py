"""The Modbus source against a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymodbus.constants import ExcCodes

from edge.sources.modbus.settings import ModbusSettings
from edge.sources.modbus.source import ModbusSource
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.errors import SettingsError
from tests.edge.sinks import ListSink
from tests.edge.sources.modbus.modbus_peer import ModbusPeer
from tests.waiting import WaitUntil

EPOCH_S = 1_790_000_000
WORDS = {
    **dict.fromkeys(range(4, 10), 0),
    0: EPOCH_S >> 16,
    1: EPOCH_S & 0xFFFF,
    2: 250,
    3: 0x484C,
    10: 2153,
    11: 7654,
    12: 812,
    13: 0xFFFF,
    14: 0x10000 - 525,
    15: 0xFFFF,
    16: 433,
    17: 321,
    18: 4550,
    19: 1234,
    20: 0x8000,
    21: 1850,
    22: 3125,
    23: 0x8000,
    24: 0,
    25: 2011,
    26: 8150,
    27: 0x8000,
    28: 0,
    29: 0,
    30: 124,
}


@pytest.fixture
def peer(free_port: int) -> Iterator[ModbusPeer]:
    peer = ModbusPeer(free_port, dict(WORDS))
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture
def run() -> Iterator[Callable[[ModbusSource, ListSink], threading.Thread]]:
    started: list[tuple[ModbusSource, threading.Thread]] = []

    def start(source: ModbusSource, sink: ListSink) -> threading.Thread:
        thread = threading.Thread(target=source.run, args=(sink,), daemon=True)
        started.append((source, thread))
        thread.start()
        return thread

    yield start
    for source, thread in started:
        source.stop()
        thread.join(120)
        assert not thread.is_alive()


Run = Callable[[ModbusSource, ListSink], threading.Thread]


def settings(port: int, registers: str = "greenhouse-sim.toml", **changes: object) -> ModbusSettings:
    base = {"name": "house-1", "host": "127.0.0.1", "port": port, "device": "gh-1", "poll_s": 0.05, "timeout_s": 10.0}
    return ModbusSettings(registers=registers, **{**base, **changes})  # type: ignore[arg-type] # values of each key's type


def test_a_row_carries_the_devices_clock_and_values_in_units(peer: ModbusPeer, run: Run, wait_until: WaitUntil) -> None:
    sink = ListSink()
    run(ModbusSource(settings(peer.port), "gw-1", "home"), sink)
    wait_until(lambda: sink.readings)
    row = sink.readings[0]
    assert (row.clock, row.time_ms) == (Clock.RTC, EPOCH_S * 1000 + 250)
    assert row.values == {
        "air_temperature_degc": 21.53,
        "relative_humidity_pct": 76.54,
        "co2_ppm": 812.0,
        "par_umol_m2_s": None,
        "outside_temperature_degc": -5.25,
        "outside_humidity_pct": None,
        "global_radiation_w_m2": 433.0,
        "wind_speed_m_s": 3.21,
        "vent_open_pct": 45.5,
        "heating_power_w_m2": 123.4,
        "leaf_temperature_degc": None,
        "soil_temperature_degc": 18.5,
        "substrate_moisture_pct": 31.25,
        "screen_closed_pct": 0.0,
        "air_temperature_degc:1": 20.11,
        "relative_humidity_pct:1": 81.5,
        "air_temperature_degc:2": None,
        "rain_total_mm": 12.4,
    }
    assert row.quality == {}


def test_a_simulator_is_marked_by_its_identity_whatever_the_settings_say(
    peer: ModbusPeer, run: Run, wait_until: WaitUntil
) -> None:
    sink = ListSink()
    run(ModbusSource(settings(peer.port, simulated=False), "gw-1", "home"), sink)
    wait_until(lambda: sink.readings)
    assert sink.readings[0].source.simulated
    assert [descriptor.simulated for descriptor in sink.descriptors] == [True]
    assert sink.descriptors[0].channels["co2_ppm"].unit == "ppm"
    assert sink.descriptors[0].channels["co2_ppm"].interval_s == 0.05


def test_an_impossible_value_is_kept_and_flagged(peer: ModbusPeer, run: Run, wait_until: WaitUntil) -> None:
    peer.registers[11] = 30_000
    sink = ListSink()
    run(ModbusSource(settings(peer.port), "gw-1", "home"), sink)
    wait_until(lambda: sink.readings)
    assert sink.readings[0].values["relative_humidity_pct"] == 300.0
    assert sink.readings[0].quality == {"relative_humidity_pct": 4}


def test_the_same_row_of_a_slow_device_is_given_once(peer: ModbusPeer, run: Run, wait_until: WaitUntil) -> None:
    sink = ListSink()
    source = ModbusSource(settings(peer.port), "gw-1", "home")
    run(source, sink)
    wait_until(lambda: source.counters()["repeated_rows"] >= 2)
    assert len(sink.readings) == 1


def test_an_exception_response_costs_its_own_registers_only(
    peer: ModbusPeer, run: Run, wait_until: WaitUntil, tmp_path: Path
) -> None:
    text = '[[register]]\nchannel = "co2_ppm"\naddress = 12\n[[register]]\nchannel = "wind_speed_m_s"\naddress = 17\n'
    (tmp_path / "own.toml").write_text(text)
    peer.broken = {17}
    sink = ListSink()
    source = ModbusSource(settings(peer.port, str(tmp_path / "own.toml")), "gw-1", "home", clock=Clock.NTP)
    before_ms = wall_clock_ms()
    run(source, sink)
    wait_until(lambda: sink.readings)
    assert sink.readings[0].values == {"co2_ppm": 812.0}
    assert sink.readings[0].clock == Clock.NTP
    assert before_ms <= sink.readings[0].time_ms <= wall_clock_ms()
    assert source.counters()["bad_exception_response"] >= 1
    assert source.counters()["lost"] == 0


def test_a_gateway_that_speaks_for_a_silent_unit_keeps_its_connection(
    peer: ModbusPeer, run: Run, wait_until: WaitUntil
) -> None:
    peer.broken, peer.exception = {10}, ExcCodes.GATEWAY_NO_RESPONSE
    source = ModbusSource(settings(peer.port), "gw-1", "home")
    run(source, ListSink())
    wait_until(lambda: source.counters().get("exception_0b", 0) >= 2)
    assert source.counters()["silent_now"] == 1
    assert (source.counters()["connects"], source.counters()["lost"]) == (1, 1)


def test_a_clock_that_was_never_set_is_not_believed(peer: ModbusPeer, run: Run, wait_until: WaitUntil) -> None:
    peer.registers[0] = 0
    sink = ListSink()
    before_ms = wall_clock_ms()
    source = ModbusSource(settings(peer.port), "gw-1", "home")
    run(source, sink)
    wait_until(lambda: sink.readings)
    assert before_ms <= sink.readings[0].time_ms <= wall_clock_ms()
    assert source.counters()["clock_unset"] >= 1


def test_a_lost_device_is_retried(peer: ModbusPeer, run: Run, wait_until: WaitUntil) -> None:
    sink = ListSink()
    source = ModbusSource(settings(peer.port), "gw-1", "home")
    run(source, sink)
    wait_until(lambda: sink.readings)
    peer.stop()
    wait_until(lambda: source.counters()["lost"] == 1)
    peer.registers[12] = 900
    peer.start()
    wait_until(lambda: sink.readings[-1].values["co2_ppm"] == 900.0)
    assert source.counters()["connects"] == 2


def test_stop_returns_at_once_from_a_device_that_never_answers(free_port: int, run: Run, wait_until: WaitUntil) -> None:
    with socket.create_server(("127.0.0.1", free_port)) as silent:
        source = ModbusSource(settings(free_port, timeout_s=3600.0), "gw-1", "home")
        thread = run(source, ListSink())
        peer, _ = silent.accept()
        with peer:
            wait_until(lambda: peer.recv(64))
            source.stop()
            thread.join(120)
            assert not thread.is_alive()


@pytest.mark.parametrize("answer", [b"\x00", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00" * 300, b"\xff" * 12])
def test_garbage_instead_of_a_response_is_a_lost_device(
    free_port: int, run: Run, wait_until: WaitUntil, answer: bytes
) -> None:
    with socket.create_server(("127.0.0.1", free_port)) as server:
        source = ModbusSource(settings(free_port, timeout_s=0.2), "gw-1", "home")
        thread = run(source, ListSink())
        peer, _ = server.accept()
        with peer:
            peer.recv(64)
            peer.sendall(answer)
            wait_until(lambda: source.counters()["lost"] == 1)
        assert thread.is_alive()
        assert source.counters()["rows"] == 0


def test_a_response_in_single_bytes_after_a_late_one_is_read(
    free_port: int, run: Run, wait_until: WaitUntil, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text('[[register]]\nchannel = "co2_ppm"\naddress = 7\n')
    with socket.create_server(("127.0.0.1", free_port)) as server:
        sink = ListSink()
        run(ModbusSource(settings(free_port, str(tmp_path / "own.toml")), "gw-1", "home"), sink)
        peer, _ = server.accept()
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with peer:
            # Modbus Messaging on TCP/IP 1.0b, section 3.1.3: transaction, protocol 0, length, unit; then the response.
            transaction = peer.recv(64)[:2]
            late = b"\xff\xfe\x00\x00\x00\x05\x01\x03\x02\x00\x09"
            for byte in late + transaction + b"\x00\x00\x00\x05\x01\x03\x02\x01\x90":
                peer.sendall(bytes([byte]))
            wait_until(lambda: sink.readings)
            assert sink.readings[0].values == {"co2_ppm": 400.0}


def test_a_missing_map_is_reported() -> None:
    with pytest.raises(SettingsError, match=r"no register map 'nowhere\.toml'"):
        ModbusSource(settings(5020, "nowhere.toml"), "gw-1", "home")
