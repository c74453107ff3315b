"""Run every `bench_*.py` of this folder as `python -m … --json`, keep the figures in build/bench.json, print one table.

`python -m tests.bench [NAME…] [-- ARGUMENTS]`: only the named ones (`ingest` is bench_ingest.py); ARGUMENTS go to each.
Each run is also added to a history by commit outside the tree, which `python -m tests.bench.history` compares.
A benchmark prints one JSON object whose numbers carry their units in their names; objects inside it are groups.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headland.clock import wall_clock_ms
from tests.bench.history import append_run, commit_of, flatten, history_file

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OUTPUT = ROOT / "build" / "bench.json"


def main(words: Sequence[str]) -> int:
    """Run the benchmarks asked for; return 1 when one of them failed."""
    cut = list(words).index("--") if "--" in words else len(words)
    names, arguments = words[:cut], words[cut + 1 :]
    known = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    wanted = names or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    figures: dict[str, Any] = {}
    failed: list[str] = []
    for name in wanted:
        print(f"running {known[name].name}", flush=True)
        found = measure(known[name].stem, arguments)
        if found is None:
            failed.append(name)
        else:
            figures[name] = found
    keep(figures)
    print_table(figures)
    if failed:
        print(f"these failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def measure(module: str, arguments: Sequence[str]) -> Any:
    """Run one benchmark; return the JSON it printed, or None when it failed or printed none."""
    line = [sys.executable, "-m", f"tests.bench.{module}", "--json", *arguments]
    done = subprocess.run(line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return None
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None


def keep(figures: dict[str, Any]) -> None:
    """Write what was measured, when and on what, into build/bench.json."""
    OUTPUT.parent.mkdir(exist_ok=True)
    record = {
        "time_ms": wall_clock_ms(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "load_1min": os.getloadavg()[0],
        "benchmarks": figures,
    }
    OUTPUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if figures:
        append_run(history_file(), record, commit_of(ROOT))


def print_table(figures: dict[str, Any]) -> None:
    """Print every figure under its name."""
    rows: list[tuple[str, str, int | float]] = [
        (bench, name, value) for bench, found in figures.items() for name, value in flatten(found)
    ]
    widths = [max((len(row[0]) for row in rows), default=0), max((len(row[1]) for row in rows), default=0)]
    for bench, name, value in rows:
        shown = f"{value:>16,.3f}" if isinstance(value, float) else f"{value:>12,}    "
        print(f"{bench:<{widths[0]}}  {name:<{widths[1]}}  {shown}")
    print(f"kept in {OUTPUT.relative_to(ROOT)} and {history_file()}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
