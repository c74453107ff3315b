"""Irrigation advice by the water of the root zone: when, how much, and what a forecast rain would change.

Water that is forecast is never part of the balance; it only says what would be if it fell.

Sources
-------
.. [1] Allen et al. (1998), FAO-56: eq 83 and p. 171: irrigate before the readily available water is gone; eq 86.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from headland.agronomy.series.arrays import require

#: Cubic metres of a millimetre on a mu: a fifteenth of a hectare.
M3_PER_MM_MU: Final = 10.0 / 15.0
#: A day further ahead than this is not told.
MOST_DAYS: Final = 30.0


@dataclass(frozen=True, slots=True)
class EstimatedWater:
    """A number with its 90 % interval."""

    value: Annotated[float, "EstimatedWater."]
    low: Annotated[float, "Lower end of the 90 % interval."]
    high: Annotated[float, "Upper end of the 90 % interval."]


@dataclass(frozen=True, slots=True)
class PumpLimits:
    """What pump and zone can give: the most of a turn [mm], and a pump's flow [m3/h] for so many hours a day.

    `efficiency` is the share of the water given that the soil keeps, 0.3 to 1.
    """

    efficiency: float = 1.0
    most_mm: float | None = None
    flow_m3_h: float | None = None
    hours_a_day: float = 24.0

    def __post_init__(self) -> None:
        """Refuse limits out of range with ValueError."""
        require("efficiency", self.efficiency, 0.3, 1.0)
        require("hours_a_day", self.hours_a_day, 0.0, 24.0, above=0.0)
        for name in ("most_mm", "flow_m3_h"):
            if getattr(self, name) is not None:
                require(name, getattr(self, name), above=0.0)


@dataclass(frozen=True, slots=True)
class IfItRains:
    """What the forecast rain would change, if it fell as forecast: it is not booked."""

    rain_mm: Annotated[float, "Rain forecast until irrigation is due, at least for the next day [mm]."]
    amount_mm: Annotated[float, "Water to give after it [mm], without losses added; 0 where the rain suffices."]
    due_in_days: Annotated[float | None, "Days until irrigation is due after it; null beyond 30 days."]


@dataclass(frozen=True, slots=True)
class WaterAdvice:
    """When to irrigate and how much. `amount_mm` fills the root zone; losses are added."""

    verdict: Annotated[Literal["irrigate", "wait"], "irrigate: due within a day; wait: later."]
    due_in_days: Annotated[float | None, "Days until the readily available water is gone; null beyond 30 days."]
    earliest_days: Annotated[float | None, "The same at the dry end of the 90 % interval."]
    latest_days: Annotated[float | None, "The same at the wet end; null beyond 30 days."]
    amount_mm: Annotated[EstimatedWater, "Water to give if given now [mm], losses included."]
    amount_m3_mu: Annotated[EstimatedWater, "The same in cubic metres a mu."]
    turn_mm: Annotated[float, "What one turn gives within the limits of pump and zone [mm]."]
    turns: Annotated[int, "Turns, of a day each where the pump limits, that the amount takes."]
    limited_by: Annotated[Literal["zone", "pump"] | None, "What limits a turn; null where nothing does."]
    if_it_rains: Annotated[IfItRains | None, "By the forecast; null without one."]


def advise(
    depletion_mm: EstimatedWater,
    readily_mm: float,
    et_mm: float,
    area_m2: float,
    limits: PumpLimits,
    forecast_rain_mm: Sequence[float] | None = None,
) -> WaterAdvice:
    """Return advice for a root zone that loses `et_mm` a day [mm] and may lose `readily_mm` [mm]; [1].

    `forecast_rain_mm` is the rain of the next days, the first of which has begun; None where nothing is forecast.
    """
    require("et_mm", et_mm, 0.0, 20.0)
    require("area_m2", area_m2, above=0.0)
    due, earliest, latest = (
        _days_until(readily_mm - each, et_mm) for each in (depletion_mm.value, depletion_mm.high, depletion_mm.low)
    )
    amount = EstimatedWater(*(max(each, 0.0) / limits.efficiency for each in _ends(depletion_mm)))
    most, limited_by = _most_mm(area_m2, limits)
    turn = amount.value if most is None else min(amount.value, most)
    turns = 0 if amount.value == 0.0 else max(1, round(-(-amount.value // turn)))
    return WaterAdvice(
        "irrigate" if due is not None and due <= 1.0 else "wait",
        due,
        earliest,
        latest,
        amount,
        EstimatedWater(*(each * M3_PER_MM_MU for each in _ends(amount))),
        turn,
        turns,
        limited_by if most is not None and most < amount.value else None,
        None
        if forecast_rain_mm is None
        else _if_it_rains(depletion_mm.value, readily_mm, et_mm, due, forecast_rain_mm),
    )


def _ends(estimate: EstimatedWater) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high


def _days_until(left_mm: float, et_mm: float) -> float | None:
    if left_mm <= 0.0:
        return 0.0
    days = left_mm / et_mm if et_mm > 0.0 else MOST_DAYS + 1.0
    return days if days <= MOST_DAYS else None


def _most_mm(area_m2: float, limits: PumpLimits) -> tuple[float | None, Literal["zone", "pump"] | None]:
    """Return the most water of a turn [mm], and what limits it."""
    by_pump = None if limits.flow_m3_h is None else 1000.0 * limits.flow_m3_h * limits.hours_a_day / area_m2
    if limits.most_mm is not None and (by_pump is None or limits.most_mm <= by_pump):
        return limits.most_mm, "zone"
    return by_pump, None if by_pump is None else "pump"


def _if_it_rains(
    depletion_mm: float, readily_mm: float, et_mm: float, due: float | None, forecast: Sequence[float]
) -> IfItRains:
    ahead = max(1, len(forecast) if due is None else min(len(forecast), int(due) + 1))
    rain = float(sum(forecast[:ahead]))
    after = max(depletion_mm - rain, 0.0)
    return IfItRains(rain, after if after > readily_mm - et_mm else 0.0, _days_until(readily_mm - after, et_mm))
