"""The counting devices, read by pymodbus and by a gateway's own source."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

from edge.sources.modbus.settings import ModbusSettings
from edge.sources.modbus.source import ModbusSource
from edge.sources.source import Reading
from headland.clock import wall_clock_ms
from headland.contract.records import Descriptor, Event
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL, REGISTER_MAPS, NumberedSource
from station.chaos.traffic.truth import DeviceTruth
from tests.waiting import wait_until


class Kept:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def reading(self, reading: Reading) -> None:
        self.readings.append(reading)

    def event(self, event: Event) -> None:
        raise AssertionError(event)

    def describe(self, descriptor: Descriptor) -> None:
        pass


@pytest.fixture
def source() -> Iterator[NumberedSource]:
    made = NumberedSource([DeviceTruth("a", "g"), DeviceTruth("b", "g")])
    made.start()
    yield made
    made.stop()


def test_an_answer_counts_as_read_when_the_next_request_comes(source: NumberedSource) -> None:
    source.resume()
    with ModbusTcpClient(source.host, port=source.port, timeout=120) as client:
        for expected in (1, 2, 3):
            words = client.read_holding_registers(10, count=2, device_id=1).registers
            assert words == [0, expected]
        assert [one.was_read for one in source.devices[0].sent()] == [True, True, False]
    assert source.devices[1].last() == 0


def test_an_answer_is_not_known_as_read_where_the_gateway_may_have_given_up(
    source: NumberedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.resume()
    with ModbusTcpClient(source.host, port=source.port, timeout=120) as client:
        client.read_holding_registers(10, count=2, device_id=1)
        monkeypatch.setattr("station.chaos.traffic.numbered_source._SURELY_WITHIN_S", 0.0)
        client.read_holding_registers(10, count=2, device_id=1)
        assert [one.was_read for one in source.devices[0].sent()] == [False, False]


def test_a_paused_source_gives_out_no_number(source: NumberedSource) -> None:
    with ModbusTcpClient(source.host, port=source.port, timeout=120) as client:
        assert client.read_holding_registers(10, count=2, device_id=1).isError()
        assert client.read_holding_registers(10, count=2, device_id=9).isError()
        assert client.read_holding_registers(500, count=2, device_id=1).isError()
    assert source.devices[0].last() == 0


@pytest.mark.parametrize("registers", REGISTER_MAPS)
def test_a_gateway_reads_every_number_at_a_time_of_its_own(
    source: NumberedSource, registers: str, tmp_path: Path
) -> None:
    (tmp_path / registers).write_text(REGISTER_MAPS[registers])
    settings = ModbusSettings(
        name="a", host=source.host, port=source.port, device="a", poll_s=0.05, registers=str(tmp_path / registers)
    )
    sink, modbus = Kept(), ModbusSource(settings, "g", "home")
    thread = threading.Thread(target=modbus.run, args=(sink,))
    thread.start()
    try:
        source.clock_step_ms = 3_600_000
        source.resume()
        wait_until(lambda: len(sink.readings) >= 5)
        source.clock_step_ms = 0
        wait_until(lambda: len(sink.readings) >= 10)
    finally:
        modbus.stop()
        thread.join(120)
    numbers = [one.values[NUMBER_CHANNEL] for one in sink.readings]
    assert numbers == list(range(1, len(numbers) + 1))
    times = [one.time_ms for one in sink.readings]
    assert len(set(times)) == len(times)
    stepped = times[0] - wall_clock_ms() > 3_000_000
    assert stepped == (registers == "own-clock.toml")
