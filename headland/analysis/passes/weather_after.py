"""Weather after an application, measured by the site's devices: the input of its nitrogen loss risks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from headland.agronomy.climate.air import Thresholds
from headland.agronomy.climate.rain import largest_event_mm
from headland.agronomy.prescription.loss_risk import (
    INCORPORATING_MM,
    LEACHING_DAYS,
    LEACHING_MM,
    MOST_CROP_COEFFICIENT,
    NITRIFYING_DAYS,
    VOLATILE_HOURS,
    WeatherAfter,
)
from headland.analysis.greenhouse.house import House, find_site
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.passes.detection import FieldPass
from headland.analysis.weather.outdoor_weather import Gauge, Hourly, hourly_means, read_rain, site_devices
from headland.analysis.weather.site_weather import answer_weather
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS

#: The share of a window that must be known for a value.
_LEAST_KNOWN: Final = 0.9
#: Sentelhas et al. (2008): surfaces are wet with dew from this humidity on.
_WET_PCT: Final = 90.0
#: Water that wetted the ground up to so long before still counts.
_BEFORE_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class PassWeather:
    """The weather after an application; `inputs` are its figures by name, None where not measured."""

    after: WeatherAfter
    volatile: Window
    leaching: Window
    devices: list[str]
    inputs: dict[str, float | None]


def weather_after_pass(
    scope: OrgScope, repositories: OrganisationRepositories, field_pass: FieldPass, soil_deficit_mm: float | None
) -> PassWeather:
    """Return the weather after a pass; `soil_deficit_mm` is the water that the root zone could take up at its end."""
    now_ms = scope.now_ms
    site = None if field_pass.field.site is None else repositories.sites.get(field_pass.field.site).name
    records = site_devices(scope, site)
    volatile = Window(field_pass.end_ms, field_pass.end_ms + VOLATILE_HOURS * HOUR_MS)
    leaching = Window(field_pass.end_ms, field_pass.end_ms + LEACHING_DAYS * DAY_MS)
    # Whole hours in the past, from the hour in which the work ended.
    first_ms = field_pass.end_ms // HOUR_MS * HOUR_MS
    so_far = Window(first_ms, max(min(volatile.end_ms, now_ms) // HOUR_MS * HOUR_MS, first_ms))
    measured = Window(so_far.start_ms - _BEFORE_MS, so_far.end_ms)
    means = hourly_means(scope, records, ("temperature", "humidity", "wind", "rain_share"), measured)
    air, humidity, wind, wet = means["temperature"], means["humidity"], means["wind"], means["rain_share"]
    gauge = read_rain(scope, records, Window(measured.start_ms, min(leaching.end_ms, now_ms)))
    fallen = gauge.sum(volatile.start_ms, so_far.end_ms)
    is_known = fallen.coverage >= _LEAST_KNOWN
    largest_mm = largest_event_mm(gauge.rain, volatile.start_ms, so_far.end_ms) if gauge.device is not None else None
    least_mm, most_mm, late_mm = _drainage(scope, site, records, gauge, leaching, soil_deficit_mm)
    after = WeatherAfter(
        temperature_degc=_mean(air, so_far),
        wind_m_s=_mean(wind, so_far),
        is_moist=_is_moist(humidity, wet, gauge, measured),
        # A single event that was large enough decides, however incomplete the rest is.
        rain_mm=largest_mm if is_known or (largest_mm or 0.0) >= INCORPORATING_MM else None,
        is_over=now_ms >= volatile.end_ms,
        is_month_over=now_ms >= leaching.end_ms,
        least_drainage_mm=least_mm,
        most_drainage_mm=most_mm,
        most_late_drainage_mm=late_mm,
    )
    inputs = {
        "air_temperature_degc": after.temperature_degc,
        "wind_speed_m_s": after.wind_m_s,
        "is_surface_moist": None if after.is_moist is None else float(after.is_moist),
        "rain_mm": fallen.mm if is_known else None,
        "largest_rain_event_mm": after.rain_mm,
        "least_drainage_mm": least_mm,
        "most_drainage_mm": most_mm,
        "most_drainage_after_two_weeks_mm": late_mm,
    }
    devices = {device for hourly in (air, humidity, wind, wet) for device in hourly.devices}
    devices |= set() if gauge.device is None else {gauge.device}
    return PassWeather(after, volatile, leaching, sorted(devices), inputs)


def _mean(hourly: Hourly, window: Window) -> float | None:
    """Return the mean of a window's hours where nearly all of them are known."""
    hours = range(window.start_ms, window.end_ms, HOUR_MS)
    means = [hourly.means[hour_ms] for hour_ms in hours if hour_ms in hourly.means]
    return float(np.mean(means)) if means and len(means) >= _LEAST_KNOWN * len(hours) else None


def _is_moist(humidity: Hourly, wet: Hourly, gauge: Gauge, window: Window) -> bool | None:
    """Return whether rain or dew wetted the surface; None where too little is measured to rule it out."""
    hours = range(window.start_ms, window.end_ms, HOUR_MS)
    known = 0
    for hour_ms in hours:
        rain = gauge.sum(hour_ms, hour_ms + HOUR_MS)
        rained = wet.means.get(hour_ms, rain.mm if rain.coverage >= _LEAST_KNOWN else None)
        damp = humidity.means.get(hour_ms)
        if rained or rain.mm > 0.0 or (damp is not None and damp >= _WET_PCT):
            return True
        known += rained is not None and damp is not None
    return False if hours and known >= _LEAST_KNOWN * len(hours) else None


def _drainage(
    scope: OrgScope,
    site: str | None,
    records: list[DeviceRecord],
    gauge: Gauge,
    window: Window,
    deficit_mm: float | None,
) -> tuple[float | None, float | None, float | None]:
    """Return the least and most drainage in a window, and the most after ammonium became nitrate [mm]."""
    whole = gauge.sum(window.start_ms, window.end_ms)
    late = gauge.sum(window.start_ms + NITRIFYING_DAYS * DAY_MS, window.end_ms)
    # The deficit is known for the beginning only, not for two weeks later.
    late_mm = late.mm if late.coverage >= _LEAST_KNOWN else None
    most_mm = max(whole.mm - (deficit_mm or 0.0), 0.0) if whole.coverage >= _LEAST_KNOWN else None
    surplus_mm = whole.mm - (deficit_mm or 0.0)
    if deficit_mm is None or site is None or surplus_mm <= LEACHING_MM:
        return None, most_mm, late_mm
    name, place, _ = find_site(scope, site)
    # Whole local days are rather more than the window: the least drainage remains the least.
    days = Window(window.start_ms, window.end_ms + DAY_MS)
    weather = answer_weather(scope, House(name, records, place, {}), days, Thresholds(), wind_height_m=2.0)
    et0_mm = 0.0
    for (start_ms, _), answers in weather.days:
        evaporated = answers.get("et0_hargreaves_mm")
        if start_ms < window.end_ms:
            if evaporated is None or evaporated.value is None:
                return None, most_mm, late_mm
            et0_mm += evaporated.value
    return max(surplus_mm - MOST_CROP_COEFFICIENT * et0_mm, 0.0), most_mm, late_mm
