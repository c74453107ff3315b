"""How fast the DuckDB engine stores samples, beside a bare insert loop of the same run; and what questions take.

`python -m tests.bench.bench_store --points 2000000 --json`
`python -m tests.bench.bench_store --queries 1000000 20000000 --store URL`: the budget's questions, of any engine.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import duckdb
import numpy as np

from headland.network.addresses import hide_secrets
from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Mark, Points, SeriesFilter, SeriesKey, WriteBatch
from tests.bench.machine_load import busy_cores
from tests.bench.store_queries import run_queries

START_MS = 1_780_000_000_000


def make_batches(points: int, series: int, each: int) -> list[WriteBatch]:
    """Batches of `series` x `each` samples with new times, as a gateway's live data would be."""
    keys = [SeriesKey("acme", "home", "greenhouse", f"gh-{i // 10}", f"channel_{i % 10}_degc") for i in range(series)]
    index = np.repeat(np.arange(series, dtype=np.int32), each)
    within_ms = np.tile(np.arange(each, dtype=np.int64) * 100, series)
    quality = np.ones(series * each, np.uint8)
    random = np.random.default_rng(7)
    batches = []
    for number in range(max(1, points // (series * each))):
        value = random.normal(20.0, 5.0, series * each).round(2)
        time_ms = START_MS + number * each * 100 + within_ms
        mark = Mark("gw-1", "e1", number + 1, number + 1)
        batches.append(WriteBatch(Points(keys, index, time_ms, value, quality), (), (mark,), START_MS * 2))
    return batches


def time_each(batches: Sequence[WriteBatch], put: Callable[[WriteBatch], object]) -> tuple[float, list[float]]:
    """Return points a second over all batches, and each batch's time in ms."""
    spent_ms = []
    start_s = time.perf_counter()
    for batch in batches:
        before_s = time.perf_counter()
        put(batch)
        spent_ms.append((time.perf_counter() - before_s) * 1000)
    points = sum(len(batch.points) for batch in batches)
    return points / (time.perf_counter() - start_s), spent_ms


def run_bare(batches: Sequence[WriteBatch], folder: Path) -> float:
    """Insert the same columns into a bare table, a durable transaction each: what DuckDB gives without us."""
    connection = duckdb.connect(str(folder / "bare.duckdb"), config={"memory_limit": "256MB", "threads": 2})
    connection.execute("CREATE TABLE points (sid INTEGER, ts BIGINT, v DOUBLE, q UTINYINT)")

    def put(batch: WriteBatch) -> None:
        points = batch.points
        columns = {"sid": points.index, "ts": points.time_ms, "v": points.value, "q": points.quality}
        connection.register("points_in", columns)
        connection.execute("INSERT INTO points SELECT * FROM points_in")

    rate, _ = time_each(batches, put)
    connection.close()
    return rate


def run_store(batches: Sequence[WriteBatch], folder: Path) -> dict[str, float]:
    """Write new, then send a fifth of it again, then read back."""
    store = DuckDBStore(folder / "store.duckdb")
    new_rate, spent_ms = time_each(batches, store.write)
    again = batches[: max(1, len(batches) // 5)]
    again_rate, _ = time_each(again, store.write)
    stored = store.info().points
    which = SeriesFilter("acme", device="gh-0")
    before_s = time.perf_counter()
    store.buckets(which, START_MS, START_MS + 10**9, 60_000)
    buckets_ms = (time.perf_counter() - before_s) * 1000
    store.close()
    before_s = time.perf_counter()
    DuckDBStore(folder / "store.duckdb").close()
    return {
        "new_points_s": new_rate,
        "new_batch_p50_ms": statistics.median(spent_ms),
        "new_batch_max_ms": max(spent_ms),
        "again_points_s": again_rate,
        "points_stored": stored,
        "buckets_of_one_device_ms": buckets_ms,
        "reopen_ms": (time.perf_counter() - before_s) * 1000,
    }


def show_queries(points: Sequence[int], urls: Sequence[str | None], *, as_json: bool) -> None:
    """Ask each engine about each number of points, in a process of its own, and print a column for each."""
    columns: dict[str, dict[str, float]] = {}
    for url in urls:
        for each in points:
            load = busy_cores()
            with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1) as pool:
                told = pool.submit(run_queries, each, url, Path(folder)).result()
            columns[f"{hide_secrets(url) if url else 'duckdb'} {each:,}"] = told | {"other load [cores]": load or 0}
    if as_json:
        json.dump(columns, sys.stdout)
        print()
        return
    names = list(dict.fromkeys(name for told in columns.values() for name in told))
    print(" " * 56 + "".join(f"{title[-22:]:>24}" for title in columns))
    for name in names:
        cells = (f"{told[name]:24,.2f}" if name in told else " " * 24 for told in columns.values())
        print(f"{name:56}" + "".join(cells))


def main() -> None:
    """Run both and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2_000_000)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--each", type=int, default=100, help="samples of a series in a batch")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--queries", type=int, nargs="+", metavar="POINTS", help="ask questions of so many instead")
    parser.add_argument(
        "--store", nargs="+", metavar="URL", help="the engines to ask; empty ones; a DuckDB file if none"
    )
    asked = parser.parse_args()
    if asked.queries:
        show_queries(asked.queries, asked.store or [None], as_json=asked.json)
        return
    batches = make_batches(asked.points, asked.series, asked.each)
    with tempfile.TemporaryDirectory() as folder:
        result = run_store(batches, Path(folder))
        # The peak of the process so far: before the bare loop opens a second database.
        result["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result["bare_points_s"] = run_bare(batches, Path(folder))
    result["ratio_to_bare"] = result["new_points_s"] / result["bare_points_s"]
    if asked.json:
        json.dump({name: round(value, 3) for name, value in result.items()}, sys.stdout)
        print()
    else:
        for name, value in result.items():
            print(f"{name:28}{value:16,.2f}")


if __name__ == "__main__":
    main()
