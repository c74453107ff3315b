"""Settings of an MQTT source: the `[[source]]` tables of type `mqtt`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from edge.sources.devices.nodes import NodeSettings
from edge.sources.mapping.field_map import FieldSettings
from edge.sources.settings import Host, Name, PlaceSettings, Port, Seconds, SourceTable
from edge.toml.settings import TableError

DeviceFormat = Literal[
    "senml", "home_assistant", "zigbee2mqtt", "tasmota", "chirpstack", "things_stack", "line_protocol"
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
}


class MqttSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="mqtt"):
    """Devices of one `format` on one broker, by default the gateway's own.

    `topic` is their topic filter, for `home_assistant` the discovery prefix and for `zigbee2mqtt` the
    base topic. With `listed_only` only the devices of the `node` tables are accepted. `channel` tables apply to all
    devices, those of a node to it alone. `interval_s` is how often a device is expected to publish. `tls` trusts the
    system's authorities, or the one in `ca`. `sender` (line protocol) is the tag that names the device, `precision` the
    unit of its times.
    """

    name: Name
    format: DeviceFormat
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
    channel: list[FieldSettings] = msgspec.field(default_factory=list)
    node: list[NodeSettings] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.sender is not None and self.format != "line_protocol":
            raise ValueError("sender is for format line_protocol only; other formats name the device themselves")
        if self.listed_only and not self.node:
            raise ValueError("listed_only needs at least one [[source.node]]")
        if self.ca is not None and not self.tls:
            raise ValueError("ca needs tls = true")

    @property
    def topic_filter(self) -> str:
        """The `topic`, or the default of the format."""
        return self.topic or DEFAULT_TOPICS[self.format]

    def resolve(self, folder: Path) -> Self:
        """Return the settings with the full path of `ca`. Raises TableError where there is no such file."""
        if self.ca is None:
            return self
        if not (folder / self.ca).is_file():
            raise TableError(("ca",), f"source.ca: there is no file {self.ca!r}")
        return msgspec.structs.replace(self, ca=str(folder / self.ca))
