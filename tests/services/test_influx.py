"""The farm on InfluxDB: gateway, simulators, broker, ingest and API as processes, and a server that dies meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.agent.agent import SPOOL_FILE
from edge.agent.status import read_status
from headland.contract.codec import Decoded, decode_batch
from headland.store.influx.store import open_influx
from headland.store.port import SeriesFilter
from tests.influx_server import InfluxServer
from tests.services.farm import Farm

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto", "influxdb", "nginx"), pytest.mark.timeout(600)]


def test_a_farm_on_influxdb_answers_and_loses_nothing_when_the_server_dies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = InfluxServer(tmp_path / "influxdb")
    server.start()
    url = server.url("farm")
    monkeypatch.setenv("HEADLAND_STORE_URL", url)
    farm = Farm(tmp_path / "farm", "--scenario", "jurong-wheat", "--speed", "10")
    try:
        farm.wait_ready()
        assert f"store {url}" in farm.said
        house = farm.wait_until(lambda: farm.devices("greenhouse"))[0]["id"]
        before_ms = farm.wait_until(lambda: farm.reached_ms(house, "air_temperature_degc"))
        server.kill()
        server.start()
        farm.wait_until(lambda: farm.reached_ms(house, "air_temperature_degc") > before_ms + 60_000)

        def reconciled() -> dict[str, Any]:
            """Return the delivery of the gateway's spool once all that was received is stored."""
            epochs: list[dict[str, Any]] = farm.get("/v1/gateways/gateway-1/delivery")["epochs"]
            return epochs[-1] if epochs and not epochs[-1]["missing"] else {}

        told = farm.wait_until(reconciled)
        assert told["stored"] > 0
        assert told["quarantined"] == 0
        asked = farm.get(f"/v1/devices/{house}/series", channel="air_temperature_degc", start=0, end=before_ms + 1)
        assert asked["time_ms"]
    finally:
        farm.stop()
        try:
            with closing(open_influx(url)) as store:
                (samples,) = store.raw(SeriesFilter("local", channels=frozenset({"air_temperature_degc"})), 0, 2**60)
                marks = [state for (gateway, _), state in store.marks().items() if gateway == "gateway-1"]
        finally:
            server.close()
    # Each row of the house is in the store once, or still on its gateway's disk.
    rows = read_status(farm.folder.edge_dir).sources
    (read,) = [source.counters["rows"] for source in rows if source.type == "modbus_tcp"]
    assert len(samples.time_ms) + waiting_rows(farm.folder.edge_dir, house) == read
    assert [state.ahead for state in marks] == [()]


def waiting_rows(folder: Path, device: str) -> int:
    """Return the rows of a device that are in a gateway's spool."""
    with closing(sqlite3.connect(folder / SPOOL_FILE)) as spool:
        payloads = [payload for (payload,) in spool.execute("SELECT payload FROM records")]
    batches = [decoded.batch for decoded in map(decode_batch, payloads) if isinstance(decoded, Decoded)]
    assert len(batches) == len(payloads)
    return sum(len(block.dt) for batch in batches for block in batch.blocks if block.device == device)
