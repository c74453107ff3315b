"""Rain from the running total of a gauge, across restarts and gaps, by period and by event.

A gauge counts tips of its bucket and starts again when it is switched on, or each day. The rain of a period is the rise
of the total within it; rain whose time is not known is left out and counts as not covered, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.units_of_time import HOUR_MS, MINUTE_MS

#: Samples of a gauge that are further apart leave a gap: the rain in it is known, but not its time. An hourly logger's
#: late sample leaves none.
GAP_MS: Final = 3 * HOUR_MS // 2
#: The highest rain ever measured in a minute (Unionville 1956; WMO archive of weather extremes): a faster rise is not
#: rain.
_MOST_MM_MIN: Final = 31.2
#: Dry hours between two storms: Huff (1967), Time distribution of rainfall in heavy storms.
DRY_MS: Final = 6 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain between the samples of a gauge: `mm[i]` from `start_ms[i]` to `end_ms[i]`; NaN where unknown."""

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
    """Return the rain between the samples of a gauge, which ascend in time.

    A falling total is a gauge that restarted from zero: its total fell since then, and the rain before that in the same
    step is lost, which is at most the step's own. In a gap it is unknown, and with it the rain of the gap.
    """
    if len(time_ms) < 2:
        return Rain(time_ms[:0], time_ms[:0], np.empty(0))
    start_ms, end_ms = time_ms[:-1], time_ms[1:]
    rise = np.diff(total_mm)
    mm = np.where(rise >= 0.0, rise, total_mm[1:])
    length_ms = (end_ms - start_ms).astype(np.float64)
    # A minute at least: within a second a gauge has one tip or none.
    too_fast = mm > _MOST_MM_MIN * np.maximum(length_ms / MINUTE_MS, 1.0)
    is_lost = (rise < 0.0) & (length_ms > GAP_MS)
    return Rain(start_ms, end_ms, np.where(too_fast | is_lost, np.nan, mm))


def sum_rain(rain: Rain, start_ms: int, end_ms: int) -> RainSum:
    """Return the rain of [start_ms, end_ms).

    A gap wholly within counts; one across an end counts only without rain in it, because it is not known on which side
    of the end it fell. Steps of up to an hour and a half across an end are divided by time.
    """
    if len(rain) == 0 or end_ms <= start_ms:
        return RainSum(0.0, 0.0)
    length_ms = (rain.end_ms - rain.start_ms).astype(np.float64)
    inside_ms = np.minimum(rain.end_ms, end_ms) - np.maximum(rain.start_ms, start_ms)
    share = np.clip(inside_ms / np.maximum(length_ms, 1.0), 0.0, 1.0)
    across_gap = (length_ms > GAP_MS) & (share < 1.0) & (rain.mm > 0.0)
    known = np.isfinite(rain.mm) & ~across_gap
    mm = float(np.sum(rain.mm[known] * share[known]))
    covered_ms = float(np.sum((share * length_ms)[known]))
    return RainSum(mm, min(covered_ms / (end_ms - start_ms), 1.0))


def largest_event_mm(rain: Rain, start_ms: int, end_ms: int) -> float:
    """Return the rain of the largest single event in [start_ms, end_ms): events are `DRY_MS` without rain apart.

    Rain in a gap of more than an hour and a half is no event: whether it fell at once is not known.
    """
    wet = (rain.mm > 0.0) & (rain.end_ms > start_ms) & (rain.start_ms < end_ms)
    largest = current = 0.0
    ended_ms = -DRY_MS
    for index in np.flatnonzero(wet).tolist():
        first_ms, last_ms, mm = int(rain.start_ms[index]), int(rain.end_ms[index]), float(rain.mm[index])
        if last_ms - first_ms > GAP_MS:
            current, ended_ms = 0.0, -DRY_MS
            continue
        current = current + mm if first_ms - ended_ms < DRY_MS else mm
        ended_ms = last_ms
        largest = max(largest, current)
    return largest
