"""Map from a flight log's time since boot to UTC, by the times of its satellite receiver; pure.

A log is read twice: `ClockFit` gets the (time since boot, UTC) pairs of the whole file, and the `LogClock` that it
returns dates every row, also those before the first fix. A receiver reports its time some 100 ms late, by varying
amounts, so the offset is a median over five seconds, and linear between those; boards exist whose clock runs 8 % slow.

    offset |        ___x____x___            a step (the receiver corrected its time) or a restart begins a new segment;
           | --x---                         rows of a segment without a pair cannot be dated
           +-------------------> time since boot
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Final

from headland.contract.records import Clock
from headland.units_of_time import WEEK_MS

#: 2009-01-01: before the first ArduPilot; an earlier time comes from a receiver that lost a week count.
UTC_FROM_US: Final = 1_230_768_000_000_000
#: 2100-01-01: a time after this is damaged.
UTC_UNTIL_US: Final = 4_102_444_800_000_000

_BUCKET_US: Final = 5_000_000
#: An offset that moves by more is a step, not scatter or drift.
_STEP_US: Final = 500_000
#: How many pairs in a row must agree before a segment is accepted: one may be damaged or a cold receiver's guess.
_CONFIRMATIONS: Final = 3
#: A time since boot that advances or falls by more between two messages must be confirmed as well.
_MAX_ADVANCE_US: Final = 600_000_000
_MAX_FALL_US: Final = 1_000_000
#: Beyond its first and last pair a segment goes on at its mean rate, where it is long enough to have one.
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


class BootTime:
    """Time since boot of a log: damaged ones are rejected, and it goes on where the autopilot restarted in one file."""

    def __init__(self) -> None:
        #: The newest time since boot in microseconds; None before the first.
        self.last_us: int | None = None
        #: Number of restarts.
        self.session = 0
        self._base_us = 0
        self._odd_us: list[int] = []

    def observe(self, raw_us: int) -> int | None:
        """Return the time since boot, going on over restarts; None for one that is not credible, or not yet."""
        boot_us = raw_us + self._base_us
        last_us = self.last_us
        if last_us is None:
            self.last_us = boot_us
            return boot_us
        if -_MAX_FALL_US <= boot_us - last_us <= _MAX_ADVANCE_US:
            if self._odd_us:
                self._odd_us.clear()
            if boot_us > last_us:
                self.last_us = boot_us
            return boot_us
        return self._check_odd(boot_us, last_us)

    def _check_odd(self, boot_us: int, last_us: int) -> int | None:
        odd_us = self._odd_us
        if odd_us and not -_MAX_FALL_US <= boot_us - odd_us[-1] <= _MAX_ADVANCE_US:
            odd_us.clear()
        odd_us.append(boot_us)
        if len(odd_us) < _CONFIRMATIONS:
            return None
        odd_us.clear()
        if boot_us < last_us:
            self.session += 1
            self._base_us += last_us + 1 - boot_us
            boot_us = last_us + 1  # no row of the old session has the time at which the new one begins
        self.last_us = boot_us
        return boot_us


@dataclass(slots=True)
class _Segment:
    """Times since boot from `from_us` on with one offset; nodes are (time since boot, offset)."""

    from_us: float
    nodes: list[tuple[int, float]] = field(default_factory=list)


class ClockFit:
    """Fits the pairs of a file, in their order, to a `LogClock`; bounded: one node for five seconds of log."""

    def __init__(self) -> None:
        #: How often the offset stepped, restarts not counted.
        self.steps = 0
        self._segments: list[_Segment] = []
        self._open: _Segment | None = None
        self._next_from_us: float = float("-inf")
        self._candidates: list[tuple[int, int]] = []
        self._bucket: list[tuple[int, int]] = []
        self._last = (0, 0)

    def add(self, boot_us: int, utc_us: int) -> None:
        """Add the UTC of a time since boot."""
        if not UTC_FROM_US < utc_us < UTC_UNTIL_US:
            return
        offset_us = utc_us - boot_us
        if self._open is not None and self._continues(boot_us, offset_us):
            self._candidates.clear()
            self._add_offset(boot_us, offset_us)
            return
        if self._candidates and abs(offset_us - self._candidates[0][1]) > _STEP_US:
            self._candidates.clear()
        self._candidates.append((boot_us, offset_us))
        if len(self._candidates) >= _CONFIRMATIONS:
            self._begin()

    def restart(self, boot_us: int) -> None:
        """Begin a segment: the autopilot restarted, and earlier pairs are not valid from here on."""
        self._close()
        self._candidates.clear()
        self._segments.append(_Segment(boot_us))
        self._next_from_us = boot_us

    def finish(self) -> LogClock:
        """Return the clock of the file."""
        if self._open is None and self._candidates:  # there were no more than these
            self._begin()
        self._close()
        return LogClock([(segment.from_us, segment.nodes) for segment in self._segments])

    def date_by_start(self, first_us: int, start_ms: int) -> LogClock:
        """Return the clock of a file without a pair, by the UTC of its first message.

        It ends where the autopilot restarted: nobody knows after how long.
        """
        segments: list[tuple[float, list[tuple[int, float]]]] = [
            (float("-inf"), [(first_us, start_ms * 1000.0 - first_us)]),
            *((segment.from_us, []) for segment in self._segments),
        ]
        return LogClock(segments, Clock.RTC)

    def _begin(self) -> None:
        candidates, self._candidates = self._candidates, []
        from_us = self._next_from_us
        if self._open is not None:
            self.steps += 1
            from_us = candidates[0][0]
            self._close()
        self._open = _Segment(from_us)
        self._segments.append(self._open)
        for pair in candidates:
            self._add_offset(*pair)

    def _continues(self, boot_us: int, offset_us: int) -> bool:
        """Return whether an offset is that of the last pair, or what that has become at its rate."""
        last_boot_us, last_offset_us = self._last
        if abs(offset_us - last_offset_us) <= _STEP_US:
            return True
        nodes = self._open.nodes if self._open is not None else []
        drifted_us = _slope(nodes[-2:]) * (boot_us - last_boot_us)
        return abs(offset_us - last_offset_us - drifted_us) <= _STEP_US

    def _add_offset(self, boot_us: int, offset_us: int) -> None:
        self._last = (boot_us, offset_us)
        if self._bucket and boot_us - self._bucket[0][0] >= _BUCKET_US:
            self._flush()
        self._bucket.append((boot_us, offset_us))

    def _flush(self) -> None:
        if self._open is not None and self._bucket:
            middle_us = (self._bucket[0][0] + self._bucket[-1][0]) // 2
            self._open.nodes.append((middle_us, median(offset_us for _, offset_us in self._bucket)))
        self._bucket = []

    def _close(self) -> None:
        self._flush()
        self._open = None


class LogClock:
    """Map from a log's time since boot to UTC, piecewise linear; `source` is where the UTC comes from."""

    def __init__(self, segments: list[tuple[float, list[tuple[int, float]]]], source: Clock = Clock.GPS) -> None:
        self.source = source
        self._starts: list[float] = []
        #: (a time since boot, the offset there, its rate of change); None: cannot be dated.
        self._pieces: list[tuple[int, float, float] | None] = []
        for from_us, nodes in segments:
            if not nodes:
                self._add_piece(from_us, None)
                continue
            rate = _slope([nodes[0], nodes[-1]]) if nodes[-1][0] - nodes[0][0] >= _RATE_SPAN_US else 0.0
            self._add_piece(from_us, (*nodes[0], rate))
            for node, following in pairwise(nodes):
                self._add_piece(node[0], (*node, _slope([node, following])))
            self._add_piece(nodes[-1][0], (*nodes[-1], rate))
        self._from_us: float = 0.0
        self._until_us: float = 0.0
        self._current: tuple[int, float, float] | None = None

    @property
    def known(self) -> bool:
        """Whether any time can be dated."""
        return any(piece is not None for piece in self._pieces)

    def utc_ms(self, boot_us: int) -> int | None:
        """Return the UTC of a time since boot, None where it is not known."""
        if not self._from_us <= boot_us < self._until_us:
            self._seek(boot_us)
        piece = self._current
        if piece is None:
            return None
        at_us, offset_us, slope = piece
        return round((boot_us + offset_us + (boot_us - at_us) * slope) / 1000)

    def _add_piece(self, start_us: float, piece: tuple[int, float, float] | None) -> None:
        self._starts.append(start_us)
        self._pieces.append(piece)

    def _seek(self, boot_us: int) -> None:
        at = bisect_right(self._starts, boot_us)
        self._from_us = self._starts[at - 1] if at else float("-inf")
        self._until_us = self._starts[at] if at < len(self._starts) else float("inf")
        self._current = self._pieces[at - 1] if at else None


def _slope(nodes: list[tuple[int, float]]) -> float:
    """Return the rate of change of the offset between two nodes, 0 where there are fewer."""
    if len(nodes) < 2 or nodes[1][0] <= nodes[0][0]:
        return 0.0
    return (nodes[1][1] - nodes[0][1]) / (nodes[1][0] - nodes[0][0])
