"""Port from the API to the station's clock."""

from __future__ import annotations

from typing import Protocol

from headland.clock.station_clock.record import ClockRecord


class ClockPort(Protocol):
    """The station's clock. Every call may come from any thread."""

    def state(self) -> ClockRecord:
        """Return the clock as it is now."""
        ...

    def accept(self) -> ClockRecord:
        """Believe the clock as it is, by the word of a person."""
        ...
