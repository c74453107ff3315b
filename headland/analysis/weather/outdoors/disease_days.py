"""Late blight weather of days, measured and forecast, by the indices of measured days. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.climate.air import Air
from headland.agronomy.climate.disease import humid_indices
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.agronomy.series.time_grid import STEP_MS, make_periods
from headland.analysis.weather.outdoors.course import WeatherCourse
from headland.units_of_time import HOUR_MS

METHOD: Final = Method(
    "forecast_late_blight", 1,
    "Wallin's severity, Smith and Hutton periods of local days, hourly means measured up to now and forecast from "
    "then on; a day needs 90 % of its hours",
)  # fmt: skip
_STEPS: Final = HOUR_MS // STEP_MS


class DiseaseDay(msgspec.Struct, frozen=True, kw_only=True):
    """Weather of a local day for late blight of potato and tomato; it orders days and counts no sick plants."""

    start_ms: int
    end_ms: int
    reason: Annotated[str | None, "insufficient_data; null with a value."]
    severity: Annotated[int | None, "Wallin's severity value, 0 to 4, of the night that ends on the day."]
    smith_period: Annotated[bool | None, "Whether it ends two days of 10 degC and 11 humid hours each."]
    hutton_period: Annotated[bool | None, "Whether it ends two days of 10 degC and 6 humid hours each."]
    humid_h: Annotated[float | None, "Hours of 90 % or more."]
    rain_mm: Annotated[float | None, "Rain of the hours that are known."]
    measured_h: Annotated[int, "Hours that were measured."]
    forecast_h: Annotated[int, "Hours that are forecast."]
    missing_h: Annotated[int, "Hours that are neither."]


def disease_days(course: WeatherCourse, days_ms: Sequence[tuple[int, int]], since_ms: int) -> list[DiseaseDay]:
    """Return the local days that end after `since_ms`; earlier ones of `days_ms` are only their run-in."""
    periods = make_periods([start_ms for start_ms, _ in days_ms], days_ms[-1][1])
    temperature, humidity = _on_grid(course, periods.start_ms, periods.steps)
    indices = {index.name: index.value.tolist() for index in humid_indices(periods, Air(temperature, humidity))}
    known = np.isfinite(course.temperature_degc + course.humidity_pct)
    days = []
    for at, (start_ms, end_ms) in enumerate(days_ms):
        if end_ms <= since_ms:
            continue
        inside = (course.starts_ms >= start_ms) & (course.starts_ms < end_ms)
        measured = int((inside & known & ~course.is_forecast).sum())
        forecast = int((inside & known & course.is_forecast).sum())
        values = {name: None if math.isnan(column[at]) else column[at] for name, column in indices.items()}
        rain = course.rain_mm[inside]
        severity, smith, hutton = (values[name] for name in ("late_blight_severity", "smith_period", "hutton_period"))
        days.append(
            DiseaseDay(
                start_ms=start_ms,
                end_ms=end_ms,
                reason=INSUFFICIENT_DATA if severity is None and hutton is None else None,
                severity=None if severity is None else int(severity),
                smith_period=None if smith is None else bool(smith),
                hutton_period=None if hutton is None else bool(hutton),
                humid_h=None if values["humid_h"] is None else round(values["humid_h"], 2),
                rain_mm=round(float(np.nansum(rain)), 2) if np.isfinite(rain).any() else None,
                measured_h=measured,
                forecast_h=forecast,
                missing_h=(end_ms - start_ms) // HOUR_MS - measured - forecast,
            )
        )
    return days


def _on_grid(course: WeatherCourse, start_ms: int, steps: int) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Return temperature and humidity by step from `start_ms` on: each hour's mean in all of its steps."""
    first = (course.first_ms - start_ms) // STEP_MS
    columns = []
    for hourly in (course.temperature_degc, course.humidity_pct):
        column = np.full(steps, np.nan)
        spread = np.repeat(hourly, _STEPS)
        at = np.arange(len(spread)) + first
        use = (at >= 0) & (at < steps)
        column[at[use]] = spread[use]
        columns.append(column)
    return columns
