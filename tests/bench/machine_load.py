"""What else the machine has to do while a benchmark is about to run."""

from __future__ import annotations

import os
import time
from pathlib import Path


def busy_cores(for_s: float = 0.5) -> float | None:
    """Return how many cores are busy now with whatever else this machine does; None where the system does not say."""

    def ticks() -> tuple[int, int]:
        words = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
        return sum(words) - words[3] - words[4], sum(words)

    try:
        busy, total = ticks()
        time.sleep(for_s)
        busy_after, total_after = ticks()
    except (OSError, ValueError, IndexError):
        return None
    return (busy_after - busy) / max(1, total_after - total) * (os.cpu_count() or 1)
