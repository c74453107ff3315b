"""TSBS IoT: a fleet's telemetry and twelve questions on Headland's DuckDB store.

`python -m tests.bench.bench_tsbs [--trucks 100 --hours 48 --every 60] [--rounds 7] [--json]`
About 2.5 million points by default; `--trucks 100 --hours 96 --every 10` are 30 million, `--trucks 400 --hours 80
--every 10` 100 million. `tests/bench/tsbs/test_answers.py` compares the answers with the samples themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.bench.machine_load import busy_cores
from tests.bench.tsbs.fleet import START_MS, Telemetry, make_telemetry
from tests.bench.tsbs.headland_store import HeadlandStore
from tests.bench.tsbs.questions import NAMES, make_questions

_PARTS: Final = 10


def load_in_parts(store: HeadlandStore, telemetry: Telemetry, rows: int) -> float:
    """Load all data in ten parts; return the median of points a second."""
    batches = list(telemetry.batches(rows))
    each = -(-len(batches) // _PARTS)
    rates = []
    for start in range(0, len(batches), each):
        spent_s = points = 0.0
        for batch in batches[start : start + each]:
            prepared = store.prepare(batch)
            begin_s = time.perf_counter()
            store.load(prepared)
            spent_s += time.perf_counter() - begin_s
            points += sum(part.points for part in batch)
        begin_s = time.perf_counter()
        store.finish()
        rates.append(points / (spent_s + time.perf_counter() - begin_s))
    return statistics.median(rates)


def ask_in_turns(store: HeadlandStore, end_ms: int, rounds: int, seed: int) -> dict[str, float]:
    """Ask each question of another window and fleet in each round; return medians in ms."""
    medians: dict[str, float] = {}
    for name in NAMES:
        spent_ms = []
        for question in make_questions(name, rounds + 1, START_MS, end_ms, seed):
            begin_s = time.perf_counter()
            store.ask(question)
            spent_ms.append((time.perf_counter() - begin_s) * 1000)
        # The first warms up.
        medians[f"{name}_ms"] = statistics.median(spent_ms[1:])
    return medians


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Load and ask; return the figures."""
    instants = options.hours * 3600 // options.every
    telemetry = make_telemetry(options.trucks, instants, options.every, options.seed)
    points = telemetry.points
    figures: dict[str, Any] = {"other_load_cores": busy_cores(), "load_before": os.getloadavg()[0], "points": points}
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="tsbs-") as folder:
        every_ms = int(telemetry.time_ms[1] - telemetry.time_ms[0])
        with closing(HeadlandStore(Path(folder), telemetry.trucks, every_ms)) as store:
            figures["load"] = {"points_s": load_in_parts(store, telemetry, options.rows)}
            begin_s = time.perf_counter()
            store.settle(telemetry.end_ms)
            figures["settle_s"] = time.perf_counter() - begin_s
            figures["disk"] = {"bytes_a_point": store.size_bytes() / points}
            figures["questions"] = ask_in_turns(store, telemetry.end_ms, options.rounds, options.seed)
    figures["load_after"] = os.getloadavg()[0]
    return figures


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trucks", type=int, default=100)
    parser.add_argument("--hours", type=int, default=48)
    parser.add_argument("--every", type=int, default=60, help="seconds between two rows of a truck")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of a batch, of three or seven fields each")
    parser.add_argument("--rounds", type=int, default=7, help="how often each question is timed")
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--folder", type=Path, help="where the files lie meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    options = parser.parse_args()
    figures = run(options)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
