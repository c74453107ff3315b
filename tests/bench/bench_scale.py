"""Service times of the chain on this machine, what the model makes of them, and what a million gateways need.

`python -m tests.bench.bench_scale [--json] [--points N] [--rounds N]`

First the service times are measured, thread by thread: messages of 20 and 500 points as fast as they go, and few of 20.
Then the model has to reproduce what was not used to fit it, measured in the same run: messages of 100 and 2,000 points
as fast as they go, the times from publish to commit ack at 100,000 points a second, and the busy cores for 200 gateways
of greenhouses that nobody follows. Last it tells of a region: docs/explanation/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headland.store.duckdb.store import DuckDBStore
from headland.store.port import Points, SeriesKey, WriteBatch
from ingest.commit.batch_wait import PATIENT_S
from ingest.settings import IngestSettings
from tests.bench.bench_ingest import (
    PACED_MESSAGES_S,
    PACED_POINTS,
    Figures,
    measure_latency,
    print_figures,
    rounded,
    run,
)
from tests.bench.ingest_load import START_MS, Load, publish_paced
from tests.bench.ingest_takers import cpu_s, take_with_service
from tests.bench.machine_load import busy_cores
from tests.bench.scale.chain_model import Arrival, ChainModel, ServiceTimes
from tests.bench.scale.region import COOPERATIVES, GATEWAYS, WORKLOADS, Workload, busy_cores_of, plan_region

SMALL, LARGE, HELD_BACK = 20, 500, (100, 2000)
#: A load that leaves every message alone: messages a second, and for how long.
_QUIET_MESSAGES_S, _QUIET_S = 20.0, 4.0
#: How long the gateways of a station are measured.
_STATION_S = 20.0
#: Messages that the broker hands to ingest without an acknowledgement.
_UNDER_WAY = IngestSettings(quarantine_path=Path()).receive_maximum


def measure_messages(points: int, total: int, rounds: int) -> Figures:
    """Return the median figures of the service for messages of one size, as fast as they go."""
    load = Load(total // points, points)
    found = [run(take_with_service, load)[0] for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]} | {"messages": load.messages}


def measure_quiet(rounds: int) -> Figures:
    """Return the median figures of the service for few small messages, each of which has a transaction of its own."""
    load = Load(round(_QUIET_MESSAGES_S * _QUIET_S), SMALL)
    found = [run(take_with_service, load, publish_paced, _QUIET_MESSAGES_S)[0] for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in found) for name in found[0]} | {"messages": load.messages}


def measure_disk_wait(rounds: int) -> float:
    """Return how long a small transaction of the store alone waits for the disk [s]."""
    keys = [SeriesKey("bench", "home", "drone", f"uav-{number}", "altitude_m") for number in range(SMALL)]
    index, ones = np.arange(SMALL, dtype=np.int32), np.ones(SMALL)
    waits_s: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore(Path(folder) / "store.duckdb")
        for number in range(1 + 10 * rounds):
            points = Points(keys, index, np.full(SMALL, START_MS + number), ones, ones.astype(np.uint8))
            before_s, began_s = cpu_s(), time.perf_counter()
            store.write(WriteBatch(points))
            waits_s.append(max(0.0, time.perf_counter() - began_s - (cpu_s() - before_s)))
        store.close()
    return statistics.median(waits_s[1:])  # the first makes what the others find


def fit_times(quiet: Figures, small: Figures, large: Figures, wait_s: float) -> ServiceTimes:
    """Return the service times that the processor seconds of each thread show for three loads."""

    def mean_s(name: str) -> float:
        return statistics.mean(each[f"{name}_cpu_us_per_message"] for each in (small, large)) / 1e6

    def parts_s(thread: str, part: str) -> dict[str, float]:
        """Return the seconds of a transaction, of each message and of each point in it, by their names."""
        sizes, spent_s = [], []
        for figures, points in ((quiet, SMALL), (small, SMALL), (large, LARGE)):
            messages = figures["messages"] / figures["transactions"]
            sizes.append([1.0, messages, messages * points])
            spent_s.append(messages * figures[f"{thread}_cpu_us_per_message"] / 1e6)
        solved_s = np.linalg.solve(sizes, spent_s).tolist()
        return {
            f"{part}_{of}_s": max(0.0, one_s) for of, one_s in zip(("batch", "message", "point"), solved_s, strict=True)
        }

    return ServiceTimes(
        publish_message_s=large["publisher_cpu_us_per_message"] / 1e6,
        broker_message_s=mean_s("broker"),
        receive_message_s=mean_s("network"),
        **parts_s("writer", "build"),
        **parts_s("commit", "commit"),
        **parts_s("engine", "engine"),
        commit_wait_s=wait_s,
        wake_message_s=sum(quiet[f"{name}_cpu_us_per_message"] for name in ("broker", "network")) / 1e6,
    )


def reproduce(times: ServiceTimes, cores: int, total: int, rounds: int) -> dict[str, Any]:
    """Return measured and modelled figures side by side, of loads that the fit did not see."""
    found: dict[str, Any] = {}
    for points in HELD_BACK:
        measured = measure_messages(points, total, rounds)["points_per_s"]
        modelled = ChainModel(times, cores, _UNDER_WAY).run_closed(total // points, points).points_per_s
        found[f"points_per_s_of_{points}"] = compare(measured, modelled)
    latency = [measure_latency(total / 500_000) for _ in range(rounds)]
    seconds = total / 500_000
    arrivals = [Arrival(PACED_POINTS, np.arange(0.0, seconds, 1.0 / PACED_MESSAGES_S))]
    model = ChainModel(times, cores).run_paced(arrivals, seconds + 60.0)
    for name, share in (("commit_p50_ms", 0.5), ("commit_p99_ms", 0.99)):
        found[name] = compare(statistics.median(one[name] for one in latency), model.quantile_ms(share))
    greenhouses, gateways = WORKLOADS["greenhouses"], GATEWAYS // COOPERATIVES
    busy = statistics.median(measure_station(gateways, greenhouses) for _ in range(rounds))
    found["busy_cores_of_a_station"] = compare(busy, busy_cores_of(times, greenhouses, PATIENT_S))
    return found


def measure_station(gateways: int, workload: Workload) -> float:
    """Return the busy cores of broker and ingest where so many gateways send and nobody follows their values."""
    messages_per_s, points = gateways * workload.busiest_messages_per_s, workload.points_a_message
    load = Load(round(messages_per_s * _STATION_S), points, gateways, gateways, channels=points)
    figures, _ = run(partial(take_with_service, is_followed=False), load, publish_paced, messages_per_s)
    spent_us = sum(
        figures[f"{name}_cpu_us_per_message"] for name in ("broker", "network", "writer", "commit", "engine")
    )
    return messages_per_s * spent_us / 1e6


def compare(measured: float, modelled: float) -> Figures:
    """Return both, and how far the model is off [%]."""
    return {"measured": measured, "modelled": modelled, "off_pct": 100.0 * (modelled / measured - 1.0)}


def measure(total: int, rounds: int) -> dict[str, Any]:
    """Measure, reproduce, extrapolate."""
    load_cores, cores = busy_cores(), os.cpu_count() or 1
    small, large = measure_messages(SMALL, total // 10, rounds), measure_messages(LARGE, total, rounds)
    quiet = measure_quiet(rounds)
    times = fit_times(quiet, small, large, measure_disk_wait(rounds))
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
