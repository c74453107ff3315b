"""What Home Assistant is told of the weather to come: the present hour as sensors, the hours in its own form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headland.analysis.weather.hourly_forecast import ForecastValue, HourlyForecast
from headland.clock import wall_clock_ms
from headland.contract.quantities import QUANTITIES
from headland.store.memory import MemoryStore
from headland.units_of_time import HOUR_MS
from ingest.settings import IngestSettings
from station.server.homeassistant.bridge import HomeAssistantBridge
from station.server.homeassistant.discovery import discovery_topic
from station.server.homeassistant.forecast import (
    CHANNELS,
    MOST_HOURS,
    describe_forecast,
    device_of,
    entity_name,
    forecast_messages,
)
from tests.alarms.rules.test_forecast_values import START_MS, air, amount, outlook
from tests.broker import Broker
from tests.station.server.homeassistant.test_bridge import SENSOR_KEYS, UNITS, listening

WaitUntil = Callable[..., None]
#: Home Assistant's recorder stores no larger attributes: MAX_STATE_ATTRS_BYTES of its recorder.
MOST_BYTES = 16_384
#: homeassistant.components.weather: keys that a forecast of its template integration may have, and its conditions.
FORECAST_KEYS = {
    "datetime", "condition", "native_temperature", "humidity", "native_wind_speed", "native_wind_gust_speed",
    "cloud_coverage", "native_precipitation", "precipitation_probability",
}  # fmt: skip
PLACE = (31.95, 119.17)


def plain(value: float) -> ForecastValue:
    return ForecastValue(value=value, low=None, high=None, basis="provider")


def told(hours: int = 72, **more: Any) -> HourlyForecast:
    said = {
        at: {
            "temperature_degc": air(-12.345), "humidity_pct": plain(87.654), "wind_speed_m_s": plain(12.345),
            "wind_gust_m_s": plain(22.345), "cloud_cover_pct": plain(10.0), "rain_mm": amount(0.0, at, at + 1),
            "rain_chance_pct": amount(35.0, at, at + 1),
        }
        for at in range(hours)
    }  # fmt: skip
    return outlook({at: {**values, **more} for at, values in said.items()})


def test_each_quantity_of_the_present_hour_is_a_sensor_without_statistics_and_names_its_licence() -> None:
    message = describe_forecast(told())
    sensors = message["components"]
    assert sensors.keys() == {*CHANNELS, "forecast"}
    assert message["device"]["name"] == "Weather forecast home"
    for channel in CHANNELS:
        sensor = sensors[channel]
        assert set(sensor) <= SENSOR_KEYS | {"json_attributes_topic"}
        assert "state_class" not in sensor
        kind = sensor.get("device_class")
        assert kind is None or sensor["unit_of_measurement"] in UNITS[kind]
    about = forecast_messages(told(), START_MS, PLACE)["about"]
    assert sensors["air_temperature_degc"]["json_attributes_topic"].endswith("/about")
    assert (about["attribution"], about["source"], about["basis"]) == ("Data: MET Norway", "MET Norway", "corrected")
    assert "command_topic" not in json.dumps(message)


def test_a_simulated_forecast_says_so_in_its_name() -> None:
    simulated = msgspec.structs.replace(told(), simulated=True)
    assert describe_forecast(simulated)["device"]["name"] == "Weather forecast home (simulated)"
    assert forecast_messages(simulated, START_MS, PLACE)["about"]["simulated"] is True


def test_hours_have_the_form_of_home_assistant_and_fit_its_recorder() -> None:
    message = forecast_messages(told(), START_MS, PLACE)["forecast"]
    hours = message["attributes"]["hours"]
    assert len(hours) == MOST_HOURS
    assert all(set(hour) == FORECAST_KEYS for hour in hours)
    assert hours[0]["datetime"] == "2026-11-24T08:00:00+00:00"
    assert (hours[0]["native_temperature"], hours[0]["precipitation_probability"]) == (-12.345, 35.0)
    assert len(json.dumps(message["attributes"])) < MOST_BYTES


@pytest.mark.parametrize(
    ("more", "condition"),
    [
        ({}, "sunny"),
        ({"cloud_cover_pct": plain(50.0)}, "partlycloudy"),
        ({"cloud_cover_pct": plain(90.0)}, "cloudy"),
        ({"rain_mm": amount(0.3, 0, 1), "temperature_degc": air(5.0)}, "rainy"),
        ({"rain_mm": amount(0.3, 0, 1), "temperature_degc": air(-5.0)}, "snowy"),
        ({"cloud_cover_pct": None, "rain_mm": None}, None),
    ],
)
def test_the_sky_of_an_hour_is_that_of_its_rain_and_clouds(more: dict[str, Any], condition: str | None) -> None:
    (hour,) = forecast_messages(told(1, **more), START_MS, (31.95, 0.0))["forecast"]["attributes"]["hours"]
    assert hour.get("condition") == condition


def test_a_night_without_clouds_is_clear() -> None:
    hours = forecast_messages(told(12), START_MS, PLACE)["forecast"]["attributes"]["hours"]
    # 16:00 and 20:00 in China.
    assert (hours[0]["condition"], hours[4]["condition"]) == ("sunny", "clear-night")


def test_an_amount_of_a_longer_step_is_told_of_no_hour() -> None:
    messages = forecast_messages(told(rain_mm=amount(6.0, 0, 6)), START_MS, PLACE)
    assert "precipitation_mm" not in messages
    assert "native_precipitation" not in messages["forecast"]["attributes"]["hours"][0]
    assert messages["air_temperature_degc"] == {"value": -12.345}


def test_without_a_forecast_nothing_is_said_and_the_hours_that_are_over_are_left_out() -> None:
    assert forecast_messages(outlook({}, basis="nothing", reason="off"), START_MS, PLACE) == {}
    assert forecast_messages(told(2), START_MS + 3 * HOUR_MS, PLACE) == {}
    late = forecast_messages(told(5), START_MS + 2 * HOUR_MS, PLACE)["forecast"]["attributes"]["hours"]
    assert late[0]["datetime"] == "2026-11-24T10:00:00+00:00"


def test_every_channel_of_a_forecast_is_in_the_catalogue() -> None:
    assert set(CHANNELS) <= set(QUANTITIES)
    assert entity_name("North Field-2") == "headland_forecast_north_field_2"


def test_the_bridge_says_the_weather_to_come_until_there_is_none(
    mosquitto: Broker, wait_until: WaitUntil, tmp_path: Path
) -> None:
    first_ms = wall_clock_ms() // HOUR_MS * HOUR_MS
    forecast = told(30)
    hours = tuple(
        msgspec.structs.replace(hour, start_ms=first_ms + at * HOUR_MS) for at, hour in enumerate(forecast.hours)
    )
    known = {"home": (msgspec.structs.replace(forecast, hours=hours), PLACE)}
    broker = IngestSettings(host=mosquitto.host, port=mosquitto.port, quarantine_path=tmp_path / "none.sqlite")
    bridge = HomeAssistantBridge("homeassistant", MemoryStore(), "own", broker, None, lambda _now_ms: known)
    device = device_of("home")
    value, listed = (f"headland/v1/home/{device}/{name}" for name in ("air_temperature_degc", "forecast"))
    with listening(mosquitto) as heard:
        bridge.start()
        try:
            wait_until(lambda: {value, listed, discovery_topic("homeassistant", device)} <= heard.keys())
            assert json.loads(heard[value][0][0]) == {"value": -12.345}
            assert json.loads(heard[listed][0][0])["attributes"]["attribution"] == "Data: MET Norway"
            count = len(heard[listed])
            known.clear()
            bridge.publish_changes()
            assert len(heard[listed]) == count
        finally:
            bridge.stop()
