"""What Home Assistant is told of a device: its MQTT discovery message, and each value's message. No I/O.

Only sensors are told, never anything that could be commanded: no message of ours has a command topic.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from headland.contract.quantities import QUANTITIES, split_channel
from headland.contract.topics import HOME_ORIGIN, home_status_topic, home_value_topic
from headland.store.port import DeviceRecord, Latest

ONLINE: Final = "online"
OFFLINE: Final = "offline"
#: Where the interval of a channel is not known, a value is old after so long [s].
UNKNOWN_EXPIRY_S: Final = 300
_LEAST_EXPIRY_S: Final = 30
_MISSED: Final = 3

#: Home Assistant's spelling of a unit, and the device class that takes it with any state class of ours.
_BY_UNIT: Final[dict[str, tuple[str | None, str | None]]] = {
    "1": (None, None),
    "%": ("%", None),
    "A": ("A", "current"),
    "L": ("L", None),
    "L/min": ("L/min", "volume_flow_rate"),
    "MJ/m2": ("MJ/m²", None),
    "S/m": ("S/m", None),
    "V": ("V", "voltage"),
    "W": ("W", "power"),
    "W/m2": ("W/m²", "irradiance"),
    "dBm": ("dBm", "signal_strength"),
    "deg": ("°", None),
    "degC": ("°C", "temperature"),
    "g/m3": ("g/m³", None),
    "hPa": ("hPa", "pressure"),
    "kPa": ("kPa", "pressure"),
    "kg": ("kg", "weight"),
    "kg/min": ("kg/min", None),
    "lx": ("lx", "illuminance"),
    "m": ("m", "distance"),
    "m/s": ("m/s", "speed"),
    "mS/cm": ("mS/cm", "conductivity"),
    "mm": ("mm", None),
    "pH": (None, "ph"),
    "ppm": ("ppm", None),
    "s": ("s", "duration"),
    "umol/m2/s": ("μmol/m²/s", None),
}
#: Where the quantity says more than its unit.
_BY_QUANTITY: Final = {
    "battery_remaining_pct": "battery",
    "co2_ppm": "carbon_dioxide",
    "relative_humidity_pct": "humidity",
    "outside_humidity_pct": "humidity",
    "substrate_moisture_pct": "moisture",
    "wind_speed_m_s": "wind_speed",
}
_STATE_CLASSES: Final = {"gauge": "measurement", "total": "total_increasing"}
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")


def discovery_topic(prefix: str, device: str) -> str:
    """Return where a device's discovery message is retained. Home Assistant takes letters, digits, _ and - alone."""
    fit = _UNFIT.sub("_", device)
    mark = "" if fit == device else f"_{zlib.crc32(device.encode()):08x}"
    return f"{prefix}/device/headland_{fit}{mark}/config"


def describe(record: DeviceRecord, channels: Iterable[str], units: Mapping[str, str]) -> dict[str, Any]:
    """Return the discovery message of a device with these channels."""
    told = record.descriptor
    name = told.name or told.device
    identity = f"headland_{told.device}"
    about = {
        "identifiers": [identity],
        "name": f"{name} (simulated)" if told.simulated else name,
        "manufacturer": "Headland",
        "model": told.model or told.kind,
        "sw_version": told.software,
        "suggested_area": told.site,
    }
    return {
        "device": {key: value for key, value in about.items() if value},
        "origin": {"name": HOME_ORIGIN},
        "availability": [
            {"topic": home_status_topic(), "payload_available": ONLINE, "payload_not_available": OFFLINE},
        ],
        "qos": 1,
        "components": {channel: _sensor(record, channel, units[channel]) for channel in sorted(channels)},
    }


def say(sample: Latest, unit: str, *, simulated: bool) -> dict[str, Any]:
    """Return a value's message: all but the value become attributes there."""
    return {
        "value": sample.value,
        "unit": unit,
        "time_ms": sample.time_ms,
        "quality": sample.quality,
        "simulated": simulated,
    }


def expiry_s(record: DeviceRecord, channel: str) -> int:
    """Return after how long a value is old: three samples that did not come."""
    info = record.descriptor.channels.get(channel)
    if info is None or not info.interval_s:
        return UNKNOWN_EXPIRY_S
    return max(_LEAST_EXPIRY_S, round(_MISSED * info.interval_s))


def _sensor(record: DeviceRecord, channel: str, unit: str) -> dict[str, Any]:
    parts = split_channel(channel)
    quantity = None if parts is None else QUANTITIES.get(parts[0])
    spelt, device_class = _BY_UNIT.get(unit, (unit, None))
    kind = "gauge" if quantity is None else quantity.kind
    topic = home_value_topic(record.descriptor.device, channel)
    # Of the classes here only these may rise for ever.
    if kind == "total" and device_class not in {None, "duration", "distance"}:
        device_class = None
    said = {
        "platform": "sensor",
        "name": channel.replace("_", " "),
        "unique_id": f"headland_{record.descriptor.device}_{channel}",
        "state_topic": topic,
        "value_template": "{{ value_json.value }}",
        "json_attributes_topic": topic,
        "unit_of_measurement": spelt,
        "device_class": _BY_QUANTITY.get("" if parts is None else parts[0], device_class),
        "state_class": _STATE_CLASSES.get(kind),
        "expire_after": expiry_s(record, channel),
    }
    return {key: value for key, value in said.items() if value is not None}
