"""Weather of three days at a site: measured since midnight, then as its provider says it, with its licence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from headland.analysis.greenhouse.house import HouseLocation
from headland.analysis.inputs.scope import OrgScope
from headland.analysis.tonight.plan import place_deg_of
from headland.analysis.tonight.today.answer import TodayText, TodayWeather, TodayWeatherDay, TodayWeatherHour
from headland.analysis.tonight.today.clock_words import PhoneClock, said
from headland.analysis.tonight.today.houses.row import nights_of
from headland.analysis.weather.correction.record_answer import WeatherForecastRecord, answer_forecast_record
from headland.analysis.weather.hourly_forecast import USUAL_HOURS, ForecastHour, HourlyForecast, hourly_forecast
from headland.analysis.weather.outdoors.measured_hours import site_hours
from headland.registry.models.models import Site
from headland.store.port import DeviceRecord
from headland.units_of_time import DAY_MS, HOUR_MS, MINUTE_MS

_DAYS: Final = 3
_FRESH_MS: Final = MINUTE_MS
#: How good forecasts were is told so many hours ahead: of this night and the morning after it.
_AHEAD_H: Final = 12
#: A day's extremes are told from so many of its hours on.
_LEAST_HOURS: Final = 12


def three_days(scope: OrgScope, site: Site, devices: Sequence[DeviceRecord], place: HouseLocation) -> TodayWeather:
    """Return the weather of today and the two days after it at a site."""
    family = ("today-weather", scope.organisation, site.id)
    key = (*family, site.version, scope.now_ms // _FRESH_MS)
    return scope.cache.get(key, lambda: _read(scope, site, devices, place), family)


def _read(scope: OrgScope, site: Site, devices: Sequence[DeviceRecord], place: HouseLocation) -> TodayWeather:
    clock = PhoneClock(place.time_zone, scope.now_ms)
    forecast = hourly_forecast(scope, site.name, scope.now_ms, USUAL_HOURS)
    midnights = [clock.midnight_ms(day) for day in range(_DAYS + 1)]
    hours = _hours(scope, site, devices, forecast, (midnights[0], midnights[-1]))
    days = [_day(clock, start, end, hours) for start, end in pairwise(midnights)]
    source = TodayText(text=forecast.text, text_zh=forecast.text_zh)
    attribution = forecast.attribution
    return TodayWeather(
        site=site.id,
        site_name=site.name,
        attribution="" if attribution is None else attribution.text,
        attribution_zh="" if attribution is None else attribution.text_zh,
        attribution_url="" if attribution is None else attribution.url,
        basis=forecast.basis,
        simulated=forecast.simulated,
        source=source,
        error=None if forecast.reason is None else source,
        record=record_text(answer_forecast_record(scope, site.name, scope.now_ms)),
        night=nights_of(place_deg_of(place), midnights[0] + DAY_MS, (midnights[0], midnights[-1])),
        days=days,
        hours=hours if any(_is_known(hour) for hour in hours) else [],
    )


def record_text(record: WeatherForecastRecord) -> TodayText | None:
    """Return how far the temperature of such forecasts was off half a day ahead; None where too few hours came."""
    leads = [lead for each in record.quantities if each.quantity == "temperature_degc" for lead in each.leads if lead.n]
    if not leads:
        return None
    first = next((lead for lead in leads if lead.first_h <= _AHEAD_H <= lead.last_h), leads[-1])
    is_corrected = any(each.quantity == "temperature_degc" and each.state == "corrected" for each in record.quantities)
    error = (first.corrected if is_corrected else first.provider).mean_absolute
    return said("weather_record", hours=f"{first.first_h}–{first.last_h}", error=f"{error:.1f}", n=first.n)


def _hours(
    scope: OrgScope, site: Site, devices: Sequence[DeviceRecord], forecast: HourlyForecast, window: tuple[int, int]
) -> list[TodayWeatherHour]:
    measured = {hour.start_ms: hour for hour in site_hours(scope, site.name, devices)}
    said = {hour.start_ms: hour for hour in forecast.hours}
    hours = []
    first_ms = -(-window[0] // HOUR_MS) * HOUR_MS
    for start_ms in range(first_ms, window[1], HOUR_MS):
        if start_ms in said:
            hours.append(_said(said[start_ms]))
            continue
        seen = measured.get(start_ms)
        temperature, rain = (None, None) if seen is None else (seen.temperature_degc, seen.rain_mm)
        hours.append(
            TodayWeatherHour(
                time_ms=start_ms, is_forecast=False, low_degc=None, high_degc=None, wind_m_s=None,
                air_temperature_degc=None if temperature is None else round(temperature, 1), rain_mm=rain,
            )
        )  # fmt: skip
    return hours


def _said(hour: ForecastHour) -> TodayWeatherHour:
    temperature, wind, rain = hour.temperature_degc, hour.wind_speed_m_s, hour.rain_mm
    is_of_hour = rain is not None and rain.end_ms - rain.start_ms <= HOUR_MS
    # What is said of a longer step belongs to its first hour: the day's sum counts it once.
    is_first = rain is not None and rain.start_ms <= hour.start_ms < rain.start_ms + HOUR_MS
    return TodayWeatherHour(
        time_ms=hour.start_ms,
        is_forecast=True,
        air_temperature_degc=None if temperature is None else temperature.value,
        low_degc=None if temperature is None else temperature.low,
        high_degc=None if temperature is None else temperature.high,
        rain_mm=rain.value if rain is not None and (is_of_hour or is_first) else None,
        wind_m_s=None if wind is None else wind.value,
    )


def _day(clock: PhoneClock, start_ms: int, end_ms: int, hours: Sequence[TodayWeatherHour]) -> TodayWeatherDay:
    own = [hour for hour in hours if start_ms <= hour.time_ms < end_ms]
    degc = [hour.air_temperature_degc for hour in own if hour.air_temperature_degc is not None]
    rain = [hour.rain_mm for hour in own if hour.rain_mm is not None]
    wind = [hour.wind_m_s for hour in own if hour.wind_m_s is not None]
    is_enough = len(degc) >= _LEAST_HOURS
    return TodayWeatherDay(
        start_ms=start_ms,
        day=clock.day_of(start_ms),
        high_degc=round(max(degc), 1) if is_enough else None,
        low_degc=round(min(degc), 1) if is_enough else None,
        rain_mm=round(sum(rain), 1) if rain else None,
        wind_m_s=round(max(wind), 1) if wind else None,
    )


def _is_known(hour: TodayWeatherHour) -> bool:
    return hour.air_temperature_degc is not None or hour.rain_mm is not None or hour.wind_m_s is not None
