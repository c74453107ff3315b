"""Errors of a house's recorded forecasts with a weather forecast and without: which is used, and its range.

Both are recorded wherever there is a weather forecast, also while one of them is not used, so that the record decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.climate.forecast_features import HOURS_A_DAY, MOST_AHEAD_H
from headland.agronomy.series.arrays import Values
from headland.registry.repositories.forecasts import Forecast, QuantityForecast
from headland.store.port import Times
from headland.units_of_time import DAY_MS, HOUR_MS

#: Errors are those of the forecasts of so many days.
RECORD_DAYS: Final = 30
#: Forecasts of every hour repeat each other: of these hours apart they tell nearly as much.
RECORD_EVERY_H: Final = 3
#: The weather forecast is left out after a month of larger errors, and sooner where they are larger by more than noise.
MONTH_DAYS: Final = 28
LEAST_DAYS: Final = 7
#: One-sided, 5 % of chance: days with and without a weather forecast differ by weather, and are taken as independent.
_NOISE: Final = 1.645
#: A range needs so many errors; those of the same hours of the day, so many hours around, are preferred.
_LEAST_ERRORS: Final = 20
_HOURS_AROUND: Final = 2
_RANGE: Final = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class WeatherComparison:
    """Errors of recorded forecasts with a weather forecast and without, of the same hours."""

    n: Annotated[int, "Hours that both were forecast for and that were measured."]
    mae_with: Annotated[float, "Mean absolute error with the weather forecast."]
    mae_without: Annotated[float, "Mean absolute error without."]
    rmse_with: Annotated[float, "Root mean square error with the weather forecast."]
    rmse_without: Annotated[float, "Root mean square error without."]


@dataclass(frozen=True, slots=True)
class WeatherVerdict:
    """Whether a quantity's forecast uses the weather forecast, by the mean errors of so many recorded days."""

    is_used: Annotated[bool, "Whether it is told with the weather forecast."]
    days: Annotated[int, "Days of recorded forecasts that both were made for."] = 0
    mae_with: Annotated[float | None, "Mean absolute error of these days with the weather forecast."] = None
    mae_without: Annotated[float | None, "The same without."] = None


#: Without a record the weather forecast is used: it made the forecasts of real houses better (decision 0133).
NOT_JUDGED: Final = WeatherVerdict(is_used=True)


@dataclass(frozen=True, slots=True)
class QuantityErrors:
    """What was measured less what was forecast, a row for each origin and a column for each hour ahead, NaN if unknown.

    `with_weather` is NaN where there was no weather forecast.
    """

    origin_ms: Times
    with_weather: Values
    without_weather: Values

    def compare(self, ahead_h: int) -> WeatherComparison | None:
        """Return the errors of both `ahead_h` hours ahead; None without an hour to compare."""
        driven, alone = self.with_weather[:, ahead_h - 1], self.without_weather[:, ahead_h - 1]
        both = np.isfinite(driven) & np.isfinite(alone)
        if not both.any():
            return None
        return WeatherComparison(
            int(both.sum()),
            float(np.abs(driven[both]).mean()),
            float(np.abs(alone[both]).mean()),
            float(np.sqrt((driven[both] ** 2).mean())),
            float(np.sqrt((alone[both] ** 2).mean())),
        )

    def judge(self) -> WeatherVerdict:
        """Return whether the weather forecast is used: not after a month of larger errors, or clearly larger ones."""
        both = np.isfinite(self.with_weather) & np.isfinite(self.without_weather)
        if not both.any():
            return NOT_JUDGED
        driven, alone = (np.abs(np.where(both, error, 0.0)) for error in (self.with_weather, self.without_weather))
        # Days are counted back from the newest forecast, so that all but the oldest one are whole.
        days, row = np.unique((self.origin_ms.max() - self.origin_ms) // DAY_MS, return_inverse=True)
        count = np.bincount(row, both.sum(axis=1), len(days))
        known = count > 0
        with_by_day = np.bincount(row, driven.sum(axis=1), len(days))[known] / count[known]
        without_by_day = np.bincount(row, alone.sum(axis=1), len(days))[known] / count[known]
        worse = with_by_day - without_by_day
        n, mean = len(worse), float(worse.mean())
        is_clear = n >= LEAST_DAYS and mean > _NOISE * float(worse.std(ddof=1)) / np.sqrt(n)
        is_used = mean <= 0.0 or not (is_clear or n >= MONTH_DAYS)
        return WeatherVerdict(is_used, n, float(with_by_day.mean()), float(without_by_day.mean()))

    def range_of(self, ahead_h: int, origin_ms: int, *, uses_weather: bool) -> tuple[float, float] | None:
        """Return what nine of ten errors `ahead_h` hours ahead lay between; None where too few are known.

        They are those for the hours of the day around, else for all.
        """
        error = (self.with_weather if uses_weather else self.without_weather)[:, ahead_h - 1]
        known = np.isfinite(error)
        # The same number of hours ahead: hours of the day are as far apart as the origins are.
        apart = np.abs((self.origin_ms - origin_ms) // HOUR_MS) % HOURS_A_DAY
        around = known & (np.minimum(apart, HOURS_A_DAY - apart) <= _HOURS_AROUND)
        chosen = error[around if around.sum() >= _LEAST_ERRORS else known]
        if len(chosen) < _LEAST_ERRORS:
            return None
        low, high = np.quantile(chosen, _RANGE)
        return float(low), float(high)


HouseRecord = Mapping[str, QuantityErrors]


def errors_of(records: Sequence[Forecast], until_ms: int) -> HouseRecord:
    """Return the errors of recorded forecasts by quantity, for the hours that were over at `until_ms`."""
    names = sorted({name for record in records for name in record.quantities})
    return {name: _errors(records, name, until_ms) for name in names}


def _errors(records: Sequence[Forecast], name: str, until_ms: int) -> QuantityErrors:
    rows = [(record.origin_ms, record.quantities[name]) for record in records if name in record.quantities]
    with_weather, without = np.full((2, len(rows), MOST_AHEAD_H), np.nan)
    for at, (origin_ms, quantity) in enumerate(rows):
        measured = _column(quantity.measured)
        measured[max(0, (until_ms - origin_ms) // HOUR_MS) :] = np.nan
        with_weather[at] = measured - _column(quantity.with_weather)
        without[at] = measured - _column(_without(quantity))
    return QuantityErrors(np.array([origin_ms for origin_ms, _ in rows], np.int64), with_weather, without)


def _without(quantity: QuantityForecast) -> Sequence[float | None]:
    return quantity.without_weather or quantity.made


def _column(values: Sequence[float | None]) -> Values:
    column = np.full(MOST_AHEAD_H, np.nan)
    known = values[:MOST_AHEAD_H]
    column[: len(known)] = [np.nan if value is None else value for value in known]
    return column
