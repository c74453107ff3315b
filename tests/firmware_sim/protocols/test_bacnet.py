"""BACnet device of a simulated house, read by the gateway's own source."""

from __future__ import annotations

import threading

import msgspec

from edge.sources.bacnet.settings import BacnetSettings
from edge.sources.bacnet.source import BacnetSource
from firmware_sim.greenhouse.simulator import GreenhouseSettings, run_greenhouse
from firmware_sim.links.link_faults import LinkFaults
from firmware_sim.protocols.bacnet import INSTANCE, object_of
from tests.edge.running import running
from tests.waiting import WaitUntil

AIR = "air_temperature_degc"


def test_the_objects_of_a_simulated_house_are_read(free_port: int, wait_until: WaitUntil) -> None:
    stop = threading.Event()
    settings = GreenhouseSettings(port=0, bacnet_port=free_port, scale=2, faults=LinkFaults(silent=frozenset({"2"})))
    thread = threading.Thread(target=run_greenhouse, args=(settings, stop), name="greenhouse", daemon=True)
    thread.start()
    fields = [{"from": object_of(1, AIR), "channel": AIR}, {"from": object_of(2, AIR), "channel": f"{AIR}:1"}]
    table = {"type": "bacnet", "name": "house", "address": f"127.0.0.1:{free_port}", "device": "gh-1", "poll_s": 0.2}
    source = BacnetSource(
        msgspec.convert({**table, "instance": INSTANCE, "channel": fields}, BacnetSettings), "gw-1", "home"
    )
    with running(source) as sink:
        wait_until(lambda: len(sink.readings) >= 2)
        said = source.warnings()
    stop.set()
    thread.join(120)
    assert not thread.is_alive()
    assert all(-30 < (row.values[AIR] or -99) < 60 for row in sink.readings)
    assert sink.readings[0].values[f"{AIR}:1"] is None
    assert any("communication-failure" in sentence for sentence in said)
