"""Settings of DTU sources: the `[[source]]` tables of type `modbus_dtu`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from edge.sources.modbus.settings import PollSeconds, UnitSettings, check_units, resolve_nodes
from edge.sources.settings import Host, Name, Port, SourceTable
from edge.toml.positions import TomlPath

Framing = Literal["tcp", "rtu"]
#: A packet as text, or as `hex:` and its bytes.
Packet = Annotated[str, Meta(min_length=1, max_length=256)]
Heartbeats = Annotated[list[Packet], Meta(max_length=8)]

_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}\s*)+")
#: Without a checksum a shorter packet is found within values by chance.
_LEAST_HEARTBEAT_TCP: Final = 4


class DtuSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One DTU: a `[[source.dtu]]` table, and a `[[source.dtu.node]]` table for each unit behind it.

    `registration` is the whole packet that the DTU sends first, as text or as `hex:` and its bytes: a fixed text, the
    IMEI or the ICCID. `heartbeat` and `framing` are those of this DTU, in place of the source's.
    """

    registration: Packet
    heartbeat: Heartbeats | None = None
    framing: Framing | None = None
    node: Annotated[list[UnitSettings], Meta(min_length=1, max_length=247)]

    def __post_init__(self) -> None:
        """Refuse packets that are no bytes, and two nodes with one unit."""
        for packet in (self.registration, *(self.heartbeat or ())):
            read_packet(packet)
        check_units(self.node)


class ModbusDtuSettings(SourceTable, frozen=True, kw_only=True, tag_field="type", tag="modbus_dtu"):
    """DTUs that connect to `port` of this gateway, each named by the packet that it sends first.

    `heartbeat` are the packets that the DTUs send now and then, as text or as `hex:` and their bytes. `framing` is
    `tcp` where the DTUs convert to Modbus TCP. `timeout_s` bounds the wait for one response over the mobile network.
    A connection has `registration_s` to register; at most `waiting` of them have not.
    """

    name: Name
    host: Host = "0.0.0.0"
    port: Port
    framing: Framing = "rtu"
    heartbeat: Heartbeats = msgspec.field(default_factory=list)
    poll_s: PollSeconds = 30.0
    clock_speed: Annotated[float, Meta(ge=1, le=1000)] = 1.0
    timeout_s: Annotated[float, Meta(ge=0.05, le=60)] = 5.0
    registration_s: Annotated[float, Meta(ge=0.1, le=120)] = 15.0
    waiting: Annotated[int, Meta(ge=1, le=1000)] = 32
    dtu: Annotated[list[DtuSettings], Meta(min_length=1, max_length=500)]

    def __post_init__(self) -> None:
        """Refuse registrations that cannot be told apart, and heartbeats that look like values."""
        first = [read_packet(dtu.registration) for dtu in self.dtu]
        for packet, number in Counter(first).items():
            if number > 1:
                raise ValueError(f"registration must be unique; {number} DTUs have {show_packet(packet)}")
        shared = {read_packet(packet) for packet in self.heartbeat}
        for one, other in permutations({*first, *shared}, 2):
            if other.startswith(one):
                raise ValueError(
                    f"{show_packet(other)} begins with {show_packet(one)}: no packet may be the beginning of another"
                )
        for dtu in self.dtu:
            short = [packet for packet in self.heartbeats(dtu) if len(packet) < _LEAST_HEARTBEAT_TCP]
            if short and self.framing_of(dtu) == "tcp":
                raise ValueError(
                    f"heartbeat {show_packet(short[0])} is too short for framing tcp, which has no checksum: "
                    f"set one of at least {_LEAST_HEARTBEAT_TCP} bytes in the DTU, or none"
                )

    def heartbeats(self, dtu: DtuSettings) -> Sequence[bytes]:
        """Return what is no Modbus in the stream of a DTU: its heartbeats, and its registration, which some repeat."""
        own = [read_packet(packet) for packet in (self.heartbeat if dtu.heartbeat is None else dtu.heartbeat)]
        registration = read_packet(dtu.registration)
        if self.framing_of(dtu) == "rtu" or len(registration) >= _LEAST_HEARTBEAT_TCP:
            own.append(registration)
        return list(dict.fromkeys(own))

    def framing_of(self, dtu: DtuSettings) -> Framing:
        """Return the framing of a DTU."""
        return self.framing if dtu.framing is None else dtu.framing

    def devices(self) -> Sequence[tuple[TomlPath, str]]:
        """Return the devices of all DTUs."""
        return [
            (("dtu", at, "node", index), node.device)
            for at, dtu in enumerate(self.dtu)
            for index, node in enumerate(dtu.node)
        ]

    def resolve(self, folder: Path) -> Self:
        """Return the settings with full paths of checked register maps, as `ModbusSettings.resolve`."""
        dtus = [
            msgspec.structs.replace(dtu, node=resolve_nodes(dtu.node, folder, ("dtu", at)))
            for at, dtu in enumerate(self.dtu)
        ]
        return msgspec.structs.replace(self, dtu=dtus)


def read_packet(text: str) -> bytes:
    """Return the bytes of a packet in the settings. Raises ValueError with a sentence."""
    if not text.startswith("hex:"):
        return text.encode()
    if _HEX.fullmatch(text[4:].strip()) is None:
        raise ValueError(f"{text!r} is no packet: write pairs of hexadecimal digits behind hex:")
    return bytes.fromhex(text[4:])


def show_packet(packet: bytes) -> str:
    """Return a packet as the settings write it: as text where all of it can be printed."""
    return f'"{packet.decode()}"' if packet.isascii() and packet.decode().isprintable() else f'"hex:{packet.hex()}"'
