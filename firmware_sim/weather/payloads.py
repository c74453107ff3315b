"""Answers of providers in the structure that each documents, made of a said forecast.

Every name, unit and form of a time here is written down for this side alone: the station's decoders are proven by it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from firmware_sim.weather.said import SaidForecast, SaidHour
from headland.units_of_time import DAY_MS


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for, as far as an answer depends on it."""

    latitude_deg: float
    longitude_deg: float
    parameters: Mapping[str, str]
    product: str = ""


#: Hours for which MET Norway gives one-hour amounts; later it gives those of six hours.
_HOURLY_TO: Final = 54
_CHINA: Final = timezone(timedelta(hours=8))


def met_norway(said: SaidForecast, asked: Asked, *, units: str = "metric") -> bytes:
    """Return an answer of Locationforecast 2.0; a compact one has neither gusts, percentiles nor chances."""
    is_complete = asked.product != "compact"
    is_foreign = units != "metric"
    steps = []
    for number, hour in enumerate(said.hours):
        is_late = number > _HOURLY_TO
        if is_late and datetime.fromtimestamp(hour.time_ms / 1000, UTC).hour % 6:
            continue
        degc = 1.8 * hour.temperature_degc + 32 if is_foreign else hour.temperature_degc
        spread = 0.4 + 0.02 * number
        details = {
            "air_pressure_at_sea_level": round(hour.pressure_hpa, 1),
            "air_temperature": round(degc, 1),
            "cloud_area_fraction": round(hour.cloud_pct, 1),
            "relative_humidity": round(hour.humidity_pct, 1),
            "wind_from_direction": round(hour.wind_from_deg, 1),
            "wind_speed": round(hour.wind_m_s, 1),
        }
        if is_complete:
            details |= {
                "air_temperature_percentile_10": round(degc - 1.3 * spread, 1),
                "air_temperature_percentile_90": round(degc + 1.3 * spread, 1),
                "dew_point_temperature": round(hour.temperature_degc - (100 - hour.humidity_pct) / 5, 1),
                "fog_area_fraction": 0.0,
                "wind_speed_of_gust": round(hour.gust_m_s, 1),
            }
        data: dict[str, Any] = {"instant": {"details": details}}
        ahead = said.hours[number + 1 : number + 7]
        for period, count in (("next_1_hours", 1), ("next_6_hours", 6)):
            if len(ahead) >= count and not (is_late and count == 1):
                data[period] = _period(ahead[:count], is_complete=is_complete)
        steps.append({"time": _utc(hour.time_ms), "data": data})
    unit_names = {
        "air_pressure_at_sea_level": "hPa",
        "air_temperature": "fahrenheit" if is_foreign else "celsius",
        "air_temperature_max": "celsius",
        "air_temperature_min": "celsius",
        "air_temperature_percentile_10": "fahrenheit" if is_foreign else "celsius",
        "air_temperature_percentile_90": "fahrenheit" if is_foreign else "celsius",
        "cloud_area_fraction": "%",
        "dew_point_temperature": "celsius",
        "fog_area_fraction": "%",
        "precipitation_amount": "mm",
        "probability_of_precipitation": "%",
        "relative_humidity": "%",
        "wind_from_direction": "degrees",
        "wind_speed": "m/s",
        "wind_speed_of_gust": "m/s",
    }
    return _json(
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [asked.longitude_deg, asked.latitude_deg, 22]},
            "properties": {"meta": {"updated_at": _utc(said.issued_ms), "units": unit_names}, "timeseries": steps},
        }
    )


def _period(hours: Sequence[SaidHour], *, is_complete: bool) -> dict[str, Any]:
    rain_mm = round(sum(hour.rain_mm for hour in hours), 1)
    details: dict[str, Any] = {"precipitation_amount": rain_mm}
    if is_complete:
        details["probability_of_precipitation"] = round(max(hour.chance_pct for hour in hours), 1)
        if len(hours) > 1:
            details["air_temperature_max"] = round(max(hour.temperature_degc for hour in hours), 1)
            details["air_temperature_min"] = round(min(hour.temperature_degc for hour in hours), 1)
    return {"summary": {"symbol_code": "rain" if rain_mm else "cloudy"}, "details": details}


_OPEN_METEO: Final[dict[str, tuple[str, Callable[[SaidHour], float]]]] = {
    "temperature_2m": ("°C", lambda hour: hour.temperature_degc),
    "relative_humidity_2m": ("%", lambda hour: hour.humidity_pct),
    "wind_speed_10m": ("m/s", lambda hour: hour.wind_m_s),
    "wind_gusts_10m": ("m/s", lambda hour: hour.gust_m_s),
    "wind_direction_10m": ("°", lambda hour: hour.wind_from_deg),
    "cloud_cover": ("%", lambda hour: hour.cloud_pct),
    "pressure_msl": ("hPa", lambda hour: hour.pressure_hpa),
    "shortwave_radiation": ("W/m²", lambda hour: hour.radiation_w_m2),
    "precipitation": ("mm", lambda hour: hour.rain_mm),
    "precipitation_probability": ("%", lambda hour: hour.chance_pct),
}
_FOREIGN: Final[dict[str, tuple[str, Callable[[float], float]]]] = {
    "°C": ("°F", lambda value: 1.8 * value + 32),
    "m/s": ("km/h", lambda value: 3.6 * value),
    "mm": ("inch", lambda value: value / 25.4),
}


def open_meteo(said: SaidForecast, asked: Asked, *, units: str = "metric", offset_s: int = 0) -> bytes:
    """Return an answer of Open-Meteo; with an `offset_s` its times are local, written without it."""
    is_unix = asked.parameters.get("timeformat") == "unixtime"
    wanted = [name for name in asked.parameters.get("hourly", "").split(",") if name in _OPEN_METEO]
    times = [hour.time_ms // 1000 if is_unix else _local(hour.time_ms, offset_s) for hour in said.hours]
    columns: dict[str, Any] = {"time": times}
    unit_names = {"time": "unixtime" if is_unix else "iso8601"}
    runs = {"": said.hours, **{f"_member{number:02d}": run for number, run in enumerate(said.members, 1)}}
    for name in wanted:
        unit, value_of = _OPEN_METEO[name]
        shown, convert = _FOREIGN.get(unit, (unit, _same)) if units != "metric" else (unit, _same)
        for suffix, hours in runs.items():
            if said.members and name == "precipitation_probability":
                continue
            columns[name + suffix] = [round(convert(value_of(hour)), 2) for hour in hours]
            unit_names[name + suffix] = shown
    return _json(
        {
            "latitude": round(asked.latitude_deg * 16) / 16,
            "longitude": round(asked.longitude_deg * 16) / 16,
            "generationtime_ms": 0.21,
            "utc_offset_seconds": offset_s,
            "timezone": "GMT" if not offset_s else "Asia/Shanghai",
            "timezone_abbreviation": "GMT" if not offset_s else "CST",
            "elevation": 22.0,
            "hourly_units": unit_names,
            "hourly": columns,
        }
    )


def qweather(said: SaidForecast, asked: Asked, *, offset: timezone = _CHINA) -> bytes:
    """Return an answer of QWeather, hourly or by day: every number is a text."""
    head = {"code": "200", "updateTime": _minute(said.issued_ms, offset), "fxLink": "http://127.0.0.1/"}
    refer = {"sources": ["QWeather"], "license": ["QWeather Developers License"]}
    if asked.product.endswith("d"):
        return _json({**head, "daily": _days(said, int(asked.product[:-1]), offset), "refer": refer})
    count = int(asked.product.removesuffix("h") or 72)
    rows = []
    for number, hour in enumerate(said.hours[:count]):
        ahead = said.hours[number + 1] if number + 1 < len(said.hours) else None
        row = {
            "fxTime": _minute(hour.time_ms, offset),
            "temp": f"{hour.temperature_degc:.0f}",
            "icon": "100",
            "text": "Sunny",
            "wind360": f"{hour.wind_from_deg:.0f}",
            "windDir": "NW",
            "windScale": "1-3",
            "windSpeed": f"{3.6 * hour.wind_m_s:.0f}",
            "humidity": f"{hour.humidity_pct:.0f}",
            "pressure": f"{hour.pressure_hpa:.0f}",
            "cloud": f"{hour.cloud_pct:.0f}",
            "dew": f"{hour.temperature_degc - 4:.0f}",
        }
        if ahead is not None:
            row |= {"pop": f"{ahead.chance_pct:.0f}", "precip": f"{ahead.rain_mm:.1f}"}
        rows.append(row)
    return _json({**head, "hourly": rows, "refer": refer})


def qweather_hours(said: SaidForecast, count: int) -> bytes:
    """Return an answer of QWeather's version 1: numbers with their units, and shares of 0 to 1."""
    rows = []
    for hour, ahead in list(zip(said.hours, [*said.hours[1:], said.hours[-1]], strict=True))[:count]:
        rows.append(
            {
                "forecastTime": _utc(hour.time_ms).replace(":00Z", "Z"),
                "condition": {"text": "Sunny", "code": "100"},
                "temperature": {"value": round(hour.temperature_degc, 2), "unit": "°C"},
                "humidity": round(hour.humidity_pct / 100, 2),
                "wind": {
                    "direction": {"degree": round(hour.wind_from_deg) % 360, "compass": "nw"},
                    "speed": {"value": round(hour.wind_m_s, 2), "unit": "m/s"},
                    "scale": 2,
                },
                "windGust": {"value": round(hour.gust_m_s, 2), "unit": "m/s"},
                "precipitation": {
                    "amount": {"value": round(ahead.rain_mm, 2), "unit": "mm"},
                    "intensity": {"value": round(ahead.rain_mm, 2), "unit": "mm/h"},
                    "probability": round(ahead.chance_pct / 100, 2),
                    "type": "rain" if ahead.rain_mm else "none",
                },
                "pressure": {"value": round(hour.pressure_hpa, 1), "unit": "hPa"},
                "cloudCover": round(hour.cloud_pct / 100, 2),
            }
        )
    return _json({"metadata": {"tag": "simulated", "attributions": []}, "hours": rows})


def _days(said: SaidForecast, count: int, offset: timezone) -> list[dict[str, str]]:
    shift_ms = round(offset.utcoffset(None).total_seconds() * 1000)
    days: dict[int, list[SaidHour]] = {}
    for hour in said.hours:
        days.setdefault((hour.time_ms + shift_ms) // DAY_MS, []).append(hour)
    return [
        {
            "fxDate": datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat(),
            "tempMax": f"{max(hour.temperature_degc for hour in hours):.0f}",
            "tempMin": f"{min(hour.temperature_degc for hour in hours):.0f}",
            "precip": f"{sum(hour.rain_mm for hour in hours):.1f}",
            "humidity": f"{hours[0].humidity_pct:.0f}",
            "windSpeedDay": "10",
        }
        for day, hours in list(days.items())[:count]
    ]


def _same(value: float) -> float:
    return value


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _utc(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(time_ms: int, offset_s: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000 + offset_s, UTC).strftime("%Y-%m-%dT%H:%M")


def _minute(time_ms: int, offset: timezone) -> str:
    return datetime.fromtimestamp(time_ms / 1000, offset).isoformat(timespec="minutes")
