"""A small farm at rest: `headland up` with its drone in the air and nobody looking; memory, processor time, wake-ups.

`python -m tests.bench.bench_idle [--json] [--settle 60] [--seconds 60]`. Of each process: resident memory (`rss_mb`),
the part of it that no file backs and that nobody else can use (`own_mb`: Linux's anonymous pages), processor time in
percent of a core, and how often its threads were woken a second. `rss_mb` counts a library once for each process that
has it mapped, and also pages that the system maps around those that were touched; so the farm has three figures: the
sum of `rss_mb`, the sum of Linux's `Pss` (a page that n processes share counts a nth; with other programs of the same
libraries beside, it is less), and `once_mb`: own pages, and each mapped file once.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from headland.errors import RetryLater
from station.local.folder import FarmFolder
from tests.bench.machine_load import busy_cores
from tests.waiting import wait_until

_KIB_PER_MB = 1024
_READY_S = 120.0


@contextmanager
def running_farm(root: Path) -> Iterator[FarmFolder]:
    """Yield the folder of a farm that runs without its past."""
    command = [sys.executable, "-P", "-m", "station", "up", "--data", str(root), "--port", "0", "--no-past"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    folder = FarmFolder(root)
    try:
        wait_until(lambda: is_ready(folder), _READY_S)
        yield folder
    finally:
        process.terminate()
        process.wait(30)


def is_ready(folder: FarmFolder) -> bool:
    """Tell whether the station and all its parts are ready."""
    try:
        with urllib.request.urlopen(f"{folder.read_state().api_url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, RetryLater):
        return False


def processes(folder: FarmFolder) -> dict[str, int]:
    """Return the process ids of the farm: its parts, and `up` that supervises them."""
    parts = folder.read_state().pids
    status = Path(f"/proc/{next(iter(parts.values()))}/status").read_text()
    return {"up": int(re.findall(r"^PPid:\s+(\d+)", status, re.MULTILINE)[0]), **parts}


def memory_mb(pid: int) -> dict[str, float]:
    """Return resident, own and proportional memory of a process."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = {name: int(size) / _KIB_PER_MB for name, size in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return {"rss_mb": found["Rss"], "own_mb": found["Anonymous"], "pss_mb": found["Pss"]}


def file_pages_mb(pid: int) -> dict[str, float]:
    """Return what a process has mapped of each file, without its own pages."""
    pages: dict[str, float] = {}
    name = ""
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        words = line.split()
        if re.match(r"[0-9a-f]+-[0-9a-f]+$", words[0]):
            name = words[5] if len(words) > 5 and words[5].startswith("/") else ""
        elif name and words[0] in ("Rss:", "Anonymous:"):
            sign = 1 if words[0] == "Rss:" else -1
            pages[name] = pages.get(name, 0.0) + sign * int(words[1]) / _KIB_PER_MB
    return pages


def used_s(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wake_ups(pid: int) -> int:
    """Return how often the threads of a process went to sleep so far, to be woken again."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.MULTILINE)[0]) for text in texts)


def measure(root: Path, settle_s: float, seconds: float) -> dict[str, Any]:
    """Return the figures of the farm."""
    figures: dict[str, Any] = {"other_load_cores": busy_cores()}
    with running_farm(root) as folder:
        time.sleep(settle_s)
        pids = processes(folder)
        before = {name: (used_s(pid), wake_ups(pid), time.monotonic()) for name, pid in pids.items()}
        samples: dict[str, list[dict[str, float]]] = {name: [] for name in pids}
        for _ in range(5):
            time.sleep(seconds / 5)
            for name, pid in pids.items():
                samples[name].append(memory_mb(pid))
        files: dict[str, float] = {}
        for name, pid in pids.items():
            cpu_s, woken, began_s = before[name]
            lasted_s = time.monotonic() - began_s
            figures[name] = {
                **{key: round(median(each[key] for each in samples[name]), 1) for key in samples[name][0]},
                "core_pct": round(100 * (used_s(pid) - cpu_s) / lasted_s, 2),
                "wake_ups_per_s": round((wake_ups(pid) - woken) / lasted_s, 1),
                "threads": len(list(Path(f"/proc/{pid}/task").iterdir())),
            }
            for file, size in file_pages_mb(pid).items():
                files[file] = max(files.get(file, 0.0), size)
        names = list(pids)
        figures["farm"] = {
            key: round(sum(figures[name][key] for name in names), 1)
            for key in ("rss_mb", "own_mb", "pss_mb", "core_pct", "wake_ups_per_s")
        }
        figures["farm"]["once_mb"] = round(figures["farm"]["own_mb"] + sum(files.values()), 1)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--settle", type=float, default=60.0, help="seconds from ready to the measurement")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        figures = measure(Path(root), options.settle, options.seconds)
    print(json.dumps(figures) if options.json else json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
