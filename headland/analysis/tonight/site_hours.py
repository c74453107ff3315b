"""Hours of the days before now at a site: outdoor weather, calm times and radiation, from its devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from headland.agronomy.climate.sun import is_day
from headland.agronomy.prescription.weather_window import Hour
from headland.agronomy.series.qartod import NOT_EVALUATED
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.origin import of_one_origin
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.tonight.outdoor_statements import DAYS, SPRAY_DAYS
from headland.analysis.tonight.subjects import OutlookSubject
from headland.analysis.weather.outdoor_weather import Quantity, hourly_means, read_gauges
from headland.registry.models.models import Field
from headland.store.port import DeviceRecord, SeriesFilter
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

_SUNSET_MS: Final = 90 * MINUTE_MS
_RADIATION: Final = "global_radiation_w_m2"


def site_hours(scope: OrgScope, devices: Sequence[DeviceRecord], now_ms: int) -> list[Hour]:
    """Return the outdoor weather at a site by the hour, the hours before `now_ms`; rain of the last days only."""
    window = Window(now_ms - DAYS * DAY_MS, now_ms)
    spray = Window(now_ms - SPRAY_DAYS * DAY_MS, now_ms)
    names: tuple[Quantity, ...] = ("humidity", "wind", "rain_share")
    temperature = hourly_means(scope, devices, ("temperature",), window)["temperature"].means
    means = {name: hourly.means for name, hourly in hourly_means(scope, devices, names, spray).items()}
    gauges = read_gauges(scope, devices, spray)
    hours = []
    for start_ms in range(window.start_ms, now_ms, HOUR_MS):
        rain_mm = None
        if start_ms >= spray.start_ms:
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


def calm_times(field: Field, starts_ms: Sequence[int]) -> Sequence[bool]:
    """Return which hours are night, or within an hour and a half before sunset."""
    west, south, east, north = bounds_of(field)
    middle_ms = np.array(starts_ms, np.int64) + HOUR_MS // 2
    place = (south + north) / 2.0, (west + east) / 2.0
    lit = is_day(middle_ms, *place) & is_day(middle_ms + _SUNSET_MS, *place)
    return [not one for one in lit.tolist()]


def hourly_radiation(scope: OrgScope, subject: OutlookSubject) -> list[float | None]:
    """Return the mean outdoor radiation of each hour before now, the oldest first, of the device that knows most."""
    now_ms = scope.now_ms // HOUR_MS * HOUR_MS
    start_ms = now_ms - DAYS * DAY_MS
    best: list[float | None] = [None] * (DAYS * 24)
    for device in subject.devices:
        which = SeriesFilter(scope.organisation, device.descriptor.device, frozenset((_RADIATION,)))
        for buckets in of_one_origin(scope.store.buckets(which, start_ms, now_ms, HOUR_MS, NOT_EVALUATED)):
            hours: list[float | None] = [None] * (DAYS * 24)
            for at_ms, mean in zip(buckets.start_ms.tolist(), buckets.mean.tolist(), strict=True):
                hours[(at_ms - start_ms) // HOUR_MS] = mean
            best = max(best, hours, key=lambda column: sum(value is not None for value in column))
    return best
