"""Points a second from publish to commit, beside a bare paho -> DuckDB loop in the same run.

`python -m tests.bench.bench_ingest [--json] [--messages N] [--points N] [--rounds N] [--senml]`

A publisher process sends native batches at QoS 1 through mosquitto to a taker process: the whole ingest service with a
DuckDB store (marks, ranges, quality, duplicates, latest), or the bare loop (decode, insert, commit, ack and nothing
else). The clock runs from the first publish to the last commit. All three share this machine's cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.codec import encode_batch
from headland.contract.records import Batch, Block, Clock
from headland.contract.senml import encode_senml
from headland.contract.topics import data_topic, senml_topic
from headland.store.duckdb_store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.bench.mqtt_packets import encode_publish, publish_all
from tests.broker import Broker
from tests.waiting import wait_until

GATEWAYS = 4
ROWS_PER_S = 10
START_MS = 1_790_000_000_000
WINDOW = 500
CHANNELS = (
    ("latitude_deg", 31.2, 1e-3),
    ("longitude_deg", 121.4, 1e-3),
    ("altitude_m", 40.0, 5.0),
    ("ground_speed_m_s", 5.0, 1.0),
    ("heading_deg", 180.0, 90.0),
    ("roll_rad", 0.0, 0.2),
    ("pitch_rad", 0.0, 0.2),
    ("battery_voltage_v", 44.0, 1.0),
    ("battery_current_a", 60.0, 10.0),
    ("flow_l_min", 3.0, 0.5),
)


def make_messages(count: int, points: int, *, senml: bool) -> list[tuple[str, bytes, dict[str, str]]]:
    """Return (topic, payload, user properties) of `count` messages, in turn from each gateway."""
    chance = np.random.default_rng(7)
    rows = points // len(CHANNELS)
    step_ms = 1000 // ROWS_PER_S
    messages: list[tuple[str, bytes, dict[str, str]]] = []
    for number in range(count):
        gateway, seq = f"gw-{number % GATEWAYS}", number // GATEWAYS + 1
        block = Block(
            device=f"uav-{gateway}",
            kind="drone",
            site="bench",
            clock=Clock.GPS,
            t0=START_MS + seq * rows * step_ms,
            dt=[row * step_ms for row in range(rows)],
            c={name: np.round(mean + spread * chance.random(rows), 3).tolist() for name, mean, spread in CHANNELS},
            simulated=True,
        )
        if senml:
            messages.append((senml_topic(gateway, block.device), encode_senml(block), {}))
        else:
            batch = Batch(gw=gateway, epoch="bench", seq=seq, v=1, blocks=[block])
            messages.append((data_topic(gateway), encode_batch(batch), {"epoch": "bench", "seq": str(seq)}))
    return messages


def publish(pipe: Connection, port: int, count: int, points: int, senml: bool) -> None:
    """Make the messages, wait for the word, publish them all."""
    messages = make_messages(count, points, senml=senml)
    packets = [
        encode_publish(topic, payload, number % 65_535 + 1, pairs)
        for number, (topic, payload, pairs) in enumerate(messages)
    ]
    pipe.send(sum(len(payload) for _, payload, _ in messages))
    pipe.recv()
    publish_all(port, packets, WINDOW)


def take_with_service(pipe: Connection, port: int, folder: str, total: int) -> None:
    """Run the ingest service until `total` points are committed."""
    settings = IngestSettings(quarantine_path=Path(folder) / "quarantine.sqlite", port=port, client_id="bench-ingest")
    store = DuckDBStore(Path(folder) / "service.duckdb")
    service = IngestService(settings, store)
    service.start()
    wait_until(lambda: service.health().ok)
    idle_s = cpu_s()
    pipe.send("ready")
    wait_until(lambda: service.counters()["points"] >= total, 180)
    pipe.send((time.time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, cpu_s() - idle_s))
    service.stop()
    store.close()


class _Wire(msgspec.Struct):
    device: str
    t0: int
    dt: list[int]
    c: dict[str, list[float | None]]


class _WireBatch(msgspec.Struct):
    gw: str
    seq: int
    blocks: list[_Wire]


def take_with_bare_loop(pipe: Connection, port: int, folder: str, total: int) -> None:
    """The least that could be called ingest: decode, insert, commit, ack."""
    base = duckdb.connect(str(Path(folder) / "bare.duckdb"), config={"memory_limit": "256MB", "threads": 2})
    base.execute("CREATE TABLE points (sid INTEGER, ts BIGINT, v DOUBLE)")
    decoder = msgspec.json.Decoder(_WireBatch)
    sids: dict[tuple[str, str], int] = {}
    waiting: list[MQTTMessage] = []

    def flush(client: Client) -> None:
        taken, waiting[:] = waiting[:], []
        sid, ts, v = [], [], []
        for message in taken:
            for block in decoder.decode(zlib.decompress(message.payload)).blocks:
                time_ms = np.array(block.dt, np.int64) + block.t0
                for channel, column in block.c.items():
                    sid.append(np.full(len(column), sids.setdefault((block.device, channel), len(sids)), np.int32))
                    ts.append(time_ms)
                    v.append(np.array(column, np.float64))
        points: dict[str, np.ndarray[Any, Any]] = {
            "sid": np.concatenate(sid),
            "ts": np.concatenate(ts),
            "v": np.concatenate(v),
        }
        base.register("points_in", points)
        base.execute("INSERT INTO points SELECT * FROM points_in")
        taken_points[0] += len(points["v"])
        for message in taken:
            client.ack(message.mid, message.qos)

    def on_message(client: Client, _: object, message: MQTTMessage) -> None:
        waiting.append(message)
        if len(waiting) >= 100:
            flush(client)

    taken_points, idle_s = [0], cpu_s()
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval, properties.ReceiveMaximum = 600, 1000
    client = Client(CallbackAPIVersion.VERSION2, "bench-bare", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    client.on_message = on_message
    client.on_subscribe = lambda *_: pipe.send("ready")
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.subscribe("headland/v1/data/+/+", 1)
    while taken_points[0] < total:
        client.loop(0.03)
        if waiting and total - taken_points[0] <= len(waiting) * 10_000:
            flush(client)
    pipe.send((time.time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, cpu_s() - idle_s))
    base.close()


def cpu_s() -> float:
    """Return the CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(take: Callable[..., None], count: int, points: int, *, senml: bool = False) -> dict[str, float]:
    """Run one round of publisher, broker and taker."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker", lines=["max_inflight_messages 1000", "set_tcp_nodelay true"])
        broker.start()
        here, there = spawn.Pipe()
        out, away = spawn.Pipe()
        taker = spawn.Process(target=take, args=(away, broker.port, folder, count * points))
        publisher = spawn.Process(target=publish, args=(there, broker.port, count, points, senml))
        try:
            publisher.start()
            payload_bytes = here.recv()
            taker.start()
            out.recv()
            started_s = time.time()
            here.send("go")
            ended_s, peak_rss_mb, taker_cpu_s = out.recv()
        finally:
            for process in (taker, publisher):
                process.join(20)
                process.kill()
            broker.kill()
    return {
        "points_per_s": count * points / (ended_s - started_s),
        "peak_rss_mb": peak_rss_mb,
        "cpu_us_per_point": taker_cpu_s * 1e6 / (count * points),
        "bytes_per_point": payload_bytes / (count * points),
    }


def main() -> None:
    """Alternate bare loop and service, print the median of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--points", type=int, default=1000, help="points a message")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--senml", action="store_true", help="SenML packs instead of native batches; no bare loop")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    takers = (
        {"service": take_with_service} if options.senml else {"bare": take_with_bare_loop, "service": take_with_service}
    )
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in takers}
    for _ in range(options.rounds):
        for name, take in takers.items():
            rounds[name].append(measure(take, options.messages, options.points, senml=options.senml))
    result = {
        name: {key: round(statistics.median(one[key] for one in each), 3) for key in each[0]}
        for name, each in rounds.items()
    }
    if options.json:
        print(json.dumps({"bench": "ingest", "messages": options.messages, "points": options.points, **result}))
        return
    for name, figures in result.items():
        print(f"{name:8}", "  ".join(f"{key} {value:,.2f}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
