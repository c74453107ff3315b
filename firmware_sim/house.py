"""What every bus of a simulated greenhouse reads: the readings of its units, by the names of the quantities table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

#: Channel -> value in the unit its name ends in; None where the sensor gives none.
Readings = Mapping[str, float | None]
#: The readings of a unit (1, 2, ...); None for a unit that does not answer.
ReadUnit = Callable[[int], Readings | None]


class House(Protocol):
    """A greenhouse with `units` compartments that steps through simulated time."""

    @property
    def units(self) -> int:
        """How many compartments there are; they are numbered from 1."""

    @property
    def time_ms(self) -> int:
        """The simulated time that the readings are of, epoch milliseconds."""

    def step(self) -> None:
        """Advance by one step and measure."""

    def readings(self, unit: int) -> Readings:
        """Return what the sensors of a unit read now."""
