"""Hours of the days before now at a site, as its devices outdoors measured them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.agronomy.prescription.weather_window import Hour
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import Quantity, hourly_means, read_gauges
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Days before now of which the temperature is read: those of a record of thirty, and the one before them.
DAYS: Final = 31
#: Days of which humidity, wind and rain are read, too.
WEATHER_DAYS: Final = 8
#: Samples of outdoor weather are read again after so long.
_FRESH_MS: Final = MINUTE_MS


def site_hours(scope: OrgScope, site: str, devices: Sequence[DeviceRecord]) -> list[Hour]:
    """Return the whole hours before now, the oldest first; rain, wind and humidity of the last days only."""
    family = ("site-hours", scope.organisation, site)
    key = (*family, scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: _read(scope, devices, scope.now_ms // HOUR_MS * HOUR_MS), family)


def _read(scope: OrgScope, devices: Sequence[DeviceRecord], now_ms: int) -> list[Hour]:
    window = Window(now_ms - DAYS * DAY_MS, now_ms)
    late = Window(now_ms - WEATHER_DAYS * DAY_MS, now_ms)
    names: tuple[Quantity, ...] = ("humidity", "wind", "rain_share")
    temperature = hourly_means(scope, devices, ("temperature",), window)["temperature"].means
    means = {name: hourly.means for name, hourly in hourly_means(scope, devices, names, late).items()}
    gauges = read_gauges(scope, devices, late)
    hours = []
    for start_ms in range(window.start_ms, now_ms, HOUR_MS):
        rain_mm = None
        if start_ms >= late.start_ms:
            sums = [gauge.sum(start_ms, start_ms + HOUR_MS) for gauge in gauges]
            best = max(sums, key=lambda one: one.coverage, default=None)
            rain_mm = best.mm if best is not None and best.coverage >= 4 / 6 else None
        hours.append(
            Hour(
                start_ms=start_ms,
                temperature_degc=temperature.get(start_ms),
                humidity_pct=means["humidity"].get(start_ms),
                wind_m_s=means["wind"].get(start_ms),
                rain_share=means["rain_share"].get(start_ms),
                is_calm_time=False,
                rain_mm=rain_mm,
            )
        )
    return hours
