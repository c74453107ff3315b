"""Settings of OPC UA sources: the `[[source]]` tables of type `opcua`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from edge.sources.mapping.field_map import FieldSettings
from edge.sources.settings import Name, PlaceSettings, SourceTable
from edge.toml.settings import TableError
from headland.contract.quantities import unit_of_channel

#: A node id as OPC UA writes it (Part 6, 5.3.1.10): `ns=2;s=House.Temperature`, `i=2258`.
_NODE_ID: Final = re.compile(
    r"(?:ns=[0-9]{1,5};)?(?:i=[0-9]{1,10}|s=.{1,200}|g=[0-9A-Fa-f-]{36}|b=[A-Za-z0-9+/=]{1,200})"
)
_MOST_NODES: Final = 1000

Fields = Annotated[list[FieldSettings], Meta(max_length=_MOST_NODES)]


class OpcUaDevice(PlaceSettings, frozen=True, kw_only=True):
    """One device of a server that has several: a `[[source.node]]` table, its variables in `channel` tables."""

    device: Name
    channel: Annotated[Fields, Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse a variable that is no node id, or has no unit."""
        _check_fields(self.channel)


class OpcUaSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="opcua"):
    """Variables of one OPC UA server: of one `device`, or of the devices of the `node` tables.

    `from` of a channel is a node id, `ns=2;s=House.Temperature`; its `unit` is that of the server's number, which no
    variable states by itself. Every `poll_s` all are read; with `subscribe` the server sends what changes, gathered for
    so long. `time` is `source` for the server's time of each value, `gateway` where those times do not advance.
    The connection is not encrypted.
    """

    name: Name
    url: Annotated[str, Meta(pattern=r"^opc\.tcp://[^\s/@]+(?:/\S*)?\Z", max_length=2000)]
    device: Name | None = None
    poll_s: Annotated[float, Meta(ge=0.05, le=3600)] = 10.0
    subscribe: bool = False
    time: Literal["source", "gateway"] = "source"
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 5.0
    username: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    password: str | None = None
    channel: Fields = msgspec.field(default_factory=list)
    node: Annotated[list[OpcUaDevice], Meta(max_length=500)] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if bool(self.node) == (self.device is not None) or (self.device is None) != (not self.channel):
            raise ValueError("name either device and [[source.channel]] tables, or [[source.node]] tables with them")
        _check_fields(self.channel)
        if self.password is not None and self.username is None:
            raise ValueError("password needs username")
        if sum(len(device.channel) for device in self.nodes) > _MOST_NODES:
            raise ValueError(f"one source reads {_MOST_NODES} variables at most")

    @property
    def nodes(self) -> Sequence[OpcUaDevice]:
        """The devices to read."""
        if self.device is None:
            return self.node
        place = {key: getattr(self, key) for key in PlaceSettings.__struct_fields__}
        return [OpcUaDevice(device=self.device, channel=self.channel, **place)]

    def resolve(self, folder: Path) -> Self:
        """Return the settings. Raises TableError where the package that speaks OPC UA is missing."""
        del folder
        if find_spec("asyncua") is None:
            sentence = "source.type opcua needs the extra opcua: install it with pip install 'headland[opcua]'"
            raise TableError(("type",), sentence)
        return self


def _check_fields(fields: Sequence[FieldSettings]) -> None:
    seen: set[str] = set()
    for field in fields:
        if not isinstance(field.key, str) or _NODE_ID.fullmatch(field.key) is None:
            raise ValueError(f'from must be a node id such as "ns=2;s=House.Temperature", not {field.key!r}')
        if field.unit is None and unit_of_channel(field.channel) != "1":
            raise ValueError(f"unit of {field.channel} is missing: a variable does not state its own")
        if field.channel in seen:
            raise ValueError(f"{field.channel!r} is mapped twice; a second one is {field.channel}:1")
        seen.add(field.channel)
