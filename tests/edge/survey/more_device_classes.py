"""Further payloads of device classes, beside those of `device_classes` and by the same rules.

Read at its source: the Ruuvi Gateway. Written from knowledge of the formats, without a second look: Zigbee2MQTT
(TS0601_soil, ZG-204ZV), Tasmota (DS18x20, AM2301, SCD40), Home Assistant's statestream, Sparkplug 3.0.0,
ecowitt2mqtt's discovery, Milesight's and SenseCAP's codecs, openHASP and Plantgateway. The values are ours.
"""

from __future__ import annotations

from tests.edge.sources.mqtt.sparkplug_node import BOOLEAN, INT16, by_alias, metric, payload
from tests.edge.survey.device_classes import BRIDGE, DeviceClass, discovered, event_up, listed, numeric, rpc, uplink

_NODE_BIRTH = payload(
    {"name": "bdSeq", "datatype": 4, "value": 3},
    {"name": "Node Control/Rebirth", "datatype": BOOLEAN, "value": False},
    metric("Cabinet/Temperature", 1, 31.5, "°C"),
    seq=0,
)
_DEVICE_BIRTH = payload(
    metric("Air Temperature", 10, 21.5, "°C"),
    metric("Relative Humidity", 11, 61.0, "%"),
    metric("Soil Temperature", 12, -3, "°C", INT16),
    metric("CO2", 13, 640.0, "ppm"),
    metric("Valve", 14, True, datatype=BOOLEAN),
    seq=1,
)


def ruuvi(address: str, degc: float, humidity_pct: float, hpa: float, volts: float) -> dict[str, object]:
    """Return the message of a Ruuvi Gateway about a tag."""
    power = (round(volts * 1000) - 1600) << 5 | 22
    data = (
        round(degc * 200).to_bytes(2, "big", signed=True)
        + round(humidity_pct * 400).to_bytes(2, "big")
        + (round(hpa * 100) - 50_000).to_bytes(2, "big")
        + bytes.fromhex("0004fffc040c")
        + power.to_bytes(2, "big")
        + bytes.fromhex("4200cd")
        + bytes.fromhex(address)
    )
    return {"gw_mac": "C8:25:2D:8E:9C:2C", "rssi": -62, "aoa": [], "gwts": "1790000001", "ts": "1790000000",
            "data": f"0201061BFF990405{data.hex().upper()}", "coords": ""}  # fmt: skip


def _stated(entity: str, state: float | str, unit: str, device_class: str) -> list[tuple[str, object]]:
    base = f"ha/sensor/{entity}"
    return [
        (f"{base}/unit_of_measurement", unit),
        (f"{base}/device_class", device_class),
        (f"{base}/friendly_name", entity.replace("_", " ").title()),
        (f"{base}/last_changed", "2026-11-24T08:00:00+00:00"),
        (f"{base}/state", str(state).encode()),
    ]


MORE_CLASSES = [
    DeviceClass(
        "Sparkplug B",
        [
            ("spBv1.0/Farm/NBIRTH/edge-1", _NODE_BIRTH),
            ("spBv1.0/Farm/DBIRTH/edge-1/house-3", _DEVICE_BIRTH),
            ("spBv1.0/Farm/DDATA/edge-1/house-3", payload(by_alias(10, 22.25), by_alias(12, -4, INT16), seq=2)),
            ("spBv1.0/STATE/scada", {"online": True, "timestamp": 1790000000000}),
        ],
        {
            "sparkplug.edge-1": {"cabinet_temperature_degc": 31.5},
            "sparkplug.edge-1/house-3": {"air_temperature_degc": 22.25, "relative_humidity_pct": 61.0,
                                         "soil_temperature_degc": -4, "co2_ppm": 640},
        },
    ),
    DeviceClass(
        "Ruuvi Gateway",
        [
            ("ruuvi/C8:25:2D:8E:9C:2C/gw_status", {"state": "online"}),
            ("ruuvi/C8:25:2D:8E:9C:2C/CB:B8:33:4C:88:4F", ruuvi("CBB8334C884F", 24.3, 53.49, 1000.44, 2.977)),
            ("ruuvi/C8:25:2D:8E:9C:2C/D0:11:22:33:44:55", ruuvi("D01122334455", -8.5, 90.0, 998.5, 2.5)),
        ],
        {
            "ruuvi.CBB8334C884F": {"air_temperature_degc": 24.3, "relative_humidity_pct": 53.49,
                                   "pressure_hpa": 1000.44, "battery_voltage_v": 2.977},
            "ruuvi.D01122334455": {"air_temperature_degc": -8.5, "relative_humidity_pct": 90.0,
                                   "pressure_hpa": 998.5, "battery_voltage_v": 2.5},
        },
    ),
    DeviceClass(
        "Home Assistant statestream",
        [
            *_stated("tent_1_temperature", 21.5, "°C", "temperature"),
            *_stated("tent_1_humidity", 60.5, "%", "humidity"),
            *_stated("tent_2_temperature", 68.0, "°F", "temperature"),
            *_stated("tank_level", 4.25, "m³", "volume"),
            *_stated("tent_2_soil_moisture", "unavailable", "%", "moisture"),
        ],
        {
            "statestream.tent_1": {"air_temperature_degc": 21.5, "relative_humidity_pct": 60.5},
            "statestream.tent_2": {"air_temperature_degc": 20.0},
            "statestream.tank_level": {"tank_level_l": 4250.0},
        },
    ),
    DeviceClass(
        "Zigbee2MQTT soil probe, Tuya",
        [
            ("zigbee2mqtt/bridge/devices", [BRIDGE[0], listed("soil 2", "0xa4c138fe01", "Tuya", "TS0601_soil",
                numeric("temperature", "°C"), numeric("soil_moisture", "%"), numeric("battery", "%"))]),
            ("zigbee2mqtt/soil 2", {"temperature": 18.5, "soil_moisture": 41, "battery": 85, "battery_state": "high",
                                    "temperature_unit": "celsius", "linkquality": 91}),
        ],
        {"zigbee2mqtt.soil 2": {"substrate_moisture_pct": 41, "battery_remaining_pct": 85}},
    ),
    DeviceClass(
        "Tasmota DS18B20, AM2301 and SCD40",
        [
            ("tele/house-4/SENSOR", {"Time": "2026-11-24T08:00:00", "DS18B20": {"Id": "0000103B7F01",
                "Temperature": 17.4}, "TempUnit": "C"}),
            ("tele/house-5/SENSOR", {"Time": "2026-11-24T08:00:00", "AM2301": {"Temperature": 24.6, "Humidity": 58.2,
                "DewPoint": 15.8}, "TempUnit": "C"}),
            ("tele/house-6/SENSOR", {"Time": "2026-11-24T08:00:00", "SCD40": {"CarbonDioxide": 812, "eCO2": 806,
                "Temperature": 22.8, "Humidity": 49.3, "DewPoint": 11.6}, "TempUnit": "C"}),
        ],
        {
            "tasmota.house-4": {"air_temperature_degc": 17.4},
            "tasmota.house-5": {"air_temperature_degc": 24.6, "relative_humidity_pct": 58.2, "dew_point_degc": 15.8},
            "tasmota.house-6": {"air_temperature_degc": 22.8, "relative_humidity_pct": 49.3, "dew_point_degc": 11.6,
                                "co2_ppm": 812, "co2_ppm:1": 806},
        },
    ),
    DeviceClass(
        "ChirpStack v4, units in the names",
        [
            event_up("a84041ffff1e0a01", "house-1", {"TempC_SHT": 23.4, "Hum_SHT": 55.1, "BatV": 3.02}),
            event_up("a84041ffff1e0a02", "house-2", {"TempC_SHT": 20.1, "Hum_SHT": 64.0, "BatV": 2.98}),
        ],
        {
            "chirpstack.a84041ffff1e0a01": {"air_temperature_degc": 23.4, "battery_voltage_v": 3.02},
            "chirpstack.a84041ffff1e0a02": {"air_temperature_degc": 20.1, "battery_voltage_v": 2.98},
        },
    ),
    DeviceClass(
        "The Things Stack, list of measurements",
        [uplink("sensecap-1", "2CF7F1C04400", {"decoded_payload": {"valid": True, "messages": [
            {"type": "report_telemetry", "measurementId": 4097, "measurementValue": 21.9}]},
            "normalized_payload": [{"air": {"temperature": 21.9}, "soil": {"moisture": 33.0}}]})],
        {"things-stack.sensecap-1": {"air_temperature_degc": 21.9, "substrate_moisture_pct": 33.0}},
    ),
    DeviceClass(
        "Ecowitt by ecowitt2mqtt",
        [
            discovered("gw2000a", "outdoor_temperature", "°F", "homeassistant/sensor/gw2000a/temp/state"),
            discovered("gw2000a", "solar_radiation", "W/m²", "homeassistant/sensor/gw2000a/solarradiation/state"),
            discovered("gw2000a", "soil_moisture_1", "%", "homeassistant/sensor/gw2000a/soilmoisture1/state"),
            discovered("gw2000a", "wind_speed", "mph", "homeassistant/sensor/gw2000a/windspeed/state"),
            ("homeassistant/sensor/gw2000a/temp/state", 50.0),
            ("homeassistant/sensor/gw2000a/solarradiation/state", 412.5),
            ("homeassistant/sensor/gw2000a/soilmoisture1/state", 37.0),
            ("homeassistant/sensor/gw2000a/windspeed/state", 10.0),
        ],
        {"home-assistant.gw2000a": {"outside_temperature_degc": 10.0, "global_radiation_w_m2": 412.5,
                                    "substrate_moisture_pct": 37.0, "wind_speed_m_s": 4.4704}},
    ),
    DeviceClass(
        "Shelly Gen3 climate by its notifications",
        [
            rpc("shellyhtg3-84fce63ad204", **{"temperature:0": {"id": 0, "tC": 19.4, "tF": 66.9},
                "humidity:0": {"id": 0, "rh": 71.3},
                "devicepower:0": {"id": 0, "battery": {"V": 5.71, "percent": 83}, "external": {"present": False}}}),
        ],
        {"shelly-events.shellyhtg3-84fce63ad204": {"air_temperature_degc": 19.4, "relative_humidity_pct": 71.3,
                                                   "battery_voltage_v": 5.71, "battery_remaining_pct": 83}},
    ),
    # Its unit stands apart, in `TempUnit`, which `format = "json"` does not read: nothing is stored.
    DeviceClass(
        "openHASP plate with a sensor",
        [
            ("hasp/plate01/state/sensors", {"time": "2026-11-24T08:00:00", "uptime": 3600,
                "AM2301": {"Temperature": 23.1, "Humidity": 51.7}, "TempUnit": "C"}),
            ("hasp/plate02/state/sensors", {"time": "2026-11-24T08:00:00", "uptime": 3600,
                "AM2301": {"Temperature": 20.2, "Humidity": 60.1}, "TempUnit": "C"}),
        ],
        {},
    ),
]  # fmt: skip
