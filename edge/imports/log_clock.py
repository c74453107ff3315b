"""A flight log's own clock (time since boot) mapped to UTC, by what its satellite receiver said; pure.

A log is read twice: `ClockSurvey` takes the (own time, UTC) pairs of the whole file, and the `LogClock` it gives then
dates every row, also those before the first fix. A receiver says its time some 100 ms late and by turns, so the offset
is a median over five seconds, and a straight line between those; boards exist whose own clock runs 8 % slow.

    offset |        ___x____x___            a step (the receiver changed its mind) or a restart begins a new stretch;
           | --x---                         what has no pair in its stretch cannot be dated
           +-------------------> own time
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Final

from headland.units_of_time import WEEK_MS

#: 2009-01-01: before the first ArduPilot; a receiver that says so has lost a week count.
UTC_FROM_US: Final = 1_230_768_000_000_000
#: 2100-01-01: beyond is damage.
UTC_UNTIL_US: Final = 4_102_444_800_000_000

_BUCKET_US: Final = 5_000_000
#: An offset that moves by more is a step, not scatter or drift.
_STEP_US: Final = 500_000
#: So many pairs in a row must agree before a stretch is believed: one may be damaged or a cold receiver's guess.
_CONFIRMATIONS: Final = 3
#: Own time that goes on or back by more between two messages must be confirmed as well.
_MAX_ADVANCE_US: Final = 600_000_000
_MAX_FALL_US: Final = 1_000_000
#: Beyond its first and last pair a stretch goes on at its mean rate, where it is long enough to have one.
_RATE_SPAN_US: Final = 30_000_000

_GPS_EPOCH_US: Final = 315_964_800_000_000
#: The days from whose beginning GPS time was one second more ahead of UTC (IERS Bulletin C).
_LEAP_DAYS: Final = (
    "1981-07-01", "1982-07-01", "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01", "1991-01-01", "1992-07-01",
    "1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01", "2009-01-01", "2012-07-01",
    "2015-07-01", "2017-01-01",
)  # fmt: skip
#: The same as GPS time in microseconds since 1970, each with the seconds before it.
_LEAPS_US: Final = tuple(
    int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000 + count * 1_000_000
    for count, day in enumerate(_LEAP_DAYS)
)


def gps_utc_us(week: int, time_of_week_ms: int) -> int | None:
    """Return the UTC of a GPS week (since 1980, not modulo 1024) and time of week; None where it cannot be."""
    if week <= 0 or not 0 <= time_of_week_ms < WEEK_MS:
        return None
    gps_us = _GPS_EPOCH_US + (week * WEEK_MS + time_of_week_ms) * 1000
    utc_us = gps_us - bisect_right(_LEAPS_US, gps_us) * 1_000_000
    return utc_us if UTC_FROM_US < utc_us < UTC_UNTIL_US else None


class OwnTime:
    """Tells a log's own time from damage, and makes it go on where the autopilot restarted within one file."""

    def __init__(self) -> None:
        #: The newest own time in microseconds; None before the first.
        self.last_us: int | None = None
        #: Counts the restarts.
        self.session = 0
        self._base_us = 0
        self._odd_us: list[int] = []

    def observe(self, raw_us: int) -> int | None:
        """Return the own time that goes on over restarts; None for one that is not credible, or not yet."""
        own_us = raw_us + self._base_us
        last_us = self.last_us
        if last_us is None:
            self.last_us = own_us
            return own_us
        if -_MAX_FALL_US <= own_us - last_us <= _MAX_ADVANCE_US:
            if self._odd_us:
                self._odd_us.clear()
            if own_us > last_us:
                self.last_us = own_us
            return own_us
        return self._judge(own_us, last_us)

    def _judge(self, own_us: int, last_us: int) -> int | None:
        odd_us = self._odd_us
        if odd_us and not -_MAX_FALL_US <= own_us - odd_us[-1] <= _MAX_ADVANCE_US:
            odd_us.clear()
        odd_us.append(own_us)
        if len(odd_us) < _CONFIRMATIONS:
            return None
        odd_us.clear()
        if own_us < last_us:
            self.session += 1
            self._base_us += last_us + 1 - own_us
            own_us = last_us + 1  # no row of before has the time at which the new session begins
        self.last_us = own_us
        return own_us


@dataclass(slots=True)
class _Stretch:
    """Own time from `from_us` on for which one offset holds; nodes are (own time, offset)."""

    from_us: float
    nodes: list[tuple[int, float]] = field(default_factory=list)


class ClockSurvey:
    """Takes the pairs of a file in their order; bounded: it keeps one node for five seconds of log."""

    def __init__(self) -> None:
        #: How often the offset stepped, restarts not counted.
        self.steps = 0
        self._stretches: list[_Stretch] = []
        self._open: _Stretch | None = None
        self._next_from_us: float = float("-inf")
        self._candidates: list[tuple[int, int]] = []
        self._bucket: list[tuple[int, int]] = []
        self._last = (0, 0)

    def note(self, own_us: int, utc_us: int) -> None:
        """Take what UTC it was at an own time."""
        if not UTC_FROM_US < utc_us < UTC_UNTIL_US:
            return
        offset_us = utc_us - own_us
        if self._open is not None and self._goes_on(own_us, offset_us):
            self._candidates.clear()
            self._add(own_us, offset_us)
            return
        if self._candidates and abs(offset_us - self._candidates[0][1]) > _STEP_US:
            self._candidates.clear()
        self._candidates.append((own_us, offset_us))
        if len(self._candidates) >= _CONFIRMATIONS:
            self._begin()

    def restart(self, own_us: int) -> None:
        """Take that the autopilot restarted: what it said before does not hold from here on."""
        self._close()
        self._candidates.clear()
        self._stretches.append(_Stretch(own_us))
        self._next_from_us = own_us

    def finish(self) -> LogClock:
        """Return the clock of the file."""
        if self._open is None and self._candidates:  # there were no more than these
            self._begin()
        self._close()
        return LogClock([(one.from_us, one.nodes) for one in self._stretches])

    def _begin(self) -> None:
        candidates, self._candidates = self._candidates, []
        from_us = self._next_from_us
        if self._open is not None:
            self.steps += 1
            from_us = candidates[0][0]
            self._close()
        self._open = _Stretch(from_us)
        self._stretches.append(self._open)
        for pair in candidates:
            self._add(*pair)

    def _goes_on(self, own_us: int, offset_us: int) -> bool:
        """Tell whether an offset is that of the last pair, or what that has become at the rate of before."""
        last_own_us, last_offset_us = self._last
        if abs(offset_us - last_offset_us) <= _STEP_US:
            return True
        nodes = self._open.nodes if self._open is not None else []
        drifted_us = _slope(nodes[-2:]) * (own_us - last_own_us)
        return abs(offset_us - last_offset_us - drifted_us) <= _STEP_US

    def _add(self, own_us: int, offset_us: int) -> None:
        self._last = (own_us, offset_us)
        if self._bucket and own_us - self._bucket[0][0] >= _BUCKET_US:
            self._flush()
        self._bucket.append((own_us, offset_us))

    def _flush(self) -> None:
        if self._open is not None and self._bucket:
            middle_us = (self._bucket[0][0] + self._bucket[-1][0]) // 2
            self._open.nodes.append((middle_us, median(offset_us for _, offset_us in self._bucket)))
        self._bucket = []

    def _close(self) -> None:
        self._flush()
        self._open = None


class LogClock:
    """Own time of a log to UTC, piecewise linear."""

    def __init__(self, stretches: list[tuple[float, list[tuple[int, float]]]]) -> None:
        self._starts: list[float] = []
        #: (an own time, the offset there, how fast it moves); None: cannot be dated.
        self._pieces: list[tuple[int, float, float] | None] = []
        for from_us, nodes in stretches:
            if not nodes:
                self._piece(from_us, None)
                continue
            rate = _slope([nodes[0], nodes[-1]]) if nodes[-1][0] - nodes[0][0] >= _RATE_SPAN_US else 0.0
            self._piece(from_us, (*nodes[0], rate))
            for node, following in pairwise(nodes):
                self._piece(node[0], (*node, _slope([node, following])))
            self._piece(nodes[-1][0], (*nodes[-1], rate))
        self._from_us: float = 0.0
        self._until_us: float = 0.0
        self._current: tuple[int, float, float] | None = None

    @property
    def known(self) -> bool:
        """Whether any time can be dated."""
        return any(piece is not None for piece in self._pieces)

    def utc_ms(self, own_us: int) -> int | None:
        """Return the UTC of an own time, None where it cannot be told."""
        if not self._from_us <= own_us < self._until_us:
            self._seek(own_us)
        piece = self._current
        if piece is None:
            return None
        at_us, offset_us, slope = piece
        return round((own_us + offset_us + (own_us - at_us) * slope) / 1000)

    def _piece(self, start_us: float, piece: tuple[int, float, float] | None) -> None:
        self._starts.append(start_us)
        self._pieces.append(piece)

    def _seek(self, own_us: int) -> None:
        at = bisect_right(self._starts, own_us)
        self._from_us = self._starts[at - 1] if at else float("-inf")
        self._until_us = self._starts[at] if at < len(self._starts) else float("inf")
        self._current = self._pieces[at - 1] if at else None


def _slope(nodes: list[tuple[int, float]]) -> float:
    """Return how fast the offset moves over two nodes, 0 where there are fewer."""
    if len(nodes) < 2 or nodes[1][0] <= nodes[0][0]:
        return 0.0
    return (nodes[1][1] - nodes[0][1]) / (nodes[1][0] - nodes[0][0])
