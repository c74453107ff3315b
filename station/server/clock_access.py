"""The station's clock for the API: its state, its readiness check, and a person's word that it is right."""

from __future__ import annotations

from api.ops.clock_port import ClockState
from headland.clock.station_clock.record import ClockRecord
from headland.clock.station_clock.sentences import describe
from headland.clock.station_clock.station_clock import StationClock
from headland.runtime.readiness import Check


class LocalClock:
    """Implements `api.ops.clock_port.ClockPort` on the clock of this process."""

    def __init__(self, clock: StationClock) -> None:
        self._clock = clock

    def state(self) -> ClockState:
        """Return the clock as it is now."""
        return _state_of(self._clock.look())

    def accept(self) -> ClockState:
        """Believe the clock as it is, by the word of a person."""
        return _state_of(self._clock.accept())


def _state_of(record: ClockRecord) -> ClockState:
    doubt = record.doubt
    return ClockState(
        in_doubt=doubt is not None,
        cause=None if doubt is None else doubt.cause.value,
        shown_ms=record.wall_ms,
        believed_ms=record.best_ms,
        since_ms=None if doubt is None else doubt.since_ms,
        ahead_ms=None if doubt is None else doubt.by_ms,
        witnesses=0 if doubt is None else doubt.witnesses,
        is_certain=doubt is not None and doubt.is_certain,
        sentence=describe(record),
    )


def check_clock(clock: StationClock) -> Check:
    """Check that the station's clock can be believed.

    It fails where the clock is known to be wrong, or to have been: a person has to set it or to say that it is right.
    It does not where nothing has confirmed it yet, nor for one gateway's word: what one peer does is no reason to take
    the station away. The detail says it all the same, and nothing is deleted.
    """
    doubt = clock.look().doubt
    return Check("clock", doubt is None or not doubt.is_certain, clock.sentence())
