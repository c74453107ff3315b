"""MQTT messages for Home Assistant: the discovery message of a device, and the message of a value. No I/O.

Only sensors and binary sensors are described, nothing that accepts commands: no message has a command topic.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from headland.analysis.inputs.telemetry import MAX_QUALITY
from headland.contract.catalogue import Quantity
from headland.contract.freshness import VEHICLES, silent_after_s
from headland.contract.indices import decimals_of
from headland.contract.quantities import quantity_of
from headland.contract.topics import HOME_ORIGIN, home_status_topic, home_value_topic
from headland.contract.units import UNITS, home_spelling
from headland.store.port import DeviceRecord, Latest

ONLINE: Final = "online"
OFFLINE: Final = "offline"

#: What is diagnostic on any device, of channels that are not in the catalogue.
_DIAGNOSTIC: Final = re.compile(r"^(battery|esc|link|processor|radio|rc|sensors|gps)_|_code$|_rssi|_uptime|_dbm$")
#: Names of the binary sensors: no channel, which ends in its unit, has one of them.
ALARM: Final = "alarm"
DATA_PROBLEM: Final = "data_problem"
#: Age limit of a binary sensor, which is sent again more often [s].
BINARY_EXPIRY_S: Final = 300
_STATE_CLASSES: Final = {"gauge": "measurement", "total": "total_increasing"}
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]")


def discovery_topic(prefix: str, device: str) -> str:
    """Return the topic of a device's discovery message. Home Assistant permits letters, digits, _ and - only."""
    fit = _UNFIT.sub("_", device)
    mark = "" if fit == device else f"_{zlib.crc32(device.encode()):08x}"
    return f"{prefix}/device/headland_{fit}{mark}/config"


def describe(
    record: DeviceRecord, channels: Iterable[str], units: Mapping[str, str], *, has_alarms: bool = False
) -> dict[str, Any]:
    """Return the discovery message of a device with these channels, and its alarms where the station knows them."""
    descriptor = record.descriptor
    return message_of_device(
        descriptor.device,
        descriptor.name or descriptor.device,
        {
            **{channel: _sensor(record, channel, units[channel]) for channel in sorted(channels)},
            DATA_PROBLEM: _binary_sensor(record, DATA_PROBLEM, is_diagnostic=True),
            **({ALARM: _binary_sensor(record, ALARM)} if has_alarms else {}),
        },
        simulated=descriptor.simulated,
        model=descriptor.model or descriptor.kind,
        software=descriptor.software,
        site=descriptor.site,
    )


def message_of_device(
    device: str,
    name: str,
    components: Mapping[str, Mapping[str, Any]],
    *,
    simulated: bool,
    model: str | None,
    site: str,
    software: str | None = None,
) -> dict[str, Any]:
    """Return the discovery message of a device of these components."""
    about = {
        "identifiers": [f"headland_{device}"],
        "name": f"{name} (simulated)" if simulated else name,
        "manufacturer": "Headland",
        "model": model,
        "sw_version": software,
        "suggested_area": site,
    }
    return {
        "device": {key: value for key, value in about.items() if value},
        "origin": {"name": HOME_ORIGIN},
        "availability": [
            {"topic": home_status_topic(), "payload_available": ONLINE, "payload_not_available": OFFLINE},
        ],
        "qos": 1,
        "components": dict(components),
    }


def value_message(sample: Latest, unit: str, *, simulated: bool) -> dict[str, Any]:
    """Return the message of a value; Home Assistant reads `value`, other programs the rest as well."""
    return {
        "value": sample.value,
        "unit": unit,
        "time_ms": sample.time_ms,
        "quality": sample.quality,
        "simulated": simulated,
    }


def expiry_s(record: DeviceRecord, channel: str) -> int:
    """Return the age from which on a channel is silent [s]: Home Assistant then calls its sensor unavailable."""
    info = record.descriptor.channels.get(channel)
    return round(silent_after_s(None if info is None else info.interval_s, record.descriptor.kind))


def _sensor(record: DeviceRecord, channel: str, unit: str) -> dict[str, Any]:
    config = sensor_config(record.descriptor.device, channel, unit, expiry_s(record, channel))
    if _is_diagnostic(record, channel, quantity_of(channel)):
        config |= {"entity_category": "diagnostic", "enabled_by_default": False}
    return config


def sensor_config(device: str, channel: str, unit: str, expires_s: int) -> dict[str, Any]:
    """Return the sensor of a channel of a device; it is unavailable without a message for `expires_s`."""
    quantity, row = quantity_of(channel), UNITS.get(unit)
    kind = "gauge" if quantity is None else quantity.kind
    device_class = None if row is None else row.home_class
    # Home Assistant permits an increasing total in these classes only.
    if kind == "total" and device_class not in {None, "duration", "distance"}:
        device_class = None
    if quantity is not None and quantity.home_class is not None:
        device_class = quantity.home_class
    config = {
        "platform": "sensor",
        "name": channel.replace("_", " "),
        "unique_id": f"headland_{device}_{channel}",
        "state_topic": home_value_topic(device, channel),
        "value_template": "{{ value_json.value }}",
        "unit_of_measurement": unit if row is None else home_spelling(row),
        "device_class": device_class,
        "state_class": _STATE_CLASSES.get(kind),
        "suggested_display_precision": _precision(channel, unit),
        "expire_after": expires_s,
    }
    return {key: value for key, value in config.items() if value is not None}


def _precision(channel: str, unit: str) -> int | None:
    """Return the decimals that are shown; None where it is not known whether a bare number is a count or a share."""
    return None if unit not in UNITS or (unit == "1" and quantity_of(channel) is None) else decimals_of(channel, unit)


def _binary_sensor(record: DeviceRecord, name: str, *, is_diagnostic: bool = False) -> dict[str, Any]:
    """Return a binary sensor that is on where there is a problem."""
    return {
        "platform": "binary_sensor",
        "name": name.replace("_", " "),
        "unique_id": f"headland_{record.descriptor.device}_{name}",
        "state_topic": home_value_topic(record.descriptor.device, name),
        "value_template": "{{ value_json.value }}",
        "payload_on": "on",
        "payload_off": "off",
        "device_class": "problem",
        "expire_after": BINARY_EXPIRY_S,
        **({"entity_category": "diagnostic"} if is_diagnostic else {}),
    }


def binary_message(*, is_on: bool, since_ms: int) -> dict[str, Any]:
    """Return the message of a binary sensor, with the time since when it is so."""
    return {"value": "on" if is_on else "off", "time_ms": since_ms}


def has_data_problem(record: DeviceRecord, samples: Mapping[str, Latest], now_ms: int) -> bool:
    """Return whether a value that is not silent is suspect or failed, or a channel of a known interval is silent.

    A vehicle that is switched off is no problem: it has no values to send.
    """
    is_at_rest = record.descriptor.kind in VEHICLES
    for channel, sample in samples.items():
        is_old = now_ms - sample.time_ms > expiry_s(record, channel) * 1000
        info = record.descriptor.channels.get(channel)
        is_expected = info is not None and bool(info.interval_s) and not is_at_rest
        if is_expected if is_old else sample.quality > MAX_QUALITY:
            return True
    return False


def _is_diagnostic(record: DeviceRecord, channel: str, quantity: Quantity | None) -> bool:
    """Tell whether a channel is hidden until somebody enables it: on a vehicle whatever a grower does not watch."""
    if record.descriptor.kind in VEHICLES:
        return quantity is None or not quantity.watched
    return bool(_DIAGNOSTIC.search(channel.partition(":")[0])) if quantity is None else quantity.diagnostic
