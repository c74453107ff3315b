"""Periods of accounts and statements."""

from __future__ import annotations

from typing import Final

from api.http.problems import ProblemError
from headland.analysis.inputs.window import Window
from headland.units_of_time import DAY_MS

_LONGEST_MS: Final = 400 * DAY_MS


def window_of(start_ms: int, end_ms: int) -> Window:
    """Return a period as a window; raises ProblemError where it is none, or too long."""
    if not start_ms < end_ms <= start_ms + _LONGEST_MS:
        sentence = "Choose a period that ends after its start, of at most 400 days."
        raise ProblemError(400, "bad-window", "Invalid period", sentence)
    return Window(start_ms, end_ms)
