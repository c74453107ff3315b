"""All engines in one run: storing, reading, opening, disk and memory, each against its real server.

`python -m tests.bench.bench_engines --points 2000000 --json`; `--engine influxdb` alone, several times if wanted.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from headland.clock import wall_clock_ms
from headland.store.duckdb.store import DuckDBStore
from headland.store.influx.store import open_influx
from headland.store.port import Mark, Points, SeriesFilter, SeriesKey, Store, WriteBatch
from headland.store.victoria.store import open_victoria
from tests.influx_server import InfluxServer
from tests.victoria_server import VictoriaServer

CHANNELS = 10
DAY_MS = 86_400_000
Opener = Callable[[], Store]


@contextmanager
def duckdb(folder: Path) -> Iterator[tuple[Opener, int]]:
    """The embedded engine: its memory is this process'."""
    yield lambda: DuckDBStore(folder / "store.duckdb"), 0


@contextmanager
def influxdb(folder: Path) -> Iterator[tuple[Opener, int]]:
    """A server of its own."""
    server = InfluxServer(folder)
    server.start()
    try:
        yield lambda: open_influx(server.url("bench")), server.pid
    finally:
        server.close()


@contextmanager
def victoriametrics(folder: Path) -> Iterator[tuple[Opener, int]]:
    """A server of its own."""
    server = VictoriaServer(folder)
    server.start()
    try:
        yield lambda: open_victoria(server.url(folder / "side.sqlite")), server.pid
    finally:
        server.kill()


ENGINES = {"duckdb": duckdb, "influxdb": influxdb, "victoriametrics": victoriametrics}


def make_batches(points: int, series: int, days: int, each: int) -> Iterator[WriteBatch]:
    """Batches in time order, as many gateways would send them: values of two decimals over `days` days."""
    keys = [
        SeriesKey("acme", "home", "greenhouse", f"gh-{number // CHANNELS}", f"channel_{number % CHANNELS}_degc")
        for number in range(series)
    ]
    rounds = max(1, points // (series * each))
    step_ms = days * DAY_MS // (rounds * each)
    start_ms = wall_clock_ms() // DAY_MS * DAY_MS - days * DAY_MS
    index = np.repeat(np.arange(series, dtype=np.int32), each)
    random = np.random.default_rng(7)
    for number in range(rounds):
        time_ms = start_ms + (number * each + np.tile(np.arange(each, dtype=np.int64), series)) * step_ms
        value = random.normal(20.0, 5.0, series * each).round(2)
        mark = Mark("gw-1", "e1", number + 1, number + 1)
        yield WriteBatch(Points(keys, index, time_ms, value, np.ones(series * each, np.uint8)), (), (mark,))


def run(engine: str, points: int, series: int, days: int, each: int) -> dict[str, float]:
    """Store, send a tenth again, read, open again."""
    with tempfile.TemporaryDirectory() as name, ENGINES[engine](Path(name)) as (open_store, pid):
        store = open_store()
        spent_s, written, first = [], 0, None
        for batch in make_batches(points, series, days, each):
            first = first or batch
            began_s = time.perf_counter()
            written += store.write(batch).accepted
            spent_s.append(time.perf_counter() - began_s)
        assert first is not None
        began_s = time.perf_counter()
        again = store.write(first)
        again_s = time.perf_counter() - began_s
        assert again.duplicate == len(first.points)
        start_ms = int(first.points.time_ms.min())
        told = {
            "stored_points_s": written / sum(spent_s),
            "batch_p50_ms": statistics.median(spent_s) * 1000,
            "batch_max_ms": max(spent_s) * 1000,
            "again_points_s": len(first.points) / again_s,
            "latest_of_all_ms": _time_ms(lambda: store.last(SeriesFilter("acme"))),
            "one_device_500_buckets_ms": _time_ms(
                lambda: store.buckets(
                    SeriesFilter("acme", "gh-0"), start_ms, start_ms + days * DAY_MS, days * DAY_MS // 500
                )
            ),
            "all_series_daily_ms": _time_ms(
                lambda: store.buckets(
                    SeriesFilter("acme", channels=frozenset({"channel_0_degc", "channel_1_degc"})),
                    start_ms, start_ms + days * DAY_MS, DAY_MS,
                )
            ),
            "one_series_a_day_raw_ms": _time_ms(
                lambda: store.raw(
                    SeriesFilter("acme", "gh-0", frozenset({"channel_0_degc"})), start_ms, start_ms + DAY_MS
                )
            ),
        }  # fmt: skip
        store.close()
        began_s = time.perf_counter()
        store = open_store()
        assert store.info().points == written
        told["reopen_ms"] = (time.perf_counter() - began_s) * 1000
        store.close()
        told["bytes_a_point"] = sum(path.stat().st_size for path in Path(name).rglob("*") if path.is_file()) / written
        told["server_rss_mb"] = _rss_mb(pid) if pid else 0.0
        return told


def _time_ms(question: Callable[[], object]) -> float:
    """Return the median of five, warm."""
    question()
    spent = []
    for _ in range(5):
        began_s = time.perf_counter()
        question()
        spent.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(spent)


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def main() -> None:
    """Run the engines one after the other and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=sorted(ENGINES), action="append")
    parser.add_argument("--points", type=int, default=2_000_000)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--each", type=int, default=20, help="samples of a series in a batch")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    told = {
        engine: run(engine, asked.points, asked.series, asked.days, asked.each)
        for engine in asked.engine or sorted(ENGINES)
    }
    if asked.json:
        json.dump(
            {name: {what: round(value, 3) for what, value in row.items()} for name, row in told.items()}, sys.stdout
        )
        print()
        return
    print(f"{'':28}" + "".join(f"{name:>18}" for name in told))
    for what in next(iter(told.values())):
        print(f"{what:28}" + "".join(f"{row[what]:18,.2f}" for row in told.values()))


if __name__ == "__main__":
    main()
