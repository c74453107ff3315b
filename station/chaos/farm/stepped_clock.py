"""Wall clock with a step from a file [ms], for a Python process that loads this module as `sitecustomize.py`.

It imports nothing of Headland. The monotonic clock is not changed, as with a real step.
"""

from __future__ import annotations

import os
import time


def set_clock_by(path: str) -> None:
    """Add the step in `path` to `time.time` and `time.time_ns`; a missing file means 0."""
    true_time_ns = time.time_ns

    def step_ns() -> int:
        try:
            with open(path, encoding="ascii") as file:  # noqa: PTH123 - pathlib would slow down the start of every process
                return int(file.read() or 0) * 1_000_000
        except (OSError, ValueError):
            return 0

    def stepped_time_ns() -> int:
        return true_time_ns() + step_ns()

    time.time_ns = stepped_time_ns
    time.time = lambda: stepped_time_ns() / 1e9


if os.environ.get("HEADLAND_CHAOS_CLOCK"):
    set_clock_by(os.environ["HEADLAND_CHAOS_CLOCK"])
