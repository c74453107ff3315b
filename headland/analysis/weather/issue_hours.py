"""Hours of a forecast issue: what a provider's instants, means and amounts say of whole hours of epoch time. Pure.

- **An instant's quantity** (temperature, humidity, wind, cloud cover) has the mean over the hour of the straight lines
  between the provider's neighbouring instants; an hour with the instants at its bounds has the mean of the two.
  Neighbours more than `LONGEST_GAP_MS` apart, and those around a value that the provider left out, are not joined: of a
  day's course with an amplitude of 6 K straight lines over three hours miss 0.5 K, over six hours 1.8 K.
- **A gust** is the greatest in the hour: of those lines, or of the steps that the provider gives maxima for.
- **A mean** (radiation) is that of the steps within the hour that fill it. A mean of a longer step is of no hour.
- **An amount or a chance** keeps its own step: the shortest one that contains the hour.
- **An interval** is one of 90 %: the 5th and 95th percentile of an ensemble of at least `LEAST_MEMBERS` members, each
  taken over the hour; those percentiles where the provider says them; or its 10th and 90th, widened on each side of the
  value by 1.645 / 1.282, the ratio for a normal distribution, within the bounds of the quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from headland.agronomy.series.arrays import Times, Values
from headland.registry.models.weather import ForecastIssue, ForecastSeries, StepKind
from headland.registry.models.weather import Values as Said
from headland.units_of_time import HOUR_MS

HourQuantity = Literal[
    "temperature_degc", "humidity_pct", "wind_speed_m_s", "wind_gust_m_s", "cloud_cover_pct", "global_radiation_w_m2"
]
AmountQuantity = Literal["rain_mm", "rain_chance_pct"]

#: Neighbouring instants of a provider that are joined by a straight line are at most so far apart.
LONGEST_GAP_MS: Final = 3 * HOUR_MS
#: An ensemble's 5th percentile needs so many members.
LEAST_MEMBERS: Final = 10
#: From the 10th and 90th percentile to the 5th and 95th of a normal distribution: z(0.95) / z(0.90).
WIDENED: Final = 1.6449 / 1.2816
_MEDIAN, _LOW, _HIGH = 50, 5, 95


@dataclass(frozen=True, slots=True)
class _Kind:
    """A quantity: its channel, the height that it is wanted at, its bounds, and whether the greatest counts."""

    channel: str
    height_m: float | None = None
    low: float = -np.inf
    high: float = np.inf
    greatest: bool = False


_HOURS: Final[dict[HourQuantity, _Kind]] = {
    "temperature_degc": _Kind("air_temperature_degc", 2.0),
    "humidity_pct": _Kind("relative_humidity_pct", 2.0, 0.0, 100.0),
    "wind_speed_m_s": _Kind("wind_speed_m_s", 10.0, 0.0),
    "wind_gust_m_s": _Kind("wind_gust_m_s", 10.0, 0.0, greatest=True),
    "cloud_cover_pct": _Kind("cloud_cover_pct", None, 0.0, 100.0),
    "global_radiation_w_m2": _Kind("global_radiation_w_m2", None, 0.0),
}
_AMOUNTS: Final[dict[AmountQuantity, tuple[_Kind, StepKind]]] = {
    "rain_mm": (_Kind("precipitation_mm", None, 0.0), StepKind.SUM),
    "rain_chance_pct": (_Kind("precipitation_chance_pct", None, 0.0, 100.0), StepKind.CHANCE),
}


@dataclass(frozen=True, slots=True)
class HourBand:
    """A quantity by hour, with the bounds of its 90 % interval; NaN where nothing is said."""

    value: Values
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class SaidAmount:
    """An amount of a step [start_ms, end_ms], with the bounds of its 90 % interval where they are known."""

    value: float
    low: float | None
    high: float | None
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class IssueHours:
    """What an issue says of whole hours from `first_ms` on: bands, and for each hour the amount of its step or None."""

    first_ms: int
    bands: dict[HourQuantity, HourBand]
    amounts: dict[AmountQuantity, tuple[SaidAmount | None, ...]]


def hours_of_issue(issue: ForecastIssue, first_ms: int, count: int) -> IssueHours:
    """Return what an issue says of `count` whole hours from `first_ms` on."""
    edges_ms = first_ms + HOUR_MS * np.arange(count + 1, dtype=np.int64)
    bands = {quantity: bands_of(issue, quantity, edges_ms) for quantity in _HOURS}
    amounts = {quantity: _amounts(issue, *_AMOUNTS[quantity], edges_ms) for quantity in _AMOUNTS}
    return IssueHours(first_ms, bands, amounts)


def bands_of(issue: ForecastIssue, quantity: HourQuantity, edges_ms: Times) -> HourBand:
    """Return a quantity of an issue in the hours between `edges_ms`."""
    kind = _HOURS[quantity]
    count = len(edges_ms) - 1
    nothing = np.full(count, np.nan)
    for series in issue.series:
        if series.channel == kind.channel and _is_at(series, kind):
            said = _over_hours(series, kind, edges_ms)
            if said is not None and np.isfinite(said.value).any():
                return said
    return HourBand(nothing, nothing.copy(), nothing.copy())


def _is_at(series: ForecastSeries, kind: _Kind) -> bool:
    return kind.height_m is None or series.height_m is None or series.height_m == kind.height_m


def _over_hours(series: ForecastSeries, kind: _Kind, edges_ms: Times) -> HourBand | None:
    """Return a series by hour; None for one that is of no hour, such as the extreme of a day."""
    starts_ms, ends_ms = np.array(series.starts_ms, np.int64), np.array(series.ends_ms, np.int64)

    def by_hour(said: Said) -> Values:
        value = _floats(said)
        if series.aggregation is StepKind.INSTANT:
            return _join(starts_ms, value, edges_ms, greatest=kind.greatest)
        return _fill(starts_ms, ends_ms, value, edges_ms, greatest=kind.greatest)

    wanted = (StepKind.INSTANT, StepKind.MAXIMUM if kind.greatest else StepKind.MEAN)
    if series.aggregation not in wanted:
        return None
    if series.members:
        return _of_members(np.array([by_hour(member) for member in series.members]))
    value = by_hour(series.values)
    low, high = _widen(value, {name: by_hour(said) for name, said in series.quantiles.items()}, kind)
    return HourBand(value, low, high)


def _floats(said: Said) -> Values:
    return np.array([np.nan if each is None else each for each in said], np.float64)


def _join(time_ms: Times, value: Values, edges_ms: Times, *, greatest: bool) -> Values:
    """Return for each hour the mean, or the greatest, of the straight lines between neighbours; NaN where one lacks."""
    count = len(edges_ms) - 1
    out = np.full(count, np.nan)
    if len(time_ms) < 2:
        return out
    gaps_ms = np.diff(time_ms)
    joined = (gaps_ms <= LONGEST_GAP_MS) & np.isfinite(value[:-1]) & np.isfinite(value[1:])
    filled = np.where(np.isfinite(value), value, 0.0)
    # Integral of the lines up to each instant, and up to each edge.
    sums = np.concatenate([[0.0], np.cumsum((filled[:-1] + filled[1:]) / 2 * gaps_ms)])
    at = np.clip(np.searchsorted(time_ms, edges_ms, side="right") - 1, 0, len(gaps_ms) - 1)
    share = (edges_ms - time_ms[at]) / gaps_ms[at]
    line = filled[at] + share * (filled[at + 1] - filled[at])
    integral = sums[at] + (filled[at] + line) / 2 * (edges_ms - time_ms[at])
    # The time of an hour that no line covers.
    covered_ms = np.concatenate([[0], np.cumsum(np.where(joined, gaps_ms, 0))])
    reached_ms = covered_ms[at] + np.where(joined[at], np.clip(edges_ms - time_ms[at], 0, gaps_ms[at]), 0)
    whole = np.diff(reached_ms) == HOUR_MS
    out[whole] = np.diff(integral)[whole] / HOUR_MS
    if greatest:
        out[whole] = np.maximum(line[:-1], line[1:])[whole]
        inside = np.searchsorted(edges_ms, time_ms, side="right") - 1
        for hour, each in zip(inside.tolist(), value.tolist(), strict=True):
            if 0 <= hour < count and whole[hour]:
                out[hour] = max(out[hour], each)
    return out


def _fill(starts_ms: Times, ends_ms: Times, value: Values, edges_ms: Times, *, greatest: bool) -> Values:
    """Return for each hour the mean, or the greatest, of the steps within it; NaN where they do not fill it."""
    count = len(edges_ms) - 1
    hour = (starts_ms - edges_ms[0]) // HOUR_MS
    use = np.isfinite(value) & (hour >= 0) & (hour < count)
    use &= (ends_ms > starts_ms) & (ends_ms <= edges_ms[0] + (hour + 1) * HOUR_MS)
    at, span_ms = hour[use], (ends_ms - starts_ms)[use]
    filled_ms = np.bincount(at, span_ms, count)
    if greatest:
        out = np.full(count, -np.inf)
        np.maximum.at(out, at, value[use])
    else:
        out = np.bincount(at, value[use] * span_ms, count) / HOUR_MS
    return np.where(filled_ms == HOUR_MS, out, np.nan)


def _of_members(table: Values) -> HourBand:
    """Return the median of members by hour, and the interval where enough of them say something of the hour."""
    known = np.isfinite(table).sum(axis=0)
    columns = np.full((3, table.shape[1]), np.nan)
    some = known * 2 >= len(table)
    if some.any():
        columns[:, some] = np.nanpercentile(table[:, some], (_MEDIAN, _LOW, _HIGH), axis=0)
    columns[1:, known < LEAST_MEMBERS] = np.nan
    return HourBand(*columns)


def _widen(value: Values, quantiles: dict[str, Values], kind: _Kind) -> tuple[Values, Values]:
    """Return the bounds of the 90 % interval of a value with some quantiles, never on the other side of the value."""
    nothing = np.full(len(value), np.nan)
    if "5" in quantiles and "95" in quantiles:
        low, high = quantiles["5"], quantiles["95"]
    elif "10" in quantiles and "90" in quantiles:
        low = value + WIDENED * (quantiles["10"] - value)
        high = value + WIDENED * (quantiles["90"] - value)
    else:
        return nothing, nothing.copy()
    whole = np.isfinite(value) & np.isfinite(low) & np.isfinite(high)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return np.where(whole, np.maximum(low, kind.low), np.nan), np.where(whole, np.minimum(high, kind.high), np.nan)


def _amounts(issue: ForecastIssue, kind: _Kind, step: StepKind, edges_ms: Times) -> tuple[SaidAmount | None, ...]:
    """Return for each hour the amount of the shortest step that contains it."""
    chosen: list[SaidAmount | None] = [None] * (len(edges_ms) - 1)
    for series in issue.series:
        if series.channel != kind.channel or series.aggregation is not step:
            continue
        value, low, high = _amount_columns(series, kind)
        for at, (start_ms, end_ms) in enumerate(zip(series.starts_ms, series.ends_ms, strict=True)):
            if not np.isfinite(value[at]) or end_ms - start_ms < HOUR_MS:
                continue
            first = max(0, -int((edges_ms[0] - start_ms) // HOUR_MS))
            last = min(len(chosen), int((end_ms - edges_ms[0]) // HOUR_MS))
            amount = SaidAmount(float(value[at]), _known(low[at]), _known(high[at]), start_ms, end_ms)
            for hour in range(first, last):
                before = chosen[hour]
                if before is None or end_ms - start_ms < before.end_ms - before.start_ms:
                    chosen[hour] = amount
    return tuple(chosen)


def _amount_columns(series: ForecastSeries, kind: _Kind) -> tuple[Values, Values, Values]:
    if series.members:
        band = _of_members(np.array([_floats(member) for member in series.members]))
        return band.value, band.low, band.high
    value = _floats(series.values)
    return (value, *_widen(value, {name: _floats(said) for name, said in series.quantiles.items()}, kind))


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
