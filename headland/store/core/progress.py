"""How long work on a store says how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Told a few words and the fraction done, 0..1.
Progress = Callable[[str, float], None]


def keep_quiet(words: str, fraction: float) -> None:
    """Say nothing."""
