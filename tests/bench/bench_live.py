"""From sensor to live client: a gateway's values through broker, ingest, DuckDB and server-sent events.

`python -m tests.bench.bench_live [--json] [--clients N] [--rate N] [--seconds S]`

A station (ingest on DuckDB, live feed and API, as `headland station` runs them) is sent `--rate` batches a second at
QoS 1 through mosquitto; `--clients` streams of /v1/live are read by a second process. A sample carries the instant at
which its batch was made, and a client notes how long after that it has it. All of it shares this machine's cores. What
a gateway gathers before it makes a batch (`max_age_s` under [batch] of edge.toml) comes on top.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from api.app import create_app
from api.live_sources import CommitSource
from headland.contract.codec import encode_batch
from headland.contract.records import Batch, Block, Clock
from headland.contract.topics import data_topic
from headland.store.duckdb_store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.api.served import serve
from tests.bench.machine_load import busy_cores
from tests.broker import Broker
from tests.waiting import wait_until

GATEWAY = "gw-0"
CHANNELS = ("latitude_deg", "longitude_deg", "altitude_m", "ground_speed_m_s", "flow_l_min")


def publish(pipe: Connection, broker_port: int, rate: float, seconds: float) -> None:
    """At the word, publish so many batches a second, each of one sample of each channel, measured now."""
    client = Client(CallbackAPIVersion.VERSION2, "bench-gateway", protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", broker_port)
    client.loop_start()
    wait_until(client.is_connected)
    pipe.send("ready")
    pipe.recv()
    begun_s = time.perf_counter()
    for seq in range(1, round(rate * seconds) + 1):
        time.sleep(max(0.0, begun_s + seq / rate - time.perf_counter()))
        columns: dict[str, list[float | None]] = {name: [seq * 0.001] for name in CHANNELS}
        now_ms = time.time_ns() // 1_000_000
        block = Block(device="uav-0", kind="drone", site="bench", clock=Clock.GPS, t0=now_ms, dt=[0], c=columns)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.UserProperty = [("epoch", "bench"), ("seq", str(seq))]
        payload = encode_batch(Batch(gw=GATEWAY, epoch="bench", seq=seq, v=1, blocks=[block]))
        client.publish(data_topic(GATEWAY), payload, qos=1, properties=properties)
    pipe.recv()
    client.loop_stop()


def listen(pipe: Connection, url: str, clients: int) -> None:
    """Read so many streams until all have ended; send what each heard, in milliseconds after it was measured."""
    pipe.send(asyncio.run(_listen(pipe, url, clients)))


async def _listen(pipe: Connection, url: str, clients: int) -> list[list[float]]:
    ready = 0

    async def hear(client: httpx.AsyncClient) -> list[float]:
        nonlocal ready
        took_ms: list[float] = []
        async with client.stream("GET", f"{url}/v1/live", timeout=30) as response:
            assert response.status_code == 200
            async for line in response.aiter_lines():
                if line == "event: hello":
                    ready += 1
                    if ready == clients:
                        pipe.send("ready")
                elif line.startswith('data: {"sent_ms"'):
                    now_ms = time.time_ns() / 1e6
                    items = json.loads(line[6:])["items"]
                    took_ms += [now_ms - max(told["time_ms"] for told in one["channels"].values()) for one in items]
        return took_ms

    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(limits=limits) as client:
        return await asyncio.gather(*(hear(client) for _ in range(clients)))


def measure(clients: int, rate: float, seconds: float) -> dict[str, Any]:
    """Return how long values took to all clients, and how many of them arrived."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker", lines=["set_tcp_nodelay true"])
        broker.start()
        store = DuckDBStore(Path(folder) / "store.duckdb")
        live = CommitSource(store, "local")
        settings = IngestSettings(quarantine_path=Path(folder) / "quarantine.sqlite", port=broker.port)
        ingest = IngestService(settings, store, live.hand_over)
        app = create_app(store, organisation="local", readiness=list, counters=dict, live=live.feed)
        to_listener, listener_end = spawn.Pipe()
        to_gateway, gateway_end = spawn.Pipe()
        with serve(app) as client:
            live.start()
            ingest.start()
            wait_until(lambda: ingest.health().ok)
            readers = spawn.Process(target=listen, args=(listener_end, str(client.base_url), clients))
            gateway = spawn.Process(target=publish, args=(gateway_end, broker.port, rate, seconds))
            try:
                readers.start()
                gateway.start()
                assert to_listener.poll(60)
                to_listener.recv()
                to_gateway.recv()
                to_gateway.send("go")
                sent = round(rate * seconds)
                wait_until(lambda: live.feed.counters()["values"] >= sent * len(CHANNELS), seconds + 30)
                time.sleep(0.5)  # what is on its way to the clients
                counters = live.feed.counters()
                live.feed.close()
                assert to_listener.poll(60)
                heard = to_listener.recv()
                to_gateway.send("enough")
            finally:
                for process in (readers, gateway):
                    process.join(10)
                    process.kill()
        ingest.stop()
        live.stop()
        store.close()
        broker.kill()
    took_ms = [one for each in heard for one in each]
    cuts_ms = statistics.quantiles(took_ms, n=100)
    return {
        "clients": clients,
        "sent_per_s": rate,
        "heard_share": len(took_ms) / (sent * clients),
        "values_skipped": counters["values_skipped"],
        "sensor_to_client_p50_ms": round(cuts_ms[49], 1),
        "sensor_to_client_p99_ms": round(cuts_ms[98], 1),
        "sensor_to_client_max_ms": round(max(took_ms), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10.0, help="batches a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    other = busy_cores()
    figures = {"other_load_cores": other, **measure(options.clients, options.rate, options.seconds)}
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<26} {value}")


if __name__ == "__main__":
    main()
