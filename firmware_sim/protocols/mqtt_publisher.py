"""Publisher of a simulated greenhouse's MQTT devices: birth messages, readings and will messages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import paho.mqtt.client as mqtt

from firmware_sim.links.link_faults import Damage
from firmware_sim.protocols.lorawan_devices import ChirpStack, ThingsStack, dev_eui
from firmware_sim.protocols.mqtt_devices import EspHome, SenML, Tasmota, Zigbee
from firmware_sim.protocols.mqtt_message import Message, MqttDevice
from firmware_sim.protocols.readings import ReadUnit
from headland.network.mqtt_client import MQTT_3_1_1, make_client

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """Address and login of the broker; without a username the connection is anonymous."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None


#: Kinds of devices, as in --mqtt-kind.
KINDS: Final = ("esphome", "zigbee2mqtt", "tasmota", "chirpstack", "things_stack", "senml")


@dataclass(frozen=True, slots=True)
class MqttDevices:
    """Kinds of the devices that publish, and the prefix of their names."""

    name: str = "gh"
    kinds: Sequence[str] = KINDS


EVERY_KIND: Final = MqttDevices()


def devices_of(unit: int, units: Sequence[int], name: str = "gh", kinds: Sequence[str] = KINDS) -> list[MqttDevice]:
    """Return the devices of `kinds` in compartment `unit` of `units`; their names start with `name`."""
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
    """Publishes for the devices of some units over one connection, which paho's thread keeps and renews.

    Messages are dropped while the broker is not reachable, as by devices without storage.
    """

    def __init__(
        self, login: BrokerLogin, fleet: MqttDevices, units: Sequence[int], read: ReadUnit, damage: Damage
    ) -> None:
        self._login = login
        self._read = read
        self._damage = damage
        self._devices = [
            (unit, device) for unit in units for device in devices_of(unit, units, fleet.name, fleet.kinds)
        ]
        self._count = 0
        self._client = make_client(f"headland-sim-{id(self):x}", login.username, login.password, protocol=MQTT_3_1_1)
        self._client.on_connect = self._connected
        will = next((message for _, device in self._devices for message in device.will()), None)
        if will is not None:
            self._client.will_set(will.topic, will.payload, retain=True)

    def start(self) -> None:
        """Start to connect; retries until the broker is reachable."""
        self._client.connect_async(self._login.host, self._login.port, keepalive=30)
        self._client.reconnect_delay_set(1, 5)
        self._client.loop_start()

    def publish(self, time_ms: int) -> None:
        """Publish the readings of all devices at `time_ms`, except those of silent units."""
        if self._client.is_connected():
            for unit, device in self._devices:
                readings = self._read(unit)
                if readings is not None:
                    self._send(device.telemetry(time_ms, self._count, readings))
        self._count += 1

    def stop(self) -> None:
        """Publish the will messages of all devices and close the connection."""
        if self._client.is_connected():
            for _, device in self._devices:
                self._send(device.will())
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: mqtt.Client, userdata: object, flags: object, reason: object, more: object) -> None:
        del client, userdata, flags, more
        if getattr(reason, "is_failure", False):
            _LOGGER.warning("The broker %s:%d refused the connection: %s", self._login.host, self._login.port, reason)
            return
        for _, device in self._devices:
            self._send(device.birth())

    def _send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if not (message.radio and self._damage.loses()):
                self._client.publish(message.topic, message.payload, qos=0, retain=message.retain)
