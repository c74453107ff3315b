"""From sensor to live client: what a source says, through gateway, broker, ingest, DuckDB and server-sent events.

`python -m tests.bench.bench_live [--json] [--clients N] [--rate N] [--seconds S] [--max-age-s S]`

A gateway (intake, spool and uplink, as `headland edge` runs them) is told `--rate` readings a second; it gathers them
for `--max-age-s` ([batch] of edge.toml; `headland up` has 0.1, a gateway 0.5 unless told otherwise). A station (ingest
on DuckDB, live feed and API, as `headland station` runs them) commits them; `--clients` streams of /v1/live are read by
another process. A sample carries the instant at which the source said it, and a client notes how long after that it
has it. All of it shares this machine's cores. `sent_mb_day` is what the messages come to at that rate.
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
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from api.app import create_app
from api.live.sources import CommitSource
from edge.agent.intake import Intake
from edge.pipeline.settings import BatchSettings
from edge.sources.source import DeviceId, Reading
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from headland.contract.topics import data_topic
from headland.store.duckdb.store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.api.server import serve
from tests.bench.machine_load import busy_cores
from tests.broker import Broker
from tests.waiting import wait_until

GATEWAY = "gw-0"
KEY = {"Authorization": "Bearer any"}  # the served app's gate is open to any key
CHANNELS = ("latitude_deg", "longitude_deg", "altitude_m", "ground_speed_m_s", "flow_l_min")


def publish(pipe: Connection, broker_port: int, rate: float, seconds: float, max_age_s: float) -> None:
    """At the word, say so many readings a second to a gateway's intake, each measured now."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / "spool.sqlite", SpoolOwner(GATEWAY, "bench", Clock.NTP), 10**9)
        uplink = Uplink(BrokerSettings(port=broker_port), GATEWAY, spool, software="bench")
        intake = Intake(BatchSettings(max_age_s=max_age_s), spool, uplink.describe, uplink.wake)
        uplink.start()
        intake.start()
        wait_until(lambda: uplink.state().connected)
        pipe.send("ready")
        pipe.recv()
        device = DeviceId("uav-0", "drone", "bench")
        begun_s = time.perf_counter()
        for number in range(1, round(rate * seconds) + 1):
            time.sleep(max(0.0, begun_s + number / rate - time.perf_counter()))
            values: dict[str, float | None] = dict.fromkeys(CHANNELS, number * 0.001)
            intake.reading(Reading(device, Clock.GPS, wall_clock_ms(), values))
        pipe.recv()
        intake.stop()
        uplink.stop(1.0)
        spool.close()


def weigh(broker_port: int) -> list[int]:
    """Return a list to which the bytes of each data message are added: topic, properties and payload."""
    sizes: list[int] = []
    client = Client(CallbackAPIVersion.VERSION2, "bench-scales", protocol=MQTTProtocolVersion.MQTTv5)

    def note(_client: Client, _data: object, message: MQTTMessage) -> None:
        told = getattr(message.properties, "UserProperty", [])
        sizes.append(len(message.topic) + len(message.payload) + sum(len(name) + len(value) for name, value in told))

    client.on_message = note
    client.connect("127.0.0.1", broker_port)
    client.subscribe(data_topic(GATEWAY))
    client.loop_start()
    wait_until(client.is_connected)
    return sizes


def listen(pipe: Connection, url: str, clients: int) -> None:
    """Read so many streams until all have ended; send what each heard, in milliseconds after it was measured."""
    pipe.send(asyncio.run(_listen(pipe, url, clients)))


async def _listen(pipe: Connection, url: str, clients: int) -> list[list[float]]:
    ready = 0

    async def hear(client: httpx.AsyncClient) -> list[float]:
        nonlocal ready
        took_ms: list[float] = []
        async with client.stream("GET", f"{url}/v1/live", headers=KEY, timeout=30) as response:
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


def measure(clients: int, rate: float, seconds: float, max_age_s: float) -> dict[str, Any]:
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
            sizes = weigh(broker.port)
            readers = spawn.Process(target=listen, args=(listener_end, str(client.base_url), clients))
            gateway = spawn.Process(target=publish, args=(gateway_end, broker.port, rate, seconds, max_age_s))
            try:
                readers.start()
                gateway.start()
                assert to_listener.poll(60)
                to_listener.recv()
                to_gateway.recv()
                to_gateway.send("go")
                sent = round(rate * seconds)
                wait_until(lambda: store.info().points >= sent * len(CHANNELS), seconds + 30)
                time.sleep(0.5)  # what is on its way to the clients
                weighed = list(sizes)
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
        "said_per_s": rate,
        "max_age_s": max_age_s,
        "messages_per_s": round(len(weighed) / seconds, 1),
        "sent_mb_day": round(sum(weighed) / seconds * 86_400 / 1e6, 1),
        "heard_share": round(len(took_ms) / (len(weighed) * clients), 3),
        "values_skipped": counters["values_skipped"],
        "sensor_to_client_p50_ms": round(cuts_ms[49], 1),
        "sensor_to_client_p99_ms": round(cuts_ms[98], 1),
        "sensor_to_client_max_ms": round(max(took_ms), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--rate", type=float, default=10.0, help="readings a second")
    parser.add_argument("--max-age-s", type=float, default=0.1, help="what the gateway gathers for")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    other = busy_cores()
    figures = {"other_load_cores": other, **measure(options.clients, options.rate, options.seconds, options.max_age_s)}
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<26} {value}")


if __name__ == "__main__":
    main()
