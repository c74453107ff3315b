"""Weather at a field's site for an application: a verdict for each hour, by the site's devices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final

import numpy as np

from headland.agronomy.climate.psychrometrics import STANDARD_PRESSURE_KPA, air_pressure_kpa
from headland.agronomy.prescription.weather_window import Hour, HourVerdict, Kind, assess_hours, calm_times
from headland.analysis.inputs.answers import DeviceFinding
from headland.analysis.inputs.field_geometry import bounds_of
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.inputs.window import Window
from headland.analysis.weather.outdoor_weather import Quantity, best_gauge, hourly_means, read_gauges, site_devices
from headland.registry.models.models import Field, Site
from headland.registry.repositories.organisation_repositories import OrganisationRepositories
from headland.store.port import DeviceRecord
from headland.units_of_time import HOUR_MS

#: The share of an hour's rain that must be known; of other quantities four of six parts.
_LEAST_KNOWN: Final = 4 / 6
_MEASURED: Final[tuple[Quantity, ...]] = ("temperature", "humidity", "wind", "rain_share")


@dataclass(frozen=True, slots=True)
class MeasuredHour:
    """An hour of weather: go, caution, stop or insufficient_data."""

    start_ms: int
    state: Annotated[str, "go, caution, stop or insufficient_data."]
    reasons: Annotated[tuple[str, ...], "What decided it."]
    missing: Annotated[tuple[str, ...], "What was not measured: wind, delta_t or rain."]
    air_temperature_degc: Annotated[float | None, "Mean of the air; null where it is not measured."]
    relative_humidity_pct: Annotated[float | None, "Mean of the relative humidity; null where it is not measured."]
    wind_speed_m_s: Annotated[float | None, "Mean of the wind; null where it is not measured."]
    rain_share: Annotated[float | None, "Of the hour, by a detector."]
    rain_mm: Annotated[float | None, "By a gauge."]
    delta_t_k: Annotated[float | None, "Temperature less wet-bulb temperature; null where it is not known."]


@dataclass(frozen=True, slots=True)
class SprayWeather:
    """The verdicts hour by hour, the devices that measured the weather, and findings about faulty sensors.

    Delta-T is at the pressure of `altitude_m`, the site's, else a device's there. None: neither is known, and the
    pressure is that of sea level.
    """

    verdicts: list[HourVerdict]
    devices: list[str]
    altitude_m: float | None
    left_out: list[DeviceFinding]


def assess_weather(
    scope: OrgScope, repositories: OrganisationRepositories, field: Field, window: Window, kind: Kind
) -> SprayWeather:
    """Return a verdict for each whole hour that a window touches, by the devices of the field's site."""
    start_ms = window.start_ms // HOUR_MS * HOUR_MS
    hours = np.arange(start_ms, window.end_ms, HOUR_MS)
    whole = Window(start_ms, int(hours[-1]) + HOUR_MS)
    site = None if field.site is None else repositories.sites.get(field.site)
    records = site_devices(scope, None if site is None else site.name)
    altitude_m = altitude_of(site, records)
    measured = hourly_means(scope, records, _MEASURED, whole)
    gauges = read_gauges(scope, records, whole)
    measured_hours = []
    for hour_ms, is_calm in zip(hours.tolist(), calm_times_of(field, hours.tolist()), strict=True):
        rain = best_gauge(gauges, Window(hour_ms, hour_ms + HOUR_MS)).sum(hour_ms, hour_ms + HOUR_MS)
        hour = Hour(
            start_ms=hour_ms,
            temperature_degc=measured["temperature"].means.get(hour_ms),
            humidity_pct=measured["humidity"].means.get(hour_ms),
            wind_m_s=measured["wind"].means.get(hour_ms),
            rain_share=measured["rain_share"].means.get(hour_ms),
            rain_mm=rain.mm if rain.coverage >= _LEAST_KNOWN else None,
            is_calm_time=is_calm,
        )
        measured_hours.append(hour)
    names = {device for hourly in measured.values() for device in hourly.devices}
    names |= {gauge.device for gauge in gauges if gauge.device is not None}
    devices = sorted(names)
    left_out = [finding for hourly in measured.values() for finding in hourly.findings]
    return SprayWeather(assess_hours(measured_hours, kind, pressure_at(altitude_m)), devices, altitude_m, left_out)


def weather_evidence(weather: SprayWeather) -> dict[str, object]:
    """Return the known weather in the form of a ledger entry."""
    hours = [asdict(hour_of(verdict)) for verdict in weather.verdicts]
    return {"devices": weather.devices, "altitude_m": weather.altitude_m, "hours": hours}


def hour_of(verdict: HourVerdict) -> MeasuredHour:
    """Return an hour with its verdict."""
    hour = verdict.hour
    return MeasuredHour(
        start_ms=hour.start_ms,
        state=verdict.state,
        reasons=verdict.reasons,
        missing=verdict.missing,
        air_temperature_degc=hour.temperature_degc,
        relative_humidity_pct=hour.humidity_pct,
        wind_speed_m_s=hour.wind_m_s,
        rain_share=hour.rain_share,
        rain_mm=hour.rain_mm,
        delta_t_k=verdict.delta_t_k,
    )


def calm_times_of(field: Field, starts_ms: Sequence[int]) -> list[bool]:
    """Return which hours are night at a field, or within an hour and a half before sunset."""
    west, south, east, north = bounds_of(field)
    return calm_times(starts_ms, (south + north) / 2.0, (west + east) / 2.0)


def altitude_of(site: Site | None, records: Iterable[DeviceRecord]) -> float | None:
    """Return the altitude of a site, else that of a device there."""
    if site is not None and site.altitude_m is not None:
        return site.altitude_m
    altitudes_m = (record.descriptor.altitude_m for record in records)
    return next((altitude_m for altitude_m in altitudes_m if altitude_m is not None), None)


def pressure_at(altitude_m: float | None) -> float:
    """Return the pressure of the air at an altitude [kPa], at the level of the sea where that is not known."""
    return STANDARD_PRESSURE_KPA if altitude_m is None else float(air_pressure_kpa(altitude_m))
