"""What Home Assistant is told: by its documented schema, and over a real broker to whoever listens as it does."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from headland.clock import wall_clock_ms
from headland.contract.freshness import silent_after_s
from headland.contract.indices import decimals_of
from headland.contract.quantities import QUANTITIES
from headland.contract.records import ChannelInfo, Descriptor
from headland.errors import SettingsError
from headland.store.memory import MemoryStore
from headland.store.port import DeviceRecord, Latest, SeriesKey
from ingest.settings import IngestSettings
from station.cli.options import home_prefix
from station.local.broker import BrokerUser, _acl
from station.server.homeassistant.bridge import HomeAssistantBridge
from station.server.homeassistant.dead_band import DeadBand
from station.server.homeassistant.discovery import (
    describe,
    discovery_topic,
    expiry_s,
    has_data_problem,
)
from tests.api.farm import write_series
from tests.broker import Broker

WaitUntil = Callable[..., None]
#: developers.home-assistant.io/docs/core/entity/sensor: the units that a device class takes, those of ours.
UNITS: dict[str, set[str | None]] = {
    "battery": {"%"}, "carbon_dioxide": {"ppm"}, "conductivity": {"S/cm", "mS/cm", "µS/cm"}, "current": {"A", "mA"},
    "distance": {"m", "km", "mm", "cm"}, "duration": {"d", "h", "min", "s", "ms"}, "humidity": {"%"},
    "illuminance": {"lx"}, "irradiance": {"W/m²"}, "moisture": {"%"}, "ph": {None}, "power": {"W", "kW"},
    "precipitation": {"cm", "mm"},
    "pressure": {"hPa", "kPa", "Pa"}, "signal_strength": {"dB", "dBm"}, "speed": {"m/s", "km/h"},
    "temperature": {"°C", "°F", "K"}, "voltage": {"V", "mV"}, "volume_flow_rate": {"L/min", "m³/h"},
    "weight": {"kg", "g"}, "wind_speed": {"m/s", "km/h"},
}  # fmt: skip
#: The classes above that may rise for ever; all others are measurements.
RISING = {"distance", "duration"}
SENSOR_KEYS = {
    "platform", "name", "unique_id", "state_topic", "value_template", "unit_of_measurement", "device_class",
    "state_class", "expire_after", "suggested_display_precision", "entity_category", "enabled_by_default",
}  # fmt: skip
#: developers.home-assistant.io/docs/core/entity/binary-sensor
BINARY_KEYS = {
    "platform", "name", "unique_id", "state_topic", "value_template", "device_class", "expire_after",
    "entity_category", "payload_on", "payload_off",
}  # fmt: skip
DEVICE_KEYS = {"identifiers", "name", "manufacturer", "model", "sw_version", "suggested_area"}


def house(**changes: Any) -> DeviceRecord:
    told: dict[str, Any] = {
        "device": "gh-1", "kind": "greenhouse", "site": "home", "name": "番茄一号棚", "simulated": True,
        "channels": {
            "co2_ppm": ChannelInfo(unit="ppm", interval_s=60.0), "vent_open_pct": ChannelInfo(unit="%", interval_s=1.0),
        },
        **changes,
    }  # fmt: skip
    return DeviceRecord("own", "gw-1", Descriptor(**told), None)


def check_discovery(message: dict[str, Any]) -> None:
    """Hold a message against the schema of device discovery."""
    assert set(message) == {"device", "origin", "availability", "qos", "components"}
    assert set(message["device"]) <= DEVICE_KEYS
    assert message["device"]["identifiers"]
    assert message["origin"]["name"]
    for one in message["availability"]:
        assert set(one) == {"topic", "payload_available", "payload_not_available"}
    ids = [sensor["unique_id"] for sensor in message["components"].values()]
    assert len(set(ids)) == len(ids)
    for sensor in message["components"].values():
        assert isinstance(sensor["expire_after"], int)
        assert sensor["expire_after"] > 0
        assert not re.search(r"[+#\x00]", sensor["state_topic"])
        assert sensor.get("entity_category") in {None, "diagnostic"}
        if sensor["platform"] == "binary_sensor":
            assert set(sensor) <= BINARY_KEYS
            assert sensor["device_class"] == "problem"
            continue
        assert set(sensor) <= SENSOR_KEYS
        assert sensor["platform"] == "sensor"
        kind = sensor.get("device_class")
        if kind is not None:
            assert sensor.get("unit_of_measurement") in UNITS[kind], sensor
        state = sensor.get("state_class")
        assert state in {None, "measurement", "total_increasing"}
        if state == "total_increasing":
            assert kind is None or kind in RISING
        if state is not None and kind is None:
            assert sensor.get("unit_of_measurement") != ""


def test_every_quantity_that_there_is_makes_a_valid_sensor() -> None:
    units = {name: quantity.unit for name, quantity in QUANTITIES.items()}
    message = describe(house(), units, units)
    check_discovery(message)
    sensors = message["components"]
    assert sensors["air_temperature_degc"]["unit_of_measurement"] == "°C"
    assert sensors["air_temperature_degc"]["device_class"] == "temperature"
    assert sensors["relative_humidity_pct"]["device_class"] == "humidity"
    assert sensors["flow_volume_total_l"]["state_class"] == "total_increasing"
    assert "state_class" not in sensors["gps_fix_code"]
    assert "unit_of_measurement" not in sensors["gps_fix_code"]


def test_home_assistant_shows_the_decimals_of_the_page_and_of_paper() -> None:
    units = {name: quantity.unit for name, quantity in QUANTITIES.items()} | {"leaf_count": "1", "pond_ph": "pH"}
    sensors = describe(house(), units, units)["components"]
    for name in QUANTITIES:
        assert sensors[name]["suggested_display_precision"] == decimals_of(name, units[name]), name
    assert sensors["pond_ph"]["suggested_display_precision"] == 2
    # A bare number that nobody knows may be a count or a share.
    assert "suggested_display_precision" not in sensors["leaf_count"]


def test_nothing_that_home_assistant_is_told_could_be_commanded() -> None:
    units = {name: quantity.unit for name, quantity in QUANTITIES.items()}
    text = json.dumps(describe(house(), units, units))
    assert "command_topic" not in text
    assert {sensor["platform"] for sensor in json.loads(text)["components"].values()} == {
        "sensor",
        "binary_sensor",
    }


def test_a_value_is_old_after_three_that_did_not_come() -> None:
    for channel, interval_s in (("co2_ppm", 60.0), ("vent_open_pct", 1.0), ("par_umol_m2_s", None)):
        assert expiry_s(house(), channel) == silent_after_s(interval_s, "greenhouse")


def test_a_simulated_device_says_so_in_its_name_and_a_name_that_is_none_there_is_marked() -> None:
    assert describe(house(), [], {})["device"]["name"] == "番茄一号棚 (simulated)"
    assert discovery_topic("homeassistant", "gh-1") == "homeassistant/device/headland_gh-1/config"
    one, other = (discovery_topic("homeassistant", name) for name in ("gh.1", "gh_1"))
    assert one != other
    assert re.fullmatch(r"homeassistant/device/[A-Za-z0-9_-]+/config", one)


def test_it_is_off_unless_a_prefix_is_told() -> None:
    assert home_prefix(None) is None
    assert home_prefix("") is None
    assert home_prefix("homeassistant") == "homeassistant"
    for wrong in ("home/#", "/home", "a b"):
        with pytest.raises(SettingsError, match="discovery prefix"):
            home_prefix(wrong)


def test_the_broker_lets_the_station_say_it_and_home_assistant_read_it() -> None:
    rules = _acl(BrokerUser("ingest", "x", "ingest"))
    assert "topic write headland/v1/home/#" in rules
    assert "topic write +/device/+/config" in rules
    assert "topic read headland/v1/home/#" in _acl(BrokerUser("devices", "x", "devices"))
    home = _acl(BrokerUser("home-assistant", "x", "home"))
    assert {"topic read headland/v1/home/#", "topic read +/device/+/config"} <= set(home.splitlines())
    assert "data" not in home
    assert [line for line in home.splitlines() if "write" in line] == ["topic write +/status"]


@contextmanager
def listening(broker: Broker) -> Iterator[dict[str, list[tuple[bytes, bool]]]]:
    """Yield what is heard by topic, each with whether it was retained, as from a Home Assistant that just came."""
    heard: dict[str, list[tuple[bytes, bool]]] = {}
    ready = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, message: heard.setdefault(message.topic, []).append(
        (bytes(message.payload), message.retain)
    )
    client.on_subscribe = lambda *_: ready.set()
    client.connect(broker.host, broker.port)
    client.subscribe([("homeassistant/#", 1), ("headland/v1/home/#", 1)])
    client.loop_start()
    try:
        assert ready.wait(120)
        yield heard
    finally:
        client.disconnect()
        client.loop_stop()


def test_home_assistant_finds_devices_and_fresh_fit_values_and_loses_the_station_when_it_goes(
    mosquitto: Broker, wait_until: WaitUntil, tmp_path: Path
) -> None:
    store, now_ms = MemoryStore(), wall_clock_ms()
    times = np.array([now_ms - 2000, now_ms - 1000])
    flags = {"air_temperature_degc": np.array([1, 1]), "relative_humidity_pct": np.array([1, 3])}
    fresh = {"air_temperature_degc": np.array([20.0, 21.5]), "relative_humidity_pct": np.array([60.0, 101.0])}
    write_series(store, "own", "home", "greenhouse", "gh-1", times, fresh, flags=flags)
    write_series(store, "own", "home", "greenhouse", "gh-1", times - 3_600_000, {"co2_ppm": np.array([500.0, 510.0])})
    write_series(store, "other", "away", "greenhouse", "gh-9", times, {"co2_ppm": np.array([1.0, 2.0])})
    store.describe("own", "gw-1", Descriptor(device="gh-1", kind="greenhouse", site="home", name="House 1"))
    store.describe("other", "gw-9", Descriptor(device="gh-9", kind="greenhouse", site="away", name="Theirs"))
    broker = IngestSettings(host=mosquitto.host, port=mosquitto.port, quarantine_path=tmp_path / "none.sqlite")
    bridge = HomeAssistantBridge("homeassistant", store, "own", broker, lambda: {"gh-1"})
    topic, value = "homeassistant/device/headland_gh-1/config", "headland/v1/home/gh-1/air_temperature_degc"
    alarm, problem = "headland/v1/home/gh-1/alarm", "headland/v1/home/gh-1/data_problem"
    with listening(mosquitto) as heard:
        bridge.start()
        wait_until(lambda: {value, topic, alarm, problem} <= heard.keys())
        # A suspect humidity is a problem of the data, and there is an alarm.
        assert [json.loads(heard[name][0][0])["value"] for name in (alarm, problem)] == ["on", "on"]
        (config, _) = heard[topic][0]
        check_discovery(json.loads(config))
        assert json.loads(config)["components"].keys() == {
            "air_temperature_degc", "relative_humidity_pct", "co2_ppm", "data_problem", "alarm"
        }  # fmt: skip
        said = json.loads(heard[value][0][0])
        assert (said["value"], said["unit"], said["quality"], said["simulated"]) == (21.5, "degC", 1, False)
        assert said["time_ms"] == now_ms - 1000
        bridge.stop()
        wait_until(lambda: heard["headland/v1/home/status"][-1][0] == b"offline")
        assert heard["headland/v1/home/status"][0] == (b"online", False)
        # Neither what is an hour old nor what is suspect was said, nor anything of another organisation.
        assert set(heard) == {topic, value, alarm, problem, "headland/v1/home/status"}
        assert bridge.counters()["home_said"] == 1
    with listening(mosquitto) as heard:
        wait_until(lambda: {topic, "headland/v1/home/status"} <= heard.keys())
        # Values do not come back as new ones.
        assert set(heard) == {topic, "headland/v1/home/status"}
        assert heard["headland/v1/home/status"] == [(b"offline", True)]


def test_what_is_inside_a_vehicle_is_diagnostic_and_disabled() -> None:
    units = {name: quantity.unit for name, quantity in QUANTITIES.items()}
    drone = describe(house(kind="drone"), units, units)["components"]
    enabled = {name for name, sensor in drone.items() if sensor.get("enabled_by_default", True)}
    assert {"battery_remaining_pct", "hopper_kg", "tank_l", "pump_on", "data_problem"} <= enabled
    assert len(enabled) < 15
    for name in ("roll_rad", "ekf_velocity_variance_ratio", "latitude_deg", "servo_output_us"):
        assert (drone[name]["entity_category"], drone[name]["enabled_by_default"]) == ("diagnostic", False)
    climate = describe(house(), units, units)["components"]
    assert "entity_category" not in climate["air_temperature_degc"]
    assert climate["battery_voltage_v"]["entity_category"] == "diagnostic"


def test_data_has_a_problem_where_a_value_is_suspect_or_late() -> None:
    key = SeriesKey("own", "home", "greenhouse", "gh-1", "co2_ppm")
    now_ms = 1_000_000_000

    def problem(age_s: float, quality: int, **changes: Any) -> bool:
        sample = Latest(key, now_ms - round(age_s * 1000), 500.0, quality)
        return has_data_problem(house(**changes), {"co2_ppm": sample}, now_ms)

    assert not problem(10, 1)
    assert not problem(10, 2)
    assert problem(10, 3)
    assert not problem(181, 1), "late is not silent"
    assert problem(901, 1)
    # A drone that rests has no values; a channel of an unknown interval is not known to be late.
    assert not problem(181, 1, kind="drone")
    assert not problem(9999, 1, channels={})


@pytest.fixture
def shown() -> Callable[[float, int], float | None]:
    """Return what is sent for a value of a temperature at a second, None for nothing; kept alive every 60 s."""
    band, key = DeadBand(), SeriesKey("own", "home", "greenhouse", "gh-1", "air_temperature_degc")

    def send(value: float, at_s: int) -> float | None:
        chosen = band.choose(Latest(key, at_s * 1000, value, 1), "degC", at_s * 1000, 60_000)
        return None if chosen is None else chosen.value

    return send


def test_a_small_change_is_not_sent_and_a_large_one_is(shown: Callable[[float, int], float | None]) -> None:
    assert shown(20.0, 0) == 20.0
    assert shown(20.1, 40) is None
    assert shown(20.3, 42) == 20.3
    # Not more often than every 30 s.
    assert shown(22.0, 50) is None
    assert shown(22.0, 72) == 22.0


def test_the_shown_value_is_sent_again_before_it_expires_and_renewed_in_time(
    shown: Callable[[float, int], float | None],
) -> None:
    assert shown(20.0, 0) == 20.0
    assert [shown(20.1, at_s) for at_s in range(60, 600, 60)] == [20.0] * 9
    assert shown(20.1, 600) == 20.1


def test_a_state_is_sent_as_it_changes() -> None:
    band, key = DeadBand(), SeriesKey("own", "home", "drone", "uav-1", "pump_on")
    sent = [band.choose(Latest(key, at_s, value, 1), "1", at_s * 1000, 60_000) for at_s, value in
            ((0, 0.0), (2, 1.0), (4, 1.0), (6, 0.0))]  # fmt: skip
    assert [None if sample is None else sample.value for sample in sent] == [0.0, 1.0, None, 0.0]
