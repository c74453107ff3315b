"""Lowest temperature to come at a station, by the forecast and by the station's own offset at night. Pure.

A provider's grid point knows neither the hollow nor the village: on a clear and calm night the station is colder or
warmer than the forecast by an amount of its own. It is the mean of station minus forecast of the lowest temperatures of
past days, of those with a clear night for a clear night, of the others for another. What the past days leave of it is
the error, from which the interval and the chance of frost are.

Sources
-------
.. [1] FAO (2005), Frost protection: fundamentals, practice and economics (Snyder and de Melo-Abreu), chapter 5: minimum
       temperatures forecast by a station's own past nights; clear and calm nights apart.
.. [2] Student (1908), Biometrika 6, 1-25: the standard error of a single further value is s sqrt(1 + 1 / n).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final, Literal

from headland.agronomy.series.interval_chance import Z90, chance_below

#: A night of at most so much cloud, in the mean over its dark hours, is clear [%].
CLEAR_PCT: Final = 40.0
#: An offset needs so many days of a kind, an interval so many in all.
LEAST_OF_KIND: Final = 4
LEAST_DAYS: Final = 10
#: Of the days that are remembered the newest count.
MOST_DAYS: Final = 30
Offset = Literal["clear", "cloudy", "all", "none"]


@dataclass(frozen=True, slots=True)
class LowestOfDay:
    """The lowest temperature that was said for a day and that came; `is_clear` is None where no cloud was said."""

    said_degc: float
    came_degc: float
    is_clear: bool | None


@dataclass(frozen=True, slots=True)
class LowestAhead:
    """The lowest temperature to come: as the forecast says it with the station's offset, and its 90 % interval.

    `offset_of` says of which days the offset is. `days` is the number of past days; the interval is None with fewer
    than ten, where the forecast has none.
    """

    value_degc: float
    low_degc: float | None
    high_degc: float | None
    offset_k: float
    offset_of: Offset
    days: int


def lowest_ahead(
    said_degc: float,
    is_clear: bool | None,
    past: Sequence[LowestOfDay],
    said_interval: tuple[float, float] | None = None,
) -> LowestAhead:
    """Return the lowest temperature of a day to come by what was said of it and by the past days, the newest last."""
    days = past[-MOST_DAYS:]
    offset_k, kind = _offset(days, is_clear)
    value = said_degc + offset_k
    low = high = None
    if len(days) >= LEAST_DAYS:
        spread = Z90 * _spread_k(days)
        low, high = value - spread, value + spread
    elif said_interval is not None:
        low, high = (bound + offset_k for bound in said_interval)
    return LowestAhead(value, low, high, offset_k, kind, len(days))


def chance_of_frost(limit_degc: float, ahead: LowestAhead) -> float | None:
    """Return the chance of a lowest temperature below a limit, 0..1; None without an interval."""
    if ahead.low_degc is None or ahead.high_degc is None:
        return None
    return chance_below(limit_degc, ahead.value_degc, ahead.low_degc, ahead.high_degc)


def _offset(days: Sequence[LowestOfDay], is_clear: bool | None) -> tuple[float, Offset]:
    alike = [day for day in days if day.is_clear == is_clear]
    if is_clear is not None and len(alike) >= LEAST_OF_KIND:
        return _mean_k(alike), "clear" if is_clear else "cloudy"
    if len(days) >= LEAST_OF_KIND:
        return _mean_k(days), "all"
    return 0.0, "none"


def _mean_k(days: Sequence[LowestOfDay]) -> float:
    return fmean(day.came_degc - day.said_degc for day in days)


def _spread_k(days: Sequence[LowestOfDay]) -> float:
    """Return the standard error of a further day, about the offset of each past day's kind; [2]."""
    kinds = {day.is_clear: _offset(days, day.is_clear)[0] for day in days}
    errors = [day.came_degc - day.said_degc - kinds[day.is_clear] for day in days]
    freedom = len(days) - len(kinds)
    return math.sqrt(sum(error * error for error in errors) / freedom * (1.0 + 1.0 / len(days)))
