"""Record of a corrected forecast: its errors beside those of the raw one, persistence and the same hour yesterday.

Each forecast is what would have been said at its origin by what was known then. All four are compared on the same
hours, those of which all are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Values
from headland.agronomy.weather_forecast.station_correction import (
    ERROR_DAYS,
    LEAST_ERROR_DAYS,
    MOST_AHEAD_H,
    ORIGIN_H,
    ORIGINS_A_DAY,
    Learned,
    SaidAndMeasured,
    at_hours,
)

#: Hours ahead that are judged together, first and last.
LEADS: Final = ((1, 3), (4, 6), (7, 12), (13, 24), (25, 48), (49, 72))
#: The fewest hours of a judgement.
LEAST_HOURS: Final = LEAST_ERROR_DAYS * ORIGINS_A_DAY


@dataclass(frozen=True, slots=True)
class ErrorOfForecast:
    """Errors of a forecast, said less measured, in the unit of the quantity."""

    mean_absolute: Annotated[float, "Mean of the absolute errors."]
    bias: Annotated[float, "Mean of the errors, said less measured."]


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """Errors of the forecasts of some hours ahead, all of the same hours that came."""

    first_h: Annotated[int, "The first of the hours ahead; 1 is the hour that begins at once."]
    last_h: Annotated[int, "The last of them."]
    n: Annotated[int, "Pairs of a forecast and an hour that came."]
    corrected: Annotated[ErrorOfForecast, "The corrected forecast, as it would have been said then."]
    provider: Annotated[ErrorOfForecast, "The provider's own."]
    persistence: Annotated[ErrorOfForecast, "The last measured hour."]
    yesterday: Annotated[ErrorOfForecast, "The same hour of the last day that was measured."]
    coverage: Annotated[float, "Share of the hours within the 90 % interval of the corrected forecast."]

    @property
    def is_worse(self) -> bool:
        """Whether the corrected forecast was worse than the raw one."""
        return self.corrected.mean_absolute > self.provider.mean_absolute


@dataclass(frozen=True, slots=True)
class RecordSums:
    """Sums over the hours that were over before each day, by hours ahead: `errors` by kind, absolute and signed."""

    errors: Values  # kind, (absolute, signed), day, ahead
    inside: Values  # day, ahead
    number: Values  # day, ahead

    def leads(self, day: int) -> tuple[LeadRecord, ...]:
        """Return the record of the last `ERROR_DAYS` days before a day, of the hours ahead that have enough of it."""
        day = min(day, len(self.number) - 1)
        before = max(0, day - ERROR_DAYS)
        records = []
        for first_h, last_h in LEADS:
            ahead = slice(first_h - 1, last_h)
            n = float((self.number[day] - self.number[before])[ahead].sum())
            if n < LEAST_HOURS:
                continue
            sums = (self.errors[:, :, day] - self.errors[:, :, before])[:, :, ahead].sum(axis=-1) / n
            inside = float((self.inside[day] - self.inside[before])[ahead].sum()) / n
            corrected, provider, persistence, yesterday = (ErrorOfForecast(*map(float, each)) for each in sums)
            records.append(LeadRecord(first_h, last_h, round(n), corrected, provider, persistence, yesterday, inside))
        return tuple(records)


def judge(pairs: SaidAndMeasured, learned: Learned) -> RecordSums:
    """Return the sums from which the record of each day follows."""
    count, ahead = pairs.said.shape
    hours = ORIGIN_H * np.arange(count)[:, None] + np.arange(ahead)
    truth = at_hours(pairs.measured, hours)
    then = learned.said_then
    said = (
        then.value,
        pairs.said,
        np.repeat(at_hours(pairs.measured, hours[:, :1] - 1), ahead, axis=1),
        at_hours(pairs.measured, hours - 24 * (np.arange(ahead) // 24 + 1)),
    )
    use = np.isfinite(truth) & np.isfinite(then.low)
    for each in said:
        use &= np.isfinite(each)
    over_by = (hours + 1 + 23) // 24

    def sums(value: Values) -> Values:
        return _by_day(value, use, over_by, pairs.days)

    off = [each - truth for each in said]
    errors = np.stack([np.stack([sums(np.abs(each)), sums(each)]) for each in off])
    within = (then.low <= truth) & (truth <= then.high)
    inside, number = sums(within.astype(np.float64)), sums(np.ones_like(truth))
    return RecordSums(errors, inside, number)


def used_hours(leads: tuple[LeadRecord, ...]) -> Mask:
    """Return for each hour ahead whether the corrected forecast is used: where its record is, and is not worse."""
    used = np.zeros(MOST_AHEAD_H, bool)
    for lead in leads:
        used[lead.first_h - 1 : lead.last_h] = not lead.is_worse
    return used


def _by_day(value: Values, use: Mask, over_by: Counts, days: int) -> Values:
    """Return sums over the pairs whose hour was over before each day, by hours ahead."""
    ahead = value.shape[1]
    sums = np.zeros((days + 1, ahead))
    chosen = use & (over_by <= days)
    rows, columns = np.nonzero(chosen)
    np.add.at(sums, (over_by[rows, columns], columns), value[rows, columns])
    return sums.cumsum(axis=0)
