"""Four questions for seven months of ten channels at once, on a station whose store was never rolled up.

`python -m tests.bench.bench_large_queries --points 20000000 --json`: a station's process of its own, asked by HTTP; its
memory is read ten times a second from its start on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from headland.contract.records import Descriptor
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, WriteBatch
from headland.units_of_time import DAY_MS
from station.chaos.farm.core import FarmCore
from station.chaos.soak import memory_mb
from station.local.plan import HOST
from tests.bench.machine_load import busy_cores

#: So many channels may be asked for at once.
MOST_CHANNELS = 32
START_MS = 1_780_272_000_000
END_MS = START_MS + 212 * DAY_MS
_BATCH = 1_000_000
_MOST_S = 180.0

#: The questions by name: form, and the words of the query beside the window and the channels.
QUESTIONS: dict[str, tuple[str, dict[str, int]]] = {
    "chart": ("application/json", {"width": 1000}),
    "means": ("application/json", {"max_points": 10_000}),
    "most means": ("application/json", {"max_points": 100_000}),
    "csv": ("text/csv", {}),
    "parquet": ("application/vnd.apache.parquet", {}),
    "arrow": ("application/vnd.apache.arrow.stream", {}),
}


def fill(path: Path, points: int, devices: int, channels: list[str]) -> None:
    """Write samples of devices in the order of time, nothing of which is rolled up."""
    names = [f"gh-{number + 1}" for number in range(devices)]
    keys = [SeriesKey("local", "home", "greenhouse", name, channel) for name in names for channel in channels]
    each, most = points // len(keys), max(1, _BATCH // len(keys))
    random = np.random.default_rng(3)
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(DuckDBStore(path, memory_limit_mb=512)) as store:
        for name in names:
            store.describe("local", "gw-1", Descriptor(device=name, kind="greenhouse", site="home", name=name))
        for first in range(0, each, most):
            count = min(most, each - first)
            time_ms = START_MS + (np.arange(first, first + count) * ((END_MS - START_MS) / each)).astype(np.int64)
            index = np.repeat(np.arange(len(keys), dtype=np.int32), count)
            value = random.normal(20.0, 5.0, count * len(keys)).round(2)
            flags = np.ones(len(index), np.uint8)
            store.write(WriteBatch(Points(keys, index, np.tile(time_ms, len(keys)), value, flags)))


def ask(farm: FarmCore, name: str, channels: list[str]) -> tuple[str, int, float, int]:
    """Return a question's name, its status (0: no answer in time), its seconds and the bytes that came."""
    form, words = QUESTIONS[name]
    query = urlencode({"channel": channels, "start": START_MS, "end": END_MS, **words}, doseq=True)
    headers = {"Authorization": f"Bearer {farm.folder.api_key()}", "Accept": form}
    begin_s, size = time.perf_counter(), 0
    try:
        with closing(HTTPConnection(HOST, farm.api_port, timeout=_MOST_S)) as connection:
            connection.request("GET", f"/v1/devices/gh-1/series?{query}", headers=headers)
            answer = connection.getresponse()
            while chunk := answer.read(1 << 20):
                size += len(chunk)
                if time.perf_counter() - begin_s > _MOST_S:
                    break
            return name, answer.status, time.perf_counter() - begin_s, size
    except (OSError, HTTPException):
        return name, 0, time.perf_counter() - begin_s, size


def run(points: int, devices: int, channels: list[str], together: list[str], folder: Path) -> dict[str, object]:
    """Fill a store, start a station on it, ask, and return the figures."""
    farm = FarmCore(folder, "auto", [])
    begin_s = time.perf_counter()
    fill(farm.folder.store_path, points, devices, channels)
    told: dict[str, object] = {
        "points": points,
        "devices": devices,
        "filled_s": round(time.perf_counter() - begin_s, 1),
    }
    begin_s = time.perf_counter()
    with closing(DuckDBStore(farm.folder.store_path)):
        told["open_s"] = round(time.perf_counter() - begin_s, 1)
    told["other_load_cores"] = busy_cores()
    with farm.running():
        memory: list[float] = []
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.1):
                memory.append(memory_mb(farm.station.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            told["rss_ready_mb"] = memory_mb(farm.station.pid)
            with ThreadPoolExecutor(len(together)) as pool:
                for name, status, spent_s, size in pool.map(lambda name: ask(farm, name, channels), together):
                    number = sum(1 for key in told if key.startswith(f"{name}_s"))
                    told[f"{name}_s_{number}"] = round(spent_s, 1)
                    told[f"{name}_status_{number}"] = status
                    told[f"{name}_mb_{number}"] = round(size / 1e6, 1)
            told["rss_after_mb"] = memory_mb(farm.station.pid)
        finally:
            done.set()
            watcher.join()
        told["rss_peak_mb"] = max(memory)
    return told


def main() -> None:
    """Run once and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=5_000_000)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--channels", type=int, default=10, choices=range(1, MOST_CHANNELS + 1), metavar="N")
    parser.add_argument(
        "--together", nargs="+", choices=list(QUESTIONS), default=["chart", "means", "most means", "csv"]
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        channels = [f"channel_{number}_degc" for number in range(asked.channels)]
        told = run(asked.points, asked.devices, channels, asked.together, Path(folder))
    if asked.json:
        json.dump(told, sys.stdout)
        print()
    else:
        for name, value in told.items():
            print(f"{name:28}{value!s:>16}")


if __name__ == "__main__":
    main()
