"""Correction of a forecast by what a station measured: value and 90 % interval of each hour. Pure.

The value is that of ensemble model output statistics: a linear regression of what was measured, by hours ahead, on
several forecasts of it ([1]_ eq 2: a + b1 X1 + ... + bm Xm). The forecasts are the provider's, the last measured hour,
the same hour of the day before, and the provider's error of the last hour; the constant has a course by the hour of
the day with two harmonics. Each coefficient is shrunk towards that of the provider alone (ridge regression [2]_): with
few pairs the correction is small. Wind is corrected as its root ([3]_), so that it is never negative and its spread
grows with it; humidity is kept within 0 to 100 %.

The spread is that of the errors that the correction itself made in the last days, at hours for which it had not learned
yet: by hours ahead and hour of the day, with the 5th and 95th percentile of the errors over their spread, so that heavy
tails and skewness are in it. Nothing is taken from a normal distribution.

A model of a day learns from pairs whose hour was over when the day began, and from nothing later.

Sources
-------
.. [1] Gneiting, Raftery, Westveld, Goldman (2005), Calibrated probabilistic forecasting using ensemble model output
   statistics and minimum CRPS estimation, Mon. Wea. Rev. 133, 1098-1118. Least squares in place of the minimum CRPS.
.. [2] Hoerl, Kennard (1970), Ridge regression, Technometrics 12, 55-67, eq 2.1.
.. [3] Hemri et al. (2014), Trends in the predictive performance of raw ensemble weather forecasts, Geophys. Res. Lett.
   41, 9197-9205: wind speed by a square root transformation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from headland.agronomy.series.arrays import Counts, Mask, Values

CorrectedQuantity = Literal["temperature_degc", "humidity_pct", "wind_speed_m_s"]
QUANTITIES: Final[tuple[CorrectedQuantity, ...]] = get_args(CorrectedQuantity)
#: Hours ahead that are corrected, and hours between the instants at which a forecast is looked at.
MOST_AHEAD_H: Final = 72
ORIGIN_H: Final = 3
ORIGINS_A_DAY: Final = 24 // ORIGIN_H
#: Days that teach, and those whose pairs are the fewest for a model.
TAUGHT_DAYS: Final = 30
LEAST_DAYS: Final = 10
#: Pairs of an hour ahead that are the fewest: half of those of `LEAST_DAYS`.
LEAST_PAIRS: Final = LEAST_DAYS * ORIGINS_A_DAY // 2
#: Days of errors that the spread and the record are taken from, and the fewest for a spread.
ERROR_DAYS: Final = 30
LEAST_ERROR_DAYS: Final = 3
#: Weight of the provider's own forecast in the regression, as a number of pairs.
_SHRUNK: Final = 2 * ORIGINS_A_DAY
_BOUNDS: Final[dict[CorrectedQuantity, tuple[float, float]]] = {
    "temperature_degc": (-90.0, 70.0),
    "humidity_pct": (0.0, 100.0),
    "wind_speed_m_s": (0.0, 120.0),
}
#: Predictors that need no measured hour, and all of them: constant, four harmonics, the forecast; persistence, the same
#: hour of the day before, the last error.
_ALONE, _ALL = 6, 9
#: Pairs by which the spread of an hour of the day is drawn to that of all hours.
_SPREAD_PAIRS: Final = 30
_TAILS: Final = (0.05, 0.95)
_LEAST_SPREAD: Final = 1e-3


@dataclass(frozen=True, slots=True)
class SaidAndMeasured:
    """A quantity at a place: what was said, by origin and hours ahead, and what was measured, by hour.

    Origins are `ORIGIN_H` hours apart, from the first hour of a day on, in whole days; `said[i, k]` is of the hour that
    begins k hours after origin i, by the newest issue known at that origin. `measured[h]` is of the hour that begins h
    hours after the first origin; NaN where nothing is known.
    """

    quantity: CorrectedQuantity
    said: Values
    measured: Values

    @property
    def days(self) -> int:
        """Days of origins."""
        return len(self.said) // ORIGINS_A_DAY


@dataclass(frozen=True, slots=True)
class StationNow:
    """What a station knows at an origin: the last measured hour, the same hour of the day before by hours ahead, and
    the difference of the last measured hour from what was said of it; NaN where unknown."""

    last: float
    day_before: Values
    said_of_last: float


@dataclass(frozen=True, slots=True)
class CorrectedBand:
    """A value with its 90 % interval by hours ahead; NaN where there is none."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class _Course:
    """Models of a set of predictors by day: coefficients, and spread of errors by hours ahead and hour of the day."""

    coefficients: Values  # day, ahead, predictor; NaN where nothing was learned
    spread: Values  # day, ahead
    of_hour: Values  # day, hour of the day
    tails: Values  # day, (low, high)


@dataclass(frozen=True, slots=True)
class Learned:
    """The corrections of a quantity, one for each day, and what each of them said at its origins before the hours came.

    `said_then` is by origin and hours ahead; day d has the origins from d * ORIGINS_A_DAY on.
    """

    quantity: CorrectedQuantity
    days: int
    said_then: CorrectedBand
    _with_station: _Course
    _alone: _Course
    _centre: tuple[float, float]

    def correct(
        self, day: int, hour_of_day: int, said: Values, now: StationNow | None, older_h: int = 0
    ) -> CorrectedBand:
        """Return the corrected forecast of a day, for `said` by hours ahead of an origin at an hour of the day.

        An issue that is `older_h` hours older than those that taught is corrected as one of so many hours more ahead.
        """
        count = len(said)
        nothing = np.full((1, count), np.nan)
        if not 0 <= day < self.days or older_h < 0:
            return CorrectedBand(nothing[0], nothing[0].copy(), nothing[0].copy())
        hours = (hour_of_day + np.arange(count))[None, :] % 24
        turned = _turn(self.quantity, said[None, :])
        if now is None:
            station = (nothing, nothing, nothing)
        else:
            last, of_last = (_turn(self.quantity, np.full((1, count), each)) for each in (now.last, now.said_of_last))
            station = (last, _turn(self.quantity, now.day_before[None, :count]), last - of_last)
        predictors = _predictors(turned, hours, station, self._centre)
        at = np.minimum(np.arange(count) + older_h, MOST_AHEAD_H)
        band = _join(
            _apply(self._with_station, self.quantity, day, turned, predictors, hours, at),
            _apply(self._alone, self.quantity, day, turned, predictors[..., :_ALONE], hours, at),
        )
        return CorrectedBand(band.value[0], band.low[0], band.high[0])


def learn(pairs: SaidAndMeasured) -> Learned | None:
    """Return the corrections that pairs teach, one for each day of origins and for the day after the last; None where
    they are too few for any."""
    said = _turn(pairs.quantity, pairs.said)
    known_first = said[: LEAST_DAYS * ORIGINS_A_DAY]
    if pairs.days < LEAST_DAYS or np.isfinite(known_first).sum() < LEAST_PAIRS:
        return None
    # Constants of the first days, before which there is no model: nothing later is in them.
    centre = (float(np.nanmean(known_first)), max(float(np.nanstd(known_first)), _LEAST_SPREAD))
    measured = _turn(pairs.quantity, pairs.measured)
    truth, station, hours = _columns(said, measured)
    predictors = _predictors(said, hours, station, centre)
    with_station = _learn_course(pairs, said, truth, predictors, hours)
    alone = _learn_course(pairs, said, truth, predictors[..., :_ALONE], hours)
    return Learned(pairs.quantity, pairs.days + 1, _join(with_station[1], alone[1]), with_station[0], alone[0], centre)


def _turn(quantity: CorrectedQuantity, value: Values) -> Values:
    """Return a quantity in the scale of its regression."""
    return np.sqrt(np.maximum(value, 0.0)) if quantity == "wind_speed_m_s" else value


def _turn_back(quantity: CorrectedQuantity, value: Values) -> Values:
    whole = np.maximum(value, 0.0) ** 2 if quantity == "wind_speed_m_s" else value
    return np.clip(whole, *_BOUNDS[quantity])


def _columns(said: Values, measured: Values) -> tuple[Values, tuple[Values, Values, Values], Counts]:
    """Return by origin and hours ahead: what came, the station's predictors, and the hour of the day."""
    count, ahead = said.shape
    origins = ORIGIN_H * np.arange(count)
    hours = origins[:, None] + np.arange(ahead)
    truth = at_hours(measured, hours)
    last = np.repeat(at_hours(measured, origins - 1)[:, None], ahead, axis=1)
    before = at_hours(measured, hours - 24 * (np.arange(ahead) // 24 + 1))
    of_last = np.full(count, np.nan)
    of_last[1:] = said[:-1, ORIGIN_H - 1]
    return truth, (last, before, last - of_last[:, None]), hours % 24


def at_hours(measured: Values, hours: Counts) -> Values:
    """Return what was measured in hours, counted from the first; NaN for those that nobody knows."""
    inside = (hours >= 0) & (hours < len(measured))
    return np.where(inside, measured[np.clip(hours, 0, len(measured) - 1)], np.nan)


def _predictors(
    said: Values, hours: Counts, station: tuple[Values, Values, Values], centre: tuple[float, float]
) -> Values:
    """Return the predictors of what the provider gets wrong: all zero but the constant's where it gets all right."""
    last, day_before, last_error = station
    turn = 2 * np.pi * hours / 24
    middle, width = centre
    columns = [
        np.ones_like(said), np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn), (said - middle) / width,
        (last - said) / width, (day_before - said) / width, last_error / width,
    ]  # fmt: skip
    return np.stack(columns, axis=-1)


def _learn_course(
    pairs: SaidAndMeasured, said: Values, truth: Values, predictors: Values, hours: Counts
) -> tuple[_Course, CorrectedBand]:
    days, (count, ahead, size) = pairs.days, predictors.shape
    error = truth - said
    use = np.isfinite(error) & np.isfinite(predictors).all(axis=-1)
    sums = _sums_by_day(days, np.where(use[..., None], predictors, 0.0), np.where(use, error, 0.0), use)
    course = _Course(
        np.full((days + 1, ahead, size), np.nan), np.full((days + 1, ahead), np.nan),
        np.ones((days + 1, 24)), np.full((days + 1, 2), np.nan),
    )  # fmt: skip
    shape = (count, ahead)
    then = CorrectedBand(np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan))
    mistaken = np.full(shape, np.nan)
    # The hour of a pair is over by the begin of this day.
    over_by = (ORIGIN_H * np.arange(count)[:, None] + np.arange(ahead) + 1 + 23) // 24
    at = np.arange(ahead)
    for day in range(LEAST_DAYS, days + 1):
        course.coefficients[day] = _solve(*(each[day] - each[max(0, day - TAUGHT_DAYS)] for each in sums))
        first = max(0, day - ERROR_DAYS) * ORIGINS_A_DAY
        part = slice(first, day * ORIGINS_A_DAY)
        _spread(course, day, np.where(over_by[part] <= day, mistaken[part], np.nan), hours[part])
        if day < days:
            own = slice(day * ORIGINS_A_DAY, (day + 1) * ORIGINS_A_DAY)
            made = _apply(course, pairs.quantity, day, said[own], predictors[own], hours[own], at)
            then.value[own], then.low[own], then.high[own] = made.value, made.low, made.high
            mistaken[own] = truth[own] - _value(course, day, said[own], predictors[own], at)
    return course, then


def _sums_by_day(days: int, predictors: Values, error: Values, use: Mask) -> tuple[Values, Values, Values]:
    """Return sums over the pairs whose hour was over before each day: of products, of products with the error, and the
    number, by hours ahead; the row of a day less that of an earlier one is of the days between."""
    count, ahead, size = predictors.shape
    products = np.zeros((days + 1, ahead, size, size))
    with_error, number = np.zeros((days + 1, ahead, size)), np.zeros((days + 1, ahead))
    for hour in range(ahead):
        # The first day that begins when the hour is over.
        over_by = (ORIGIN_H * np.arange(count) + hour + 1 + 23) // 24
        for origin_of_day in range(ORIGINS_A_DAY):
            rows = slice(origin_of_day, None, ORIGINS_A_DAY)
            first = int(over_by[origin_of_day])
            until = days + 1 - first
            if until <= 0:
                continue
            z, e = predictors[rows, hour][:until], error[rows, hour][:until]
            products[first : first + len(z), hour] += z[:, :, None] * z[:, None, :]
            with_error[first : first + len(z), hour] += z * e[:, None]
            number[first : first + len(z), hour] += use[rows, hour][:until]
    return products.cumsum(axis=0), with_error.cumsum(axis=0), number.cumsum(axis=0)


def _solve(products: Values, with_error: Values, number: Values) -> Values:
    """Return the coefficients by hours ahead; NaN where the pairs are too few.

    The penalty of a coefficient is `_SHRUNK` pairs of its predictor's own size.
    """
    size = products.shape[-1]
    enough = number >= LEAST_PAIRS
    mean_square = np.diagonal(products, axis1=-2, axis2=-1) / np.maximum(number, 1.0)[:, None]
    penalty = _SHRUNK * np.maximum(mean_square, 1e-6)
    solved = np.linalg.solve(products + penalty[:, :, None] * np.eye(size), with_error[..., None])[..., 0]
    return np.where(enough[:, None], solved, np.nan)


def _spread(course: _Course, day: int, mistaken: Values, hours: Counts) -> None:
    """Set the spread of a day from the errors of the days before it."""
    known = np.isfinite(mistaken)
    number = known.sum(axis=0)
    if number[0] < LEAST_ERROR_DAYS * ORIGINS_A_DAY // 2:
        return
    squares = np.where(known, mistaken, 0.0) ** 2
    # Of three neighbouring hours ahead together: each has few pairs that are independent.
    by_ahead = np.sqrt(_smooth(squares.sum(axis=0)) / np.maximum(_smooth(number.astype(float)), 1e-9))
    by_ahead = np.where(_smooth(number.astype(float)) >= 1.0, np.maximum(by_ahead, _LEAST_SPREAD), np.nan)
    ratio = np.where(known, mistaken / by_ahead, 0.0)
    sums, counts = (np.bincount(hours.ravel(), each.ravel(), 24) for each in (ratio**2, known.astype(float)))
    around = [sum(np.roll(each, shift) for shift in (-1, 0, 1)) for each in (sums, counts)]
    of_hour = np.sqrt((around[0] + _SPREAD_PAIRS) / (around[1] + _SPREAD_PAIRS))
    course.spread[day], course.of_hour[day] = by_ahead, of_hour
    # With errors of n days the next one lies beyond them more often than among them: by 1 / n wider.
    days = np.count_nonzero(known.any(axis=1)) / ORIGINS_A_DAY
    course.tails[day] = (1.0 + 1.0 / days) * np.quantile((mistaken / (by_ahead * of_hour[hours]))[known], _TAILS)


def _smooth(column: Values) -> Values:
    return np.convolve(np.pad(column, 1, mode="edge"), np.ones(3) / 3, "valid")


def _value(course: _Course, day: int, said: Values, predictors: Values, at: Counts) -> Values:
    """Return the corrected value in the scale of the regression; NaN beyond the hours that were learned."""
    beyond = at >= course.coefficients.shape[1]
    row = course.coefficients[day, np.where(beyond, 0, at)]
    return np.where(beyond, np.nan, said + np.einsum("nkp,kp->nk", predictors, row))


def _apply(
    course: _Course,
    quantity: CorrectedQuantity,
    day: int,
    said: Values,
    predictors: Values,
    hours: Counts,
    at: Counts,
) -> CorrectedBand:
    value = _value(course, day, said, predictors, at)
    spread = course.spread[day, np.minimum(at, course.spread.shape[1] - 1)] * course.of_hour[day, hours]
    low, high = course.tails[day]
    ends = [_turn_back(quantity, value + spread * tail) for tail in (min(low, 0.0), max(high, 0.0))]
    return CorrectedBand(_turn_back(quantity, value), *ends)


def _join(first: CorrectedBand, second: CorrectedBand) -> CorrectedBand:
    """Return the first band where it has a value and an interval, else the second one."""
    whole = np.isfinite(first.value) & np.isfinite(first.low) & np.isfinite(first.high)
    return CorrectedBand(
        np.where(whole, first.value, second.value),
        np.where(whole, first.low, second.low),
        np.where(whole, first.high, second.high),
    )
