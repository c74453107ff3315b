"""Readings of a simulated greenhouse for all its buses, by channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Channel -> value in the unit its name ends in; None for a missing value.
Readings = Mapping[str, float | None]
#: The readings of a unit (1, 2, ...); None for a unit that does not respond.
ReadUnit = Callable[[int], Readings | None]
