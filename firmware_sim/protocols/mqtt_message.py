"""MQTT messages of simulated devices, and the interface of a device."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

from firmware_sim.protocols.readings import Readings


@dataclass(frozen=True, slots=True)
class Message:
    """An MQTT message; a `radio` message passes a LoRa link, which may lose it."""

    topic: str
    payload: bytes
    retain: bool = False
    radio: bool = False


class MqttDevice(Protocol):
    """An MQTT device in a compartment."""

    def birth(self) -> list[Message]:
        """Return the birth messages, published after a connection."""

    def telemetry(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return the messages with the readings; `count` numbers them from 0."""

    def will(self) -> list[Message]:
        """Return the will messages, published when the device is gone."""


def json_message(topic: str, content: object, *, retain: bool = False, radio: bool = False) -> Message:
    """Return a message of compact JSON in UTF-8."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Message(topic, text.encode(), retain, radio)
