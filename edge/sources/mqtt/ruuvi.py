"""Decoder of a Ruuvi Gateway: advertisements of tags as they were heard, in hexadecimal, with the time of reception.

docs.ruuvi.com: "MQTT: time-stamped data", and "Data format 5 (RAWv2)"; an advertisement in another format is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from edge.sources.devices.device_clock import read_time_ms
from edge.sources.mapping.field_map import Measurement
from edge.sources.mqtt.message import DecodedMessage, MessageRefusal, PlainDecoder, read_object, text_of

#: Manufacturer specific data of Ruuvi Innovations: AD type, company 0x0499 low byte first, data format.
_FORMAT_5: Final = bytes.fromhex("ff990405")
_LAYOUT: Final = struct.Struct(">hHHhhhHBH6s")
_NO_SIGNED: Final = -0x8000
_NO_UNSIGNED: Final = 0xFFFF
_NO_BATTERY: Final = 0x7FF
_NO_COUNT: Final = 0xFF
#: `g` is the gram.
_STANDARD_GRAVITY: Final = "gn"
_LEAST_PA: Final = 50_000
_LEAST_MV: Final = 1600


class RuuviDecoder(PlainDecoder):
    """Decoder of `ruuvi/<gateway>/<tag>`: a device has the address that its tag states."""

    def decode(self, topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
        """Return the measurements of an advertisement; the gateway's own status has none."""
        del now_ms
        tree = read_object(payload)
        if isinstance(tree, MessageRefusal):
            return tree
        text = text_of(tree, "data")
        if topic.endswith("/gw_status"):
            return ()
        try:
            heard = bytes.fromhex(text)
        except ValueError:
            return MessageRefusal.SHAPE
        at = heard.find(_FORMAT_5)
        if at < 0 or len(heard) < at + len(_FORMAT_5) + _LAYOUT.size:
            return MessageRefusal.SHAPE
        fields = _LAYOUT.unpack_from(heard, at + len(_FORMAT_5))
        degc, humidity, pressure, *acceleration, power, movements, number, address = fields
        del movements, number  # counters of the tag: no measurements
        x, y, z = (None if value == _NO_SIGNED else value / 1000 for value in acceleration)
        battery = power >> 5
        measured = [
            Measurement("temperature", None if degc == _NO_SIGNED else degc * 0.005, "degC"),
            Measurement("humidity", None if humidity == _NO_UNSIGNED else humidity * 0.0025, "%"),
            Measurement("pressure", None if pressure == _NO_UNSIGNED else (pressure + _LEAST_PA) / 100, "hPa"),
            Measurement("battery", None if battery == _NO_BATTERY else (battery + _LEAST_MV) / 1000, "V"),
            *(
                Measurement(f"acceleration_{axis}", value, _STANDARD_GRAVITY)
                for axis, value in zip("xyz", (x, y, z), strict=True)
            ),
        ]
        name = address.hex().upper()
        return [DecodedMessage(name, measured, read_time_ms(tree.get("ts"), "unix_s"), (_with_colons(name),))]


def _with_colons(address: str) -> str:
    return ":".join(address[at : at + 2] for at in range(0, len(address), 2))
