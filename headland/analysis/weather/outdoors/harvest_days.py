"""Hours of each day to come in which standing wheat can be harvested, and in which its grain is dry. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import numpy as np

from headland.agronomy.climate.sun import is_day
from headland.agronomy.harvest.grain_drying import STORED_PCT, THRESHED_PCT, dry_of_rain, wheat_moisture_pct
from headland.agronomy.prescription.weather_window import LEAST_RAIN_MM
from headland.agronomy.series.answer import INSUFFICIENT_DATA, Method
from headland.analysis.weather.outdoors.course import WeatherCourse
from headland.units_of_time import HOUR_MS

METHOD: Final = Method(
    "harvest_days", 1,
    "hours by day without rain of 0.1 mm in them or the three before, in whose air wheat comes to at most 20 % of "
    "moisture, and to 12.5 % (GB 1351-2008), by the modified Chung-Pfost equation (ASABE D245)",
)  # fmt: skip
#: A day on which harvest is worth the way has so many hours on end.
LEAST_HARVEST_H: Final = 4


class HarvestDay(msgspec.Struct, frozen=True, kw_only=True):
    """A local day, from its sunrise to its sunset."""

    start_ms: int
    end_ms: int
    state: Annotated[str, "go: four hours or more on end suit; caution: fewer do; stop: none; or insufficient_data."]
    harvest_h: Annotated[int | None, "Longest run of hours that suit; null where the hours are not known."]
    first_ms: Annotated[int | None, "Start of that run."]
    stored_h: Annotated[int | None, "Hours in which grain dries to what can be stored."]
    rain_mm: Annotated[float | None, "Of the hours of light that are known."]
    measured_h: Annotated[int, "Hours of light that were measured."]
    forecast_h: Annotated[int, "Hours of light that are forecast."]
    missing_h: Annotated[int, "Hours of light of which something is not known."]


def harvest_days(
    course: WeatherCourse, days_ms: Sequence[tuple[int, int]], place_deg: tuple[float, float]
) -> list[HarvestDay]:
    """Return the local days; one of which an hour of light is not known is insufficient_data."""
    starts_ms = course.starts_ms
    lit = is_day(starts_ms + HOUR_MS // 2, *place_deg)
    known = np.isfinite(course.temperature_degc + course.humidity_pct + course.rain_mm)
    moisture = wheat_moisture_pct(course.temperature_degc, course.humidity_pct)
    dry = dry_of_rain(~(course.rain_mm < LEAST_RAIN_MM))
    suits = lit & known & dry & (moisture <= THRESHED_PCT)
    stored = suits & (moisture <= STORED_PCT)
    days = []
    for start_ms, end_ms in days_ms:
        inside = (starts_ms >= start_ms) & (starts_ms < end_ms) & lit
        # Hours of light of the day, those after the end of a forecast as well.
        whole_ms = np.arange(-(-start_ms // HOUR_MS) * HOUR_MS, end_ms, HOUR_MS, dtype=np.int64)
        light_h = int(is_day(whole_ms + HOUR_MS // 2, *place_deg).sum())
        known_h = int((inside & known).sum())
        is_known = 0 < light_h == known_h
        first, hours = _longest(np.flatnonzero(inside & suits))
        days.append(
            HarvestDay(
                start_ms=start_ms,
                end_ms=end_ms,
                state=_state(hours) if is_known else INSUFFICIENT_DATA,
                harvest_h=hours if is_known else None,
                first_ms=int(starts_ms[first]) if is_known and hours else None,
                stored_h=int((inside & stored).sum()) if is_known else None,
                rain_mm=round(float(np.nansum(course.rain_mm[inside])), 2) if (inside & known).any() else None,
                measured_h=int((inside & known & ~course.is_forecast).sum()),
                forecast_h=int((inside & known & course.is_forecast).sum()),
                missing_h=light_h - known_h,
            )
        )
    return days


def _state(hours: int) -> str:
    return "go" if hours >= LEAST_HARVEST_H else "caution" if hours else "stop"


def _longest(at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[int, int]:
    """Return the first and the number of the longest run of neighbours, the first of equal ones."""
    if not len(at):
        return 0, 0
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    longest = max(runs, key=len)
    return int(longest[0]), len(longest)
