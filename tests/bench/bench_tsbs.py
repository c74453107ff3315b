"""TSBS IoT: a fleet's telemetry and twelve questions on Headland's DuckDB store and, in the same run, on its peers.

`python -m tests.bench.bench_tsbs [--trucks 100 --hours 48 --every 60] [--rounds 7] [--peer NAME…] [--json]`
About 2.5 million points by default; `--trucks 100 --hours 96 --every 10` are 30 million, `--trucks 400 --hours 80
--every 10` 100 million. The engines load tenths of the data in turns, and are asked in turns. Before it times, the
benchmark compares their answers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.machine_load import busy_cores
from tests.bench.tsbs.fleet import START_MS, Telemetry, make_telemetry
from tests.bench.tsbs.peers import ENGINES, OURS, Peer, missing, start_peers
from tests.bench.tsbs.questions import MIDDLE, NAMES, TSBS, differences, make_questions

_PARTS: Final = 10


def load_in_turns(peers: Sequence[Peer], telemetry: Telemetry, rows: int) -> dict[str, float]:
    """Load all data in ten parts; return each engine's median of points a second."""
    batches = -(-len(telemetry.arrival) // rows)
    each = -(-batches // _PARTS)
    rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
    for part in range(-(-batches // each)):
        for peer in peers:
            spent_s, points = peer.load(each)
            rates[peer.name].append(points / spent_s)
        print(f"part {part + 1}:", {name: round(of[-1]) for name, of in rates.items()}, file=sys.stderr)
    return {name: statistics.median(of) for name, of in rates.items()}


def compare_answers(peers: Sequence[Peer], end_ms: int, seed: int) -> list[str]:
    """Ask every question with the limits of TSBS and with middle ones; return how answers differ from the first's."""
    told = []
    for name in NAMES:
        for limits in (TSBS, MIDDLE):
            for question in make_questions(name, 3, START_MS, end_ms, seed + 1, limits):
                first, *others = [peer.ask(question)[1] for peer in peers]
                for peer, answer in zip(peers[1:], others, strict=True):
                    told += [f"{name}: {peers[0].name} and {peer.name}: {text}" for text in differences(first, answer)]
    return told


def ask_in_turns(peers: Sequence[Peer], end_ms: int, rounds: int, seed: int) -> dict[str, dict[str, float]]:
    """Ask each question of another window and fleet in each round; return medians in ms, and how ours compares."""
    told: dict[str, dict[str, float]] = {}
    for name in NAMES:
        spent_ms: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for number, question in enumerate(make_questions(name, rounds + 1, START_MS, end_ms, seed)):
            for peer in peers:
                spent_s, _ = peer.ask(question)
                if number:
                    spent_ms[peer.name].append(spent_s * 1000)
        medians = {peer: statistics.median(of) for peer, of in spent_ms.items()}
        told[name] = {f"{peer}_ms": median for peer, median in medians.items()}
        best = min((median for peer, median in medians.items() if peer != OURS), default=None)
        if best is not None and OURS in medians:
            told[name]["times_of_best_peer"] = medians[OURS] / best
        print(name, {key: round(value, 2) for key, value in told[name].items()}, file=sys.stderr)
    return told


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Load, compare and ask; return the figures."""
    absent = missing()
    names = [name for name in ENGINES if name in options.peer or name == OURS]
    for name in names:
        if name in absent:
            print(f"without {name}: {absent[name]}", file=sys.stderr)
    present = [name for name in names if name not in absent]
    instants = options.hours * 3600 // options.every
    telemetry = make_telemetry(options.trucks, instants, options.every, options.seed)
    points = telemetry.points
    print(f"{points:,} points of {options.trucks} trucks", file=sys.stderr)
    figures: dict[str, Any] = {"other_load_cores": busy_cores(), "load_before": os.getloadavg()[0], "points": points}
    with (
        tempfile.TemporaryDirectory(dir=options.folder, prefix="tsbs-") as folder,
        start_peers(present, telemetry, options.rows, Path(folder)) as peers,
    ):
        rates = load_in_turns(peers, telemetry, options.rows)
        settled = {peer.name: peer.settle(telemetry.end_ms) for peer in peers}
        figures["load"] = {f"{name}_points_s": rate for name, rate in rates.items()}
        if len(rates) > 1:
            figures["load"]["to_best_peer_ratio"] = rates[OURS] / max(of for name, of in rates.items() if name != OURS)
        figures["settle"] = {f"{name}_s": spent_s for name, spent_s in settled.items()}
        figures["disk"] = {peer.name: {"bytes_a_point": peer.size_bytes() / points} for peer in peers}
        different = compare_answers(peers, telemetry.end_ms, options.seed)
        for text in different:
            print(f"DIFFERENT {text}", file=sys.stderr)
        figures["different_answers"] = len(different)
        figures["questions"] = ask_in_turns(peers, telemetry.end_ms, options.rounds, options.seed)
    figures["load_after"] = os.getloadavg()[0]
    return figures


def main() -> int:
    """Run and print; 1 where two engines answered differently."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trucks", type=int, default=100)
    parser.add_argument("--hours", type=int, default=48)
    parser.add_argument("--every", type=int, default=60, help="seconds between two rows of a truck")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of a batch, of three or seven fields each")
    parser.add_argument("--rounds", type=int, default=7, help="how often each question is timed")
    parser.add_argument("--seed", type=int, default=123)
    parser.add_argument("--peer", nargs="*", choices=list(ENGINES), default=list(ENGINES), metavar="NAME")
    parser.add_argument("--folder", type=Path, help="where the files lie meanwhile")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    figures = run(options)
    if options.json:
        print(json.dumps(figures))
    else:
        print_figures(figures)
    return 1 if figures["different_answers"] else 0


def print_figures(figures: dict[str, Any]) -> None:
    """Print a table of the questions, and what else was measured."""
    for group in ("load", "settle", "disk"):
        print(group, figures[group])
    for name, of in figures["questions"].items():
        print(
            f"{name:36}"
            + "".join(f"{key[:-3] if key.endswith('_ms') else 'ratio':>18}{value:9.2f}" for key, value in of.items())
        )


if __name__ == "__main__":
    sys.exit(main())
