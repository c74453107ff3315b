"""API workers: what a request costs a station of one process, and one whose API several serve beside the store's owner.

`python -m tests.bench.bench_api_workers [--json] [--requests N] [--rounds N] [--workers N...]`

A station with a store of 100 devices answers requests of eight connections as fast as they come: the list of devices,
the newest values of one, and a month of it by hours. Told are requests a second, processor time a request of all of
the station and of its owner alone, and `owner_limit_requests_s`: what the owner could answer if it had a core of its
own and workers as many as they like. That limit is computed, not measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from headland.clock import wall_clock_ms
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import SeriesFilter
from station.local.folder import FarmFolder
from tests.bench.bench_engines import DAY_MS, make_batches
from tests.bench.bench_ingest import cpu_s_of, rounded
from tests.bench.machine_load import busy_cores
from tests.broker import Broker
from tests.ports import find_free_port
from tests.services.farm import HEADLAND
from tests.waiting import wait_until

COUNTS: Final = (1, 2, 4)
_CONNECTIONS: Final = 8
Figures = dict[str, float]


def processes_of(root: Path, known: int) -> dict[str, int]:
    """Return the processes of a station by what they are: the one that was started, its owner, its workers."""
    found = {"station": known}
    for child in Path(f"/proc/{known}/task/{known}/children").read_text(encoding="ascii").split():
        variables = Path(f"/proc/{child}/environ").read_bytes().decode(errors="replace").split("\0")
        place = next((each.partition("=")[2] for each in variables if each.startswith("HEADLAND_STATION_PLACE=")), "")
        if place and str(root):
            found[json.loads(place)["name"]] = int(child)
    return found


@contextmanager
def running_station(root: Path, broker: Broker, workers: int) -> Iterator[tuple[int, str, dict[str, int]]]:
    """Yield the port of a station, the key of its API, and its processes."""
    port = find_free_port()
    command = [
        *HEADLAND, "station", "--data", str(root), "--port", str(port), "--broker", f"127.0.0.1:{broker.port}",
        "--organisation", "acme", "--api-workers", str(workers),
    ]  # fmt: skip
    environ = {**os.environ, "HEADLAND_REQUESTS_PER_S": "1000000"}
    with (root / "station.log").open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ)
    try:
        key = wait_until(lambda: FarmFolder(root).api_key() or "", every_s=0.2)
        wait_until(lambda: answers(port, key), every_s=0.2)
        wait_until(lambda: len(processes_of(root, process.pid)) == (1 if workers == 1 else workers + 2))
        yield port, key, processes_of(root, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def answers(port: int, key: str) -> bool:
    """Tell whether the station answers what it is asked."""
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/v1/devices", headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status == 200
    except OSError:
        return False


def ask(port: int, key: str, paths: list[str], count: int, failed: list[str]) -> None:
    """Ask `count` requests one after another on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "gzip"}
    for number in range(count):
        connection.request("GET", paths[number % len(paths)], headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            failed.append(f"{paths[number % len(paths)]}: {answer.status}")


def run(root: Path, broker: Broker, workers: int, requests: int, start_ms: int) -> Figures:
    """Run one round."""
    with running_station(root, broker, workers) as (port, key, pids):
        window = f"start={start_ms}&end={start_ms + 30 * DAY_MS}&step={3_600_000}"
        failed: list[str] = []
        threads = []
        for number in range(_CONNECTIONS):
            paths = [
                "/v1/devices",
                f"/v1/devices/gh-{number}/latest",
                f"/v1/devices/gh-{number}/series?channel=channel_0_degc&{window}",
            ]
            ask(port, key, paths, len(paths), failed)
            each = requests // _CONNECTIONS
            threads.append(threading.Thread(target=ask, args=(port, key, paths, each, failed)))
        before = {name: cpu_s_of(pid) for name, pid in pids.items()}
        began_s = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.perf_counter() - began_s
        assert not failed, failed[:3]
        spent = {name: cpu_s_of(pid) - before[name] for name, pid in pids.items()}
        memory = sum(rss_mb(pid) for pid in pids.values())
    owner_s = spent.get("owner", spent["station"])
    done = requests // _CONNECTIONS * _CONNECTIONS
    return {
        "requests_s": done / took_s,
        "cpu_ms_a_request": sum(spent.values()) * 1000 / done,
        "owner_cpu_ms_a_request": owner_s * 1000 / done,
        "owner_limit_requests_s": done / owner_s,
        "rss_mb": memory,
    }


def rss_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def measure(counts: list[int], requests: int, rounds: int) -> dict[str, Any]:
    """Alternate the numbers of workers; return the medians of each."""
    load_before = busy_cores()
    found: dict[int, list[Figures]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as name:
        root, broker = Path(name) / "farm", Broker(Path(name) / "broker")
        folder = FarmFolder(root)
        folder.create()
        folder.store_path.parent.mkdir(parents=True, exist_ok=True)
        store = DuckDBStore(folder.store_path)
        for batch in make_batches(720_000, 1000, 30, 20):
            store.write(batch)
        store.roll_up()
        start_ms = min(int(each.time_ms) for each in store.last(SeriesFilter("acme"))) - 30 * DAY_MS
        store.close()
        assert start_ms < wall_clock_ms()
        broker.start()
        try:
            for _ in range(rounds):
                for count in counts:
                    found[count].append(run(root, broker, count, requests, start_ms))
        finally:
            broker.kill()
    medians = {
        f"workers_{count}": {what: statistics.median(one[what] for one in each) for what in each[0]}
        for count, each in found.items()
    }
    return {"other_load_cores": load_before, **medians}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=list(COUNTS))
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    figures = rounded(measure(options.workers, options.requests, options.rounds))
    if options.json:
        print(json.dumps(figures))
        return
    groups = {name: group for name, group in figures.items() if isinstance(group, dict)}
    print(f"{'':28}" + "".join(f"{name:>14}" for name in groups))
    for what in next(iter(groups.values())):
        print(f"{what:28}" + "".join(f"{group[what]:14,.2f}" for group in groups.values()))


if __name__ == "__main__":
    main()
