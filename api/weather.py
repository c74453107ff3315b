"""The weather at a field's site, by what stands there and measures it. No HTTP."""

from __future__ import annotations

from typing import Final

import numpy as np

from api.farm import Farm
from api.field_plane import bounds_of
from api.instants import Window
from headland.agronomy.sun import is_day
from headland.agronomy.weather_window import Hour, Kind, Verdict, judge_hour
from headland.registry.estate import Estate
from headland.registry.records import Field
from headland.store.port import SeriesFilter

HOUR_MS: Final = 3_600_000
#: How long around sunset the air begins to lie still.
_SUNSET_MS: Final = 5_400_000
#: An hour is measured when this many of its ten-minute parts have a sample.
_LEAST_PARTS: Final = 4
_PART_MS: Final = 600_000

#: What is the open air's: of a greenhouse only what it measures outside.
_CHANNELS: Final = {
    "temperature": ("air_temperature_degc", "outside_temperature_degc"),
    "humidity": ("relative_humidity_pct", "outside_humidity_pct"),
    "wind": ("wind_speed_m_s",),
    "rain": ("rain_on",),
}
_OPEN_AIR: Final = frozenset({"outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s", "rain_on"})
#: A vehicle's estimate of the wind is the wind where it flies, and only while it does.
_NOT_A_STATION: Final = frozenset({"drone", "rover", "boat", "plane"})


def judge_weather(
    farm: Farm, estate: Estate, field: Field, window: Window, kind: Kind
) -> tuple[list[Verdict], list[str]]:
    """Return a verdict on each whole hour that a window touches, and the devices that told of the weather."""
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    hours = np.arange(start_ms, window.end_ms, HOUR_MS)
    site = estate.sites.get(field.site).name if field.site is not None else None
    means: dict[str, dict[int, float]] = {}
    devices: set[str] = set()
    for name, channels in _CHANNELS.items():
        means[name] = {}
        for channel in channels:
            if not means[name] and site is not None:
                means[name] = _hourly(farm, site, channel, Window(start_ms, int(hours[-1]) + HOUR_MS), devices)
    west, south, east, north = bounds_of(field)
    middle = (south + north) / 2.0, (west + east) / 2.0
    verdicts = []
    for hour_ms in hours.tolist():
        told = {name: by_hour.get(hour_ms) for name, by_hour in means.items()}
        hour = Hour(
            start_ms=hour_ms,
            temperature_degc=told["temperature"],
            humidity_pct=told["humidity"],
            wind_m_s=told["wind"],
            rain_share=told["rain"],
            is_calm_time=_is_calm_time(hour_ms, *middle),
        )
        verdicts.append(judge_hour(hour, kind))
    return verdicts, sorted(devices)


def weather_evidence(verdicts: list[Verdict], devices: list[str]) -> dict[str, object]:
    """Return what was known of the weather, as the ledger keeps it."""
    return {
        "devices": devices,
        "hours": [
            {
                "start_ms": one.hour.start_ms,
                "state": one.state,
                "reasons": list(one.reasons),
                "missing": list(one.missing),
                "air_temperature_degc": one.hour.temperature_degc,
                "relative_humidity_pct": one.hour.humidity_pct,
                "wind_speed_m_s": one.hour.wind_m_s,
                "rain_share": one.hour.rain_share,
                "delta_t_k": one.delta_t_k,
            }
            for one in verdicts
        ],
    }


def _hourly(farm: Farm, site: str, channel: str, window: Window, devices: set[str]) -> dict[int, float]:
    """Return the mean of the hours for which a channel was measured at a site, by the first device that has it."""
    kinds = {record.descriptor.device: record.descriptor.kind for record in farm.store.devices(farm.organisation)}
    which = SeriesFilter(farm.organisation, None, frozenset((channel,)))
    for found in farm.store.buckets(which, window.start_ms, window.end_ms, _PART_MS):
        kind = kinds.get(found.key.device, found.key.kind)
        if found.key.site != site or kind in _NOT_A_STATION or (kind == "greenhouse" and channel not in _OPEN_AIR):
            continue
        hour = found.start_ms // HOUR_MS * HOUR_MS
        means = {
            int(each): float(found.mean[hour == each].mean())
            for each in np.unique(hour).tolist()
            if int(np.count_nonzero(hour == each)) >= _LEAST_PARTS
        }
        if means:
            devices.add(found.key.device)
            return means
    return {}


def _is_calm_time(start_ms: int, latitude_deg: float, longitude_deg: float) -> bool:
    """Tell whether an hour is night, or within an hour and a half before sunset."""
    middle_ms = start_ms + HOUR_MS // 2
    light = is_day(np.array([middle_ms, middle_ms + _SUNSET_MS]), latitude_deg, longitude_deg)
    return not bool(light.all())
