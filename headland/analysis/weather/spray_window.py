"""The weather at a field's site, by what stands there and measures it."""

from __future__ import annotations

from typing import Final

import numpy as np

from headland.agronomy.climate.sun import is_day
from headland.agronomy.prescription.weather_window import Hour, Kind, Verdict, assess_hour
from headland.analysis.field_geometry import bounds_of
from headland.analysis.outdoor_weather import Quantity, measure_hours, read_rain, records_of
from headland.analysis.scope import OrgScope
from headland.analysis.window import Window
from headland.registry.models.models import Field
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.units_of_time import HOUR_MS

#: How long around sunset the air begins to lie still.
_SUNSET_MS: Final = 5_400_000
#: Of an hour's rain so much is known, as of its other quantities four of six parts.
_LEAST_KNOWN: Final = 4 / 6
_MEASURED: Final[tuple[Quantity, ...]] = ("temperature", "humidity", "wind", "rain_share")


def judge_weather(
    scope: OrgScope, repositories: OrganisationRepositories, field: Field, window: Window, kind: Kind
) -> tuple[list[Verdict], list[str]]:
    """Return a verdict on each whole hour that a window touches, and the devices that told of the weather."""
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    hours = np.arange(start_ms, window.end_ms, HOUR_MS)
    whole = Window(start_ms, int(hours[-1]) + HOUR_MS)
    records = records_of(scope, repositories.sites.get(field.site).name if field.site is not None else None)
    told = {quantity: measure_hours(scope, records, quantity, whole) for quantity in _MEASURED}
    gauge = read_rain(scope, records, whole)
    west, south, east, north = bounds_of(field)
    middle = (south + north) / 2.0, (west + east) / 2.0
    verdicts = []
    for hour_ms in hours.tolist():
        rain = gauge.sum(hour_ms, hour_ms + HOUR_MS)
        hour = Hour(
            start_ms=hour_ms,
            temperature_degc=told["temperature"].means.get(hour_ms),
            humidity_pct=told["humidity"].means.get(hour_ms),
            wind_m_s=told["wind"].means.get(hour_ms),
            rain_share=told["rain_share"].means.get(hour_ms),
            rain_mm=rain.mm if rain.coverage >= _LEAST_KNOWN else None,
            is_calm_time=_is_calm_time(hour_ms, *middle),
        )
        verdicts.append(assess_hour(hour, kind))
    named = [*(each.device for each in told.values()), gauge.device]
    return verdicts, sorted({device for device in named if device is not None})


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
                "rain_mm": one.hour.rain_mm,
                "delta_t_k": one.delta_t_k,
            }
            for one in verdicts
        ],
    }


def _is_calm_time(start_ms: int, latitude_deg: float, longitude_deg: float) -> bool:
    """Return whether an hour is night, or within an hour and a half before sunset."""
    middle_ms = start_ms + HOUR_MS // 2
    light = is_day(np.array([middle_ms, middle_ms + _SUNSET_MS]), latitude_deg, longitude_deg)
    return not bool(light.all())
