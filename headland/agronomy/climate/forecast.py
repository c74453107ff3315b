"""Forecast of hourly values from the last weeks: ridge regression on lags, the sun and the weather.

For each number of hours ahead a linear model predicts the difference from a simple expectation (half the last days at
that hour, half the last day's mean). It is fitted on the pairs of the past with a known outcome, weighted by their age.
No value after an origin is ever used for it.

With a weather forecast the models have, for each channel of it, how much more it will be than at that hour of the last
three days, and of heat, which a house stores, also how much more in the six hours before. They are fitted on what was
measured and applied to what is expected ("perfect prognosis", [3]_). Where the error of what is expected is known, its
variance is added to that of the feature: these are the normal equations of a fit on values with that error ([4]_), so
that the farther and less certain hours move the forecast less.

Sources
-------
.. [1] Hoerl and Kennard (1970), Technometrics 12, 55-67: ridge regression.
.. [2] Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., chapter 5.10: errors by a
       rolling origin, and the naive forecasts that a model has to beat.
.. [3] Klein, Lewis and Enger (1959), Journal of Meteorology 16, 672-682: fitted on observed weather, applied to said.
.. [4] Bishop (1995), Neural Computation 7, 108-116: training with noise is Tikhonov regularization.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import numpy as np

from headland.agronomy.series.arrays import Values

HOURS_A_DAY: Final = 24
#: The farthest hour that is forecast.
MOST_AHEAD_H: Final = 24
#: Fewer pairs than those of five days fit a model to noise; [2] asks for several seasons.
LEAST_PAIRS: Final = 120
#: Older values have no weight left; without them fitting remains fast.
MOST_HISTORY_H: Final = 35 * HOURS_A_DAY
#: The weight of a pair halves with so many days.
_HALF_LIFE_H: Final = 7 * HOURS_A_DAY
#: Ridge penalty on standardized features, as a share of the pairs' weight.
_PENALTY: Final = 0.3
#: The spread from which on a feature is one, in its unit, and the most spreads from its mean that count.
_LEAST_SPREAD: Final = 1e-6
_MOST_SPREADS: Final = 8.0
#: The share of the past for which a weather channel must be known.
_LEAST_KNOWN: Final = 0.8
#: The interval at which a backtest fits its models again.
_REFIT_H: Final = 3
#: The hours before an hour whose heat is still in the house.
_STORED_H: Final = 6


@dataclass(frozen=True, slots=True)
class WeatherToCome:
    """A channel of the weather as it was measured and as a weather forecast expects it, hourly means, NaN if unknown.

    measured
        As long as the history.
    expected
        The `MOST_AHEAD_H` hours after the history; or a row of them after each hour of it, as was expected then.
    error
        The standard error of the expected values by hour ahead, in the unit of the channel; 0 where it is not known.
    is_heat
        Whether it brings heat: a house stores that of the hours before.
    """

    measured: Values
    expected: Values
    error: Values = field(default_factory=lambda: np.zeros(MOST_AHEAD_H))
    is_heat: bool = False


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """Explanatory inputs of a forecast, by the hour.

    weather
        Columns as long as the history (outside vapour pressure, radiation, wind, ...), NaN where unknown.
    to_come
        Channels that a weather forecast has.
    sun, clock_h
        The sine of the sun's elevation (0 below the horizon) and the local hour of the day, `MOST_AHEAD_H` longer
        than the history.
    """

    sun: Values
    clock_h: Values
    weather: Mapping[str, Values] = field(default_factory=dict)
    to_come: Mapping[str, WeatherToCome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """What a model for one number of hours ahead is fitted on and applied to, by origin.

    `learned` are the features with measured weather, `applied` those with expected weather, and `error` the standard
    error of each applied feature. `outcome` is NaN where it lies ahead.
    """

    learned: Values
    applied: Values
    error: Values
    base: Values
    outcome: Values


@dataclass(frozen=True, slots=True)
class Skill:
    """Errors of forecasts of the past days against the measured values.

    `p90_error` is the error that 90 % of them are below; `persistence_rmse` and `yesterday_rmse` are the errors of the
    naive forecasts "as now" and "as at that hour yesterday" for the same hours.
    """

    n: Annotated[int, "Number of compared forecasts."]
    rmse: Annotated[float, "Root mean square error."]
    mean_error: Annotated[float, "Mean error."]
    p90_error: Annotated[float, "Error that nine of ten are below."]
    persistence_rmse: Annotated[float, "Error of the naive forecast: as now."]
    yesterday_rmse: Annotated[float, "Error of the naive forecast: as at that hour yesterday."]


def predict(target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int) -> float | None:
    """Return the target `ahead_h` [h, 1..24] after its last hour; None where too little is known to learn from.

    `target` and the columns of `covariates` are hourly means up to now, oldest first, NaN where unknown.
    """
    pairs = _pairs(target, covariates, inputs, ahead_h)
    predicted = _fit_and_apply(pairs, len(target) - 1, slice(-1, None), ahead_h)
    return None if predicted is None or not np.isfinite(predicted[0]) else float(predicted[0])


def backtest(
    target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int, since: int
) -> Skill | None:
    """Return the errors of the forecasts from each origin of index `since` on, as they would have been made then.

    Models are fitted anew every three hours, on outcomes known by then. None where no forecast can be compared. Where
    only the newest weather forecast is known, measured weather stands in for earlier ones, as if those had been right.
    """
    made, known = made_forecasts(target, covariates, inputs, ahead_h, since)
    error = made - known
    persistence = target - known
    yesterday = _lag(target, HOURS_A_DAY - ahead_h) - known
    return skill_of(error, persistence, yesterday)


def skill_of(error: Values, persistence: Values, yesterday: Values) -> Skill | None:
    """Return the skill of forecasts by their errors and those of the two naive ones; None without errors to compare."""
    fit = np.isfinite(error) & np.isfinite(persistence) & np.isfinite(yesterday)
    if not fit.any():
        return None
    return Skill(
        n=int(fit.sum()),
        rmse=_rms(error[fit]),
        mean_error=float(error[fit].mean()),
        p90_error=float(np.quantile(np.abs(error[fit]), 0.9)),
        persistence_rmse=_rms(persistence[fit]),
        yesterday_rmse=_rms(yesterday[fit]),
    )


def made_forecasts(
    target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int, since: int
) -> tuple[Values, Values]:
    """Return by origin what was forecast and what came; NaN before `since` and where either is unknown."""
    pairs = _pairs(target, covariates, inputs, ahead_h)
    made = np.full(len(target), np.nan)
    for origin in range(since, len(target), _REFIT_H):
        rows = slice(origin, min(origin + _REFIT_H, len(target)))
        predicted = _fit_and_apply(pairs, origin, rows, ahead_h)
        if predicted is not None:
            made[rows] = predicted
    return made, pairs.outcome


def _fit_and_apply(pairs: _Pairs, origin: int, rows: slice, ahead_h: int) -> Values | None:
    """Fit on the outcomes that were known at an origin and return the forecasts from `rows`; None for too few."""
    features, base, outcome = pairs.learned, pairs.base, pairs.outcome
    first = max(0, origin + 1 - MOST_HISTORY_H)
    past = np.arange(first, origin + 1 - ahead_h)
    past = past[np.isfinite(features[past]).all(axis=1) & np.isfinite(outcome[past] + base[past])]
    if len(past) < LEAST_PAIRS:
        return None
    weight = 0.5 ** ((origin - past) / _HALF_LIFE_H)
    weight = weight / weight.sum()
    mean = weight @ features[past]
    spread = np.sqrt(weight @ (features[past] - mean) ** 2)
    # A feature that never changed tells nothing, and one far beyond all that was seen no more than what was.
    spread = np.where(spread > _LEAST_SPREAD, spread, np.inf)
    scaled = (features[past] - mean) / spread
    rest = outcome[past] - base[past]
    offset = float(weight @ rest)
    square = (scaled.T * weight) @ scaled + np.diag(_PENALTY + (pairs.error / spread) ** 2)
    slopes = np.linalg.solve(square, (scaled.T * weight) @ (rest - offset))
    now = np.clip((pairs.applied[rows] - mean) / spread, -_MOST_SPREADS, _MOST_SPREADS)
    return np.asarray(base[rows] + offset + now @ slopes)


def _pairs(target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int) -> _Pairs:
    if not 1 <= ahead_h <= MOST_AHEAD_H:
        raise ValueError(f"a forecast is made for 1 to {MOST_AHEAD_H} hours ahead")
    last_day = _mean([_lag(target, back) for back in range(HOURS_A_DAY)])
    that_hour = _at_that_hour(target, ahead_h)
    columns = [target, last_day, that_hour]
    columns += [target - _lag(target, back) for back in (1, 3, HOURS_A_DAY)]
    columns += [_lag(target, HOURS_A_DAY * days - ahead_h) for days in (1, 2)]
    for other in covariates:
        columns += [other, other - _lag(other, HOURS_A_DAY)]
    count = len(target)
    angle = 2.0 * np.pi * inputs.clock_h[ahead_h : count + ahead_h] / HOURS_A_DAY
    columns += [wave(turns * angle) for turns in (1, 2) for wave in (np.sin, np.cos)]
    columns += [inputs.sun[ahead_h : count + ahead_h], inputs.sun[:count]]
    for weather in inputs.weather.values():
        if _is_known(weather):
            columns += [weather, weather - _lag(weather, HOURS_A_DAY), weather - _lag(weather, 3)]
    applied, errors = list(columns), [0.0] * len(columns)
    for channel in inputs.to_come.values():
        for feature in _features(channel, ahead_h):
            if _is_told(channel, feature.expected):
                columns.append(feature.came)
                applied.append(feature.expected)
                errors.append(feature.error)
    base, outcome = (that_hour + last_day) / 2.0, _lag(target, -ahead_h)
    return _Pairs(np.column_stack(columns), np.column_stack(applied), np.array(errors), base, outcome)


def _is_known(weather: Values) -> bool:
    return bool(np.isfinite(weather).mean() >= _LEAST_KNOWN and np.isfinite(weather[-1:]).all())


@dataclass(frozen=True, slots=True)
class _Feature:
    """How much more than usual a channel was, and is expected to be, with the standard error of the latter."""

    came: Values
    expected: Values
    error: float


def _features(channel: WeatherToCome, ahead_h: int) -> list[_Feature]:
    hours = [_at_hour(channel, ahead_h)]
    before = range(max(1, ahead_h - _STORED_H), ahead_h)
    if channel.is_heat and before:
        each = [_at_hour(channel, hour) for hour in before]
        # The errors of hours in a row are alike: their mean is no more certain than they are.
        error = sum(hour.error for hour in each) / len(each)
        came, expected = (sum(column) / len(each) for column in zip(*((e.came, e.expected) for e in each), strict=True))
        hours.append(_Feature(came, expected, error))
    return hours


def _at_hour(channel: WeatherToCome, ahead_h: int) -> _Feature:
    usual = _at_that_hour(channel.measured, ahead_h)
    if channel.expected.ndim == 2:
        expected = channel.expected[:, ahead_h - 1]
    else:
        # Only the newest forecast is known: of the hours before it, what came.
        expected = np.concatenate((channel.measured, channel.expected))[ahead_h : len(channel.measured) + ahead_h]
    return _Feature(_lag(channel.measured, -ahead_h) - usual, expected - usual, float(channel.error[ahead_h - 1]))


def _is_told(channel: WeatherToCome, expected: Values) -> bool:
    """Tell whether a channel explains an hour: what is expected of it, and what that is compared with, are known."""
    said = np.isfinite(expected) if channel.expected.ndim == 2 else np.isfinite(expected[-1:])
    return bool(min(np.isfinite(channel.measured).mean(), said.mean()) >= _LEAST_KNOWN)


def _at_that_hour(column: Values, ahead_h: int) -> Values:
    """Return the mean of the three days before at the hour that is `ahead_h` later."""
    return _mean([_lag(column, HOURS_A_DAY * days - ahead_h) for days in (1, 2, 3)])


def _lag(column: Values, hours: int) -> Values:
    """Return what a column was so many hours before; after, where `hours` is below 0."""
    moved = np.full(len(column), np.nan)
    if hours == 0:
        return column
    if hours > 0:
        moved[hours:] = column[:-hours]
    else:
        moved[:hours] = column[-hours:]
    return moved


def _mean(columns: list[Values]) -> Values:
    """Return the mean of the known values of each row; NaN for a row without any.

    `np.nanmean` warns of such a row, and filters of warnings are those of all threads.
    """
    values = np.stack(columns)
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def _rms(error: Values) -> float:
    return float(np.sqrt(np.mean(error**2)))
