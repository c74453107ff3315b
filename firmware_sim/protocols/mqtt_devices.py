"""MQTT devices with the topics and payloads of third-party firmware. Pure.

ESPHome with Home Assistant discovery, Zigbee2MQTT, Tasmota and SenML (RFC 8428). Only SenML has a time in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from firmware_sim.protocols.mqtt_message import Message, json_message
from firmware_sim.protocols.readings import Readings
from headland.agronomy.house_model.moist_air import dew_point_degc, saturation_pa


@dataclass(frozen=True, slots=True)
class EspHome:
    """ESPHome: discovery under `homeassistant/`, a retained state topic per sensor, `nan` for a missing value."""

    node: str
    unit: int

    #: object id -> channel, name, unit, device class, decimals.
    SENSORS = (
        ("air_temperature", "air_temperature_degc", "Air temperature", "°C", "temperature", 1),
        ("air_humidity", "relative_humidity_pct", "Air humidity", "%", "humidity", 1),
        ("co2", "co2_ppm", "CO2", "ppm", "carbon_dioxide", 0),
        ("par", "par_umol_m2_s", "PAR", "µmol/m²/s", None, 0),
    )

    def birth(self) -> list[Message]:
        """Return the retained discovery of each sensor and the retained `online`."""
        mac = f"f0f5bd{self.unit:06x}"
        discovery = []
        for name, _, title, unit, device_class, decimals in self.SENSORS:
            config = {
                "dev_cla": device_class,
                "unit_of_meas": unit,
                "stat_cla": "measurement",
                "sug_dsp_prc": decimals,
                "name": title,
                "stat_t": f"{self.node}/sensor/{name}/state",
                "avty_t": f"{self.node}/status",
                "uniq_id": f"{mac}-sensor-{name}",
                "dev": {
                    "ids": mac,
                    "name": self.node,
                    "sw": "esphome v2026.10.0",
                    "mdl": "esp32dev",
                    "mf": "Espressif",
                },
            }
            config = {key: value for key, value in config.items() if value is not None}
            discovery.append(json_message(f"homeassistant/sensor/{self.node}/{name}/config", config, retain=True))
        return [*discovery, Message(f"{self.node}/status", b"online", retain=True)]

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return a retained state for each sensor."""
        del time_ms, count
        return [
            Message(f"{self.node}/sensor/{name}/state", _number(readings.get(channel), decimals), retain=True)
            for name, channel, _, _, _, decimals in self.SENSORS
        ]

    def will(self) -> list[Message]:
        """Return the retained `offline`."""
        return [Message(f"{self.node}/status", b"offline", retain=True)]


@dataclass(frozen=True, slots=True)
class Zigbee:
    """Zigbee2MQTT: one JSON message per device under `zigbee2mqtt/`, units in the bridge's list of devices."""

    prefix: str
    unit: int
    #: All compartments with such a device, for the bridge's list.
    units: tuple[int, ...]

    #: property -> channel, unit, decimals.
    PROPERTIES = (
        ("temperature", "air_temperature_degc", "°C", 2),
        ("humidity", "relative_humidity_pct", "%", 2),
        ("soil_moisture", "substrate_moisture_pct", "%", 0),
    )

    @property
    def name(self) -> str:
        """Friendly name of the device."""
        return _zigbee_name(self.prefix, self.unit)

    def birth(self) -> list[Message]:
        """Return the retained state of the bridge and of the device, and the device's entry in the bridge's list."""
        exposes = [
            {"type": "numeric", "name": name, "property": name, "unit": unit, "access": 1}
            for name, _, unit, _ in self.PROPERTIES
        ]
        entries = [
            {
                "ieee_address": f"0x00158d{unit:010x}",
                "type": "EndDevice",
                "friendly_name": _zigbee_name(self.prefix, unit),
                "supported": True,
                "definition": {"model": "SIM-TH-1", "vendor": "Headland", "description": "", "exposes": exposes},
            }
            for unit in self.units
        ]
        return [
            json_message("zigbee2mqtt/bridge/state", {"state": "online"}, retain=True),
            json_message("zigbee2mqtt/bridge/devices", entries, retain=True),
            json_message(f"zigbee2mqtt/{self.name}/availability", {"state": "online"}, retain=True),
        ]

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the state; a missing value is null."""
        del time_ms
        state: dict[str, object] = {}
        for name, channel, _, decimals in self.PROPERTIES:
            state[name] = _rounded(readings.get(channel), decimals)
        state |= {"battery": max(5, 100 - count // 5000), "linkquality": 90 + count % 40, "voltage": 3000}
        return [json_message(f"zigbee2mqtt/{self.name}", state)]

    def will(self) -> list[Message]:
        """Return the retained `offline`."""
        return [json_message(f"zigbee2mqtt/{self.name}/availability", {"state": "offline"}, retain=True)]


@dataclass(frozen=True, slots=True)
class Tasmota:
    """Tasmota: `tele/<topic>/SENSOR` with the device's local time without a zone, and a retained LWT."""

    topic: str

    def birth(self) -> list[Message]:
        """Return the retained `Online`."""
        return [Message(f"tele/{self.topic}/LWT", b"Online", retain=True)]

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the telemetry of an SHT3X and an SCD40; a missing value is null."""
        del count
        degc, pct = readings.get("air_temperature_degc"), readings.get("relative_humidity_pct")
        dew = None
        if degc is not None and pct is not None and pct > 0:
            dew = dew_point_degc(saturation_pa(degc) * pct / 100)
        sensor = {"Temperature": _rounded(degc, 1), "Humidity": _rounded(pct, 1), "DewPoint": _rounded(dew, 1)}
        telemetry = {
            "Time": datetime.fromtimestamp(time_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "SHT3X": sensor,
            "SCD40": {"CarbonDioxide": _rounded(readings.get("co2_ppm"), 0), **sensor},
            "TempUnit": "C",
        }
        return [json_message(f"tele/{self.topic}/SENSOR", telemetry)]

    def will(self) -> list[Message]:
        """Return the retained `Offline`."""
        return [Message(f"tele/{self.topic}/LWT", b"Offline", retain=True)]


@dataclass(frozen=True, slots=True)
class SenML:
    """A SenML pack (RFC 8428) of light and outside weather with its absolute time."""

    device: str

    #: name -> channel, SenML unit. Photon flux has no registered unit; it is in the name.
    RECORDS = (
        ("par_umol_m2_s", "par_umol_m2_s", None),
        ("global_radiation", "global_radiation_w_m2", "W/m2"),
        ("outside_temperature", "outside_temperature_degc", "Cel"),
        ("outside_humidity", "outside_humidity_pct", "%RH"),
        ("wind_speed", "wind_speed_m_s", "m/s"),
        ("rain_total_mm", "rain_total_mm", "mm"),
    )

    def birth(self) -> list[Message]:
        """Return none."""
        return []

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the pack; a missing value is left out."""
        del count
        records: list[dict[str, object]] = [
            {"n": name, **({} if unit is None else {"u": unit}), "v": round(value, 3)}
            for name, channel, unit in self.RECORDS
            if (value := readings.get(channel)) is not None
        ]
        if not records:
            return []
        pack = [{"bn": f"urn:dev:ops:headland-{self.device}:", "bt": time_ms / 1000, **records[0]}, *records[1:]]
        return [json_message(f"senml/{self.device}", pack)]

    def will(self) -> list[Message]:
        """Return none."""
        return []


def _zigbee_name(prefix: str, unit: int) -> str:
    return f"{prefix}{unit}-zigbee"


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals) if decimals else round(value)


def _number(value: float | None, decimals: int) -> bytes:
    return b"nan" if value is None else f"{value:.{decimals}f}".encode()
