"""The station's clock for the API: its state, its readiness check, and a person's word that it is right."""

from __future__ import annotations

from headland.clock.station_clock.record import ClockRecord
from headland.clock.station_clock.station_clock import StationClock
from headland.runtime.readiness import Check


class LocalClock:
    """Implements `api.ops.clock_port.ClockPort` on the clock of this process."""

    def __init__(self, clock: StationClock) -> None:
        self._clock = clock

    def state(self) -> ClockRecord:
        """Return the clock as it is now."""
        return self._clock.look()

    def accept(self) -> ClockRecord:
        """Believe the clock as it is, by the word of a person."""
        return self._clock.accept()


def check_clock(clock: StationClock) -> Check:
    """Check that the station's clock can be believed.

    It fails where the clock is known to be wrong, or to have been: a person has to set it or to say that it is right.
    It does not where nothing has confirmed it yet, nor for one gateway's word: what one peer does is no reason to take
    the station away. The detail says it all the same, and nothing is deleted.
    """
    doubt = clock.look().doubt
    return Check("clock", doubt is None or not doubt.is_certain, clock.sentence())
