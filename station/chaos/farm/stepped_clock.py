"""Put as `sitecustomize.py` before a Python process, this lets its wall clock be set: a file holds the step in ms.

It leans on nothing of Headland. The monotonic clock is not touched, as a real step does not touch it either.
"""

from __future__ import annotations

import os
import time


def set_clock_by(path: str) -> None:
    """Make `time.time` and `time.time_ns` add what `path` says; a file that is not there says 0."""
    true_time_ns = time.time_ns

    def step_ns() -> int:
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib costs every process its start
                return int(file.read() or 0) * 1_000_000
        except (OSError, ValueError):
            return 0

    def stepped_time_ns() -> int:
        return true_time_ns() + step_ns()

    time.time_ns = stepped_time_ns
    time.time = lambda: stepped_time_ns() / 1e9


if os.environ.get("HEADLAND_CHAOS_CLOCK"):
    set_clock_by(os.environ["HEADLAND_CHAOS_CLOCK"])
