"""Settings of BACnet sources: the `[[source]]` tables of type `bacnet`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Final, Self

import msgspec
from msgspec import Meta

from edge.sources.mapping.field_map import FieldSettings
from edge.sources.settings import Name, PlaceSettings, SourceTable
from edge.toml.settings import TableError

#: UDP port of BACnet/IP (ASHRAE 135, Annex J).
DEFAULT_PORT: Final = 47808
#: The highest instance of an object; the one after it is a wildcard.
_MOST_INSTANCE: Final = 4_194_302
_MOST_OBJECTS: Final = 1000
_MOST_DEVICES: Final = 100
#: Types of objects whose present value is a number or a state.
NUMERIC_TYPES: Final = (
    "analog-input", "analog-output", "analog-value", "binary-input", "binary-output", "binary-value",
    "multi-state-input", "multi-state-output", "multi-state-value", "integer-value", "positive-integer-value",
    "large-analog-value", "accumulator", "pulse-converter",
)  # fmt: skip
_OBJECT: Final = re.compile(rf"({'|'.join(NUMERIC_TYPES)}),([0-9]{{1,7}})")

Fields = Annotated[list[FieldSettings], Meta(max_length=_MOST_OBJECTS)]
#: An IPv4 address, with a port where that is not 47808.
Address = Annotated[str, Meta(pattern=r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5})?\Z")]
Instance = Annotated[int, Meta(ge=0, le=_MOST_INSTANCE)]


class BacnetDevice(PlaceSettings, frozen=True, kw_only=True):
    """One device on the network: a `[[source.node]]` table, its objects in `channel` tables.

    With `instance` it is read only while the device at the address has that instance.
    """

    device: Name
    address: Address
    instance: Instance | None = None
    channel: Annotated[Fields, Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse what is no address, and what is no object with a number."""
        read_address(self.address)
        _check_fields(self.channel)


class BacnetSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="bacnet"):
    """Objects of BACnet/IP devices: of one `device` at `address`, or of the devices of the `node` tables.

    `from` of a channel is an object, `analog-input,1`. Its number is in the unit that the object states, or in the
    channel's `unit` where that is given. Every `poll_s` all are read. `timeout_s` bounds the wait for one answer, which
    is asked for `retries` times more. `local_port` is the gateway's own; 0 is any, 47808 for devices that answer to
    none other. Nothing is encrypted.
    """

    name: Name
    address: Address | None = None
    instance: Instance | None = None
    device: Name | None = None
    local_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    poll_s: Annotated[float, Meta(ge=0.2, le=3600)] = 10.0
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 3.0
    retries: Annotated[int, Meta(ge=0, le=10)] = 2
    channel: Fields = msgspec.field(default_factory=list)
    node: Annotated[list[BacnetDevice], Meta(max_length=_MOST_DEVICES)] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        single = (self.device is not None, self.address is not None, bool(self.channel))
        if any(single) == bool(self.node) or (any(single) and not all(single)):
            raise ValueError("name either device, address and [[source.channel]] tables, or [[source.node]] tables")
        if self.instance is not None and self.node:
            raise ValueError("instance is that of one device: move it to its [[source.node]] table")
        nodes = self.nodes
        if sum(len(node.channel) for node in nodes) > _MOST_OBJECTS:
            raise ValueError(f"one source reads {_MOST_OBJECTS} objects at most")
        for what in ("device", "address"):
            names = [getattr(node, what) for node in nodes]
            if len(set(names)) < len(names):
                raise ValueError(f"two [[source.node]] tables have the same {what}: put their channels in one")

    @property
    def nodes(self) -> Sequence[BacnetDevice]:
        """The devices to read."""
        if self.device is None or self.address is None:
            return self.node
        place = {key: getattr(self, key) for key in PlaceSettings.__struct_fields__}
        one = BacnetDevice(
            device=self.device, address=self.address, instance=self.instance, channel=self.channel, **place
        )
        return [one]

    def resolve(self, folder: Path) -> Self:
        """Return the settings. Raises TableError where the package that speaks BACnet is missing."""
        del folder
        if find_spec("bacpypes3") is None:
            sentence = "source.type bacnet needs the extra bacnet: install it with pip install 'headland[bacnet]'"
            raise TableError(("type",), sentence)
        return self


def read_address(address: str) -> tuple[str, int]:
    """Return host and port. Raises ValueError."""
    host, _, port = address.partition(":")
    number = int(port or DEFAULT_PORT)
    if not 0 < number <= 65535:
        raise ValueError(f"the port of {address} must be 1 to 65535")
    try:
        return str(IPv4Address(host)), number
    except ValueError as error:
        raise ValueError(f"address must be an IPv4 address such as 192.0.2.30, not {address!r}") from error


def _check_fields(fields: Sequence[FieldSettings]) -> None:
    keys: set[str] = set()
    channels: set[str] = set()
    for field in fields:
        match = _OBJECT.fullmatch(field.key) if isinstance(field.key, str) else None
        if match is None or int(match[2]) > _MOST_INSTANCE or match[2] != str(int(match[2])):
            raise ValueError(f'from must be an object such as "analog-input,1", not {field.key!r}')
        if field.channel in channels:
            raise ValueError(f"{field.channel!r} is mapped twice; a second one is {field.channel}:1")
        if match[0] in keys:
            raise ValueError(f"{match[0]!r} is mapped twice; one object is one channel")
        channels.add(field.channel)
        keys.add(match[0])
