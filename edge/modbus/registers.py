"""The register map of a Modbus device: what lies where, and how words become values."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.toml_file import TomlFile
from headland.contract.quantities import QUANTITIES, split_channel, unit_of_name

#: A response holds at most 125 registers (Modbus Application Protocol 1.1b3, sections 6.3 and 6.4).
MAX_READ_REGISTERS: Final = 125

WordType = Literal["int16", "uint16", "int32", "uint32", "float32"]
WordOrder = Literal["high_first", "low_first"]
Address = Annotated[int, Meta(ge=0, le=65535)]
Function = Annotated[int, Meta(ge=3, le=4)]

#: Where a word was read from: (function code, address).
Place = tuple[int, int]
Words = Mapping[Place, int]

_FORMATS: Final[dict[str, str]] = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the map's tables: immutable, a misspelt key is refused."""


class Register(_Table, frozen=True, kw_only=True):
    """One channel: `value = raw * scale + offset`, and no value where the raw bits equal `sentinel`."""

    channel: str
    address: Address
    function: Function = 3
    type: WordType = "uint16"
    scale: float = 1.0
    offset: float = 0.0
    sentinel: Annotated[int, Meta(ge=0, le=0xFFFF_FFFF)] | None = None


class ClockRegisters(_Table, frozen=True, kw_only=True):
    """The device's own clock: uint32 UTC epoch seconds, and perhaps a uint16 with the milliseconds of that second."""

    seconds: Address
    milliseconds: Address | None = None
    function: Function = 3


class IdentityRegister(_Table, frozen=True, kw_only=True):
    """A uint16 constant that tells a kind of device; `simulated` says that a device with it is a simulator."""

    address: Address
    value: Annotated[int, Meta(ge=0, le=0xFFFF)]
    function: Function = 3
    simulated: bool = False


class RegisterMap(_Table, frozen=True, kw_only=True):
    """All that is read of one kind of device. A gap of up to `max_gap` unnamed registers is read along."""

    model: str = ""
    word_order: WordOrder = "high_first"
    max_gap: Annotated[int, Meta(ge=0, le=100)] = 0
    clock: ClockRegisters | None = None
    identity: IdentityRegister | None = None
    register: Annotated[list[Register], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Read:
    """One request: `count` registers from `address` with `function` (3 holding, 4 input)."""

    function: int
    address: int
    count: int


def find_map(name: str, beside: Path | None = None) -> Path | None:
    """Return the map file `name`: in the folder `beside` when it lies there, else among the maps that come along."""
    own = Path(name) if beside is None else beside / name
    if own.is_file():
        return own
    shipped = Path(__file__).parent / "maps" / name
    return shipped if shipped.is_file() else None


def load_map(path: Path) -> RegisterMap:
    """Return the checked map in `path`. Raises SettingsError with `file:line: sentence`."""
    file = TomlFile(path, RegisterMap)
    registers = file.convert()
    seen: set[str] = set()
    for index, one in enumerate(registers.register):
        here = ("register", index)
        parts = split_channel(one.channel)
        if parts is None or (parts[0] not in QUANTITIES and unit_of_name(parts[0]) is None):
            raise file.error(
                (*here, "channel"), f"{one.channel!r} is no channel: a quantity whose name ends in its unit"
            )
        if one.channel in seen:
            raise file.error((*here, "channel"), f"{one.channel!r} is mapped twice; a second one is {one.channel}:1")
        seen.add(one.channel)
        if not 1e-9 <= abs(one.scale) <= 1e9 or not math.isfinite(one.offset):
            raise file.error((*here, "scale"), f"scale of {one.channel} must be 1e-9..1e9, its offset finite")
        if one.sentinel is not None and one.sentinel >= 1 << (16 * width_of(one.type)):
            raise file.error((*here, "sentinel"), f"sentinel {one.sentinel:#x} does not fit into {one.type}")
        if one.address + width_of(one.type) > 0x1_0000:
            raise file.error((*here, "address"), f"{one.channel} reaches beyond register 65535")
    return registers


def width_of(kind: WordType) -> int:
    """Return how many registers a value takes."""
    return 1 if kind in ("int16", "uint16") else 2


def plan_reads(registers: RegisterMap) -> list[Read]:
    """Return the fewest requests, in order, that read every item of the map; no item is split over two requests."""
    reads: list[Read] = []
    for function, first, last in sorted(_spans(registers)):
        before = reads[-1] if reads else None
        if (
            before is not None
            and before.function == function
            and first <= before.address + before.count + registers.max_gap
            and last - before.address < MAX_READ_REGISTERS
        ):
            reads[-1] = Read(function, before.address, max(before.count, last - before.address + 1))
        else:
            reads.append(Read(function, first, last - first + 1))
    return reads


def place_words(read: Read, words: Sequence[int]) -> dict[Place, int]:
    """Return the words of a response by where they were read from."""
    return {(read.function, read.address + index): word for index, word in enumerate(words)}


def decode_values(registers: RegisterMap, words: Words) -> dict[str, float | None]:
    """Return the channels whose words are there, in the map's order; None where the device says it has no value."""
    values: dict[str, float | None] = {}
    for one in registers.register:
        bits = _bits(words, one.function, one.address, width_of(one.type), registers.word_order)
        if bits is not None:
            values[one.channel] = _decode(one, bits)
    return values


def decode_clock(registers: RegisterMap, words: Words) -> int | None:
    """Return the device's clock in epoch ms, or None where the map has none or its words are missing or impossible."""
    clock = registers.clock
    if clock is None:
        return None
    seconds = _bits(words, clock.function, clock.seconds, 2, registers.word_order)
    if clock.milliseconds is None or seconds is None:
        return None if seconds is None else seconds * 1000
    milliseconds = words.get((clock.function, clock.milliseconds))
    return None if milliseconds is None or milliseconds > 999 else seconds * 1000 + milliseconds


def is_simulator(registers: RegisterMap, words: Words) -> bool:
    """Tell whether the device says of itself that it is a simulator."""
    identity = registers.identity
    return (
        identity is not None
        and identity.simulated
        and words.get((identity.function, identity.address)) == identity.value
    )


def _spans(registers: RegisterMap) -> list[tuple[int, int, int]]:
    """Return (function, first, last address) of every item."""
    spans = [(one.function, one.address, one.address + width_of(one.type) - 1) for one in registers.register]
    clock, identity = registers.clock, registers.identity
    if clock is not None:
        spans.append((clock.function, clock.seconds, clock.seconds + 1))
        if clock.milliseconds is not None:
            spans.append((clock.function, clock.milliseconds, clock.milliseconds))
    if identity is not None:
        spans.append((identity.function, identity.address, identity.address))
    return spans


def _bits(words: Words, function: int, address: int, width: int, order: WordOrder) -> int | None:
    first = words.get((function, address))
    if width == 1 or first is None:
        return first
    second = words.get((function, address + 1))
    if second is None:
        return None
    return first << 16 | second if order == "high_first" else second << 16 | first


def _decode(register: Register, bits: int) -> float | None:
    if bits == register.sentinel:
        return None
    (raw,) = struct.unpack(_FORMATS[register.type], bits.to_bytes(2 * width_of(register.type), "big"))
    if not math.isfinite(raw):
        return None
    # Dividing by a whole number rounds once (2153 / 100 is 21.53); multiplying by its inverse rounds twice.
    inverse = round(1 / register.scale)
    scaled = raw / inverse if inverse != 0 and register.scale == 1 / inverse else raw * register.scale
    return float(scaled + register.offset)
