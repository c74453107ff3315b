"""Suitability of forecast hours for spraying or spreading: the rule of measured hours, and how sure it is.

A limit within the 90 % interval of a quantity makes an hour that would be go a caution. The chance that an hour is
suitable is the product over wind, air and rain of the chance that none of their limits stops it, as if their errors had
nothing to do with one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from headland.agronomy.climate.psychrometrics import STANDARD_PRESSURE_KPA
from headland.agronomy.prescription.weather_window import (
    CAUTION,
    GO,
    Hour,
    HourVerdict,
    Kind,
    assess_hours,
)
from headland.agronomy.series.answer import INSUFFICIENT_DATA
from headland.agronomy.series.interval_chance import SHARES, equal_shares

#: From this chance of rain on an hour without rain is a caution [%]: one of five such hours is wet.
LEAST_RAIN_CHANCE_PCT: Final = 20.0
Quantity = Literal["temperature_degc", "humidity_pct", "wind_m_s", "gust_m_s", "rain_mm", "rain_ahead_mm"]
_STOPS: Final[Mapping[Quantity, frozenset[str]]] = {
    "temperature_degc": frozenset({"delta_t_too_high", "delta_t_too_low", "too_hot"}),
    "humidity_pct": frozenset({"delta_t_too_high", "delta_t_too_low"}),
    "wind_m_s": frozenset({"wind_too_strong"}),
    "rain_mm": frozenset({"rain"}),
    "rain_ahead_mm": frozenset({"rain_before_rainfast"}),
}
_BOUNDS: Final[Mapping[Quantity, tuple[float, float]]] = {
    "humidity_pct": (1.0, 100.0),
    "wind_m_s": (0.0, float("inf")),
    "gust_m_s": (0.0, float("inf")),
    "rain_mm": (0.0, float("inf")),
    "rain_ahead_mm": (0.0, float("inf")),
}


@dataclass(frozen=True, slots=True)
class ForecastHourWeather:
    """An hour as it is most likely, with the 90 % intervals of what has one.

    `may_rain` are the reasons that rain may give though the likely hour has none: a step that several hours share, or a
    chance. `rain_chance` is that of any rain in the hour or before the product is rainfast, 0..1.
    """

    likely: Hour
    intervals: Mapping[Quantity, tuple[float, float]]
    may_rain: tuple[str, ...] = ()
    rain_chance: float | None = None


@dataclass(frozen=True, slots=True)
class ForecastVerdict:
    """Suitability of a forecast hour; `doubts` are the reasons that may come true within the intervals.

    `chance` is that of an hour without a stop, 0..1; None where no interval or chance is known.
    """

    likely: HourVerdict
    state: str
    doubts: tuple[str, ...]
    chance: float | None


@dataclass(frozen=True, slots=True)
class SuitableRun:
    """Hours one after the other that suit the work; `chance` is that of the least sure of them."""

    first: int
    end: int
    chance: float | None


def assess_forecast(
    hours: Sequence[ForecastHourWeather], kind: Kind, pressure_kpa: float = STANDARD_PRESSURE_KPA
) -> list[ForecastVerdict]:
    """Return the suitability of forecast hours, by the rule of measured ones."""
    asked: list[Hour] = []
    for hour in hours:
        asked.append(hour.likely)
        for name, (low, high) in hour.intervals.items():
            asked += [_with(hour.likely, name, bound) for bound in (low, high)]
            if name in _STOPS:
                asked += [_with(hour.likely, name, value) for value in _spread(hour, name)]
    verdicts = iter(assess_hours(asked, kind, pressure_kpa))
    return [_verdict_of(hour, verdicts) for hour in hours]


def suitable_runs(verdicts: Sequence[ForecastVerdict], states: frozenset[str] = frozenset({GO})) -> list[SuitableRun]:
    """Return the runs of hours of some states."""
    runs: list[SuitableRun] = []
    first: int | None = None
    for at in range(len(verdicts) + 1):
        if at < len(verdicts) and verdicts[at].state in states:
            first = at if first is None else first
        elif first is not None:
            chances = [each.chance for each in verdicts[first:at] if each.chance is not None]
            runs.append(SuitableRun(first, at, min(chances) if len(chances) == at - first else None))
            first = None
    return runs


def _verdict_of(hour: ForecastHourWeather, verdicts: Iterator[HourVerdict]) -> ForecastVerdict:
    """Return the verdict of an hour from those of its likely, extreme and spread values, in this order."""
    likely = next(verdicts)
    doubts: dict[str, None] = dict.fromkeys(hour.may_rain)
    chance = None if hour.rain_chance is None else 1.0 - hour.rain_chance
    stopped: dict[Quantity, float] = {}
    for name in hour.intervals:
        for verdict in (next(verdicts), next(verdicts)):
            doubts |= dict.fromkeys(verdict.reasons)
        if name in _STOPS:
            passed = [bool(_STOPS[name] & set(next(verdicts).reasons)) for _ in range(SHARES)]
            stopped[name] = sum(passed) / SHARES
    if hour.rain_chance is not None:
        stopped.pop("rain_mm", None)
        stopped.pop("rain_ahead_mm", None)
    # Delta-T is one limit of two quantities: the less sure of them counts.
    air = max((stopped.pop(name) for name in ("temperature_degc", "humidity_pct") if name in stopped), default=None)
    for share in (*stopped.values(), *(() if air is None else (air,))):
        chance = (1.0 if chance is None else chance) * (1.0 - share)
    told = tuple(name for name in doubts if name not in likely.reasons)
    state = CAUTION if likely.state == GO and told else likely.state
    if state == INSUFFICIENT_DATA:
        chance = None
    return ForecastVerdict(likely, state, told, chance)


def _with(hour: Hour, name: Quantity, value: float) -> Hour:
    low, high = _BOUNDS.get(name, (-float("inf"), float("inf")))
    changed: dict[str, float] = {name: min(max(value, low), high)}
    return replace(hour, **changed)  # type: ignore[arg-type]


def _spread(hour: ForecastHourWeather, name: Quantity) -> list[float]:
    value: float = getattr(hour.likely, name)
    return equal_shares(value, *hour.intervals[name])
