"""Tests of the weather to come at a site: the hour that is furthest beyond a limit, with its chance. Pure.

- An hour is beyond the limit where its chance reaches that of the rule, and where the forecast has no interval, or the
  rule names no chance, where its value is beyond: a chance that nobody stated is not made up.
- The chance of several hours is that of the likeliest one, which all of them together have at least.
- Amounts add up over the steps that the hours touch, each whole. The ends of their intervals add up, too, as if all
  steps were wrong together, and their chance is at most the sum of the provider's chances of any precipitation.
- A rule holds as soon as one hour says so. That it does not hold is known when every hour is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from headland.agronomy.climate.forecast_chance import chance_above, chance_below
from headland.registry.models.alarms import AlarmForecast, AlarmTest
from headland.registry.models.weather import Attribution
from headland.registry.validation.alarm_rules import FORECAST_CHANCE, FORECAST_SUM, FORECAST_VALUES
from headland.units_of_time import HOUR_MS

ValueBasis = Literal["provider", "corrected"]
#: Why a rule cannot be judged, beside the reasons of a site without any forecast.
HOURS_MISSING: Final = "hours_missing"
NO_FORECASTS: Final = "off"


class OutlookHour(Protocol):
    """An hour of a forecast: beside its start it has the quantities of `FORECAST_VALUES`, each or None."""

    @property
    def start_ms(self) -> int:
        """Begin of the hour."""


class Outlook(Protocol):
    """The weather to come at a site: `headland.analysis.weather.hourly_forecast.HourlyForecast`."""

    @property
    def reason(self) -> str | None:
        """Why there is none."""

    @property
    def text(self) -> str:
        """Why there is none, or how old it is."""

    @property
    def text_zh(self) -> str:
        """The same in Chinese."""

    @property
    def title(self) -> str | None:
        """Name of the provider for people."""

    @property
    def simulated(self) -> bool:
        """Whether the provider is simulated."""

    @property
    def issued_ms(self) -> int | None:
        """When it was issued."""

    @property
    def fetched_ms(self) -> int | None:
        """When it was received."""

    @property
    def attribution(self) -> Attribution | None:
        """What its licence asks to say."""

    @property
    def hours(self) -> Sequence[OutlookHour]:
        """Hours one after the other."""


@dataclass(frozen=True, slots=True)
class OutlookVerdict:
    """What a forecast says of a test: its state, and the time that is furthest beyond the limit.

    `is_bad` and `is_over` are False where it is not known, for the `reason`. `value` is None without any known hour.
    """

    is_bad: bool
    is_over: bool
    reason: str | None
    value: float | None = None
    forecast: AlarmForecast | None = None
    simulated: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the forecast is enough to tell."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class _Step:
    """A value of a time, its interval, and the most that its chance can be."""

    start_ms: int
    end_ms: int
    value: float
    low: float | None
    high: float | None
    basis: ValueBasis
    most: float = 1.0


def judge_forecast(test: AlarmTest, outlook: Outlook | None, now_ms: int) -> OutlookVerdict:
    """Return what a forecast says of the hours from that of now on, up to `within_h` from now."""
    if outlook is None or not outlook.hours:
        return OutlookVerdict(False, False, NO_FORECASTS if outlook is None else outlook.reason or HOURS_MISSING)
    first_ms = now_ms // HOUR_MS * HOUR_MS
    end_ms = now_ms + (test.within_h or 0.0) * HOUR_MS
    near = [hour for hour in outlook.hours if first_ms <= hour.start_ms < end_ms]
    said = [(hour, value) for hour in near if (value := _said(hour, test.what)) is not None]
    is_complete = len(said) >= math.ceil((end_ms - first_ms) / HOUR_MS)
    steps = _steps(test, said)
    if not steps:
        return OutlookVerdict(False, False, HOURS_MISSING, simulated=outlook.simulated)
    bound = _bound(test)
    is_bad = any(_is_beyond(test, step, bound) for step in steps)
    back = bound + test.hysteresis * (1.0 if test.below is not None else -1.0)
    is_over = is_complete and not any(_is_beyond(test, step, back) for step in steps)
    worst = max(steps, key=lambda step: _order(test, step, bound))
    return OutlookVerdict(
        is_bad,
        is_over,
        None if is_bad or is_complete else HOURS_MISSING,
        worst.value,
        _describe(test, outlook, worst, bound),
        outlook.simulated,
    )


def _said(hour: OutlookHour, what: str) -> Any:
    return getattr(hour, FORECAST_VALUES[what])


def _steps(test: AlarmTest, said: Iterable[tuple[OutlookHour, Any]]) -> list[_Step]:
    """Return the times that a test looks at: hours, steps of a chance, or all steps of an amount as one."""
    if test.what not in (FORECAST_SUM, FORECAST_CHANCE):
        return [
            _Step(hour.start_ms, hour.start_ms + HOUR_MS, value.value, value.low, value.high, value.basis)
            for hour, value in said
        ]
    steps: dict[tuple[int, int], _Step] = {}
    for hour, value in said:
        key = value.start_ms, value.end_ms
        chance = _said(hour, FORECAST_CHANCE)
        most = 1.0 if chance is None or (chance.start_ms, chance.end_ms) != key else chance.value / 100.0
        steps[key] = _Step(*key, value.value, value.low, value.high, value.basis, most)
    if test.what == FORECAST_CHANCE or not steps:
        return list(steps.values())
    each = sorted(steps.values(), key=lambda step: step.start_ms)
    lows, highs = [step.low for step in each], [step.high for step in each]
    return [
        _Step(
            each[0].start_ms,
            each[-1].end_ms,
            sum(step.value for step in each),
            None if None in lows else sum(low for low in lows if low is not None),
            None if None in highs else sum(high for high in highs if high is not None),
            "corrected" if any(step.basis == "corrected" for step in each) else "provider",
            min(1.0, sum(step.most for step in each)),
        )
    ]


def _bound(test: AlarmTest) -> float:
    return test.below if test.below is not None else test.above or 0.0


def _chance(test: AlarmTest, step: _Step, bound: float) -> float | None:
    """Return the chance that a step is beyond a bound; None where it has no interval, or is a chance itself."""
    if step.low is None or step.high is None or test.what == FORECAST_CHANCE:
        return None
    if test.below is not None:
        return chance_below(step.value, step.low, step.high, bound)
    return min(chance_above(step.value, step.low, step.high, bound), step.most)


def _is_beyond(test: AlarmTest, step: _Step, bound: float) -> bool:
    chance = None if test.chance_pct is None else _chance(test, step, bound)
    if chance is not None and test.chance_pct is not None:
        return chance * 100.0 >= test.chance_pct
    return step.value < bound if test.below is not None else step.value > bound


def _order(test: AlarmTest, step: _Step, bound: float) -> tuple[bool, float, float]:
    """Return what orders steps by how far they are beyond the limit."""
    distance = bound - step.value if test.below is not None else step.value - bound
    return _is_beyond(test, step, bound), _chance(test, step, bound) or 0.0, distance


def _describe(test: AlarmTest, outlook: Outlook, step: _Step, bound: float) -> AlarmForecast:
    chance = _chance(test, step, bound)
    return AlarmForecast(
        start_ms=step.start_ms,
        end_ms=step.end_ms,
        within_h=test.within_h or 0.0,
        chance_pct=None if chance is None else round(chance * 100.0, 1),
        least_chance_pct=test.chance_pct,
        low=step.low,
        high=step.high,
        basis=step.basis,
        title=outlook.title or "",
        issued_ms=outlook.issued_ms,
        fetched_ms=outlook.fetched_ms,
        attribution=outlook.attribution,
    )
