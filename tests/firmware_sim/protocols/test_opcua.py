"""The simulated house as an OPC UA server, read by the gateway's own source."""

from __future__ import annotations

import threading

import msgspec

from edge.sources.opcua.settings import OpcUaSettings
from edge.sources.opcua.source import OpcUaSource
from firmware_sim.greenhouse.simulator import GreenhouseSettings, run_greenhouse
from headland.contract.records import Clock
from tests.edge.running import running
from tests.waiting import WaitUntil


def test_the_variables_of_a_simulated_house_are_read(free_port: int, wait_until: WaitUntil) -> None:
    stop = threading.Event()
    settings = GreenhouseSettings(port=0, opcua_port=free_port)
    thread = threading.Thread(target=run_greenhouse, args=(settings, stop), name="greenhouse", daemon=True)
    thread.start()
    fields = [{"from": "ns=2;s=House1.air_temperature_degc", "channel": "air_temperature_degc", "unit": "degC"}]
    table = {"type": "opcua", "name": "house", "url": f"opc.tcp://127.0.0.1:{free_port}", "device": "gh-1"}
    source = OpcUaSource(msgspec.convert({**table, "poll_s": 0.2, "channel": fields}, OpcUaSettings), "gw-1", "home")
    with running(source) as sink:
        wait_until(lambda: len(sink.readings) >= 2)
    stop.set()
    thread.join(120)
    assert not thread.is_alive()
    assert {row.clock for row in sink.readings} == {Clock.RTC}
    assert all(-30 < (row.values["air_temperature_degc"] or -99) < 60 for row in sink.readings)
