"""QARTOD quality tests of one channel, sample by sample: pure state machines over (time, value).

Names and flags are those of the IOOS manuals: 1 good (pass), 2 not evaluated, 3 suspect, 4 fail, 9 missing. A test
without the data it needs returns "not evaluated", never "good".

Sources
-------
.. [1] U.S. Integrated Ocean Observing System (2020): Manual for Real-Time Quality Control of In-situ Temperature and
   Salinity Data, version 2.1: test 1 gap, 4 gross range, 6 spike, 7 rate of change, 8 flat line, 10 neighbour.
.. [2] ioos-qc (github.com/ioos/ioos_qc), `qartod.py`: the differential spike method, and the order in which the flags
   of several tests become one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from edge.pipeline.channels.settings import FlatLine, GrossRange, RateOfChange, Span, Spike
from headland.contract.records import Quality

GOOD: Final = Quality.GOOD
NOT_EVALUATED: Final = Quality.NOT_EVALUATED
SUSPECT: Final = Quality.SUSPECT
FAIL: Final = Quality.FAIL
MISSING: Final = Quality.MISSING

#: A gap after so many samples in time is reported.
_REGULAR: Final = 10
#: By so much two clocks may differ between two samples without one of them having been set.
_CLOCKS_DIFFER_MS: Final = 1000
#: Precedence of flags when several tests give one: the last of these wins.
_ORDER: Final = (NOT_EVALUATED, GOOD, SUSPECT, FAIL, MISSING)


def combine(flags: Iterable[Quality]) -> Quality:
    """Return the one flag of several: missing, else the worst; good where at least one test was evaluated; [2]."""
    return max(flags, key=_ORDER.index, default=NOT_EVALUATED)


def check_range(value: float | None, limits: GrossRange) -> Quality:
    """Return the gross range flag; [1] test 4. The range includes its limits."""
    if value is None:
        return MISSING
    if limits.fail is None and limits.suspect is None:
        return NOT_EVALUATED
    if limits.fail is not None and not _within(value, limits.fail):
        return FAIL
    return SUSPECT if limits.suspect is not None and not _within(value, limits.suspect) else GOOD


def check_spike(before: float | None, value: float | None, after: float | None, limits: Spike) -> Quality:
    """Return the spike flag of a value between its two neighbours; [1] test 6, for the differential method [2]."""
    if value is None:
        return MISSING
    if before is None or after is None:
        return NOT_EVALUATED
    if limits.method == "average":
        deviation = abs(value - (before + after) / 2)
    else:
        rise, fall = value - before, value - after
        deviation = min(abs(rise), abs(fall)) if rise * fall > 0 else 0.0
    if limits.fail is not None and deviation > limits.fail:
        return FAIL
    return SUSPECT if deviation > limits.suspect else GOOD


def check_twin(value: float | None, other: float | None, most: float) -> Quality:
    """Return the flag of a value compared with the twin sensor's value; `other` is None where there is none now."""
    if value is None:
        return MISSING
    if other is None:
        return NOT_EVALUATED
    return SUSPECT if abs(value - other) > most else GOOD


@dataclass(slots=True)
class RateCheck:
    """Rate of change, [1] test 7: the difference from the value before, over the time between them.

    Samples closer than `within_s` may differ as much as samples that far apart: noise is no slope.
    """

    limits: RateOfChange
    _last: tuple[int, float] | None = None

    def check(self, time_ms: int, value: float | None) -> Quality:
        """Return the flag of the next sample."""
        if value is None:
            self._last = None
            return MISSING
        last, self._last = self._last, (time_ms, value)
        if last is None or time_ms <= last[0]:
            return NOT_EVALUATED
        spans = max((time_ms - last[0]) / 1000 / self.limits.within_s, 1.0)
        deviation = abs(value - last[1])
        if self.limits.fail is not None and deviation > self.limits.fail * spans:
            return FAIL
        return SUSPECT if self.limits.suspect is not None and deviation > self.limits.suspect * spans else GOOD

    def reset(self) -> None:
        """Start over, as after a gap."""
        self._last = None


@dataclass(slots=True)
class FlatCheck:
    """Flat line, [1] test 8: how long all values have been within `tolerance` of one another.

    A missing value, and one outside `between`, ends the run.
    """

    limits: FlatLine
    _since_ms: int | None = None
    _low: float = field(default=0.0)
    _high: float = field(default=0.0)

    def check(self, time_ms: int, value: float | None) -> Quality:
        """Return the flag of the next sample."""
        if value is None:
            self._since_ms = None
            return MISSING
        if self.limits.between is not None and not _within(value, self.limits.between):
            self._since_ms = None
            return GOOD
        low, high = min(self._low, value), max(self._high, value)
        if self._since_ms is None or time_ms < self._since_ms or high - low >= self.limits.tolerance:
            self._since_ms, self._low, self._high = time_ms, value, value
            return GOOD
        self._low, self._high = low, high
        flat_s = (time_ms - self._since_ms) / 1000
        if self.limits.fail_s is not None and flat_s >= self.limits.fail_s:
            return FAIL
        return SUSPECT if flat_s >= self.limits.suspect_s else GOOD

    def reset(self) -> None:
        """Start over, as after a gap."""
        self._since_ms = None


@dataclass(slots=True)
class GapCheck:
    """Gap, [1] test 1: whether a sample arrived within `gap_s` of the one before.

    `is_reported`: the last gap followed ten samples in time, or is the first. A sensor with a bad radio has gaps all
    day, and events are never thinned.

    No sample can be further ahead of the one before than the time between their arrivals and that one's delay: where it
    is, a clock was set, and only as much time has passed. A sample from a buffer has a delay of hours.
    """

    gap_s: float
    last_ms: int | None = None
    is_reported: bool = False
    _in_time: int = _REGULAR
    _arrived_s: float = 0.0
    _off_ms: float = math.inf

    def check(self, time_ms: int, arrived_s: float = 0.0, off_ms: float = math.inf) -> int | None:
        """Note the next sample; return when the gap before it began where that is too long, else None.

        It arrived at `arrived_s` of a clock that is never set, `off_ms` from its own time. A gap across which a clock
        was set began by the clock as it is now.
        """
        last, self.last_ms = self.last_ms, time_ms
        most_ms = (arrived_s - self._arrived_s) * 1000 + self._off_ms
        self.note_arrival(arrived_s, off_ms)
        passed_ms: float = 0 if last is None else time_ms - last
        if passed_ms > most_ms + _CLOCKS_DIFFER_MS:
            passed_ms = most_ms
        is_late = passed_ms > self.gap_s * 1000
        self.is_reported = is_late and self._in_time >= _REGULAR
        self._in_time = 0 if is_late else self._in_time + 1
        return round(time_ms - passed_ms) if is_late else None

    def note_arrival(self, arrived_s: float, off_ms: float) -> None:
        """Note the arrival of a sample, also of one whose time does not go forward."""
        self._arrived_s, self._off_ms = arrived_s, off_ms


def _within(value: float, span: Span) -> bool:
    return span[0] <= value <= span[1]
