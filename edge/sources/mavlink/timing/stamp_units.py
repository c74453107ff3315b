"""Unit of a message's time since boot: MAVLink's milliseconds, or microseconds as some autopilots send.

Betaflight and iNav put microseconds into GLOBAL_POSITION_INT.time_boot_ms, and milliseconds into ATTITUDE. Read as
milliseconds they would be a second vehicle's clock. What is compared is the other messages' time since boot, or the
arrivals where only one kind of message carries a time.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import Final

#: So many stamps in a row must fit: one may be damaged.
_CONFIRMATIONS: Final = 3
#: How far a stamp in microseconds may be from the time since boot: in ms, and of it.
_NEAR_MS: Final = 1000
_NEAR_SHARE: Final = 0.3
#: How far the advance of a stamp in microseconds may be from that of the arrivals, of it; links deliver in bursts.
_ARRIVAL_SHARE: Final = 0.5
#: Arrivals closer than this say nothing: messages come in bursts.
_LEAST_PASSED_MS: Final = 20


class StampUnit(Enum):
    """What the stamp of a message is."""

    MS = "milliseconds, as MAVLink defines it"
    US = "microseconds, or in doubt: it says nothing of the vehicle's clock"
    US_BEFORE = "milliseconds, and the stamps so far were microseconds: the clock begins anew with this one"
    US_ALONE = "microseconds, and so were all stamps so far: no message has said the clock yet"


class StampUnits:
    """The units of the stamps of one vehicle, by series."""

    def __init__(self) -> None:
        self._in_us: set[str] = set()
        self._fitting: Counter[str] = Counter()
        #: The only series that has set the vehicle's clock so far; None before the first and after a second one.
        self._only: str | None = None
        self._only_arrival_ms = 0
        #: Whether two kinds of messages agree about the clock: a stamp that fits it needs no examination.
        self.is_settled = False

    def observe(self, series: str, raw: int, last_ms: int | None, arrival_ms: int, silence_ms: int) -> StampUnit:
        """Return the unit of a stamp; `last_ms` was the vehicle's clock `silence_ms` ago, None before its first one."""
        if series in self._in_us:
            return StampUnit.US
        if last_ms is None:
            self._only, self._only_arrival_ms, self.is_settled = series, arrival_ms, False
            return StampUnit.MS
        if series == self._only:
            return self._compare_arrivals(series, raw - last_ms, arrival_ms)
        if _is_thousandfold(raw, last_ms + silence_ms):
            self._fit(series)
            return StampUnit.US
        if self._only is not None and _is_thousandfold(last_ms, raw - silence_ms):
            self._in_us.add(self._only)
            self._only, self._only_arrival_ms = series, arrival_ms
            return StampUnit.US_BEFORE
        self._fitting[series] = 0
        self._only, self.is_settled = None, True
        return StampUnit.MS

    def _compare_arrivals(self, series: str, advance: int, arrival_ms: int) -> StampUnit:
        """Compare the advance of the only stamps with that of their arrivals, where these are far enough apart."""
        passed_ms = arrival_ms - self._only_arrival_ms
        if passed_ms < _LEAST_PASSED_MS:
            return StampUnit.MS
        self._only_arrival_ms = arrival_ms
        if abs(advance / 1000 - passed_ms) > _ARRIVAL_SHARE * passed_ms:
            self._fitting[series] = 0
            return StampUnit.MS
        if not self._fit(series):
            return StampUnit.MS
        self._only = None
        return StampUnit.US_ALONE

    def _fit(self, series: str) -> bool:
        """Count a stamp that fits microseconds; return whether it is confirmed that they are."""
        self._fitting[series] += 1
        if self._fitting[series] < _CONFIRMATIONS:
            return False
        self._in_us.add(series)
        return True


def _is_thousandfold(stamp_us: int, clock_ms: int) -> bool:
    return abs(stamp_us / 1000 - clock_ms) < min(_NEAR_MS, _NEAR_SHARE * clock_ms)
