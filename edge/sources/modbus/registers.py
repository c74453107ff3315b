"""Register map of a Modbus device, and the requests that read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.sources.mapping.field_map import check_channel
from edge.toml.toml_file import TomlFile
from headland.contract.foreign_units import Conversion, convert_to_channel

#: The most that a response holds (Modbus Application Protocol 1.1b3, sections 6.1 to 6.4): bits, then registers.
MAX_READ: Final[dict[int, int]] = {1: 2000, 2: 2000, 3: 125, 4: 125}
#: Functions that read single bits: coils and discrete inputs.
BIT_FUNCTIONS: Final = (1, 2)

WordType = Literal["int16", "uint16", "int32", "uint32", "float32", "int64", "uint64", "float64"]
WordOrder = Literal["high_first", "low_first"]
ByteOrder = Literal["big", "little"]
Address = Annotated[int, Meta(ge=0, le=65535)]
Function = Annotated[int, Meta(ge=1, le=4)]
RegisterFunction = Annotated[int, Meta(ge=3, le=4)]
#: The highest bound that msgspec allows; TOML itself has no higher whole number.
Bits = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]

_WIDTHS: Final[dict[str, int]] = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the map's tables: immutable, a misspelt key is refused."""


class Register(_Table, frozen=True, kw_only=True):
    """One channel: `value = raw * scale + offset` in `unit`, by default the channel's own.

    Functions 1 and 2 read one bit, 3 and 4 read registers. `mask` selects bits of a register as a number of their own.
    The value is missing where the bits equal `sentinel`, or their number is one of `invalid`.
    """

    channel: str
    address: Address
    function: Function = 3
    type: WordType = "uint16"
    word_order: WordOrder | None = None
    mask: Annotated[int, Meta(ge=1, le=0xFFFF_FFFF)] | None = None
    scale: float = 1.0
    offset: float = 0.0
    unit: str | None = None
    sentinel: Bits | None = None
    invalid: list[float] = []

    @property
    def width(self) -> int:
        """The number of registers, or of bits (one)."""
        return 1 if self.function in BIT_FUNCTIONS else _WIDTHS[self.type]


class ClockRegisters(_Table, frozen=True, kw_only=True):
    """The device's own clock: uint32 UTC epoch seconds, and optionally a uint16 with the milliseconds."""

    seconds: Address
    milliseconds: Address | None = None
    function: RegisterFunction = 3


class IdentityRegister(_Table, frozen=True, kw_only=True):
    """A uint16 constant that identifies a kind of device; with `simulated` such a device is a simulator."""

    address: Address
    value: Annotated[int, Meta(ge=0, le=0xFFFF)]
    function: RegisterFunction = 3
    simulated: bool = False


class RegisterMap(_Table, frozen=True, kw_only=True):
    """Register map of one kind of device. A gap of up to `max_gap` unmapped registers is read along.

    `word_order` is the order of the registers of a longer number, `byte_order` that of the bytes of each register.
    """

    model: str = ""
    word_order: WordOrder = "high_first"
    byte_order: ByteOrder = "big"
    max_gap: Annotated[int, Meta(ge=0, le=100)] = 0
    clock: ClockRegisters | None = None
    identity: IdentityRegister | None = None
    register: Annotated[list[Register], Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Read:
    """One request: `count` bits or registers from `address` with `function`.

    1 coils, 2 discrete inputs, 3 holding registers, 4 input registers.
    """

    function: int
    address: int
    count: int


def find_map(name: str, beside: Path | None = None) -> Path | None:
    """Return the path of map `name`: in the folder `beside` if it is there, else of a built-in map; None if absent."""
    own = Path(name) if beside is None else beside / name
    if own.is_file():
        return own
    return next((path for path in built_in_maps() if path.name == name), None)


def built_in_maps() -> list[Path]:
    """Return the paths of the built-in maps, by name."""
    return sorted((Path(__file__).parent / "maps").glob("*.toml"))


def load_map(path: Path) -> RegisterMap:
    """Return the checked map in `path`. Raises SettingsError with `file:line: sentence`."""
    file = TomlFile(path, RegisterMap)
    registers = file.convert()
    fault = find_map_fault(registers)
    if fault is not None:
        raise file.error(("register", *fault[:2]), fault[2])
    return registers


def find_map_fault(registers: RegisterMap) -> tuple[int, str, str] | None:
    """Return the register, its key and the sentence of the first mistake in a map, or None."""
    seen: set[str] = set()
    for index, register in enumerate(registers.register):
        fault = _find_fault(register)
        if register.channel in seen:
            fault = "channel", f"{register.channel!r} is mapped twice; a second one is {register.channel}:1"
        if fault is not None:
            return index, *fault
        seen.add(register.channel)
    return None


def _find_fault(register: Register) -> tuple[str, str] | None:
    """Return the key and the sentence of the first mistake in a register, or None."""
    try:
        check_channel(register.channel)
    except ValueError as error:
        return "channel", str(error)
    if not 1e-9 <= abs(register.scale) <= 1e9 or not math.isfinite(register.offset):
        return "scale", f"scale of {register.channel} must be 1e-9..1e9, its offset finite"
    if register.sentinel is not None and register.sentinel >= 1 << (16 * register.width):
        return "sentinel", f"sentinel {register.sentinel:#x} does not fit into {register.type}"
    if register.mask is not None and (register.type not in ("uint16", "uint32") or register.function in BIT_FUNCTIONS):
        return "mask", f"mask of {register.channel} needs the type uint16 or uint32"
    if register.mask is not None and register.mask >= 1 << (16 * register.width):
        return "mask", f"mask {register.mask:#x} does not fit into {register.type}"
    if register.address + register.width > 0x1_0000:
        return "address", f"{register.channel} reaches beyond register 65535"
    if register.unit is not None:
        conversion = convert_to_channel(register.channel, register.unit)
        if not isinstance(conversion, Conversion):
            return "unit", conversion.sentence
    return None


def plan_reads(registers: RegisterMap) -> list[Read]:
    """Return the fewest requests, in order, that read every item of the map; no item is split over two requests."""
    reads: list[Read] = []
    for function, first, last in sorted(_spans(registers)):
        before = reads[-1] if reads else None
        if (
            before is not None
            and before.function == function
            and first <= before.address + before.count + registers.max_gap
            and last - before.address < MAX_READ[function]
        ):
            reads[-1] = Read(function, before.address, max(before.count, last - before.address + 1))
        else:
            reads.append(Read(function, first, last - first + 1))
    return reads


def _spans(registers: RegisterMap) -> list[tuple[int, int, int]]:
    """Return (function, first, last address) of every item."""
    spans = [
        (register.function, register.address, register.address + register.width - 1) for register in registers.register
    ]
    clock, identity = registers.clock, registers.identity
    if clock is not None:
        spans.append((clock.function, clock.seconds, clock.seconds + 1))
        if clock.milliseconds is not None:
            spans.append((clock.function, clock.milliseconds, clock.milliseconds))
    if identity is not None:
        spans.append((identity.function, identity.address, identity.address))
    return spans
