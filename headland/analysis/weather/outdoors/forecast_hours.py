"""Hours of a forecast as the rule for spraying and spreading takes them. Pure.

The wind of a forecast is at 10 m above the ground. The rule is about the wind at 2 m, where stations of farms measure
it and machines work: it is converted by FAO-56 eq 47.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.agronomy.climate.evapotranspiration import wind_at_2m_m_s
from headland.agronomy.prescription.forecast_window import (
    LEAST_RAIN_CHANCE_PCT,
    ForecastHourWeather,
    Quantity,
)
from headland.agronomy.prescription.weather_window import LEAST_RAIN_MM, Hour
from headland.analysis.weather.hourly_forecast import ForecastAmount, ForecastHour, ForecastValue
from headland.units_of_time import HOUR_MS

#: Height of the wind of the rule, and of a forecast's [m]; the factor from one to the other.
WIND_HEIGHT_M: Final = 2.0
FORECAST_WIND_HEIGHT_M: Final = 10.0
TO_2_M: Final = float(wind_at_2m_m_s(1.0, FORECAST_WIND_HEIGHT_M))


def hours_to_judge(hours: Sequence[ForecastHour], calm: Sequence[bool], rainfast_h: int) -> list[ForecastHourWeather]:
    """Return the weather of each hour; `calm` says which are night or around sunset."""
    return [_hour(hours, at, is_calm=is_calm, rainfast_h=rainfast_h) for at, is_calm in enumerate(calm)]


def _hour(hours: Sequence[ForecastHour], at: int, *, is_calm: bool, rainfast_h: int) -> ForecastHourWeather:
    hour = hours[at]
    intervals: dict[Quantity, tuple[float, float]] = {}
    likely = Hour(
        start_ms=hour.start_ms,
        temperature_degc=_value(hour.temperature_degc, "temperature_degc", intervals),
        humidity_pct=_value(hour.humidity_pct, "humidity_pct", intervals),
        wind_m_s=_value(hour.wind_speed_m_s, "wind_m_s", intervals, TO_2_M),
        gust_m_s=_value(hour.wind_gust_m_s, "gust_m_s", intervals, TO_2_M),
        rain_share=None,
        is_calm_time=is_calm,
        rain_mm=_rain_of_hour(hour, intervals),
        rainfast_h=float(rainfast_h),
        rain_ahead_mm=_rain_ahead(hours, at, rainfast_h),
    )
    chances = _chances(hours, at, rainfast_h)
    return ForecastHourWeather(
        likely,
        intervals,
        tuple(_may_rain(hours, at, rainfast_h)),
        None if chances is None else max(chances) / 100.0,
    )


def _value(
    said: ForecastValue | None, name: Quantity, intervals: dict[Quantity, tuple[float, float]], factor: float = 1.0
) -> float | None:
    if said is None:
        return None
    if said.low is not None and said.high is not None:
        intervals[name] = factor * said.low, factor * said.high
    return factor * said.value


def _is_of(amount: ForecastAmount, start_ms: int, end_ms: int) -> bool:
    """Return whether an amount falls within [start_ms, end_ms) for sure."""
    return start_ms <= amount.start_ms and amount.end_ms <= end_ms


def _rain_of_hour(hour: ForecastHour, intervals: dict[Quantity, tuple[float, float]]) -> float | None:
    """Return the rain that falls in an hour for sure; that of a longer step may fall in others of its hours."""
    rain = hour.rain_mm
    if rain is None:
        return None
    if not _is_of(rain, hour.start_ms, hour.start_ms + HOUR_MS):
        return 0.0
    if rain.low is not None and rain.high is not None and hour.rain_chance_pct is None:
        intervals["rain_mm"] = rain.low, rain.high
    return rain.value


def _rain_ahead(hours: Sequence[ForecastHour], at: int, rainfast_h: int) -> float | None:
    """Return the rain from an hour on before a product is rainfast; None where it is not known and none is certain."""
    start_ms, end_ms = hours[at].start_ms, hours[at].start_ms + (1 + rainfast_h) * HOUR_MS
    steps = [hour.rain_mm for hour in hours[at + 1 : at + 1 + rainfast_h]]
    certain = {(step.start_ms, step.end_ms): step.value for step in steps if step and _is_of(step, start_ms, end_ms)}
    # Rain of the step that the hour itself is of counts in the hour.
    certain = {step: value for step, value in certain.items() if step[1] > start_ms + HOUR_MS}
    total = sum(certain.values())
    is_known = len(steps) == rainfast_h and all(step is not None for step in steps)
    return total if is_known or total >= LEAST_RAIN_MM else None


def _may_rain(hours: Sequence[ForecastHour], at: int, rainfast_h: int) -> list[str]:
    """Return the reasons that rain may give: of a step that other hours share, by its chance, or by its interval."""
    start_ms = hours[at].start_ms
    end_ms = start_ms + (1 + rainfast_h) * HOUR_MS
    found = ["rain"] if _may(hours[at], start_ms, start_ms + HOUR_MS) else []
    if any(_may(hour, start_ms, end_ms) for hour in hours[at + 1 : at + 1 + rainfast_h]):
        found.append("rain_before_rainfast")
    return found


def _may(hour: ForecastHour, start_ms: int, end_ms: int) -> bool:
    rain, chance = hour.rain_mm, hour.rain_chance_pct
    if chance is not None and chance.value >= LEAST_RAIN_CHANCE_PCT:
        return True
    if rain is None:
        return False
    if rain.value >= LEAST_RAIN_MM and not _is_of(rain, start_ms, end_ms):
        return True
    return chance is None and rain.high is not None and rain.high >= LEAST_RAIN_MM


def _chances(hours: Sequence[ForecastHour], at: int, rainfast_h: int) -> list[float] | None:
    """Return the chances of rain of the steps from an hour on before a product is rainfast; None where one lacks."""
    steps = [hour.rain_chance_pct for hour in hours[at : at + 1 + rainfast_h]]
    known = [step.value for step in steps if step is not None]
    return known if len(known) == 1 + rainfast_h else None
