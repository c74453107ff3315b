"""Tasmota's telemetry: `tele/<device>/SENSOR`, an object a sensor, units beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edge.sources.devices.device_clock import read_time_ms
from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mqtt.message import DecodedMessage, PlainDecoder, Refusal, measurements_of, read_object

#: What a number is called -> the key beside the sensors that says its unit.
_UNIT_KEYS: Final = {
    "Temperature": "TempUnit", "DewPoint": "TempUnit", "Pressure": "PressureUnit", "SeaPressure": "PressureUnit",
    "Speed": "SpeedUnit",
}  # fmt: skip
#: What a number is called -> its unit, which Tasmota lets nobody change.
_FIXED_UNITS: Final = {
    "Humidity": "%", "CarbonDioxide": "ppm", "eCO2": "ppm", "Illuminance": "lx", "Moisture": "%",
    "Voltage": "V", "Current": "A", "Power": "W",
}  # fmt: skip
_BESIDE: Final = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit"})


class TasmotaDecoder(PlainDecoder):
    """`from` of a channel is `<sensor>/<number>`: `AM2301/Temperature`.

    The time is believed only where it names its zone, which Tasmota leaves out by default.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | Refusal:
        """Return what the sensors of a device say."""
        del now_ms
        levels = topic.split("/")
        if len(levels) < 2:
            return Refusal.TOPIC
        tree = read_object(payload)
        if isinstance(tree, Refusal):
            return tree
        leaves = measurements_of({key: value for key, value in tree.items() if key not in _BESIDE})
        if isinstance(leaves, Refusal):
            return leaves
        measurements = [Measurement(one.name, one.value, _unit(str(one.name), tree)) for one in leaves]
        return [DecodedMessage(levels[-2], measurements, read_time_ms(tree.get("Time")))]


def _unit(path: str, tree: Mapping[str, Any]) -> str:
    number = path.rpartition("/")[2]
    told = tree.get(_UNIT_KEYS.get(number, ""))
    if isinstance(told, str):
        return told
    return _FIXED_UNITS.get(number, UNKNOWN_UNIT)
