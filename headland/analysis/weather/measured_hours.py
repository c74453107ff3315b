"""Hours of a site as its own station measured them, by the channels of a forecast: what a forecast is compared with."""

from __future__ import annotations

from typing import Final

from headland.agronomy.climate.evapotranspiration import wind_at_2m_m_s
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import OUTSIDE, hourly_means, read_rain, site_devices
from headland.units_of_time import HOUR_MS

_RAIN: Final = frozenset({"precipitation_mm", "precipitation_chance_pct"})
#: A station measures the wind at 2 m, a forecast is of 10 m.
_WIND_10M: Final = 1.0 / float(wind_at_2m_m_s(1.0, 10.0))


def measured_hours(scope: OrgScope, site: str, channel: str, start_ms: int, end_ms: int) -> dict[int, float]:
    """Return a channel by the start of each measured hour of [start_ms, end_ms), up to now: means, sums of rain.

    The wind is taken as measured at 2 m and returned for 10 m by the profile of FAO-56 eq 47. Without a station, and
    for a channel that none measures, there is no hour.
    """
    window = Window(start_ms // HOUR_MS * HOUR_MS, min(end_ms, scope.now_ms) // HOUR_MS * HOUR_MS)
    devices = site_devices(scope, site)
    if window.end_ms <= window.start_ms or not devices:
        return {}
    if channel in _RAIN:
        gauge = read_rain(scope, devices, window)
        hours = range(window.start_ms, window.end_ms, HOUR_MS)
        sums = {hour_ms: gauge.sum(hour_ms, hour_ms + HOUR_MS) for hour_ms in hours}
        return {hour_ms: rain.mm for hour_ms, rain in sums.items() if rain.coverage >= 1.0}
    quantity = next((name for name, channels in OUTSIDE.items() if channel in channels), None)
    if quantity is None:
        return {}
    means = hourly_means(scope, devices, (quantity,), window)[quantity].means
    factor = _WIND_10M if quantity == "wind" else 1.0
    return {hour_ms: mean * factor for hour_ms, mean in means.items() if hour_ms < window.end_ms}
