"""What every bus of a simulated greenhouse reads: values by the names of the quantities table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Channel -> value in the unit its name ends in; None where the sensor gives none.
Readings = Mapping[str, float | None]
#: The readings of a unit (1, 2, ...); None for a unit that does not answer.
ReadUnit = Callable[[int], Readings | None]
