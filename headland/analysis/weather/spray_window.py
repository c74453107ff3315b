"""Weather at a field's site for an application: a verdict for each hour, by the site's devices."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.sun import is_day
from headland.agronomy.prescription.weather_window import Hour, HourVerdict, Kind, assess_hour
from headland.analysis.field_geometry import bounds_of
from headland.analysis.outdoor_weather import Quantity, hourly_means, read_rain, site_devices
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.models import Field
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import HOUR_MS

#: The time before sunset in which the air becomes calm.
_SUNSET_MS: Final = 5_400_000
#: The share of an hour's rain that must be known; of other quantities four of six parts.
_LEAST_KNOWN: Final = 4 / 6
_MEASURED: Final[tuple[Quantity, ...]] = ("temperature", "humidity", "wind", "rain_share")


def assess_weather(
    scope: OrgScope, repositories: OrganisationRepositories, field: Field, window: Window, kind: Kind
) -> tuple[list[HourVerdict], list[str]]:
    """Return a verdict for each whole hour that a window touches, and the devices that measured the weather."""
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    hours = np.arange(start_ms, window.end_ms, HOUR_MS)
    whole = Window(start_ms, int(hours[-1]) + HOUR_MS)
    records = site_devices(scope, repositories.sites.get(field.site).name if field.site is not None else None)
    measured = {quantity: hourly_means(scope, records, quantity, whole) for quantity in _MEASURED}
    gauge = read_rain(scope, records, whole)
    west, south, east, north = bounds_of(field)
    middle = (south + north) / 2.0, (west + east) / 2.0
    verdicts = []
    for hour_ms in hours.tolist():
        rain = gauge.sum(hour_ms, hour_ms + HOUR_MS)
        hour = Hour(
            start_ms=hour_ms,
            temperature_degc=measured["temperature"].means.get(hour_ms),
            humidity_pct=measured["humidity"].means.get(hour_ms),
            wind_m_s=measured["wind"].means.get(hour_ms),
            rain_share=measured["rain_share"].means.get(hour_ms),
            rain_mm=rain.mm if rain.coverage >= _LEAST_KNOWN else None,
            is_calm_time=_is_calm_time(hour_ms, *middle),
        )
        verdicts.append(assess_hour(hour, kind))
    names = [*(hourly.device for hourly in measured.values()), gauge.device]
    return verdicts, sorted({device for device in names if device is not None})


def weather_evidence(verdicts: list[HourVerdict], devices: list[str]) -> dict[str, object]:
    """Return the known weather in the form of a ledger entry."""
    return {
        "devices": devices,
        "hours": [
            {
                "start_ms": verdict.hour.start_ms,
                "state": verdict.state,
                "reasons": list(verdict.reasons),
                "missing": list(verdict.missing),
                "air_temperature_degc": verdict.hour.temperature_degc,
                "relative_humidity_pct": verdict.hour.humidity_pct,
                "wind_speed_m_s": verdict.hour.wind_m_s,
                "rain_share": verdict.hour.rain_share,
                "rain_mm": verdict.hour.rain_mm,
                "delta_t_k": verdict.delta_t_k,
            }
            for verdict in verdicts
        ],
    }


def _is_calm_time(start_ms: int, latitude_deg: float, longitude_deg: float) -> bool:
    """Return whether an hour is night, or within an hour and a half before sunset."""
    middle_ms = start_ms + HOUR_MS // 2
    light = is_day(np.array([middle_ms, middle_ms + _SUNSET_MS]), latitude_deg, longitude_deg)
    return not bool(light.all())
