"""MQTT messages of simulated devices, and what a device is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol

from firmware_sim.protocols.readings import Readings


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message; `radio` ones come over LoRa and may be lost."""

    topic: str
    payload: bytes
    retain: bool = False
    radio: bool = False


class MqttDevice(Protocol):
    """A device of one kind in one compartment."""

    def hello(self) -> list[Message]:
        """Return what it says when it comes to the broker."""

    def say(self, time_ms: int, count: int, readings: Readings) -> list[Message]:
        """Return its messages for the readings; `count` numbers them from 0."""

    def goodbye(self) -> list[Message]:
        """Return what is said of it when it is gone: the last will where it has one."""


def json_message(topic: str, content: object, *, retain: bool = False, radio: bool = False) -> Message:
    """Return a message of compact JSON in UTF-8."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Message(topic, text.encode(), retain, radio)
