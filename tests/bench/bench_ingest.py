"""Points a second from publish to commit, beside a bare paho -> DuckDB loop in the same run.

`python -m tests.bench.bench_ingest [--json] [--points N] [--rounds N] [--only PART…]`

A publisher process sends at QoS 1 through mosquitto to a taker process: the whole ingest service with a DuckDB store
(marks, ranges, quality, duplicates, latest), or the bare loop (decode, insert, commit, ack and nothing else). The clock
runs from the first publish to the last commit. All three share this machine's cores. Parts:

`native_500`, `native_1000`, `native_2000`, `senml_50`, `senml_500`: so many points a message, service and bare loop in
turn, the median of the rounds. `latency`: from publish to commit ack as a gateway sees it, at 100,000 points a second.
`gateways`, `series`: the same number of points from 1 to 1,000 gateways, and in 1 to 10,000 series.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench.ingest_load import Load, publish, publish_paced
from tests.bench.ingest_takers import take_with_bare_batches, take_with_bare_packs, take_with_service
from tests.bench.machine_load import busy_cores
from tests.broker import Broker

Figures = dict[str, float]

SIZES = {
    "native_500": (500, False),
    "native_1000": (1000, False),
    "native_2000": (2000, False),
    "senml_50": (50, True),
    "senml_500": (500, True),
}
#: SenML is slower by so much: as many fewer points keep its rounds as short.
SENML_SHARE = 6
PACED_MESSAGES_S = 200
PACED_POINTS = 500
GATEWAYS = (1, 10, 100, 1000)
#: Series as devices and channels.
SERIES = {1: (1, 1), 10: (1, 10), 100: (10, 10), 1000: (100, 10), 10_000: (1000, 10)}
_SAYS_WITHIN_S = 60.0
PARTS = (*SIZES, "latency", "gateways", "series")


def run(take: Callable[..., None], load: Load, send: Callable[..., None] = publish, *more: Any) -> tuple[Figures, Any]:
    """Run one round of publisher, broker and taker; return the figures, and what `send` had to say at its end."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder) / "broker", lines=["max_inflight_messages 1000", "set_tcp_nodelay true"])
        broker.start()
        here, there = spawn.Pipe()
        out, away = spawn.Pipe()
        taker = spawn.Process(target=take, args=(away, broker.port, folder, load.total))
        publisher = spawn.Process(target=send, args=(there, broker.port, load, *more))
        try:
            publisher.start()
            payload_bytes = receive(here)
            taker.start()
            receive(out)
            pids = {"broker": broker.pid, "publisher": publisher.pid or 0}
            before_s = {name: cpu_s_of(pid) for name, pid in pids.items()}
            started_s = time.time()
            here.send("go")
            ended_s, peak_rss_mb, taker_cpu_s, threads_cpu_s, transactions = receive(out)
            others_cpu_s = {name: cpu_s_of(pid) - before_s[name] for name, pid in pids.items()}
            said = receive(here) if send is not publish else None
            out.send("enough")
        finally:
            for process in (taker, publisher):
                process.join(20)
                process.kill()
            broker.kill()
    figures = {
        "points_per_s": load.total / (ended_s - started_s),
        "peak_rss_mb": peak_rss_mb,
        "cpu_s_per_million_points": taker_cpu_s * 1e6 / load.total,
        "bytes_per_point": payload_bytes / load.total,
        "transactions": transactions,
        **{
            f"{name}_cpu_us_per_message": 1e6 * cpu_s / load.messages
            for name, cpu_s in (others_cpu_s | threads_cpu_s).items()
        },
    }
    return figures, said


def cpu_s_of(pid: int) -> float:
    """Return the processor seconds of a process that runs."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def receive(pipe: Connection) -> Any:
    """Return what the other process says; fail where it says nothing for long."""
    assert pipe.poll(_SAYS_WITHIN_S), "the other process says nothing"
    return pipe.recv()


def measure_size(points_a_message: int, total: int, rounds: int, *, senml: bool) -> dict[str, Any]:
    """Alternate service and bare loop; return the median of each and their ratio."""
    load = Load(max(1, (total // SENML_SHARE if senml else total) // points_a_message), points_a_message, senml=senml)
    takers = {"bare": take_with_bare_packs if senml else take_with_bare_batches, "service": take_with_service}
    found: dict[str, list[Figures]] = {name: [] for name in takers}
    for _ in range(rounds):
        for name, take in takers.items():
            found[name].append(run(take, load)[0])
    result: dict[str, Any] = {
        name: {key: statistics.median(one[key] for one in each) for key in each[0]} for name, each in found.items()
    }
    return {**result, "ratio_to_bare": result["service"]["points_per_s"] / result["bare"]["points_per_s"]}


def measure_latency(seconds: float) -> Figures:
    """Return the times from publish to commit ack at a steady rate."""
    load = Load(round(PACED_MESSAGES_S * seconds), PACED_POINTS)
    figures, took_s = run(take_with_service, load, publish_paced, PACED_MESSAGES_S)
    cuts_s = statistics.quantiles(took_s, n=100)
    return {
        "points_per_s": figures["points_per_s"],
        "commit_p50_ms": cuts_s[49] * 1000,
        "commit_p99_ms": cuts_s[98] * 1000,
        "commit_max_ms": max(took_s) * 1000,
    }


def measure_gateways(total: int) -> dict[str, Figures]:
    """Return the figures of the service for ever more gateways, a device each."""
    loads = {count: Load(max(count, total // 500), 500, count, count) for count in GATEWAYS}
    return {str(count): run(take_with_service, load)[0] for count, load in loads.items()}


def measure_series(total: int) -> dict[str, Figures]:
    """Return the figures of the service for ever more series, from at most four gateways."""
    return {
        str(count): run(take_with_service, Load(total // 500, 500, min(4, devices), devices, channels))[0]
        for count, (devices, channels) in SERIES.items()
    }


def measure(parts: list[str], total: int, rounds: int) -> dict[str, Any]:
    """Return the figures of the parts, each with what else the machine had to do just before it."""
    work: dict[str, Callable[[], Any]] = {
        name: lambda points=points, senml=senml: measure_size(points, total, rounds, senml=senml)  # type: ignore[misc]  # defaults bind the loop's values
        for name, (points, senml) in SIZES.items()
    }
    work["latency"] = lambda: measure_latency(total / 500_000)
    work["gateways"] = lambda: measure_gateways(total // 2)
    work["series"] = lambda: measure_series(total // 2)
    return {name: {"other_load_cores": busy_cores(), **work[name]()} for name in parts}


def rounded(found: Any) -> Any:
    """Return nested figures with as many digits as mean something."""
    if isinstance(found, dict):
        return {name: rounded(value) for name, value in found.items()}
    return round(found, 3 if abs(found) < 1000 else 0) if isinstance(found, float) else found


def print_figures(found: dict[str, Any], indent: str = "") -> None:
    """Print the figures, a line for each group of numbers."""
    for name, value in found.items():
        if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
            rest = {key: inner for key, inner in value.items() if not isinstance(inner, dict)}
            print(f"{indent}{name:<12}", "  ".join(f"{key} {number}" for key, number in rest.items()))
            print_figures({key: inner for key, inner in value.items() if isinstance(inner, dict)}, indent + "  ")
        elif isinstance(value, dict):
            print(f"{indent}{name:<12}", "  ".join(f"{key} {number:,}" for key, number in value.items()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=2_000_000, help="points a round of native batches")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args()
    figures = rounded(measure(options.only, options.points, options.rounds))
    if options.json:
        print(json.dumps(figures))
    else:
        print_figures(figures)


if __name__ == "__main__":
    main()
