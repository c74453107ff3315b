"""Service times of the chain on this machine, what the model makes of them, and what a million gateways need.

`python -m tests.bench.bench_scale [--json] [--points N] [--rounds N]`

First the service times are measured (messages of 20 and 500 points, and the store alone). Then the model has to
reproduce what was not used to fit it, measured in the same run: messages of 100 and 2,000 points as fast as they go,
and the times from publish to commit at 100,000 points a second. Last it tells of a region: docs/explanation/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, WriteBatch
from tests.bench.bench_ingest import (
    PACED_MESSAGES_S,
    PACED_POINTS,
    Figures,
    measure_latency,
    print_figures,
    rounded,
    run,
)
from tests.bench.ingest_load import START_MS, WINDOW, Load
from tests.bench.ingest_takers import cpu_s, take_with_service
from tests.bench.machine_load import busy_cores
from tests.bench.scale.chain_model import Arrival, ChainModel, ServiceTimes
from tests.bench.scale.region import WORKLOADS, plan_region

SMALL, LARGE, HELD_BACK = 20, 500, (100, 2000)
_STORE_BATCHES = (100, 1000, 10_000, 100_000)


def measure_messages(points: int, total: int, rounds: int) -> Figures:
    """Return the median figures of the service for messages of one size, as fast as they go."""
    load = Load(total // points, points)
    found = [run(take_with_service, load)[0] for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]} | {"messages": load.messages}


def measure_store(rounds: int) -> tuple[float, float, float]:
    """Return the processor seconds of a transaction and of each point in it, and how long one waits for the disk."""
    keys = [SeriesKey("bench", "home", "drone", f"uav-{number}", "altitude_m") for number in range(40)]
    took: list[tuple[int, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore(Path(folder) / "store.duckdb")
        begin_ms = START_MS
        for size in (*_STORE_BATCHES, *_STORE_BATCHES * rounds):
            index = np.arange(size, dtype=np.int32) % len(keys)
            time_ms = begin_ms + np.arange(size, dtype=np.int64) // len(keys) * 100
            begin_ms = int(time_ms[-1]) + 100
            batch = WriteBatch(Points(keys, index, time_ms, np.ones(size), np.ones(size, np.uint8)))
            before_s, began_s = cpu_s(), time.perf_counter()
            store.write(batch)
            used_s = cpu_s() - before_s
            took.append((size, used_s, max(0.0, time.perf_counter() - began_s - used_s)))
        store.close()
    took = took[len(_STORE_BATCHES) :]  # the first of each size makes what the others find
    medians = {size: statistics.median(used_s for n, used_s, _ in took if n == size) for size in _STORE_BATCHES}
    per_batch_s = medians[_STORE_BATCHES[0]]
    per_point_s = (medians[_STORE_BATCHES[-1]] - per_batch_s) / (_STORE_BATCHES[-1] - _STORE_BATCHES[0])
    waits_s = [wait_s for size, _, wait_s in took if size == _STORE_BATCHES[0]]
    return per_batch_s, max(per_point_s, 0.0), statistics.median(waits_s)


def fit_times(small: Figures, large: Figures, store_s: tuple[float, float, float]) -> ServiceTimes:
    """Return the service times that the processor seconds of two sizes of messages and of the store show."""
    batch_s, point_s, wait_s = store_s
    # A full batch of messages a transaction, as the builder makes them under load.
    per_message_s = [
        figures["cpu_s_per_million_points"] * points / 1e6 - batch_s / 250 - point_s * points
        for figures, points in ((small, SMALL), (large, LARGE))
    ]
    build_point_s = max(0.0, (per_message_s[1] - per_message_s[0]) / (LARGE - SMALL))
    return ServiceTimes(
        publish_message_s=large["publisher_cpu_us_per_message"] / 1e6,
        broker_message_s=statistics.mean(each["broker_cpu_us_per_message"] for each in (small, large)) / 1e6,
        build_message_s=max(0.0, per_message_s[0] - build_point_s * SMALL),
        build_point_s=build_point_s,
        commit_batch_s=batch_s,
        commit_point_s=point_s,
        commit_wait_s=wait_s,
    )


def reproduce(times: ServiceTimes, cores: int, total: int, rounds: int) -> dict[str, Any]:
    """Return measured and modelled figures side by side, of loads that the fit did not see."""
    found: dict[str, Any] = {}
    for points in HELD_BACK:
        measured = measure_messages(points, total, rounds)["points_per_s"]
        modelled = ChainModel(times, cores, WINDOW).run_closed(total // points, points).points_per_s
        found[f"points_per_s_of_{points}"] = compare(measured, modelled)
    latency = [measure_latency(total / 500_000) for _ in range(rounds)]
    seconds = total / 500_000
    arrivals = [Arrival(PACED_POINTS, np.arange(0.0, seconds, 1.0 / PACED_MESSAGES_S))]
    model = ChainModel(times, cores).run_paced(arrivals, seconds + 60.0)
    for name, share in (("commit_p50_ms", 0.5), ("commit_p99_ms", 0.99)):
        found[name] = compare(statistics.median(one[name] for one in latency), model.quantile_ms(share))
    return found


def compare(measured: float, modelled: float) -> Figures:
    """Return both, and how far the model is off [%]."""
    return {"measured": measured, "modelled": modelled, "off_pct": 100.0 * (modelled / measured - 1.0)}


def measure(total: int, rounds: int) -> dict[str, Any]:
    """Measure, reproduce, extrapolate."""
    load_cores, cores = busy_cores(), os.cpu_count() or 1
    small, large = measure_messages(SMALL, total // 10, rounds), measure_messages(LARGE, total, rounds)
    times = fit_times(small, large, measure_store(rounds))
    return {
        "other_load_cores": load_cores,
        "service_us": {name.removesuffix("_s"): 1e6 * value for name, value in asdict(times).items()},
        "reproduced": reproduce(times, cores, total, rounds),
        "region": {name: plan_region(times, workload) for name, workload in WORKLOADS.items()},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2_000_000, help="points a round of messages of 500 points")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    began_s = time.monotonic()
    figures = rounded(measure(options.points, options.rounds) | {"took_s": time.monotonic() - began_s})
    if options.json:
        print(json.dumps(figures))
    else:
        print_figures(figures)


if __name__ == "__main__":
    main()
