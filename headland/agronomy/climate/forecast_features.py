"""Features of a forecast by the hour: what was so many hours before, what is usual, and the weather to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from headland.agronomy.series.arrays import Values

HOURS_A_DAY: Final = 24
#: The farthest hour that is forecast.
MOST_AHEAD_H: Final = 24
#: The share of the past for which a weather channel must be known.
LEAST_KNOWN: Final = 0.8
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
class WeatherFeature:
    """How much more than usual a channel was, and is expected to be, with the standard error of the latter."""

    came: Values
    expected: Values
    error: float


def features_of(channel: WeatherToCome, ahead_h: int) -> list[WeatherFeature]:
    """Return the features of a channel for an hour ahead, those of which enough is known."""
    hours = [_at_hour(channel, ahead_h)]
    before = range(max(1, ahead_h - _STORED_H), ahead_h)
    if channel.is_heat and before:
        each = [_at_hour(channel, hour) for hour in before]
        # The errors of hours in a row are alike: their mean is no more certain than they are.
        error = sum(hour.error for hour in each) / len(each)
        came, expected = (sum(column) / len(each) for column in zip(*((e.came, e.expected) for e in each), strict=True))
        hours.append(WeatherFeature(came, expected, error))
    return [hour for hour in hours if _is_told(channel, hour)]


def _at_hour(channel: WeatherToCome, ahead_h: int) -> WeatherFeature:
    usual = at_that_hour(channel.measured, ahead_h)
    if channel.expected.ndim == 2:
        expected = channel.expected[:, ahead_h - 1]
    else:
        # Only the newest forecast is known: of the hours before it, what came.
        expected = np.concatenate((channel.measured, channel.expected))[ahead_h : len(channel.measured) + ahead_h]
    return WeatherFeature(lag(channel.measured, -ahead_h) - usual, expected - usual, float(channel.error[ahead_h - 1]))


def _is_told(channel: WeatherToCome, hour: WeatherFeature) -> bool:
    """Tell whether what is expected, and what that is compared with, are known."""
    said = np.isfinite(hour.expected) if channel.expected.ndim == 2 else np.isfinite(hour.expected[-1:])
    return bool(min(np.isfinite(channel.measured).mean(), said.mean()) >= LEAST_KNOWN)


def at_that_hour(column: Values, ahead_h: int) -> Values:
    """Return the mean of the three days before at the hour that is `ahead_h` later."""
    return mean_of([lag(column, HOURS_A_DAY * days - ahead_h) for days in (1, 2, 3)])


def lag(column: Values, hours: int) -> Values:
    """Return what a column was so many hours before; after, where `hours` is below 0."""
    moved = np.full(len(column), np.nan)
    if hours == 0:
        return column
    if hours > 0:
        moved[hours:] = column[:-hours]
    else:
        moved[:hours] = column[-hours:]
    return moved


def mean_of(columns: list[Values]) -> Values:
    """Return the mean of the known values of each row; NaN for a row without any.

    `np.nanmean` warns of such a row, and filters of warnings are those of all threads.
    """
    values = np.stack(columns)
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
