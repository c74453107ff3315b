"""The MQTT devices of a simulated greenhouse at a broker: says hello, publishes readings, says goodbye."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim.links.link_faults import Damage
from firmware_sim.protocols.lorawan_devices import ChirpStack, ThingsStack, dev_eui
from firmware_sim.protocols.mqtt_devices import EspHome, SenML, Tasmota, Zigbee
from firmware_sim.protocols.mqtt_message import Message, MqttDevice
from firmware_sim.protocols.readings import ReadUnit

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """Where the devices publish; no username means that the broker asks for none."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


#: The kinds of devices, by the word that asks for them.
KINDS: Final = ("esphome", "zigbee2mqtt", "tasmota", "chirpstack", "things_stack", "senml")


@dataclass(frozen=True, slots=True)
class Fleet:
    """Which kinds of devices publish, and what their names begin with."""

    name: str = "gh"
    kinds: Sequence[str] = KINDS


EVERY_KIND: Final = Fleet()


def devices_of(unit: int, units: Sequence[int], name: str = "gh", kinds: Sequence[str] = KINDS) -> list[MqttDevice]:
    """Return the devices of `kinds` that stand in a compartment, one of `units`; their names begin with `name`."""
    every: dict[str, MqttDevice] = {
        "esphome": EspHome(f"{name}{unit}-esp", unit),
        "zigbee2mqtt": Zigbee(name, unit, tuple(units)),
        "tasmota": Tasmota(f"{name}{unit}-tasmota"),
        "chirpstack": ChirpStack(f"{name}{unit}-lora", dev_eui(name, unit), unit),
        "things_stack": ThingsStack(f"{name}{unit}-leaf", unit),
        "senml": SenML(f"{name}{unit}-par"),
    }
    return [device for kind, device in every.items() if kind in kinds]


class MqttPublisher:
    """Publishes the devices of some units through one connection, which paho's own thread keeps and renews.

    What is published while the broker is away is dropped, as by devices without a memory.
    """

    def __init__(self, login: BrokerLogin, fleet: Fleet, units: Sequence[int], read: ReadUnit, damage: Damage) -> None:
        self._login = login
        self._read = read
        self._damage = damage
        self._devices = [
            (unit, device) for unit in units for device in devices_of(unit, units, fleet.name, fleet.kinds)
        ]
        self._count = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"headland-sim-{id(self):x}")
        self._client.on_connect = self._connected
        if login.username is not None:
            self._client.username_pw_set(login.username, login.password)
        will = next((message for _, device in self._devices for message in device.goodbye()), None)
        if will is not None:
            self._client.will_set(will.topic, will.payload, retain=True)

    def start(self) -> None:
        """Begin to connect; a broker that is away is tried again and again."""
        self._client.connect_async(self._login.host, self._login.port, keepalive=30)
        self._client.reconnect_delay_set(1, 5)
        self._client.loop_start()

    def say(self, time_ms: int) -> None:
        """Publish what every device says of its readings at `time_ms`; silent units say nothing."""
        if self._client.is_connected():
            for unit, device in self._devices:
                readings = self._read(unit)
                if readings is not None:
                    self._publish(device.say(time_ms, self._count, readings))
        self._count += 1

    def stop(self) -> None:
        """Say goodbye for every device and close the connection."""
        if self._client.is_connected():
            for _, device in self._devices:
                self._publish(device.goodbye())
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, userdata: object, flags: object, reason: object, more: object) -> None:
        del client, userdata, flags, more
        if getattr(reason, "is_failure", False):
            _LOGGER.warning("the broker %s:%d refuses: %s", self._login.host, self._login.port, reason)
            return
        for _, device in self._devices:
            self._publish(device.hello())

    def _publish(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if not (message.radio and self._damage.loses()):
                self._client.publish(message.topic, message.payload, qos=0, retain=message.retain)
