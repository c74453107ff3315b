"""Decoder of Tasmota's telemetry: `tele/<device>/SENSOR`, one object for each sensor, units beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from edge.sources.devices.device_clock import read_time_ms
from edge.sources.mapping.field_map import UNKNOWN_UNIT, Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder, measurements_of, read_object
from headland.plain_numbers import is_digits

#: Name of a number -> the key of its unit beside the sensors.
_UNIT_KEYS: Final = {
    "Temperature": "TempUnit", "DewPoint": "TempUnit", "Pressure": "PressureUnit", "SeaPressure": "PressureUnit",
    "Speed": "SpeedUnit",
}  # fmt: skip
#: Name of a number -> its unit, which is fixed in Tasmota.
_FIXED_UNITS: Final = {
    "Humidity": "%", "CarbonDioxide": "ppm", "eCO2": "ppm", "Illuminance": "lx", "Moisture": "%",
    "Voltage": "V", "Current": "A", "Power": "W", "ApparentPower": "VA", "ReactivePower": "var", "Frequency": "Hz",
    "Total": "kWh", "Today": "kWh", "Yesterday": "kWh", "PM2.5": "ug/m3", "PM10": "ug/m3",
}  # fmt: skip
_BESIDE: Final = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit"})


class TasmotaDecoder(PlainDecoder):
    """Decoder in which `from` of a channel is `<sensor>/<number>`: `AM2301/Temperature`.

    The time is accepted only with its zone, which Tasmota omits by default.
    """

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of a device's sensors."""
        del now_ms
        levels = topic.split("/")
        if len(levels) < 2:
            return MessageRefusal.TOPIC
        tree = read_object(payload)
        if isinstance(tree, MessageRefusal):
            return tree
        leaves = measurements_of({key: value for key, value in tree.items() if key not in _BESIDE})
        if isinstance(leaves, MessageRefusal):
            return leaves
        measurements = [Measurement(leaf.name, leaf.value, _unit(str(leaf.name), tree)) for leaf in leaves]
        # The topic is tele/<device>/SENSOR by default, and <device>/tele/SENSOR where somebody has turned it round.
        name = levels[-3] if levels[-2] == "tele" and len(levels) > 2 else levels[-2]
        return [DecodedMessage(name, measurements, read_time_ms(tree.get("Time")))]


def _unit(path: str, tree: Mapping[str, Any]) -> str:
    # A meter of several phases has a list: ENERGY/Power/0.
    number = next((word for word in reversed(path.split("/")) if not is_digits(word, 3)), "")
    unit = tree.get(_UNIT_KEYS.get(number, ""))
    if isinstance(unit, str):
        return unit
    return _FIXED_UNITS.get(number, UNKNOWN_UNIT)
