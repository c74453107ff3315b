"""A thousand live pages on one station: what they hear and when, and what they cost ingest.

`python -m tests.bench.bench_listeners [--json] [--clients N ...] [--points N] [--rounds N] [--seconds S]
[--every-s S]`

The station (ingest on DuckDB, live feed and API in one process, as `headland station` has them) is one process, the
broker, the publisher and all listeners are others; they share this machine's cores. For each number of listeners:
`paced`: ten messages a second of 500 samples that are measured as they are sent; milliseconds from sample to listener,
and what the station uses meanwhile. `full`: the same messages as fast as ingest takes them, the median of the rounds.
A listener's memory is what the station has grown by when all are connected and have received.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from api.app import create_app
from api.auth.authenticators import Credentials, admit_each
from api.auth.sessions_cache import AuthCache
from api.live.sources import CommitSource
from headland.clock import wall_clock_ms
from headland.contract.codec import encode_batch
from headland.contract.records import Batch, Block, Clock
from headland.contract.topics import data_topic
from headland.registry.registry import Access
from headland.store.duckdb.store import DuckDBStore
from ingest.service import IngestService
from ingest.settings import IngestSettings
from station.server.http_protocol import raise_file_limit
from station.server.http_server import ApiServer, prepare_process, server_config
from tests.api.open_authenticator import OpenAuthenticator
from tests.api.server import UNLIMITED
from tests.bench.bench_ingest import cpu_s_of, rounded
from tests.bench.ingest_load import CHANNELS, EPOCH, Load, make_messages
from tests.bench.live_listeners import Heard, listen
from tests.bench.machine_load import busy_cores
from tests.bench.mqtt_packets import encode_publish, publish_all
from tests.broker import Broker
from tests.ports import find_free_port
from tests.waiting import wait_until

#: Each has a share of the places of listeners.
KEYS: Final = 8
MESSAGES_S: Final = 10
POINTS: Final = 500
DEVICES: Final = 10
WINDOW: Final = 500
_SAYS_WITHIN_S: Final = 130.0


@dataclass(frozen=True, slots=True)
class KeyedAuthenticator:
    """Accepts any key as one of this organisation, each as an owner of its own."""

    organisation: str

    def admit(self, credentials: Credentials) -> Access:
        """Return access to the organisation."""
        return msgspec.structs.replace(OpenAuthenticator(self.organisation).admit(credentials), key=credentials.bearer)

    def admit_all(self, credentials: Collection[Credentials]) -> dict[Credentials, Access | None]:
        """Return the access of each."""
        return admit_each(self.admit, credentials)


def run_station(pipe: Connection, broker_port: int, port: int, folder: str) -> None:
    """Run a station until told to end; answer each word with its points, resident memory [MB] and CPU seconds."""
    most = raise_file_limit()
    store = DuckDBStore(Path(folder) / "store.duckdb")
    live = CommitSource(store, "local")
    settings = IngestSettings(quarantine_path=Path(folder) / "quarantine.sqlite", port=broker_port)
    ingest = IngestService(settings, store, live.hand_over, is_followed=live.feed.has_clients)
    app = create_app(store, organisation="local", readiness=list, counters=dict, live=live.feed)
    app.state.live.places.bound(most)
    app.state.auth_cache = AuthCache(KeyedAuthenticator("local"), UNLIMITED)
    prepare_process()
    server = ApiServer(server_config(app, "127.0.0.1", port, most))
    thread = threading.Thread(target=server.run, name="bench-api")
    live.start()
    ingest.start()
    thread.start()
    wait_until(lambda: server.started and ingest.health().ok)
    pipe.send("ready")

    def has_points(until: int) -> bool:
        return ingest.counters()["points"] >= until

    while (word := pipe.recv()) != "end":
        if isinstance(word, int):  # so many points more
            wait_until(partial(has_points, word), 120)
        pipe.send((ingest.counters()["points"], time.time(), rss_mb(os.getpid()), live.feed.counters()))
    server.should_exit = True
    thread.join(10)
    ingest.stop()
    live.stop()
    store.close()


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def publish_fast(pipe: Connection, port: int, messages: int) -> None:
    """Make messages; at the word publish them as fast as they are taken."""
    packets = [
        encode_publish(one.topic, one.payload, number % 65_535 + 1, one.properties)
        for number, one in enumerate(make_messages(Load(messages, POINTS, DEVICES, DEVICES)))
    ]
    pipe.send("ready")
    pipe.recv()
    publish_all(port, packets, WINDOW)


def publish_paced(pipe: Connection, port: int, seconds: float) -> None:
    """At the word, publish ten messages a second whose newest sample is measured at that moment."""
    rows = POINTS // len(CHANNELS)
    chance = np.random.default_rng(7)
    pipe.send("ready")
    pipe.recv()
    begun_s = time.perf_counter()
    for number in range(round(MESSAGES_S * seconds)):
        time.sleep(max(0.0, begun_s + number / MESSAGES_S - time.perf_counter()))
        gateway = f"paced-{number % DEVICES}"
        seq = number // DEVICES + 1
        block = Block(
            device=f"paced-{number % DEVICES}",
            kind="drone",
            site="bench",
            clock=Clock.GPS,
            t0=wall_clock_ms() - (rows - 1) * 5,
            dt=[row * 5 for row in range(rows)],
            c={name: np.round(mean + spread * chance.random(rows), 3).tolist() for name, mean, spread in CHANNELS},
            simulated=True,
        )
        payload = encode_batch(Batch(gw=gateway, epoch=EPOCH, seq=seq, v=1, blocks=[block]))
        properties = {"epoch": EPOCH, "seq": str(seq)}
        publish_all(port, [encode_publish(data_topic(gateway), payload, 1, properties)], 1)


class Bench:
    """A broker and a station, with some listeners."""

    def __init__(self, folder: Path, clients: int, every_s: float) -> None:
        self._spawn = multiprocessing.get_context("spawn")
        self._folder = folder
        self.clients = clients
        self._ends: list[tuple[multiprocessing.process.BaseProcess, Connection]] = []
        self.broker = Broker(folder / "broker", lines=["max_inflight_messages 1000", "set_tcp_nodelay true"])
        self.broker.start()
        port = find_free_port()
        self.station, self.station_pid = self.start(run_station, self.broker.port, port, str(folder))
        receive(self.station)
        self.ask()  # whatever the first answer loads is loaded
        self.resident_mb = rss_mb(self.station_pid)
        self.listeners: Connection | None = None
        if clients:
            self.listeners, _ = self.start(listen, port, clients, KEYS, every_s)
            self.joined, _ = receive(self.listeners)

    def start(self, target: Any, *arguments: Any) -> tuple[Connection, int]:
        """Start a process; return the pipe to it and its id."""
        here, there = self._spawn.Pipe()
        process = self._spawn.Process(target=target, args=(there, *arguments))
        process.start()
        self._ends.append((process, here))
        return here, process.pid or 0

    def ask(self, until_points: int | None = None) -> Any:
        """Return the station's points, the time, its memory and the feed's counters."""
        self.station.send("now" if until_points is None else until_points)
        return receive(self.station)

    def hear(self) -> tuple[Heard, float]:
        """Return what the listeners have heard since they were last asked, and their processor seconds."""
        if self.listeners is None:
            return Heard(), 0.0
        self.listeners.send("now")
        found: tuple[Heard, float] = receive(self.listeners)
        return found

    def end(self) -> None:
        """End all processes."""
        for told in (self.listeners, self.station):
            if told is not None:
                with suppress(OSError):
                    told.send("end")
        for process, _ in self._ends:
            process.join(15)
            process.kill()
        self.broker.kill()


def receive(pipe: Connection) -> Any:
    """Return what a process says; fail where it says nothing for long."""
    assert pipe.poll(_SAYS_WITHIN_S), "a process says nothing"
    return pipe.recv()


def measure_paced(bench: Bench, seconds: float) -> dict[str, float]:
    """Return what listeners hear of live messages, and what that costs the station."""
    publisher, _ = bench.start(publish_paced, bench.broker.port, seconds)
    receive(publisher)
    before, *_ = bench.ask()
    _, listeners_cpu_s = bench.hear()
    cpu_before_s, began_s = cpu_s_of(bench.station_pid), time.monotonic()
    publisher.send("go")
    sent = round(MESSAGES_S * seconds)
    *_, counters = bench.ask(before + sent * POINTS)
    time.sleep(1.0)  # what is on its way
    took_s = time.monotonic() - began_s
    figures = {"station_cores": (cpu_s_of(bench.station_pid) - cpu_before_s) / took_s}
    heard, cpu_s = bench.hear()
    if bench.listeners is not None:
        cuts_ms = statistics.quantiles(heard.took_ms, n=100)
        figures |= {
            "listeners_cores": (cpu_s - listeners_cpu_s) / took_s,
            "sample_to_listener_p50_ms": cuts_ms[49],
            "sample_to_listener_p99_ms": cuts_ms[98],
            "sample_to_listener_max_ms": max(heard.took_ms),
            "events_a_listener_s": heard.events / bench.clients / seconds,
            "listener_mb_s": heard.received_bytes / took_s / 1e6,
            "values_skipped": counters["values_skipped"],
            "streams_lost": heard.lost,
        }
    return figures


def measure_full(bench: Bench, messages: int) -> dict[str, float]:
    """Return how fast ingest takes messages, and what the listeners hear of it."""
    publisher, _ = bench.start(publish_fast, bench.broker.port, messages)
    receive(publisher)
    before, *_ = bench.ask()
    bench.hear()
    cpu_before_s, began_s = cpu_s_of(bench.station_pid), time.time()
    publisher.send("go")
    points = messages * POINTS
    _, ended_s, memory_mb, _ = bench.ask(before + points)
    cpu_s = cpu_s_of(bench.station_pid) - cpu_before_s
    time.sleep(1.0)
    heard, _ = bench.hear()
    return {
        "ingest_points_s": points / (ended_s - began_s),
        "station_cpu_s_per_million_points": cpu_s * 1e6 / points,
        "events_a_listener_s": heard.events / max(1, bench.clients) / (ended_s - began_s),
        "resident_mb": memory_mb,
        "streams_lost": heard.lost,
    }


def measure(clients: Sequence[int], points: int, rounds: int, seconds: float, every_s: float) -> dict[str, Any]:
    """Return the medians of the rounds; the numbers of listeners take turns."""
    found: dict[int, list[dict[str, float]]] = {number: [] for number in clients}
    for _ in range(rounds):
        for number in clients:
            with tempfile.TemporaryDirectory() as folder:
                bench = Bench(Path(folder), number, every_s)
                try:
                    one = {"other_load_cores": busy_cores() or 0.0}
                    one |= {f"paced_{name}": value for name, value in measure_paced(bench, seconds).items()}
                    if number:
                        one["accepted"] = bench.joined.hellos
                        one["refused"] = bench.joined.refused
                        one["memory_a_listener_kB"] = (rss_mb(bench.station_pid) - bench.resident_mb) * 1000 / number
                    one |= {f"full_{name}": value for name, value in measure_full(bench, points // POINTS).items()}
                finally:
                    bench.end()
            found[number].append(one)
            print(number, json.dumps(rounded(one)), file=sys.stderr, flush=True)
    result: dict[str, Any] = {
        f"listeners_{number}": {name: statistics.median(one[name] for one in each) for name in each[0]}
        for number, each in found.items()
    }
    return result


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[0, 1000])
    parser.add_argument("--points", type=int, default=3_000_000, help="points a round as fast as they go")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long live messages are paced")
    parser.add_argument(
        "--every-s", type=float, default=0.0, help="interval that the listeners ask for; 0: every event"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.clients, options.points, options.rounds, options.seconds, options.every_s)
    print(json.dumps(rounded(figures), indent=None if options.json else 1))


if __name__ == "__main__":
    main()
