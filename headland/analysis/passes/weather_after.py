"""The weather after an application, by the site's own devices: what the risks of losing its nitrogen rest on."""

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
    Aftermath,
)
from headland.analysis.greenhouse.house import House, find_site
from headland.analysis.outdoor_weather import Gauge, Hourly, measure_hours, read_rain, records_of
from headland.analysis.passes.detection import FieldPass
from headland.analysis.scope import OrgScope
from headland.analysis.weather.site_weather import answer_weather
from headland.analysis.window import Window
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS

#: So much of a window must be known before something is said of it.
_LEAST_KNOWN: Final = 0.9
#: Sentelhas et al. (2008): surfaces are wet with dew from this humidity on.
_WET_PCT: Final = 90.0
#: What wetted the ground up to so long before still does.
_BEFORE_MS: Final = 24 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Followed:
    """What is known of the time after an application; `inputs` are the figures by name, None where not measured."""

    after: Aftermath
    volatile: Window
    leaching: Window
    devices: list[str]
    inputs: dict[str, float | None]


def follow_pass(
    scope: OrgScope, repositories: OrganisationRepositories, one: FieldPass, soil_deficit_mm: float | None
) -> Followed:
    """Return the weather after a pass; `soil_deficit_mm`: the water that the root zone could take up when it ended."""
    now_ms = scope.now_ms
    site = None if one.field.site is None else repositories.sites.get(one.field.site).name
    records = records_of(scope, site)
    volatile = Window(one.end_ms, one.end_ms + VOLATILE_HOURS * HOUR_MS)
    leaching = Window(one.end_ms, one.end_ms + LEACHING_DAYS * DAY_MS)
    # Hours that are past, whole ones from the one in which the work ended.
    first_ms = one.end_ms // HOUR_MS * HOUR_MS
    so_far = Window(first_ms, max(min(volatile.end_ms, now_ms) // HOUR_MS * HOUR_MS, first_ms))
    seen = Window(so_far.start_ms - _BEFORE_MS, so_far.end_ms)
    air, humidity, wind, wet = (
        measure_hours(scope, records, quantity, seen) for quantity in ("temperature", "humidity", "wind", "rain_share")
    )
    gauge = read_rain(scope, records, Window(seen.start_ms, min(leaching.end_ms, now_ms)))
    fallen = gauge.sum(volatile.start_ms, so_far.end_ms)
    is_known = fallen.coverage >= _LEAST_KNOWN
    largest_mm = largest_event_mm(gauge.rain, volatile.start_ms, so_far.end_ms) if gauge.device is not None else None
    least_mm, most_mm, late_mm = _drainage(scope, site, records, gauge, leaching, soil_deficit_mm)
    after = Aftermath(
        temperature_degc=_mean(air, so_far),
        wind_m_s=_mean(wind, so_far),
        is_moist=_is_moist(humidity, wet, gauge, seen),
        # An event that was large enough is known, whatever else was not heard.
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
    devices = {each.device for each in (air, humidity, wind, wet, gauge) if each.device is not None}
    return Followed(after, volatile, leaching, sorted(devices), inputs)


def _mean(told: Hourly, window: Window) -> float | None:
    """Return the mean of a window's hours where nearly all of them are known."""
    hours = range(window.start_ms, window.end_ms, HOUR_MS)
    found = [told.means[hour_ms] for hour_ms in hours if hour_ms in told.means]
    return float(np.mean(found)) if found and len(found) >= _LEAST_KNOWN * len(hours) else None


def _is_moist(humidity: Hourly, wet: Hourly, gauge: Gauge, window: Window) -> bool | None:
    """Tell whether rain or dew wetted the surface; None where nobody measured enough to rule it out."""
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
    """Return the least and the most that drained in a window, and the most in it after ammonium became nitrate."""
    whole = gauge.sum(window.start_ms, window.end_ms)
    late = gauge.sum(window.start_ms + NITRIFYING_DAYS * DAY_MS, window.end_ms)
    # The soil's own store is known for the beginning alone: what of it is left two weeks later is not.
    late_mm = late.mm if late.coverage >= _LEAST_KNOWN else None
    most_mm = max(whole.mm - (deficit_mm or 0.0), 0.0) if whole.coverage >= _LEAST_KNOWN else None
    surplus_mm = whole.mm - (deficit_mm or 0.0)
    if deficit_mm is None or site is None or surplus_mm <= LEACHING_MM:
        return None, most_mm, late_mm
    name, place, _ = find_site(scope, site)
    # Whole local days, so rather more than the window: the least that drained is still the least.
    days = Window(window.start_ms, window.end_ms + DAY_MS)
    told = answer_weather(scope, House(name, records, place, {}), days, Thresholds(), wind_height_m=2.0)
    et0_mm = 0.0
    for (start_ms, _), answers in told.days:
        evaporated = answers.get("et0_hargreaves_mm")
        if start_ms < window.end_ms:
            if evaporated is None or evaporated.value is None:
                return None, most_mm, late_mm
            et0_mm += evaporated.value
    return max(surplus_mm - MOST_CROP_COEFFICIENT * et0_mm, 0.0), most_mm, late_mm
