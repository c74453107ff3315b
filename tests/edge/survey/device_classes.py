"""Payloads of device classes as their firmwares publish them, each with what a farm should have of it.

The shapes are those of the projects' documentation and tests, the values are ours: Zigbee2MQTT (Exposes, MQTT topics
and messages), Tasmota (Commands, `tele/%topic%/SENSOR`), ESPHome and Home Assistant (MQTT discovery), The Things Stack
v3 (Data formats), Milesight and Dragino (lorawan-devices), ChirpStack v4 (Event types), Shelly (Gen1 and Gen2+ API),
rtl_433 (Data format), OpenMQTTGateway (BLE), RFC 8428; lists of named values as clouds of RTUs send them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Message = tuple[str, Any]


@dataclass(frozen=True)
class DeviceClass:
    """Messages of a class, and the values that must be stored by device and channel; no others."""

    name: str
    messages: list[Message]
    stored: dict[str, dict[str, float]]


def numeric(name: str, unit: str | None = None) -> dict[str, Any]:
    return {
        "type": "numeric", "name": name, "property": name, "access": 1, **({} if unit is None else {"unit": unit})
    }  # fmt: skip


def listed(name: str, ieee: str, vendor: str, model: str, *exposes: dict[str, Any]) -> dict[str, Any]:
    definition = {"vendor": vendor, "model": model, "exposes": [*exposes, numeric("linkquality", "lqi")]}
    return {"friendly_name": name, "ieee_address": ieee, "type": "EndDevice", "definition": definition}


BRIDGE = [
    {"friendly_name": "Coordinator", "ieee_address": "0x00124b0001", "type": "Coordinator", "definition": None},
    listed("climate north", "0x00158d0002", "SONOFF", "SNZB-02", numeric("battery", "%"),
            numeric("temperature", "°C"), numeric("humidity", "%"), numeric("voltage", "mV")),
    listed("climate south", "0x00158d0003", "SONOFF", "SNZB-02", numeric("battery", "%"),
            numeric("temperature", "°C"), numeric("humidity", "%"), numeric("voltage", "mV")),
    listed("bed/soil 1", "0xa4c1380004", "Tuya", "TS0601_soil", numeric("temperature", "°C"),
            numeric("soil_moisture", "%"), numeric("battery", "%")),
    listed("lux", "0x54ef440005", "Aqara", "GZCGQ01LM", numeric("illuminance", "lx"),
            numeric("device_temperature", "°C")),
    listed("pump plug", "0xa4c1380006", "TuYa", "TS011F_plug_1", {
        "type": "switch", "features": [{"type": "binary", "name": "state", "property": "state"}]},
        numeric("power", "W"), numeric("current", "A"), numeric("voltage", "V"), numeric("energy", "kWh")),
]  # fmt: skip


def uplink(device: str, eui: str, uplink: dict[str, Any]) -> Message:
    ids = {"device_id": device, "application_ids": {"application_id": "farm"}, "dev_eui": eui, "dev_addr": "260B1234"}
    meta = {"rx_metadata": [{"gateway_ids": {"gateway_id": "gw"}, "rssi": -60, "snr": 9.5}], "f_port": 2, "f_cnt": 7}
    return f"v3/farm@ttn/devices/{device}/up", {"end_device_ids": ids, "uplink_message": {**meta, **uplink}}


def event_up(eui: str, name: str, values: dict[str, Any]) -> Message:
    info = {"tenantName": "ChirpStack", "applicationName": "farm", "deviceName": name, "devEui": eui, "tags": {}}
    event = {"deviceInfo": info, "fCnt": 10, "fPort": 5, "object": values, "rxInfo": [{"rssi": -48, "snr": 9.0}]}
    return f"application/7d8c/device/{eui}/event/up", event


def rpc(device: str, **params: Any) -> Message:
    return f"{device}/events/rpc", {
        "src": device, "dst": f"{device}/events", "method": "NotifyStatus", "params": {"ts": 1680962879.6, **params}
    }  # fmt: skip


def discovered(node: str, sensor: str, unit: str, state: str) -> Message:
    return f"homeassistant/sensor/{node}/{sensor}/config", {
        "name": sensor, "uniq_id": f"{node}{sensor}", "stat_t": state, "unit_of_meas": unit, "dev_cla": "temperature",
        "dev": {"ids": f"id-{node}", "name": node, "mf": "espressif", "mdl": "esp32dev", "sw": "2025.2.0"},
    }  # fmt: skip


CLASSES = [
    DeviceClass(
        "Zigbee2MQTT climate",
        [
            ("zigbee2mqtt/bridge/devices", BRIDGE),
            ("zigbee2mqtt/bridge/state", {"state": "online"}),
            ("zigbee2mqtt/climate north", {"temperature": 21.5, "humidity": 61.2, "battery": 97, "voltage": 3000,
                                           "linkquality": 120}),
            ("zigbee2mqtt/climate south", {"temperature": 19.25, "humidity": 70.0, "battery": 88, "voltage": 2900,
                                           "linkquality": 90}),
        ],
        {
            "zigbee2mqtt.climate north": {"air_temperature_degc": 21.5, "relative_humidity_pct": 61.2,
                                          "battery_remaining_pct": 97, "voltage_v": 3.0},
            "zigbee2mqtt.climate south": {"air_temperature_degc": 19.25, "relative_humidity_pct": 70.0,
                                          "battery_remaining_pct": 88, "voltage_v": 2.9},
        },
    ),
    DeviceClass(
        "Zigbee2MQTT soil probe",
        [
            ("zigbee2mqtt/bridge/devices", BRIDGE),
            ("zigbee2mqtt/bed/soil 1", {"temperature": 16.4, "soil_moisture": 38, "battery": 100, "linkquality": 80}),
        ],
        {"zigbee2mqtt.bed/soil 1": {"substrate_moisture_pct": 38, "battery_remaining_pct": 100}},
    ),
    DeviceClass(
        "Zigbee2MQTT light sensor",
        [
            ("zigbee2mqtt/bridge/devices", BRIDGE),
            ("zigbee2mqtt/lux", {"illuminance": 5230, "device_temperature": 30, "linkquality": 100}),
        ],
        {"zigbee2mqtt.lux": {"illuminance_lx": 5230, "device_temperature_degc": 30}},
    ),
    DeviceClass(
        "Zigbee2MQTT plug",
        [
            ("zigbee2mqtt/bridge/devices", BRIDGE),
            ("zigbee2mqtt/pump plug", {"state": "ON", "power": 412, "current": 1.83, "voltage": 229, "energy": 12.41}),
        ],
        {"zigbee2mqtt.pump plug": {"power_w": 412, "current_a": 1.83, "voltage_v": 229, "energy_kwh": 12.41}},
    ),
    DeviceClass(
        "Tasmota climate",
        [
            ("tele/tent-1/STATE", {"Time": "2026-11-24T08:00:00", "Uptime": "0T01:00:00", "Heap": 27, "Vcc": 3.4,
                                   "Wifi": {"RSSI": 80, "Signal": -60}}),
            ("tele/tent-1/SENSOR", {"Time": "2026-11-24T08:00:00", "SHT3X": {"Temperature": 21.1, "Humidity": 55.5,
                                    "DewPoint": 11.8}, "TempUnit": "C"}),
            ("stat/tent-1/STATUS10", {"StatusSNS": {"Time": "2026-11-24T08:00:10", "SHT3X": {"Temperature": 21.1,
                                      "Humidity": 55.5}, "TempUnit": "C"}}),
            ("tele/tent-2/SENSOR", {"Time": "2026-11-24T08:00:00", "AM2301": {"Temperature": 68.0, "Humidity": 60.0,
                                    "DewPoint": 53.2}, "TempUnit": "F"}),
        ],
        {
            "tasmota.tent-1": {"air_temperature_degc": 21.1, "relative_humidity_pct": 55.5, "dew_point_degc": 11.8},
            "tasmota.tent-2": {"air_temperature_degc": 20.0, "relative_humidity_pct": 60.0,
                               "dew_point_degc": 11.7778},
        },
    ),
    DeviceClass(
        "Tasmota energy meter",
        [("tele/meter/SENSOR", {"Time": "2026-11-24T08:00:00", "ENERGY": {
            "TotalStartTime": "2026-01-01T00:00:00", "Total": 3.185, "Yesterday": 3.058, "Today": 0.127, "Period": 2,
            "Power": 160, "ApparentPower": 170, "ReactivePower": 58, "Factor": 0.94, "Voltage": 226,
            "Current": 0.75}})],
        {"tasmota.meter": {"energy_total_kwh": 3.185, "energy_yesterday_kwh": 3.058, "energy_today_kwh": 0.127,
                           "power_w": 160, "apparent_power_va": 170, "reactive_power_var": 58, "voltage_v": 226,
                           "current_a": 0.75}},
    ),
    DeviceClass(
        "Tasmota two probes and light",
        [("tele/bench/SENSOR", {"Time": "2026-11-24T08:00:00", "DS18B20-1": {"Id": "0114", "Temperature": 20.5},
          "DS18B20-2": {"Id": "0115", "Temperature": 22.0}, "BH1750": {"Illuminance": 1200}, "TempUnit": "C"})],
        {"tasmota.bench": {"air_temperature_degc": 20.5, "air_temperature_degc:1": 22.0, "illuminance_lx": 1200}},
    ),
    DeviceClass(
        "ESPHome",
        [
            discovered("esp-bed", "soil_temperature", "°C", "esp-bed/sensor/soil_temperature/state"),
            discovered("esp-bed", "co2", "ppm", "esp-bed/sensor/co2/state"),
            discovered("esp-bed", "uptime", "s", "esp-bed/sensor/uptime/state"),
            ("esp-bed/status", b"online"),
            ("esp-bed/sensor/soil_temperature/state", 18.25),
            ("esp-bed/sensor/co2/state", 655),
            ("esp-bed/sensor/uptime/state", 7200),
        ],
        {"home-assistant.esp-bed": {"soil_temperature_degc": 18.25, "co2_ppm": 655, "uptime_s": 7200}},
    ),
    DeviceClass(
        "Home Assistant device discovery",
        [
            ("homeassistant/device/station-7/config", {
                "dev": {"ids": ["st7"], "name": "Station 7"}, "o": {"name": "somebody"}, "stat_t": "st7/state",
                "cmps": {
                    "outdoor_temperature": {"p": "sensor", "unit_of_meas": "°F", "val_tpl": "{{ value_json.tout }}"},
                    "wind_speed": {"p": "sensor", "unit_of_meas": "km/h", "val_tpl": "{{ value_json.wind }}"},
                    "solar_radiation": {"p": "sensor", "unit_of_meas": "W/m²", "val_tpl": "{{ value_json.sun }}"}}}),
            ("st7/state", {"tout": 50.0, "wind": 18.0, "sun": 455}),
        ],
        {"home-assistant.station-7": {"outside_temperature_degc": 10.0, "wind_speed_m_s": 5.0,
                                      "global_radiation_w_m2": 455}},
    ),
    DeviceClass(
        "Zigbee2MQTT and its discovery",
        [
            ("zigbee2mqtt/bridge/devices", BRIDGE),
            discovered("0x00158d0002", "temperature", "°C", "zigbee2mqtt/climate north"),
            ("zigbee2mqtt/climate north", {"temperature": 21.5, "humidity": 61.2, "battery": 97, "voltage": 3000}),
        ],
        {"zigbee2mqtt.climate north": {"air_temperature_degc": 21.5, "relative_humidity_pct": 61.2,
                                       "battery_remaining_pct": 97, "voltage_v": 3.0}},
    ),
    DeviceClass(
        "The Things Stack, normalized",
        [
            uplink("em500-1", "24E124136B502217", {
                "decoded_payload": {"temperature": 21.5, "humidity": 60.5, "battery": 94},
                "normalized_payload": [{"air": {"temperature": 21.5, "relativeHumidity": 60.5}, "battery": 3.6}]}),
            uplink("em500-2", "24E124136B502218", {
                "decoded_payload": {"temperature": 18.0, "humidity": 71.0, "battery": 90},
                "normalized_payload": [{"air": {"temperature": 18.0, "relativeHumidity": 71.0}, "battery": 3.5}]}),
        ],
        {
            "things-stack.em500-1": {"air_temperature_degc": 21.5, "relative_humidity_pct": 60.5,
                                     "battery_voltage_v": 3.6},
            "things-stack.em500-2": {"air_temperature_degc": 18.0, "relative_humidity_pct": 71.0,
                                     "battery_voltage_v": 3.5},
        },
    ),
    DeviceClass(
        "The Things Stack, Dragino",
        [uplink("lht65", "A84041", {"decoded_payload": {"BatV": 3.07, "Bat_status": 3, "Hum_SHT": 61.5,
                                     "TempC_SHT": 22.4,
                                     "TempC_DS": 20.1, "Ext_sensor": "Temperature Sensor"}})],
        {"things-stack.lht65": {"battery_voltage_v": 3.07, "air_temperature_degc": 22.4, "temperature_ds_degc": 20.1}},
    ),
    DeviceClass(
        "ChirpStack v4",
        [
            event_up("0004a30b001c0530", "soil-1", {"soil_temperature_c": 14.5, "soil_moisture_pct": 31.0,
                                                     "battery_mv": 3550, "humidity": 80}),
            event_up("0004a30b001c0531", "soil-2", {"soil_temperature_c": 15.5, "soil_moisture_pct": 29.0,
                                                     "battery_mv": 3450, "humidity": 81}),
        ],
        {
            "chirpstack.0004a30b001c0530": {"soil_temperature_degc": 14.5, "substrate_moisture_pct": 31.0,
                                            "battery_voltage_v": 3.55},
            "chirpstack.0004a30b001c0531": {"soil_temperature_degc": 15.5, "substrate_moisture_pct": 29.0,
                                            "battery_voltage_v": 3.45},
        },
    ),
    DeviceClass(
        "Shelly Gen1 climate",
        [
            ("shellies/shellyht-F3C3A1/online", True),
            ("shellies/shellyht-F3C3A1/info", {"tmp": {"value": 22.9, "units": "C", "tC": 22.9, "tF": 73.2,
                "is_valid": True}, "hum": {"value": 48.5, "is_valid": True}, "bat": {"value": 100, "voltage": 3.01}}),
            ("shellies/shellyht-F3C3A1/sensor/temperature", 22.9),
            ("shellies/shellyht-F3C3A1/sensor/humidity", 48.5),
            ("shellies/shellyht-F3C3A1/sensor/battery", 100),
        ],
        {"shelly-gen1.shellyht-F3C3A1": {"air_temperature_degc": 22.9, "relative_humidity_pct": 48.5,
                                         "battery_remaining_pct": 100}},
    ),
    DeviceClass(
        "Shelly Gen1 meter",
        [
            ("shellies/shellyem-B9F1/emeter/0/power", 812.4),
            ("shellies/shellyem-B9F1/emeter/0/voltage", 231.5),
            ("shellies/shellyem-B9F1/emeter/0/total", 52340.1),
            ("shellies/shellyem-B9F1/relay/0", b"off"),
        ],
        {"shelly-gen1.shellyem-B9F1": {"power_w": 812.4, "voltage_v": 231.5, "energy_total_wh": 52340.1}},
    ),
    DeviceClass(
        "Shelly Gen2 climate",
        [
            ("shellyplusht-1/status/temperature:0", {"id": 0, "tC": 21.3, "tF": 70.4}),
            ("shellyplusht-1/status/humidity:0", {"id": 0, "rh": 61.2}),
            ("shellyplusht-1/status/devicepower:0", {"id": 0, "battery": {"V": 5.9, "percent": 97},
                                                     "external": {"present": False}}),
            rpc("shellyplusht-1", **{"temperature:0": {"id": 0, "tC": 21.3, "tF": 70.4}}),
            ("shellyplusht-2/status/temperature:0", {"id": 0, "tC": 19.0, "tF": 66.2}),
            ("shellyplusht-1/online", True),
        ],
        {
            "shelly.shellyplusht-1": {"air_temperature_degc": 21.3, "relative_humidity_pct": 61.2,
                                      "battery_remaining_pct": 97, "battery_voltage_v": 5.9},
            "shelly.shellyplusht-2": {"air_temperature_degc": 19.0},
        },
    ),
    DeviceClass(
        "Shelly Gen2 relay by its notifications",
        [rpc("shellyplus1pm-441793", **{"switch:0": {"id": 0, "output": True, "apower": 95.3, "voltage": 230.1,
            "current": 0.42, "freq": 50.0, "aenergy": {"total": 1270.5, "by_minute": [10.0, 9.8, 9.9],
            "minute_ts": 1680962820}, "temperature": {"tC": 45.1, "tF": 113.2}}})],
        {"shelly-events.shellyplus1pm-441793": {"power_w": 95.3, "voltage_v": 230.1, "current_a": 0.42,
            "frequency_hz": 50.0, "energy_total_wh": 1270.5, "device_temperature_degc": 45.1}},
    ),
    DeviceClass(
        "list of named values, Chinese",
        [
            ("up/864708/data", {"data": [
                {"id": "soil_t", "name": "土壤温度", "value": "18.6", "unit": "℃"},
                {"id": "soil_h", "name": "土壤湿度", "value": "31.5", "unit": "%"},
                {"id": "ec", "name": "土壤电导率", "value": "820", "unit": "us/cm"},
                {"id": "lux", "name": "光照强度", "value": "23000", "unit": "lux"}]}),
            ("up/864708/data", {"data": [
                {"id": "soil_h", "name": "土壤湿度", "value": "31.4", "unit": "%"},
                {"id": "soil_t", "name": "土壤温度", "value": "18.7", "unit": "℃"}]}),
            ("up/864709/data", {"data": [{"id": "soil_t", "name": "土壤温度", "value": "17.0", "unit": "℃"}]}),
        ],
        {
            "json1.864708": {"soil_temperature_degc": 18.7, "substrate_moisture_pct": 31.4, "soil_ec_ms_cm": 0.82,
                             "illuminance_lx": 23000},
            "json1.864709": {"soil_temperature_degc": 17.0},
        },
    ),
    DeviceClass(
        "list of named values without ids",
        [("rtu/DTU0071/report", {"sensors": [{"name": "空气温度", "value": 24.1, "unit": "℃"},
                                             {"name": "空气湿度", "value": 66.0, "unit": "%RH"},
                                             {"name": "二氧化碳浓度", "value": 640, "unit": "ppm"}]})],
        {"json1.DTU0071": {"air_temperature_degc": 24.1, "relative_humidity_pct": 66.0, "co2_ppm": 640}},
    ),
    DeviceClass(
        "RTU that names the device in its payload",
        [
            ("iot/upload", {"deviceId": "A100", "values": {"temp_c": 20.0, "co2_ppm": 500}}),
            ("iot/upload", {"deviceId": "A200", "values": {"temp_c": 25.0, "co2_ppm": 900}}),
        ],
        {
            "json1.A100": {"air_temperature_degc": 20.0, "co2_ppm": 500},
            "json1.A200": {"air_temperature_degc": 25.0, "co2_ppm": 900},
        },
    ),
    DeviceClass(
        "unit beside each value",
        [("lab/esp-9/state", {"temperature": {"value": 71.6, "unit": "°F"}, "pressure": {"value": 101.2, "unit": "kPa"},
                              "humidity": 55, "humidity_unit": "%"})],
        {"json1.esp-9": {"air_temperature_degc": 22.0, "pressure_kpa": 101.2, "relative_humidity_pct": 55}},
    ),
    DeviceClass(
        "rtl_433 weather station",
        [
            ("rtl_433/pi/events", {"time": "2026-11-24 08:00:00", "model": "Fineoffset-WS80", "id": 7, "battery_ok": 1,
                "temperature_C": 9.5, "humidity": 81, "wind_avg_km_h": 18.0, "wind_dir_deg": 200, "rain_mm": 12.4}),
            ("rtl_433/pi/events", {"model": "Fineoffset-WS80", "id": 9, "temperature_C": 8.5}),
        ],
        {
            "rtl433.Fineoffset-WS80-7": {"wind_speed_m_s": 5.0, "wind_from_deg": 200, "rain_total_mm": 12.4},
        },
    ),
    DeviceClass(
        "OpenMQTTGateway, BLE",
        [
            ("home/omg-1/BTtoMQTT/A4C138AABBCC", {"id": "A4:C1:38:AA:BB:CC", "name": "LYWSD03MMC", "rssi": -71,
                "tempc": 20.4, "tempf": 68.72, "hum": 51.2, "batt": 87, "volt": 2.94}),
            ("home/omg-1/BTtoMQTT/A4C138DDEEFF", {"id": "A4:C1:38:DD:EE:FF", "name": "LYWSD03MMC", "rssi": -80,
                "tempc": 18.1, "tempf": 64.58, "hum": 60.0, "batt": 75, "volt": 2.9}),
        ],
        {"json1.A4C138AABBCC": {"air_temperature_degc": 20.4}, "json1.A4C138DDEEFF": {"air_temperature_degc": 18.1}},
    ),
    DeviceClass(
        "SenML",
        [("mp/esp", [{"bn": "mp-1:", "n": "temperature", "u": "Cel", "v": 20.0},
                     {"n": "humidity", "u": "%RH", "v": 50}])],
        {"senml.mp-1": {"air_temperature_degc": 20.0, "relative_humidity_pct": 50}},
    ),
]  # fmt: skip
