"""Forecast of hourly values from the last weeks: ridge regression on lags, the sun and the weather.

For each number of hours ahead a linear model predicts the difference from a simple expectation (half the last days at
that hour, half the last day's mean). It is fitted on the pairs of the past with a known outcome, weighted by their age.
With a weather forecast the models are fitted on measured weather and applied to the expected weather ("perfect
prognosis", Klein et al. 1959). No value after an origin is ever used for it.

Sources
-------
.. [1] Hoerl and Kennard (1970), Technometrics 12, 55-67: ridge regression.
.. [2] Hyndman and Athanasopoulos (2021), Forecasting: Principles and Practice, 3rd ed., chapter 5.10: errors by a
       rolling origin, and the naive forecasts that a model has to beat.
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


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """Explanatory inputs of a forecast, by the hour.

    weather
        Columns as long as the history (outside vapour pressure, radiation, wind, ...), NaN where unknown.
    expected
        The next `MOST_AHEAD_H` hours of some of these, by a weather forecast.
    sun, clock_h
        The sine of the sun's elevation (0 below the horizon) and the local hour of the day, `MOST_AHEAD_H` longer
        than the history.
    """

    sun: Values
    clock_h: Values
    weather: Mapping[str, Values] = field(default_factory=dict)
    expected: Mapping[str, Values] = field(default_factory=dict)


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
    features, base, outcome = _pairs(target, covariates, inputs, ahead_h)
    predicted = _fit_and_apply(features, base, outcome, len(target) - 1, slice(-1, None), ahead_h)
    return None if predicted is None or not np.isfinite(predicted[0]) else float(predicted[0])


def backtest(
    target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int, since: int
) -> Skill | None:
    """Return the errors of the forecasts from each origin of index `since` on, as they would have been made then.

    Models are fitted anew every three hours, on outcomes known by then. None where no forecast can be compared. Where
    `inputs.expected` has a channel, its past hours stand in for past forecasts of it, as if those had been right.
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
    features, base, outcome = _pairs(target, covariates, inputs, ahead_h)
    made = np.full(len(target), np.nan)
    for origin in range(since, len(target), _REFIT_H):
        rows = slice(origin, min(origin + _REFIT_H, len(target)))
        predicted = _fit_and_apply(features, base, outcome, origin, rows, ahead_h)
        if predicted is not None:
            made[rows] = predicted
    return made, outcome


def _fit_and_apply(
    features: Values, base: Values, outcome: Values, origin: int, rows: slice, ahead_h: int
) -> Values | None:
    """Fit on the outcomes that were known at an origin and return the forecasts from `rows`; None for too few."""
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
    square = (scaled.T * weight) @ scaled + _PENALTY * np.eye(scaled.shape[1])
    slopes = np.linalg.solve(square, (scaled.T * weight) @ (rest - offset))
    now = np.clip((features[rows] - mean) / spread, -_MOST_SPREADS, _MOST_SPREADS)
    return np.asarray(base[rows] + offset + now @ slopes)


def _pairs(
    target: Values, covariates: Sequence[Values], inputs: ForecastInputs, ahead_h: int
) -> tuple[Values, Values, Values]:
    """Return features and plain expectation by origin, and the outcome `ahead_h` later (NaN where it lies ahead)."""
    if not 1 <= ahead_h <= MOST_AHEAD_H:
        raise ValueError(f"a forecast is made for 1 to {MOST_AHEAD_H} hours ahead")
    last_day = _mean([_lag(target, back) for back in range(HOURS_A_DAY)])
    that_hour = _mean([_lag(target, HOURS_A_DAY * days - ahead_h) for days in (1, 2, 3)])
    columns = [target, last_day, that_hour]
    columns += [target - _lag(target, back) for back in (1, 3, HOURS_A_DAY)]
    columns += [_lag(target, HOURS_A_DAY * days - ahead_h) for days in (1, 2)]
    for other in covariates:
        columns += [other, other - _lag(other, HOURS_A_DAY)]
    count = len(target)
    angle = 2.0 * np.pi * inputs.clock_h[ahead_h : count + ahead_h] / HOURS_A_DAY
    columns += [wave(turns * angle) for turns in (1, 2) for wave in (np.sin, np.cos)]
    columns += [inputs.sun[ahead_h : count + ahead_h], inputs.sun[:count]]
    for name, weather in inputs.weather.items():
        if np.isfinite(weather).mean() < _LEAST_KNOWN or not np.isfinite(weather[-1:]).all():
            continue
        columns += [weather, weather - _lag(weather, HOURS_A_DAY), weather - _lag(weather, 3)]
        coming = inputs.expected.get(name)
        if coming is not None:
            columns.append(np.concatenate((weather, coming))[ahead_h : count + ahead_h])
    return np.column_stack(columns), (that_hour + last_day) / 2.0, _lag(target, -ahead_h)


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
