"""The spool: appended and drained rows a second, beside bare SQLite inserts in the same run.

`python -m tests.bench.bench_spool [--json] [--records N] [--messages N]`

`append`: groups of 50 records of about 1 KB, each group one commit on the disk (WAL, synchronous=FULL). `store` is the
same with messages that are already encoded: the disk's share alone. `bare` inserts the same bytes into a table of its
own without any of the spool's bookkeeping. `drain`: read and confirmed in groups of 50. `uplink`: through mosquitto to
a subscriber that answers with the commit ack, until the spool is empty; the subscriber shares this machine's cores.
`bare_uplink` publishes the same bytes from memory with paho alone, until the last commit ack.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event as ProcessEvent
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.pipeline.batcher import Content
from edge.spool.queue import Spool
from edge.spool.settings import SpoolOwner
from edge.uplink.settings import BrokerSettings
from edge.uplink.uplink import Uplink
from headland.contract.codec import VERSION, encode_batch, encode_record
from headland.contract.records import Ack, Batch, Block, Clock
from headland.contract.topics import ack_topic, data_topic
from tests.bench.machine_load import busy_cores
from tests.broker import Broker
from tests.waiting import wait_until

GATEWAY = "gw-bench"
START_MS = 1_790_000_000_000
GROUP = 50
MEANINGS = {"append_rows_s": "  readings", "append_records_s": "  rows of the spool's table"}
WINDOW = 200
#: 50 rows of 5 channels with two decimals: about 1 KB deflated.
ROWS = 50
CHANNELS = ("air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s", "wind_speed_m_s")


def make_content(number: int) -> Content:
    """A message of a house's climate with small changes from row to row."""
    columns: dict[str, list[float | None]] = {
        channel: [round(20 + at + (number * 31 + row * 17 + at * 7) % 97 / 9, 2) for row in range(ROWS)]
        for at, channel in enumerate(CHANNELS)
    }
    block = Block(
        device="gh-1",
        kind="greenhouse",
        site="home",
        clock=Clock.RTC,
        t0=START_MS + number * 60_000,
        dt=[1000 * row + (number * row) % 9 for row in range(ROWS)],
        c=columns,
    )
    return Content([block], [], ROWS * len(CHANNELS))


def new_spool(folder: Path, name: str) -> Spool:
    """A spool that is never full."""
    return Spool(folder / f"{name}.sqlite", SpoolOwner(GATEWAY, "home"), 10**12)


def append_all(spool: Spool, contents: list[Content]) -> float:
    """Append in groups; return the seconds it took."""
    begun_s = time.perf_counter()
    for start in range(0, len(contents), GROUP):
        assert spool.append(contents[start : start + GROUP])
    return time.perf_counter() - begun_s


def drain_all(spool: Spool) -> float:
    """Read and confirm in groups; return the seconds it took."""
    begun_s, seq = time.perf_counter(), 0
    while records := spool.oldest(seq, GROUP):
        seq = records[-1].seq
        spool.confirm(spool.epoch, seq)
    return time.perf_counter() - begun_s


def insert_bare(folder: Path, payload: bytes, records: int) -> float:
    """Insert the same bytes with nothing around it; return the seconds it took."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE records (seq INTEGER PRIMARY KEY, payload BLOB)")
    begun_s = time.perf_counter()
    for start in range(0, records, GROUP):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO records VALUES (?, ?)", [(start + at + 1, payload) for at in range(GROUP)])
        connection.execute("COMMIT")
    took_s = time.perf_counter() - begun_s
    connection.close()
    return took_s


def answer(host: str, port: int, epoch: str, ready: ProcessEvent) -> None:
    """Be an ingest that stores nothing: ack every 20 ms what has come, for one epoch in order."""
    client = Client(CallbackAPIVersion.VERSION2, "bench-ingest", protocol=MQTTProtocolVersion.MQTTv5)
    high = said = 0

    def hear(_client: Client, _data: Any, message: Any) -> None:
        nonlocal high
        seq = int(dict(message.properties.UserProperty)["seq"])
        high = seq if seq == high + 1 else high

    client.on_message = hear
    client.on_connect = lambda client, *_: client.subscribe(data_topic(GATEWAY), qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.connect(host, port)
    client.loop_start()
    while True:
        time.sleep(0.02)
        if high > said:
            said = high
            client.publish(ack_topic(GATEWAY), encode_record(Ack(epoch=epoch, seq=said)), qos=1, retain=True)


@contextmanager
def answering(folder: Path, epoch: str) -> Iterator[Broker]:
    """A broker with a subscriber that acks what comes of an epoch."""
    broker = Broker(folder, lines=["max_inflight_messages 1000", "set_tcp_nodelay true"])
    broker.start()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    taker = context.Process(target=answer, args=(broker.host, broker.port, epoch, ready), daemon=True)
    taker.start()
    try:
        assert ready.wait(20)
        yield broker
    finally:
        taker.terminate()
        taker.join()
        broker.kill()


def send_all(folder: Path, contents: list[Content]) -> float:
    """Append, then send until all is committed; return the seconds from the uplink's start."""
    spool = new_spool(folder, "sent")
    append_all(spool, contents)
    with answering(folder / "broker", spool.epoch) as broker:
        uplink = Uplink(BrokerSettings(port=broker.port, window=WINDOW), GATEWAY, spool)
        begun_s = time.perf_counter()
        uplink.start()
        wait_until(lambda: spool.status().records == 0, 120)
        took_s = time.perf_counter() - begun_s
        uplink.stop(0)
    spool.close()
    return took_s


def send_bare(folder: Path, payload: bytes, messages: int) -> float:
    """Publish the same bytes with paho alone, from memory, until all are committed; return the seconds it took."""
    room, committed = threading.Semaphore(WINDOW), threading.Event()

    def hear(_client: Client, _data: Any, message: Any) -> None:
        if msgspec.json.decode(message.payload, type=Ack).seq >= messages:
            committed.set()

    with answering(folder / "bare-broker", "bare") as broker:
        client = Client(CallbackAPIVersion.VERSION2, "bench-bare", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_publish = lambda *_: room.release()
        client.on_message = hear
        client.max_inflight_messages_set(0)
        client.connect(broker.host, broker.port)
        client.subscribe(ack_topic(GATEWAY), qos=1)
        client.loop_start()
        begun_s = time.perf_counter()
        for seq in range(1, messages + 1):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.UserProperty = [("epoch", "bare"), ("seq", str(seq))]
            room.acquire()
            client.publish(data_topic(GATEWAY), payload, qos=1, properties=properties)
        assert committed.wait(60)
        took_s = time.perf_counter() - begun_s
        client.loop_stop()
    return took_s


def measure(records: int, messages: int) -> dict[str, float]:
    """Return the figures."""
    other_load_cores = busy_cores() or 0.0
    contents = [make_content(number) for number in range(records)]
    payload = encode_batch(Batch(v=VERSION, gw=GATEWAY, epoch="0" * 16, seq=1, blocks=contents[0].blocks))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spool = new_spool(folder, "append")
        append_s = append_all(spool, contents)
        drain_s = drain_all(spool)
        spool.close()
        spool = new_spool(folder, "store")
        with mock.patch("edge.spool.rows.encode_batch", lambda _: payload):  # noqa: PT008 - a Mock takes longer than the disk
            store_s = append_all(spool, contents)
        spool.close()
        bare_s = insert_bare(folder, payload, records)
        uplink_s = send_all(folder, contents[:messages])
        bare_uplink_s = send_bare(folder, payload, messages)
    return {
        "other_load_cores": other_load_cores,
        "record_bytes": len(payload),
        "append_records_s": records / append_s,
        "append_rows_s": records * ROWS / append_s,
        "append_points_s": records * ROWS * len(CHANNELS) / append_s,
        "store_records_s": records / store_s,
        "bare_sqlite_records_s": records / bare_s,
        "drain_records_s": records / drain_s,
        "uplink_messages_s": messages / uplink_s,
        "bare_uplink_messages_s": messages / bare_uplink_s,
        "store_ratio_to_bare": bare_s / store_s,
        "uplink_ratio_to_bare": bare_uplink_s / uplink_s,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=20_000)
    options = parser.parse_args()
    found = measure(options.records, options.messages)
    figures = {name: round(value, 2 if "ratio" in name or "cores" in name else None) for name, value in found.items()}
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<24} {value:>12,}{MEANINGS.get(name, '')}")


if __name__ == "__main__":
    main()
