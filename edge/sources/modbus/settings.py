"""Settings of Modbus sources: the `[[source]]` tables of type `modbus_tcp` and `modbus_rtu`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from edge.sources.connection.serial_or_tcp import LINK_URL, Parity, SerialOrTcpAddress, parse_link
from edge.sources.modbus.registers import find_map, load_map
from edge.sources.settings import Host, Name, PlaceSettings, Port, SourceTable
from edge.toml.positions import TomlPath
from edge.toml.settings import TableError

Unit = Annotated[int, Meta(ge=0, le=255)]
PollSeconds = Annotated[float, Meta(ge=0.05, le=3600)]
TimeoutSeconds = Annotated[float, Meta(ge=0.05, le=10)]


class UnitSettings(PlaceSettings, frozen=True, kw_only=True):
    """One unit on the line: a `[[source.node]]` table. `registers` names its map; `poll_s` overrides the source's."""

    device: Name
    unit: Unit = 1
    registers: Annotated[str, Meta(min_length=1)]
    poll_s: PollSeconds | None = None


class ModbusSettings(SourceTable, PlaceSettings, frozen=True, kw_only=True, tag_field="type", tag="modbus_tcp"):
    """One device, or (with `node` tables) several units, behind one Modbus TCP address.

    `registers` names the register map: a file beside edge.toml, else a built-in map.
    `framing` is `rtu` where a serial server transmits plain RTU frames. `timeout_s` bounds the wait for one response.
    `clock_speed` is how much faster than real time the device's clock runs, above 1 only for a simulator: the
    descriptor's interval is in the device's time.
    """

    name: Name
    host: Host
    port: Port = 502
    framing: Literal["tcp", "rtu"] = "tcp"
    unit: Unit = 1
    device: Name | None = None
    poll_s: PollSeconds = 1.0
    clock_speed: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    timeout_s: TimeoutSeconds = 1.0
    registers: Annotated[str, Meta(min_length=1)] | None = None
    node: list[UnitSettings] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a source with neither device nor units, and one with both."""
        if bool(self.node) == (self.device is not None) or (self.device is None) != (self.registers is None):
            raise ValueError("name either device and registers, or [[source.node]] tables with them")
        check_units(self.node)

    @property
    def nodes(self) -> Sequence[UnitSettings]:
        """The units to read."""
        if self.device is None or self.registers is None:
            return self.node
        place = {key: getattr(self, key) for key in PlaceSettings.__struct_fields__}
        return [UnitSettings(device=self.device, unit=self.unit, registers=self.registers, **place)]

    @property
    def address(self) -> SerialOrTcpAddress:
        """The address of the line."""
        return SerialOrTcpAddress(self.host, self.port)

    def resolve(self, folder: Path) -> Self:
        """Return the settings with full paths of checked register maps: those in `folder` first, then those built in.

        Raises TableError where there is no such map, SettingsError where the map is wrong.
        """
        registers = None if self.registers is None else _resolve_map(self.registers, folder, ())
        return msgspec.structs.replace(self, registers=registers, node=resolve_nodes(self.node, folder))


class ModbusRtuSettings(SourceTable, frozen=True, kw_only=True, tag_field="type", tag="modbus_rtu"):
    """Units on one serial line, each a `[[source.node]]` table. `timeout_s` bounds the wait for one response."""

    name: Name
    url: Annotated[str, Meta(pattern=LINK_URL)]
    parity: Parity = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1
    poll_s: PollSeconds = 10.0
    clock_speed: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    timeout_s: TimeoutSeconds = 0.5
    node: Annotated[list[UnitSettings], Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse a wrong link, and two nodes with one unit."""
        parse_link(self.url)
        check_units(self.node)

    @property
    def nodes(self) -> Sequence[UnitSettings]:
        """The units to read."""
        return self.node

    @property
    def framing(self) -> Literal["tcp", "rtu"]:
        """The framing on this line."""
        return "rtu"

    @property
    def address(self) -> SerialOrTcpAddress:
        """The address of the line."""
        return parse_link(self.url, self.parity, self.data_bits, self.stop_bits)

    def resolve(self, folder: Path) -> Self:
        """Return the settings with full paths of checked register maps, as `ModbusSettings.resolve`."""
        return msgspec.structs.replace(self, node=resolve_nodes(self.node, folder))


def check_units(nodes: Sequence[UnitSettings]) -> None:
    """Raise ValueError where two nodes have one unit."""
    units = [node.unit for node in nodes]
    for unit in units:
        if units.count(unit) > 1:
            raise ValueError(f"unit must be unique on a line; two nodes have {unit}")


def _resolve_map(name: str, folder: Path, place: TomlPath) -> str:
    path = find_map(name, folder)
    if path is None:
        raise TableError((*place, "registers"), f"register map {name!r} is neither in {folder} nor built in")
    load_map(path)
    return str(path)


def resolve_nodes(nodes: Sequence[UnitSettings], folder: Path, place: TomlPath = ()) -> list[UnitSettings]:
    """Return the nodes of the table at `place` with full paths of checked register maps.

    Raises TableError where there is no such map, SettingsError where the map is wrong.
    """
    return [
        msgspec.structs.replace(node, registers=_resolve_map(node.registers, folder, (*place, "node", index)))
        for index, node in enumerate(nodes)
    ]
