"""How much it rained, from the running total of a gauge: across restarts and holes, by period and by event.

A gauge counts tips of its bucket and begins anew when it is switched on, or each day. The rain of a period is the rise
of the total within it; what nobody can place is left out and told as not covered, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Neighbouring words of a gauge that are further apart leave a hole: what fell in it is known, but not when.
HOLE_MS: Final = HOUR_MS
#: The most that was ever measured in a minute (Unionville 1956; WMO archive of weather extremes): a total that rises
#: faster was not filled by rain.
_MOST_MM_MIN: Final = 31.2
#: Dry hours that part one storm from the next: Huff (1967), Time distribution of rainfall in heavy storms.
DRY_MS: Final = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Rain:
    """What a gauge counted between its words: `mm[i]` fell from `start_ms[i]` to `end_ms[i]`; NaN is not known."""

    start_ms: Times
    end_ms: Times
    mm: Values

    def __len__(self) -> int:
        return len(self.mm)


@dataclass(frozen=True, slots=True)
class RainSum:
    """The rain of a period [mm], and the share 0..1 of it for which it is known."""

    mm: float
    coverage: float


def read_gauge(time_ms: Times, total_mm: Values) -> Rain:
    """Return the rain between the words of a gauge, ascending in time.

    A total that falls is a gauge that began anew from zero: what it shows fell since, and what fell before in the same
    step was not heard. That is at most the step's own; in a hole it is not known, so that the hole is not either.
    """
    if len(time_ms) < 2:
        return Rain(time_ms[:0], time_ms[:0], np.empty(0))
    start_ms, end_ms = time_ms[:-1], time_ms[1:]
    rise = np.diff(total_mm)
    mm = np.where(rise >= 0.0, rise, total_mm[1:])
    length_ms = (end_ms - start_ms).astype(np.float64)
    # A minute at least: gauges that speak every second have a tip or none in it.
    too_fast = mm > _MOST_MM_MIN * np.maximum(length_ms / MINUTE_MS, 1.0)
    unheard = (rise < 0.0) & (length_ms > HOLE_MS)
    return Rain(start_ms, end_ms, np.where(too_fast | unheard, np.nan, mm))


def sum_rain(rain: Rain, start_ms: int, end_ms: int) -> RainSum:
    """Return the rain of [start_ms, end_ms).

    A hole that lies wholly within counts; one across an end counts only where nothing fell in it, because nobody knows
    on which side of the end it fell. Steps of up to an hour across an end are shared out by time.
    """
    if len(rain) == 0 or end_ms <= start_ms:
        return RainSum(0.0, 0.0)
    length_ms = (rain.end_ms - rain.start_ms).astype(np.float64)
    inside_ms = np.minimum(rain.end_ms, end_ms) - np.maximum(rain.start_ms, start_ms)
    share = np.clip(inside_ms / np.maximum(length_ms, 1.0), 0.0, 1.0)
    across_hole = (length_ms > HOLE_MS) & (share < 1.0) & (rain.mm > 0.0)
    known = np.isfinite(rain.mm) & ~across_hole
    mm = float(np.sum(rain.mm[known] * share[known]))
    covered_ms = float(np.sum((share * length_ms)[known]))
    return RainSum(mm, min(covered_ms / (end_ms - start_ms), 1.0))


def largest_event_mm(rain: Rain, start_ms: int, end_ms: int) -> float:
    """Return the rain of the largest single event in [start_ms, end_ms): events lie `DRY_MS` without rain apart.

    Rain in a hole of more than an hour makes no event: whether it fell at once is not known.
    """
    wet = (rain.mm > 0.0) & (rain.end_ms > start_ms) & (rain.start_ms < end_ms)
    largest = current = 0.0
    ended_ms = -DRY_MS
    for index in np.flatnonzero(wet).tolist():
        first_ms, last_ms, mm = int(rain.start_ms[index]), int(rain.end_ms[index]), float(rain.mm[index])
        if last_ms - first_ms > HOLE_MS:
            current, ended_ms = 0.0, -DRY_MS
            continue
        current = current + mm if first_ms - ended_ms < DRY_MS else mm
        ended_ms = last_ms
        largest = max(largest, current)
    return largest
