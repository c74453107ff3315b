"""History of benchmark figures by commit, outside the tree, and what became worse since the run before.

`python -m tests.bench.history [BENCHMARK...]` compares the last two runs that have the same benchmark on this machine.
The file is `$HEADLAND_BENCH_HISTORY`, by default `~/.local/state/headland/bench.jsonl`: one JSON object a run.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

#: Two runs of one commit differ by this much on a machine that does nothing else.
_LEAST_NOISE: Final = 0.1
#: And where too few runs are known to tell.
_USUAL_NOISE: Final = 0.25
_RUNS_THAT_TELL: Final = 4
_LOAD_THAT_TELLS: Final = 1.0
#: Endings of names whose figures are the better the larger, else the smaller; other figures are not judged.
_LARGER: Final = ("points_s", "messages_s", "rows_s", "samples_s", "requests_s", "values_s", "_ratio", " ratio")
_SMALLER: Final = ("_ms", "_us", "_s", "_mb", "_kB", "_bytes", "bytes_a_point")

Run = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fall:
    """A figure that became worse by a share of the better value, and the share by which it varies anyway."""

    name: str
    before: float
    after: float
    worse: float
    noise: float


def history_file() -> Path:
    """Return where the history is."""
    chosen = os.environ.get("HEADLAND_BENCH_HISTORY")
    return Path(chosen) if chosen else Path.home() / ".local" / "state" / "headland" / "bench.jsonl"


def commit_of(folder: Path) -> str:
    """Return the commit of a tree, with `+` where it was changed since; empty without git."""
    line = ["git", "-C", str(folder), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(line, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def append_run(path: Path, record: Run, commit: str) -> None:
    """Add a run to the history."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"commit": commit, "host": platform.node(), **record}) + "\n")


def read_runs(path: Path) -> list[Run]:
    """Return the runs in the order in which they were made; a line that was cut off is left out."""
    if not path.exists():
        return []
    runs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            runs.append(json.loads(line))
        except ValueError:
            print(f"a line of {path} is not JSON", file=sys.stderr)
    return runs


def find_falls(runs: Sequence[Run], benchmark: str) -> list[Fall]:
    """Return what of a benchmark became worse in the last run than in the one before, by more than it varies.

    Without enough runs to tell how much a figure varies it is a quarter; the processor's load is not corrected for.
    """
    figures = [dict(flatten(run["benchmarks"][benchmark])) for run in runs if benchmark in run["benchmarks"]]
    if len(figures) < 2:
        return []
    falls = []
    for name, after in figures[-1].items():
        before, is_larger = figures[-2].get(name), is_better_larger(name)
        if before is None or is_larger is None or before <= 0 or after <= 0:
            continue
        worse = before / after - 1.0 if is_larger else after / before - 1.0
        noise = _noise([each[name] for each in figures[:-1] if name in each])
        if worse > noise:
            falls.append(Fall(f"{benchmark} {name}", before, after, worse, noise))
    return sorted(falls, key=lambda fall: -fall.worse)


def is_better_larger(name: str) -> bool | None:
    """Return whether a figure is the better the larger it is, by its name; None where that is not known."""
    if name.endswith(_LARGER):
        return True
    return False if name.endswith(_SMALLER) else None


def _noise(earlier: Sequence[float]) -> float:
    """Return by which share a figure varies: three median deviations of the earlier runs."""
    if len(earlier) < _RUNS_THAT_TELL:
        return _USUAL_NOISE
    middle = statistics.median(earlier)
    deviation = statistics.median(abs(value - middle) for value in earlier)
    return max(_LEAST_NOISE, 3.0 * deviation / middle) if middle > 0 else _USUAL_NOISE


def flatten(found: Any, prefix: str = "") -> Iterator[tuple[str, int | float]]:
    """Yield the numbers in nested JSON with the names that lead to them; a list item may name itself by `name`."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from flatten(value, f"{prefix} {key}".strip())
    elif isinstance(found, list):
        for place, value in enumerate(found):
            own = value.get("name", place) if isinstance(value, dict) else place
            yield from flatten(value, f"{prefix} {own}".strip())
    elif isinstance(found, int | float) and not isinstance(found, bool):
        yield prefix, found


def describe(runs: Sequence[Run], benchmarks: Iterable[str]) -> tuple[list[str], bool]:
    """Return sentences on the last two runs of each benchmark, and whether anything fell."""
    told, has_fallen = [], False
    for name in benchmarks:
        two = [run for run in runs if name in run["benchmarks"]][-2:]
        if len(two) < 2:
            told.append(f"{name}: one run, nothing to compare")
            continue
        between = " -> ".join(f"{run['commit'] or '?'} (load {run['load_1min']:.1f})" for run in two)
        falls = find_falls(runs, name)
        has_fallen |= bool(falls)
        told.append(f"{name}: {between}: {len(falls) or 'nothing'} worse by more than noise")
        if max(run["load_1min"] for run in two) > _LOAD_THAT_TELLS * (two[-1]["cores"] or 1):
            told.append("  the machine did other work: wall times say little")
        for fall in falls:
            change = f"{fall.before:,.3f} -> {fall.after:,.3f}"
            told.append(f"  {fall.name}: {change}, {fall.worse:.0%} worse (noise {fall.noise:.0%})")
    return told, has_fallen


def main(words: Sequence[str]) -> int:
    """Compare the last two runs of each benchmark; return 1 where something fell."""
    path = history_file()
    runs = [run for run in read_runs(path) if run["host"] == platform.node()]
    names = list(words) or sorted({name for run in runs for name in run["benchmarks"]})
    told, has_fallen = describe(runs, names)
    print("\n".join(told) if told else f"there is no run of this machine in {path}")
    return 1 if has_fallen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
