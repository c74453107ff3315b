"""The same house over each of its real transports, with its faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import paho.mqtt.client as mqtt
import pytest
import serial
from paho.mqtt.enums import CallbackAPIVersion
from pymodbus.client import ModbusSerialClient

from firmware_sim.greenhouse.simulator import GreenhouseSettings, LinesLink, run_greenhouse
from firmware_sim.links.link_faults import LinkFaults
from firmware_sim.links.pty import PtyLink
from firmware_sim.protocols.modbus_table import IDENTITY
from firmware_sim.protocols.mqtt_publisher import BrokerLogin
from headland.errors import SettingsError
from tests.broker import Broker
from tests.waiting import wait_until


@contextmanager
def serving(settings: GreenhouseSettings, *links: Path) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=run_greenhouse, args=(settings, stop), name="greenhouse", daemon=True)
    thread.start()
    try:
        wait_until(lambda: all(link.exists() for link in links))
        yield
    finally:
        stop.set()
        thread.join(120)
        assert not thread.is_alive()
        assert not any(link.is_symlink() for link in links)


@contextmanager
def modbus(link: Path, timeout_s: float = 120.0) -> Iterator[ModbusSerialClient]:
    client = ModbusSerialClient(str(link), timeout=timeout_s, retries=0)
    client.connect()
    try:
        yield client
    finally:
        client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped


def target_of(link: Path) -> Path | None:
    """Return where a link leads; None in the moment when there is none."""
    try:
        return link.readlink()
    except FileNotFoundError:
        return None


def held_end(link: Path) -> tuple[Path, BinaryIO] | None:
    """Return where a link leads and that end, open; None in the moment when there is none."""
    try:
        return link.readlink(), link.open("rb", buffering=0)
    except OSError:
        return None


def lines_of(link: Path, count: int) -> list[bytes]:
    with serial.Serial(str(link), timeout=120) as port:
        return [port.readline() for _ in range(count)]


def test_modbus_rtu_serves_the_registers_and_a_silent_unit_does_not_answer(tmp_path: Path) -> None:
    link = tmp_path / "rtu"
    with serving(GreenhouseSettings(port=0, rtu_link=link), link), modbus(link) as client:
        answer = client.read_holding_registers(0, count=30, device_id=1)
        assert answer.registers[3] == IDENTITY
        assert client.read_input_registers(100, count=2, device_id=1).registers[0] != 0
        assert client.read_holding_registers(50, count=1, device_id=1).exception_code == 2
    with (
        serving(GreenhouseSettings(port=0, rtu_link=link, faults=LinkFaults(silent=frozenset("1"))), link),
        modbus(link, 0.5) as client,
        pytest.raises(Exception, match="No response"),
    ):
        client.read_holding_registers(0, count=3, device_id=1)


@pytest.mark.parametrize(("form", "start"), [("json", b'{"id":1,'), ("csv", b"1,"), ("kv", b"id=1 ")])
def test_lines_begin_with_a_banner_and_go_on(tmp_path: Path, form: str, start: bytes) -> None:
    link = tmp_path / "lines"
    with serving(GreenhouseSettings(port=0, lines=[LinesLink(form, link)], lines_period_s=0.05), link):
        # The banner may have gone before the port was open, as after a logger's own start.
        lines = [line for line in lines_of(link, 3) if not line.startswith(b"# headland-sim lines v1: id,temp,")]
        assert lines
        assert all(line.startswith(start) and line.endswith(b"\r\n") for line in lines)


def test_a_stuck_unit_repeats_itself(tmp_path: Path) -> None:
    link = tmp_path / "lines"
    faults = LinkFaults(stuck=frozenset("1"))
    settings = GreenhouseSettings(
        port=0, lines=[LinesLink("kv", link)], lines_period_s=5, speed=100, start_ms=1_700_000_000_000, faults=faults
    )
    with serving(settings, link):
        assert len({line for line in lines_of(link, 6) if line.startswith(b"id=")}) == 1


def test_noise_and_cuts_damage_lines_without_ending_the_house(tmp_path: Path) -> None:
    link = tmp_path / "lines"
    faults = LinkFaults(noise=0.5, cut=0.5)
    with serving(GreenhouseSettings(port=0, lines=[LinesLink("json", link)], lines_period_s=0.05, faults=faults), link):
        good = 0
        for line in lines_of(link, 12):
            with suppress(ValueError):
                good += "temp" in json.loads(line)
        assert good < 12


def test_a_hung_up_port_comes_back_at_the_same_path(tmp_path: Path) -> None:
    link = tmp_path / "rtu"
    with serving(GreenhouseSettings(port=0, rtu_link=link, faults=LinkFaults(hangup_s=0.4)), link):
        # Who holds the old end keeps its number from being used again.
        first, held = wait_until(lambda: held_end(link))  # type: ignore[misc] # None is not true
        with held:
            wait_until(lambda: target_of(link) not in (None, first))

        def identity() -> int | None:
            try:
                with modbus(link, 0.5) as client:
                    return int(client.read_holding_registers(3, count=1, device_id=1).registers[0])
            except Exception:
                return None

        wait_until(lambda: identity() == IDENTITY)


def test_sdi12_is_answered_over_the_port(tmp_path: Path) -> None:
    link = tmp_path / "sdi12"
    settings = GreenhouseSettings(port=0, sdi12_link=link, faults=LinkFaults(silent=frozenset({"sdi12:2"})))
    with serving(settings, link), serial.Serial(str(link), timeout=120) as port:

        def ask(command: bytes) -> bytes:
            port.write(command)
            return bytes(port.readline())

        assert ask(b"0I!").startswith(b"014HEADLAND")
        assert ask(b"0M!") == b"00002\r\n"
        assert ask(b"0D0!").count(b"+") == 2
        assert ask(b"1M!") == b"10012\r\n"
        assert port.readline() == b"1\r\n"
        assert ask(b"2!0!") == b"0\r\n"


def test_a_link_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingsError, match="is a file"):
        PtyLink(tmp_path / "file", lambda _: None)
    with pytest.raises(SettingsError, match="cannot be created"):
        run_greenhouse(GreenhouseSettings(port=0, rtu_link=tmp_path / "no" / "rtu"), threading.Event())


def test_mqtt_devices_come_announce_themselves_and_say_goodbye(mosquitto: Broker) -> None:
    heard: dict[str, tuple[bytes, bool]] = {}
    with listening(mosquitto, lambda message: heard.update({message.topic: (bytes(message.payload), message.retain)})):
        settings = GreenhouseSettings(port=0, broker=BrokerLogin(mosquitto.host, mosquitto.port), mqtt_period_s=0.2)
        with serving(settings):
            wait_until(lambda: {"gh1-esp/sensor/co2/state", "senml/gh1-par"} <= set(heard))
            assert "homeassistant/sensor/gh1-esp/co2/config" in heard
            assert heard["tele/gh1-tasmota/LWT"][0] == b"Online"
        wait_until(lambda: (heard["gh1-esp/status"][0], heard["tele/gh1-tasmota/LWT"][0]) == (b"offline", b"Offline"))


def test_lost_radio_messages_leave_gaps_in_the_counter(mosquitto: Broker) -> None:
    counters: list[int] = []

    def take(message: mqtt.MQTTMessage) -> None:
        if message.topic.startswith("application/"):
            counters.append(json.loads(message.payload)["fCnt"])

    settings = GreenhouseSettings(
        port=0,
        broker=BrokerLogin(mosquitto.host, mosquitto.port),
        mqtt_period_s=0.05,
        faults=LinkFaults(lost=0.5),
    )
    with listening(mosquitto, take), serving(settings):
        wait_until(lambda: len(counters) >= 8)
    assert sorted(set(counters)) == counters
    assert counters[-1] - counters[0] >= len(counters)


@contextmanager
def listening(broker: Broker, take: Callable[[mqtt.MQTTMessage], object]) -> Iterator[None]:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    ready = threading.Event()
    client.on_connect = lambda one, *_: one.subscribe("#")
    client.on_subscribe = lambda *_: ready.set()

    def heard(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        take(message)

    client.on_message = heard
    client.connect(broker.host, broker.port)
    client.loop_start()
    assert ready.wait(120)
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()
