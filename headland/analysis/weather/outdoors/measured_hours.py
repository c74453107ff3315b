"""Hours of the days before now at a site, as its devices outdoors measured them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headland.agronomy.prescription.weather_window import Hour
from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import Quantity, hourly_means, read_gauges
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

#: Days before now of which the temperature is read: those of a record of thirty, and the one before them.
DAYS: Final = 31
#: Days of which humidity, wind and rain are read, too.
WEATHER_DAYS: Final = 8
#: Samples of outdoor weather are read again after so long.
_FRESH_MS: Final = MINUTE_MS
_RADIATION: Final = "global_radiation_w_m2"


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


def hourly_radiation(scope: OrgScope, devices: Sequence[DeviceRecord]) -> list[float | None]:
    """Return the mean outdoor radiation of each hour before now, the oldest first, of the device that knows most."""
    now_ms = scope.now_ms // HOUR_MS * HOUR_MS
    start_ms = now_ms - DAYS * DAY_MS
    best: list[float | None] = [None] * (DAYS * 24)
    for device in devices:
        which = SeriesFilter(scope.organisation, device.descriptor.device, frozenset((_RADIATION,)))
        for buckets in of_one_origin(scope.store.buckets(which, start_ms, now_ms, HOUR_MS, NOT_EVALUATED)):
            hours: list[float | None] = [None] * (DAYS * 24)
            for at_ms, mean in zip(buckets.start_ms.tolist(), buckets.mean.tolist(), strict=True):
                hours[(at_ms - start_ms) // HOUR_MS] = mean
            best = max(best, hours, key=lambda column: sum(value is not None for value in column))
    return best
