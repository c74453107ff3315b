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

from headland.agronomy.climate.forecast_features import (
    HOURS_A_DAY,
    LEAST_KNOWN,
    MOST_AHEAD_H,
    WeatherToCome,
    at_that_hour,
    features_of,
    lag,
    mean_of,
)
from headland.agronomy.series.arrays import Values

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
#: The interval at which a backtest fits its models again.
_REFIT_H: Final = 3


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
    error of each applied feature. The first `own` features are not of the weather to come. `outcome` is NaN where it
    lies ahead.
    """

    learned: Values
    applied: Values
    error: Values
    own: int
    base: Values
    outcome: Values

    def without_weather(self) -> _Pairs:
        """Return the pairs without the weather to come."""
        learned, applied, error = self.learned[:, : self.own], self.applied[:, : self.own], self.error[: self.own]
        return _Pairs(learned, applied, error, self.own, self.base, self.outcome)


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
    return _apply_to_last(_pairs(target, covariates, inputs, ahead_h), ahead_h)


def predict_both(
    target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int
) -> tuple[float | None, float | None]:
    """Return the target `ahead_h` [h, 1..24] after its last hour, without the weather to come and with it.

    Either is None where `predict` is, the latter also where nothing of the weather to come is known for that hour.
    """
    pairs = _pairs(target, covariates, inputs, ahead_h)
    without = _apply_to_last(pairs.without_weather(), ahead_h)
    return without, _apply_to_last(pairs, ahead_h) if pairs.own < pairs.learned.shape[1] else None


def _apply_to_last(pairs: _Pairs, ahead_h: int) -> float | None:
    predicted = _fit_and_apply(pairs, len(pairs.base) - 1, slice(-1, None), ahead_h)
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
    yesterday = lag(target, HOURS_A_DAY - ahead_h) - known
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
    last_day = mean_of([lag(target, back) for back in range(HOURS_A_DAY)])
    that_hour = at_that_hour(target, ahead_h)
    columns = [target, last_day, that_hour]
    columns += [target - lag(target, back) for back in (1, 3, HOURS_A_DAY)]
    columns += [lag(target, HOURS_A_DAY * days - ahead_h) for days in (1, 2)]
    for other in covariates:
        columns += [other, other - lag(other, HOURS_A_DAY)]
    count = len(target)
    angle = 2.0 * np.pi * inputs.clock_h[ahead_h : count + ahead_h] / HOURS_A_DAY
    columns += [wave(turns * angle) for turns in (1, 2) for wave in (np.sin, np.cos)]
    columns += [inputs.sun[ahead_h : count + ahead_h], inputs.sun[:count]]
    for weather in inputs.weather.values():
        if _is_known(weather):
            columns += [weather, weather - lag(weather, HOURS_A_DAY), weather - lag(weather, 3)]
    own = len(columns)
    applied, errors = list(columns), [0.0] * own
    for channel in inputs.to_come.values():
        for feature in features_of(channel, ahead_h):
            columns.append(feature.came)
            applied.append(feature.expected)
            errors.append(feature.error)
    base, outcome = (that_hour + last_day) / 2.0, lag(target, -ahead_h)
    return _Pairs(np.column_stack(columns), np.column_stack(applied), np.array(errors), own, base, outcome)


def _is_known(weather: Values) -> bool:
    return bool(np.isfinite(weather).mean() >= LEAST_KNOWN and np.isfinite(weather[-1:]).all())


def _rms(error: Values) -> float:
    return float(np.sqrt(np.mean(error**2)))
