"""Reference evapotranspiration of a site: by the day, by the hour, and the sums of its hours by the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headland.agronomy.climate.evapotranspiration import (
    et0_from_weather_mm,
    et_hargreaves_mm,
    extraterrestrial_daily_mj_m2,
    wind_at_2m_m_s,
)
from headland.agronomy.climate.hourly_evapotranspiration import (
    REFERENCE_CROPS,
    HourlyWeather,
    net_of_hours_mj_m2,
    reference_et_mm,
)
from headland.agronomy.climate.psychrometrics import actual_vapour_pressure_kpa
from headland.agronomy.series.answer import Method
from headland.agronomy.series.arrays import Values
from headland.agronomy.series.indicator import MEAN_BAR, Index, precomputed_index
from headland.agronomy.series.time_grid import (
    STEP_MS,
    Periods,
    average,
    count_true,
    highest,
    hours_of,
    lowest,
    make_periods,
    sum_up,
)
from headland.analysis.greenhouse.house import HouseLocation, hour_starts
from headland.analysis.inputs.window import Window
from headland.i18n import CatalogText
from headland.units_of_time import DAY_MS, HOUR_MS

#: The hourly methods by name, without their common part.
_HOURLY: Final = {
    "et0_fao56_hourly": "FAO-56 eq 53, grass of 0.12 m",
    "et_asce_short_hourly": "ASCE-EWRI (2005), short reference crop (grass)",
    "et_asce_tall_hourly": "ASCE-EWRI (2005), tall reference crop (alfalfa)",
}
_LATITUDE: Final = "Reference evapotranspiration needs the site's latitude."
_MISSING: Final = "FAO-56 eq 6 and 53 also need humidity, global radiation and wind outside."


_NO_SUN: Final = "On days without sun the sky cannot be told from its light: for ET0 it is taken as clear."
_SEA_LEVEL: Final = "The site's altitude is not known: sea level is assumed; 100 m change ET0 by less than 1 %."


@dataclass(frozen=True, slots=True)
class OutsideCourse:
    """The weather by grid step, NaN where unknown; None for a quantity that is not measured.

    `channels` are those of temperature, humidity, radiation and wind.
    """

    temperature_degc: Values
    humidity_pct: Values | None
    radiation_w_m2: Values | None
    wind_m_s: Values | None
    channels: tuple[str, str, str, str]


def daily_evapotranspiration(
    place: HouseLocation,
    periods: Periods,
    course: OutsideCourse,
    wind_height_m: float,
    notes: dict[str, str | CatalogText],
) -> list[Index]:
    """Return FAO-56 eq 6 and eq 52 of each local day; `notes` get what is missing or assumed."""
    if place.latitude_deg is None:
        notes["et0"] = _LATITUDE
        return []
    t = course.temperature_degc
    day_of_year = _days_of_year(periods)
    low, high = lowest(periods, t), highest(periods, t)
    known = count_true(periods, np.isfinite(t))
    whole = known / (DAY_MS // STEP_MS)
    top = extraterrestrial_daily_mj_m2(place.latitude_deg, day_of_year)
    indices = [
        precomputed_index(
            "et0_hargreaves_mm",
            "mm",
            Method("et0_hargreaves", 1, "FAO-56 eq 52, from temperatures alone; whole days from 90 % on"),
            course.channels[:1],
            et_hargreaves_mm(low, high, top),
            np.minimum(whole, 1.0),
            known,
        )
    ]
    rh, sun, wind = course.humidity_pct, course.radiation_w_m2, course.wind_m_s
    if rh is None or sun is None or wind is None:
        notes["et0_fao56_mm"] = _MISSING
        return indices
    if place.altitude_m is None:
        notes["altitude"] = _SEA_LEVEL
    if (top <= 0.0).any():
        notes["sky"] = _NO_SUN
    known = count_true(periods, np.isfinite(t + rh + sun + wind))
    et0 = et0_from_weather_mm(
        low,
        high,
        average(periods, actual_vapour_pressure_kpa(t, rh)),
        sum_up(periods, np.maximum(sun, 0.0)) * STEP_MS / 1e9,
        wind_at_2m_m_s(average(periods, wind), wind_height_m),
        latitude_deg=place.latitude_deg,
        altitude_m=place.altitude_m or 0.0,
        day_of_year=day_of_year,
    )
    rule = f"FAO-56 eq 6, wind from {wind_height_m:g} m by eq 47, mean vapour pressure; whole days from 90 % on"
    coverage = np.minimum(known / (DAY_MS // STEP_MS), 1.0)
    method = Method("et0_fao56", 1, rule)
    return [*indices, precomputed_index("et0_fao56_mm", "mm", method, course.channels, et0, coverage, known)]


def hourly_evapotranspiration(
    place: HouseLocation, hours: Periods, course: OutsideCourse, wind_height_m: float
) -> list[Index]:
    """Return the evapotranspiration of the reference crops in each hour; none where it is not measured or located."""
    rh, sun, wind = course.humidity_pct, course.radiation_w_m2, course.wind_m_s
    if place.latitude_deg is None or place.longitude_deg is None:
        return []
    if rh is None or sun is None or wind is None:
        return []
    altitude_m = place.altitude_m or 0.0
    t = course.temperature_degc
    # Means of the steps at which all are known.
    both = np.isfinite(t + rh + sun + wind)
    means = [
        average(hours, np.where(both, value, np.nan))
        for value in (t, actual_vapour_pressure_kpa(t, rh), np.maximum(sun, 0.0), wind)
    ]
    middle_ms = hours.start_ms + STEP_MS * (hours.edges[:-1] + hours.edges[1:]) // 2
    wind_2m = wind_at_2m_m_s(means[3], wind_height_m)
    weather = HourlyWeather(middle_ms, means[0], means[1], means[2] * HOUR_MS / 1e9, wind_2m)
    net = net_of_hours_mj_m2(weather, place.latitude_deg, place.longitude_deg, altitude_m)
    known = count_true(hours, both)
    rule = f"wind from {wind_height_m:g} m by eq 47, the sky's brightness of the last hour with a sun above 17 degrees"
    return [
        precomputed_index(
            f"{name}_mm", "mm", Method(name, 1, f"{_HOURLY[name]}; {rule}; from 50 % of the hour on"), course.channels,
            reference_et_mm(crop, weather, net, altitude_m) * hours_of(hours.lengths), known / hours.lengths, known,
            MEAN_BAR,
        )
        for name, crop in REFERENCE_CROPS.items()
    ]  # fmt: skip


def _days_of_year(periods: Periods) -> Values:
    """Return the day of the year of the middle of each period."""
    middle_ms = periods.start_ms + STEP_MS * (periods.edges[:-1] + periods.edges[1:]) // 2
    dates = (middle_ms // 1000).astype("datetime64[s]").astype("datetime64[D]")
    return np.asarray((dates - dates.astype("datetime64[Y]")).astype(np.float64) + 1.0)


def hourly_notes(place: HouseLocation, hours: Periods, course: OutsideCourse) -> dict[str, str]:
    """Return what is missing or assumed for the evapotranspiration of hours."""
    if place.latitude_deg is None or place.longitude_deg is None:
        return {"et0": _LATITUDE}
    if course.humidity_pct is None or course.radiation_w_m2 is None or course.wind_m_s is None:
        return {"et0_fao56_hourly_mm": _MISSING}
    notes = {} if place.altitude_m is not None else {"altitude": _SEA_LEVEL}
    has_sun = (extraterrestrial_daily_mj_m2(place.latitude_deg, _days_of_year(hours)) > 0.0).all()
    return notes if has_sun else {**notes, "sky": _NO_SUN}


def hours_of_days(place: HouseLocation, days: Periods) -> tuple[Periods, Periods]:
    """Return the local hours of some local days, and the days in these hours."""
    end_ms = days.window(len(days) - 1)[1]
    hours = make_periods(hour_starts(place, Window(days.start_ms, end_ms)), end_ms)
    return hours, Periods(days.start_ms, np.searchsorted(hours.edges, days.edges))


def day_sums_of(in_hours: Periods, hourly: Iterable[Index]) -> list[Index]:
    """Return the sums of hourly indices over days, which are in hours; every hour must be known."""
    return [
        replace(
            index,
            method=replace(index.method, source=f"sum of every hour: {index.method.source}"),
            value=np.where(count_true(in_hours, ~np.isfinite(index.value)) == 0, sum_up(in_hours, index.value), np.nan),
            coverage=count_true(in_hours, np.isfinite(index.value)) / in_hours.lengths,
            known=np.add.reduceat(index.known, in_hours.edges[:-1]),
            bar=1.0,
        )
        for index in hourly
    ]
