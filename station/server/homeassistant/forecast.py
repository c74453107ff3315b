"""MQTT messages of the weather to come at a site for Home Assistant: its discovery message, values and hours. No I/O.

Home Assistant's MQTT integration has no weather platform. So the values of the present hour are sensors, and one more
sensor has the hours to come in its attributes, in the form of Home Assistant's forecasts, from which its template
integration makes a weather entity (docs/how-to/other-programs.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from headland.agronomy.climate.sun import is_day
from headland.analysis.weather.hourly_forecast import ForecastAmount, ForecastHour, ForecastValue, HourlyForecast
from headland.contract.quantities import QUANTITIES
from headland.contract.topics import home_value_topic
from headland.units_of_time import HOUR_MS
from station.server.homeassistant.discovery import BINARY_EXPIRY_S, message_of_device, sensor_config

#: The sensor with the hours: no channel, which ends in its unit, has this name.
FORECAST: Final = "forecast"
#: Attributes that all sensors share: who said it.
ABOUT: Final = "about"
#: Hours in the attributes: Home Assistant's recorder stores attributes of at most 16 KiB.
MOST_HOURS: Final = 48
#: Channels of the catalogue that a forecast has.
CHANNELS: Final = {name: quantity.forecast for name, quantity in QUANTITIES.items() if quantity.forecast is not None}
#: Shares of the sky from which on it is partly cloudy and cloudy: more than 2 and more than 6 eighths [WMO 306, 2700].
_PARTLY_PCT: Final = 25.0
_CLOUDY_PCT: Final = 75.0
#: Precipitation of an hour from which on it is wet.
_WET_MM: Final = 0.1
#: Names of the quantities in a forecast of Home Assistant; native ones it converts to the units that people chose.
_HOME_NAMES: Final = {
    quantity.forecast: quantity.home_forecast
    for quantity in QUANTITIES.values()
    if quantity.forecast is not None and quantity.home_forecast is not None
}
Place = tuple[float, float]


def device_of(site: str) -> str:
    """Return the name under which a site's forecast is a device: no device has a colon in its name."""
    return f"forecast:{site}"


def describe_forecast(forecast: HourlyForecast) -> dict[str, Any]:
    """Return the discovery message of a site's forecast."""
    device = device_of(forecast.site)
    about = {"json_attributes_topic": home_value_topic(device, ABOUT)}
    sensors = {
        # No state class: what is forecast is no measurement of a statistic.
        channel: {**sensor_config(device, channel, QUANTITIES[channel].unit, BINARY_EXPIRY_S), **about}
        for channel in CHANNELS
    }
    for config in sensors.values():
        config.pop("state_class", None)
    hours = {
        "platform": "sensor",
        "name": FORECAST,
        "unique_id": f"headland_{device}_{FORECAST}",
        "default_entity_id": f"sensor.{entity_name(forecast.site)}",
        "state_topic": home_value_topic(device, FORECAST),
        "value_template": "{{ value_json.value }}",
        "device_class": "timestamp",
        "json_attributes_topic": home_value_topic(device, FORECAST),
        "json_attributes_template": "{{ value_json.attributes | tojson }}",
        "expire_after": BINARY_EXPIRY_S,
    }
    name = f"Weather forecast {forecast.site}"
    return message_of_device(
        device,
        name,
        {**sensors, FORECAST: hours},
        simulated=forecast.simulated,
        model=forecast.title,
        site=forecast.site,
    )


def entity_name(site: str) -> str:
    """Return the name of the entity with the hours, as templates use it."""
    return f"headland_forecast_{re.sub(r'[^a-z0-9]+', '_', site.lower()).strip('_')}"


def forecast_messages(forecast: HourlyForecast, now_ms: int, place: Place | None) -> dict[str, dict[str, Any]]:
    """Return the message of each sensor that has a value, and that of what they share; none without a forecast."""
    ahead = [hour for hour in forecast.hours if hour.start_ms + HOUR_MS > now_ms]
    if not ahead:
        return {}
    messages = {ABOUT: _about(forecast)}
    if ahead[0].start_ms <= now_ms:
        for channel, name in CHANNELS.items():
            value = _of_this_hour(ahead[0], name)
            if value is not None:
                messages[channel] = {"value": value}
    said_ms = forecast.fetched_ms if forecast.issued_ms is None else forecast.issued_ms
    messages[FORECAST] = {
        "value": None if said_ms is None else _instant(said_ms),
        "attributes": {**_about(forecast), "hours": [_hour(hour, place) for hour in ahead[:MOST_HOURS]]},
    }
    return messages


def _about(forecast: HourlyForecast) -> dict[str, Any]:
    credit = forecast.attribution
    return {
        "attribution": "" if credit is None else credit.text,
        "licence": "" if credit is None else credit.licence,
        "source": forecast.title or "",
        "basis": forecast.basis,
        "simulated": forecast.simulated,
    }


def _of_this_hour(hour: ForecastHour, name: str) -> float | None:
    """Return a quantity of an hour; None for an amount of a longer step, which is not of the hour alone."""
    value: ForecastValue | ForecastAmount | None = getattr(hour, name)
    if isinstance(value, ForecastAmount) and value.end_ms - value.start_ms != HOUR_MS:
        return None
    return None if value is None else value.value


def _hour(hour: ForecastHour, place: Place | None) -> dict[str, Any]:
    """Return an hour as Home Assistant's forecasts have it; what is not known is left out."""
    values: Mapping[str, float | str | None] = {
        "condition": _condition(hour, place),
        **{home: _of_this_hour(hour, name) for name, home in _HOME_NAMES.items()},
    }
    return {"datetime": _instant(hour.start_ms), **{key: value for key, value in values.items() if value is not None}}


def _condition(hour: ForecastHour, place: Place | None) -> str | None:
    """Return the sky of an hour in Home Assistant's words, by precipitation, temperature, clouds and the sun."""
    rain = _of_this_hour(hour, "rain_mm")
    if rain is not None and rain >= _WET_MM:
        air = hour.temperature_degc
        return "snowy" if air is not None and air.value < 0.0 else "rainy"
    if hour.cloud_cover_pct is None:
        return None
    if hour.cloud_cover_pct.value > _PARTLY_PCT:
        return "cloudy" if hour.cloud_cover_pct.value > _CLOUDY_PCT else "partlycloudy"
    is_night = place is not None and not is_day(hour.start_ms + HOUR_MS // 2, *place)
    return "clear-night" if is_night else "sunny"


def _instant(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
