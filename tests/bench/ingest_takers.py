"""Who takes what the ingest benchmark sends: the whole service, or a bare loop as the limit."""

from __future__ import annotations

import resource
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.store.duckdb.store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from tests.waiting import wait_until

#: Series, times and values: one column of the bare loop.
Column = tuple[tuple[str, str], NDArray[np.int64], NDArray[np.float64]]

#: What ingest's threads do; the main thread looks at the counters.
_ROLES: Final = {
    "ingest-network": "network",
    "ingest-writer": "writer",
    "ingest-commit_0": "commit",
    "store-writer": "commit",
    "engine": "engine",
}


def take_with_service(pipe: Connection, port: int, folder: str, total: int, *, is_followed: bool = True) -> None:
    """Run the ingest service until `total` points are committed; `is_followed` where somebody sees them live."""
    settings = IngestSettings(quarantine_path=Path(folder) / "quarantine.sqlite", port=port, client_id="bench-ingest")
    store = DuckDBStore(Path(folder) / "service.duckdb")
    service = IngestService(settings, store, is_followed=lambda: is_followed)
    service.start()
    wait_until(lambda: service.health().ok)
    idle_s, before = cpu_s(), _threads_cpu_s()
    pipe.send("ready")
    wait_until(lambda: service.counters()["points"] >= total, 60)
    ended_s, used_s, after = time.time(), cpu_s() - idle_s, _threads_cpu_s()
    by_thread = {name: after[name] - before.get(name, 0.0) for name in after}
    pipe.send((ended_s, rss_mb(), used_s, by_thread, store.info().counters["transactions"]))
    pipe.recv()  # the last commit acks go out meanwhile
    service.stop()
    store.close()


class _Block(msgspec.Struct):
    device: str
    t0: int
    dt: list[int]
    c: dict[str, list[float | None]]


class _Batch(msgspec.Struct):
    gw: str
    seq: int
    blocks: list[_Block]


class _Record(msgspec.Struct):
    n: str
    t: float
    v: float


_BATCHES = msgspec.json.Decoder(_Batch)
_PACKS = msgspec.json.Decoder(list[_Record])


def columns_of_batch(message: MQTTMessage) -> Iterable[Column]:
    """Decode a native batch without a look at anything but its samples."""
    for block in _BATCHES.decode(zlib.decompress(message.payload)).blocks:
        time_ms = np.array(block.dt, np.int64) + block.t0
        for channel, column in block.c.items():
            yield (block.device, channel), time_ms, np.array(column, np.float64)


def columns_of_pack(message: MQTTMessage) -> Iterable[Column]:
    """Decode a SenML pack whose records are grouped by name, all with absolute times."""
    device = message.topic.rsplit("/", 1)[1]
    times_s: dict[str, tuple[list[float], list[float]]] = {}
    for record in _PACKS.decode(message.payload):
        ts, vs = times_s.setdefault(record.n, ([], []))
        ts.append(record.t)
        vs.append(record.v)
    for name, (ts, vs) in times_s.items():
        yield (device, name), (np.array(ts) * 1000).astype(np.int64), np.array(vs)


def take_with_bare_batches(pipe: Connection, port: int, folder: str, total: int) -> None:
    """Be a bare loop for native batches."""
    _take_bare(pipe, port, folder, total, columns_of_batch)


def take_with_bare_packs(pipe: Connection, port: int, folder: str, total: int) -> None:
    """Be a bare loop for SenML packs."""
    _take_bare(pipe, port, folder, total, columns_of_pack)


def _take_bare(
    pipe: Connection, port: int, folder: str, total: int, decode: Callable[[MQTTMessage], Iterable[Column]]
) -> None:
    """The least that could be called ingest: decode, insert, commit, ack."""
    base = duckdb.connect(str(Path(folder) / "bare.duckdb"), config={"memory_limit": "256MB", "threads": 2})
    base.execute("CREATE TABLE points (sid INTEGER, ts BIGINT, v DOUBLE)")
    sids: dict[tuple[str, str], int] = {}
    waiting: list[MQTTMessage] = []
    taken = 0

    def flush(client: Client) -> None:
        nonlocal taken
        sid, ts, v = [], [], []
        for message in waiting:
            for series, time_ms, values in decode(message):
                sid.append(np.full(len(values), sids.setdefault(series, len(sids)), np.int32))
                ts.append(time_ms)
                v.append(values)
        base.register("points_in", {"sid": np.concatenate(sid), "ts": np.concatenate(ts), "v": np.concatenate(v)})
        base.execute("INSERT INTO points SELECT * FROM points_in")
        taken += sum(map(len, v))
        for message in waiting:
            client.ack(message.mid, message.qos)
        waiting.clear()

    def on_message(client: Client, _: object, message: MQTTMessage) -> None:
        waiting.append(message)
        if len(waiting) >= 100:
            flush(client)

    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval, properties.ReceiveMaximum = 600, 1000
    client = Client(CallbackAPIVersion.VERSION2, "bench-bare", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
    client.on_message = on_message
    client.on_subscribe = lambda *_: pipe.send("ready")
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    client.subscribe([("headland/v1/data/+/+", 1), ("headland/v1/senml/+/+", 1)])
    idle_s, quiet_s = cpu_s(), time.monotonic()
    while taken < total:
        heard = len(waiting)
        client.loop(0.02)
        quiet_s = time.monotonic() if len(waiting) != heard else quiet_s
        if waiting and time.monotonic() - quiet_s > 0.03:  # the last ones; nothing more is coming
            flush(client)
    pipe.send((time.time(), rss_mb(), cpu_s() - idle_s, {}, 0))
    base.close()


def _threads_cpu_s() -> dict[str, float]:
    """Return the processor seconds of this process's threads by what they do; the store's engine has its own."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: defaultdict[str, float] = defaultdict(float)
    for task in Path("/proc/self/task").iterdir():
        role = _ROLES.get(names.get(int(task.name), "engine"), "other")
        spent[role] += int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    return dict(spent)


def cpu_s() -> float:
    """Return the CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def rss_mb() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
