"""Decoder of acme's soil probes: `acme/PROBE/up` with four bytes, temperature [0.01 °C] and moisture [0.01 %]."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from edge.plugins import DecodedMessage, Measurement, MessageRefusal


def decode(topic: str, payload: bytes, now_ms: int) -> Sequence[DecodedMessage] | MessageRefusal:
    """Return the two numbers of a probe, which has no clock."""
    del now_ms
    if len(payload) != 4:
        return MessageRefusal.SHAPE
    temperature, moisture = struct.unpack(">hH", payload)
    numbers = [Measurement("temperature", temperature / 100, "°C"), Measurement("moisture", moisture / 100, "%")]
    return [DecodedMessage(topic.split("/")[1], numbers)]
