"""Plausibility of air: units of temperature, humidity, CO2 and wind by their odds, and channels that are swapped.

A series is weighed in each unit by its range, by the season, by the temperature outside, and with humidity by the dew
point of the air: a cool house in Fahrenheit is a hot one in degC, but its air would hold more water than air ever does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.climate.psychrometrics import dew_point_degc
from headland.agronomy.plausibility.explanation import (
    LEAST_MISFIT,
    ChannelVerdict,
    Explanation,
    Weighed,
    beyond,
    weigh,
)
from headland.agronomy.plausibility.sun_course import SunPlace
from headland.agronomy.plausibility.usual import (
    AIR,
    FAHRENHEIT,
    HUMIDITY,
    OUTSIDE,
    OUTSIDE_HUMIDITY,
    USUAL,
    ReportedUnit,
    season_degc,
)
from headland.agronomy.series.arrays import Times, Values
from headland.agronomy.series.finding import Mend
from headland.units_of_time import HOUR_MS

#: The humidity that belongs to a temperature.
_PAIRS: Final = {AIR: HUMIDITY, OUTSIDE: OUTSIDE_HUMIDITY}
#: What the air of a station is judged as.
_OUTDOORS: Final = {AIR: OUTSIDE, HUMIDITY: OUTSIDE_HUMIDITY}
#: The fewest samples that show a unit, and the time that has a night.
_LEAST, _NIGHT_MS = 6, 18 * HOUR_MS
#: The highest dew point of air [degC]: behind a cover, outdoors; its scale.
_DEW_INSIDE, _DEW_OUTSIDE, _DEW_SCALE = 31.0, 30.0, 2.5
#: Air inside less that outside, the median [K].
_COOLEST, _WARMEST = -5.0, 27.0
#: What the medians mostly are, with a scale: that alone names nothing, but tells explanations apart.
_MOSTLY: Final = {AIR: (8.0, 32.0, 4.0), HUMIDITY: (40.0, 101.0, 6.0), OUTSIDE_HUMIDITY: (25.0, 101.0, 12.0)}
_TELLING: Final = 4.0
#: Outdoors, beyond the season's mean: of the low, of the high values [K], and their scale.
_SEASON_LOW, _SEASON_HIGH, _SEASON_SCALE = (-28.0, 15.0), (-16.0, 27.0), 3.0
#: What a thermometer has in the shade for an hour and more [degC]: above, Fahrenheit is possible.
_HOT_DEGC: Final = 45.0
_STEP_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True)
class _Column:
    """Column of a channel: its samples, at most about one in a quarter of an hour, with two percentiles."""

    time_ms: Times
    value: Values
    low: float
    high: float

    @property
    def has_night(self) -> bool:
        return bool(self.time_ms[-1] - self.time_ms[0] >= _NIGHT_MS)


@dataclass(frozen=True, slots=True)
class _Change:
    explanation: Explanation
    columns: Mapping[str, _Column]
    channels: tuple[str, ...]


def judge_air(
    samples: Mapping[str, tuple[Times, Values]], place: SunPlace | None, *, indoors: bool
) -> list[ChannelVerdict]:
    """Return what is wrong with the air of one device or place: units, and channels that are swapped.

    `indoors`: its air is behind a cover; outside channels are outdoors. Instances (`air_temperature_degc:1`) are
    weighed beside the outside air of the first.
    """
    columns = {
        channel: column
        for channel, (time_ms, value) in samples.items()
        if channel.partition(":")[0] in USUAL and (column := _column(time_ms, value)) is not None
    }
    found: list[ChannelVerdict] = []
    for instance in sorted({channel.partition(":")[2] for channel in columns}):
        own = {
            channel.partition(":")[0]: column
            for channel, column in columns.items()
            if channel.partition(":")[2] == instance
        }
        if instance and OUTSIDE in columns:
            own.setdefault(OUTSIDE, columns[OUTSIDE])
        suffix = f":{instance}" if instance else ""
        for verdict in _judge(own, place, indoors=indoors):
            names = tuple(name + suffix if name + suffix in columns else name for name in verdict.channels)
            found.append(replace(verdict, channels=names))
    return found


def _judge(columns: dict[str, _Column], place: SunPlace | None, *, indoors: bool) -> Iterator[ChannelVerdict]:
    """Yield a verdict for each channel that is wrong: each time the best, then the rest without it."""
    rest = dict(columns)
    for _ in range(len(columns)):
        told = _best(rest, place, indoors=indoors)
        if told is None:
            break
        yield told
        rest = {name: column for name, column in rest.items() if name not in told.channels}
    for name, column in rest.items():
        is_air = FAHRENHEIT in USUAL[name][1]
        if (
            is_air
            and not column.has_night
            and column.low >= _HOT_DEGC
            and column.high <= 212.0
            and _span(column) >= HOUR_MS
        ):
            explanation = _explanation(FAHRENHEIT, column)
            yield ChannelVerdict(Weighed(explanation, 0.7, left_out=False), (name,), left_out=False)


def _best(columns: Mapping[str, _Column], place: SunPlace | None, *, indoors: bool) -> ChannelVerdict | None:
    as_declared = _misfit(columns, place, indoors=indoors)
    if as_declared < LEAST_MISFIT:
        return None
    changes = list(_changes(columns))
    weighed = [replace(each.explanation, misfit=_misfit(each.columns, place, indoors=indoors)) for each in changes]
    verdict = weigh(as_declared, weighed)
    if verdict is None:
        return None
    change = changes[weighed.index(verdict.explanation)]
    return ChannelVerdict(verdict, change.channels, verdict.left_out)


def _changes(columns: Mapping[str, _Column]) -> Iterator[_Change]:
    for name, column in columns.items():
        for unit in USUAL[name][1]:
            other = replace(
                column, value=unit.right(column.value), low=unit.right_of(column.low),
                high=unit.right_of(column.high),
            )  # fmt: skip
            yield _Change(_explanation(unit, column), {**columns, name: other}, (name,))
    for first, second, rarity in ((AIR, HUMIDITY, 5.0), (OUTSIDE, OUTSIDE_HUMIDITY, 5.0), (AIR, OUTSIDE, 3.5)):
        if first in columns and second in columns:
            mend = Mend("rename_channel", "channel", "", "name", first, second)
            facts = {"first": first, "second": second}
            swapped = {**columns, first: columns[second], second: columns[first]}
            yield _Change(Explanation("channels_swapped", rarity, 0.0, facts, mend), swapped, (first, second))


def _explanation(unit: ReportedUnit, column: _Column) -> Explanation:
    low, high = unit.right_of(column.low), unit.right_of(column.high)
    facts = {
        "unit": unit.symbol, "low": f"{column.low:.3g}", "high": f"{column.high:.3g}",
        "low_right": f"{low:.3g}", "high_right": f"{high:.3g}", "factor": f"{unit.gain:g}",
    }  # fmt: skip
    field, before, after = ("unit", "°C", "°F") if unit == FAHRENHEIT else ("gain", 1.0, unit.gain)
    if unit.offset and unit != FAHRENHEIT:
        field, before, after = "offset", 0.0, unit.offset
    return Explanation(unit.cause, unit.rarity, 0.0, facts, Mend("calibrate", "channel", "", field, before, after))


def _misfit(columns: Mapping[str, _Column], place: SunPlace | None, *, indoors: bool) -> float:
    total = 0.0
    for name, column in columns.items():
        total += _misfit_of_range(name, column, place, indoors=indoors)
    for name, humidity in _PAIRS.items():
        if name in columns and humidity in columns:
            most = _DEW_INSIDE if indoors and name == AIR else _DEW_OUTSIDE
            total += _misfit_of_dew(columns[name], columns[humidity], most)
    if indoors and AIR in columns and OUTSIDE in columns:
        inside, outside = _together(columns[AIR], columns[OUTSIDE])
        if len(inside) >= _LEAST and np.ptp(columns[AIR].time_ms) >= _NIGHT_MS:
            warmer_k = float(np.median(inside - outside))
            total += min(beyond(warmer_k, _COOLEST, np.inf, 1.5) + beyond(warmer_k, -np.inf, _WARMEST, 2.5), 30.0)
    return total


def _misfit_of_range(name: str, column: _Column, place: SunPlace | None, *, indoors: bool) -> float:
    usual = USUAL[name if indoors else _OUTDOORS.get(name, name)][0]
    low, high = column.low, column.high
    if usual.by_ratio:
        low, high = (float(np.log(max(each, 1e-9))) for each in (low, high))
        ranges = [tuple(np.log(each)) for each in (usual.low, usual.high)]
    else:
        ranges = [usual.low, usual.high]
    # The low of a day without its night shows nothing.
    top = ranges[0][1] if column.has_night else np.inf
    is_warm_by_day = FAHRENHEIT in USUAL[name][1]
    bottom = -np.inf if is_warm_by_day and not column.has_night else ranges[1][0]
    total = beyond(low, ranges[0][0], top, usual.scale) + beyond(high, bottom, ranges[1][1], usual.scale)
    is_outdoors = name == OUTSIDE or (name == AIR and not indoors)
    if place is not None and is_outdoors and column.has_night:
        mean = season_degc(float(column.time_ms.mean()), place.latitude_deg, place.altitude_m)
        total += beyond(low - mean, *_SEASON_LOW, _SEASON_SCALE) + beyond(high - mean, *_SEASON_HIGH, _SEASON_SCALE)
    mostly = _MOSTLY.get(name) if indoors or name != AIR else None
    return min(total, 60.0) + (
        0.0 if mostly is None else min(beyond(float(np.median(column.value)), *mostly), _TELLING)
    )


def _misfit_of_dew(temperature: _Column, humidity: _Column, most: float) -> float:
    degc, pct = _together(temperature, humidity)
    known = (degc > -60.0) & (degc < 90.0) & (pct > 0.5) & (pct <= 105.0)
    if known.sum() < max(_LEAST, len(degc) // 2):
        return 0.0
    dew = dew_point_degc(degc[known], np.minimum(pct[known], 100.0))
    return min(beyond(float(np.quantile(dew, 0.95)), -45.0, most, _DEW_SCALE), 30.0)


def _column(time_ms: Times, value: Values) -> _Column | None:
    known = np.isfinite(value)
    if known.sum() < _LEAST:
        return None
    time_ms, value = time_ms[known], value[known]
    low, high = np.quantile(value, (0.02, 0.98)).tolist()
    # One sample of each quarter of an hour shows the same at less cost.
    first = np.flatnonzero(np.diff(time_ms // _STEP_MS, prepend=-1))
    return _Column(time_ms[first], value[first], low, high)


def _span(column: _Column) -> int:
    return int(column.time_ms[-1] - column.time_ms[0])


def _together(one: _Column, other: _Column) -> tuple[Values, Values]:
    _, at, to = np.intersect1d(
        one.time_ms // _STEP_MS, other.time_ms // _STEP_MS, assume_unique=True, return_indices=True
    )
    return one.value[at], other.value[to]


def reads_fahrenheit(value: Values, others_degc: Values) -> tuple[float, float] | None:
    """Return how far a thermometer is above others [K], and off them in Fahrenheit; None where it reads degC."""
    known = np.isfinite(value) & np.isfinite(others_degc)
    if known.sum() < _LEAST:
        return None
    off_k = float(np.median(np.abs(value[known] - others_degc[known])))
    off_f = float(np.median(np.abs(value[known] - 1.8 * others_degc[known] - 32.0)))
    return None if off_k < 8.0 or off_f > 3.0 else (off_k, off_f)


def fahrenheit_of(value: Values) -> Explanation:
    """Return the explanation that a series is in Fahrenheit."""
    known = value[np.isfinite(value)]
    low, high = np.quantile(known, (0.02, 0.98)).tolist()
    return _explanation(FAHRENHEIT, _Column(np.empty(0, np.int64), known, low, high))
