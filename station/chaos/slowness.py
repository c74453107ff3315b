"""Slowness of this machine, by which all time limits of a test are longer."""

from __future__ import annotations

import os
from typing import Final

#: Time limits are for a machine with a free processor; on a busy one they are longer, up to so many times.
_MOST_SLOWNESS: Final = 10.0


def slowness(load: float | None = None, processors: int | None = None) -> float:
    """Return how many times longer things may take on this machine now: its load by processor, 1 to 10."""
    waiting = os.getloadavg()[0] if load is None else load
    return min(max(1.0, waiting / (processors or os.cpu_count() or 1)), _MOST_SLOWNESS)
