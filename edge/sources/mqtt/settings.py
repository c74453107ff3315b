"""Settings of an MQTT source: the `[[source]]` tables of type `mqtt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta
from paho.mqtt.client import topic_matches_sub

from edge.sources.devices.device_clock import TimeSettings
from edge.sources.devices.nodes import NodeSettings
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.settings import Host, Name, PlaceSettings, Port, Seconds, SourceTable
from edge.toml.settings import TableError

DeviceFormat = Literal[
    "senml",
    "home_assistant",
    "zigbee2mqtt",
    "tasmota",
    "chirpstack",
    "things_stack",
    "line_protocol",
    "sparkplug",
    "ruuvi",
    "statestream",
    "json",
]

#: Default topic of each kind of firmware.
DEFAULT_TOPICS: Final[dict[str, str]] = {
    "senml": "senml/#",
    "home_assistant": "homeassistant",
    "zigbee2mqtt": "zigbee2mqtt",
    "tasmota": "tele/+/SENSOR",
    "chirpstack": "application/+/device/+/event/up",
    "things_stack": "v3/+/devices/+/up",
    "line_protocol": "influx/#",
    "sparkplug": "spBv1.0/#",
    "ruuvi": "ruuvi/+/+",
    "statestream": "statestream",
}


class MqttSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="mqtt"):
    """Devices of one `format` on one broker, by default the gateway's own.

    Instead of a format, `decoder` names the MQTT decoder of an installed extension, which needs a `topic`.

    `topic` is their topic filter, for `home_assistant` the discovery prefix, for `zigbee2mqtt` and `statestream` the
    base topic. With `listed_only` only the devices of the `node` tables are accepted. `channel` tables apply to all
    devices, those of a node to it alone. `interval_s` is how often a device is expected to publish. `tls` trusts the
    system's authorities, or the one in `ca`. `sender` (line protocol) is the tag that names the device, `precision`
    the unit of its times. `device_level` or `device_from`, and `time`, are for `json`, which needs a `topic`: the
    level of the topic, counted from 1, or the paths in the payload that name the device, and the path of the
    payload's own time.
    `skip` are filters of topics that another source reads.
    """

    name: Name
    format: DeviceFormat | None = None
    decoder: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    host: Host = "127.0.0.1"
    port: Port = 1883
    username: Annotated[str, Meta(min_length=1)] | None = None
    password: str | None = None
    tls: bool = False
    ca: str | None = None
    topic: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    listed_only: bool = False
    interval_s: Seconds | None = None
    sender: str | None = None
    precision: Literal["ns", "us", "ms", "s"] = "ns"
    device_level: Annotated[int, Meta(ge=1, le=32)] | None = None
    device_from: Annotated[list[Annotated[str, Meta(min_length=1, max_length=256)]], Meta(max_length=8)] = (
        msgspec.field(default_factory=list)
    )
    time: TimeSettings | None = None
    skip: Annotated[list[Annotated[str, Meta(min_length=1, max_length=256)]], Meta(max_length=64)] = msgspec.field(
        default_factory=list
    )
    channel: list[FieldSettings] = msgspec.field(default_factory=list)
    node: list[NodeSettings] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if (self.format is None) == (self.decoder is None):
            raise ValueError("an mqtt source needs format, or decoder with the name of an extension, and not both")
        if self.decoder is not None and self.topic is None:
            raise ValueError('decoder needs the topic of the devices: topic = "acme/+/up"')
        if self.sender is not None and self.format != "line_protocol":
            raise ValueError("sender is for format line_protocol only; other formats name the device themselves")
        if self.format != "json" and (self.device_level or self.device_from or self.time):
            raise ValueError("device_level, device_from and time are for format json only")
        if self.format == "json" and self.topic is None:
            raise ValueError('format json needs the topic of the devices: topic = "+/status/#"')
        if self.device_level and self.device_from:
            raise ValueError("the device has its name from device_level or from device_from, not from both")
        if self.listed_only and not self.node:
            raise ValueError("listed_only needs at least one [[source.node]]")
        if self.ca is not None and not self.tls:
            raise ValueError("ca needs tls = true")

    @property
    def topic_filter(self) -> str:
        """The `topic`, or the default of the format."""
        return self.topic or DEFAULT_TOPICS[self.format or ""]

    def skips(self, topic: str) -> bool:
        """Return whether another source reads a topic."""
        return any(topic_matches_sub(pattern, topic) for pattern in self.skip)

    @property
    def mapped_names(self) -> frozenset[str | int]:
        """The names that the tables of the source and its nodes map."""
        fields = [*self.channel, *(field for node in self.node for field in node.channel)]
        return frozenset(field.key for field in fields)

    def resolve(self, folder: Path) -> Self:
        """Return the settings with the full path of `ca`. Raises TableError where there is no such file."""
        if self.ca is None:
            return self
        if not (folder / self.ca).is_file():
            raise TableError(("ca",), f"source.ca: there is no file {self.ca!r}")
        return msgspec.structs.replace(self, ca=str(folder / self.ca))
