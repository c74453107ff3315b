"""The register map of a Modbus device: what lies where, and the requests that read it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from edge.sources.mapping.field_map import check_channel
from edge.sources.mapping.units import Conversion, convert_to_channel
from edge.toml.toml_file import TomlFile

#: What a response holds at most (Modbus Application Protocol 1.1b3, sections 6.1 to 6.4): bits, then registers.
MAX_READ: Final[dict[int, int]] = {1: 2000, 2: 2000, 3: 125, 4: 125}
#: Functions that read single bits: coils and discrete inputs.
BIT_FUNCTIONS: Final = (1, 2)

WordType = Literal["int16", "uint16", "int32", "uint32", "float32", "int64", "uint64", "float64"]
WordOrder = Literal["high_first", "low_first"]
ByteOrder = Literal["big", "little"]
Address = Annotated[int, Meta(ge=0, le=65535)]
Function = Annotated[int, Meta(ge=1, le=4)]
RegisterFunction = Annotated[int, Meta(ge=3, le=4)]
#: The highest that a bound of msgspec may be; TOML itself has no higher whole number.
Bits = Annotated[int, Meta(ge=0, le=0x7FFF_FFFF_FFFF_FFFF)]

_WIDTHS: Final[dict[str, int]] = {
    "int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4,
}  # fmt: skip


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the map's tables: immutable, a misspelt key is refused."""


class Register(_Table, frozen=True, kw_only=True):
    """One channel: `value = raw * scale + offset` in `unit`, which is the channel's own where it is not named.

    Functions 1 and 2 read one bit, 3 and 4 read registers. `mask` takes some bits of a register out, as a number of
    their own. There is no value where the bits as read equal `sentinel`, or the number they make is one of `invalid`.
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
        """How many registers it takes, or one bit."""
        return 1 if self.function in BIT_FUNCTIONS else _WIDTHS[self.type]


class ClockRegisters(_Table, frozen=True, kw_only=True):
    """The device's own clock: uint32 UTC epoch seconds, and perhaps a uint16 with the milliseconds of that second."""

    seconds: Address
    milliseconds: Address | None = None
    function: RegisterFunction = 3


class IdentityRegister(_Table, frozen=True, kw_only=True):
    """A uint16 constant that tells a kind of device; `simulated` says that a device with it is a simulator."""

    address: Address
    value: Annotated[int, Meta(ge=0, le=0xFFFF)]
    function: RegisterFunction = 3
    simulated: bool = False


class RegisterMap(_Table, frozen=True, kw_only=True):
    """All that is read of one kind of device. A gap of up to `max_gap` unnamed registers is read along.

    `word_order` says which register of a longer number comes first, `byte_order` which byte of each register.
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
        fault = _find_fault(one)
        if one.channel in seen:
            fault = "channel", f"{one.channel!r} is mapped twice; a second one is {one.channel}:1"
        if fault is not None:
            raise file.error(("register", index, fault[0]), fault[1])
        seen.add(one.channel)
    return registers


def _find_fault(one: Register) -> tuple[str, str] | None:
    """Return the key and the sentence of what is wrong with a register, or None."""
    try:
        check_channel(one.channel)
    except ValueError as error:
        return "channel", str(error)
    if not 1e-9 <= abs(one.scale) <= 1e9 or not math.isfinite(one.offset):
        return "scale", f"scale of {one.channel} must be 1e-9..1e9, its offset finite"
    if one.sentinel is not None and one.sentinel >= 1 << (16 * one.width):
        return "sentinel", f"sentinel {one.sentinel:#x} does not fit into {one.type}"
    if one.mask is not None and (one.type not in ("uint16", "uint32") or one.function in BIT_FUNCTIONS):
        return "mask", f"mask of {one.channel} takes bits out of a uint16 or uint32"
    if one.mask is not None and one.mask >= 1 << (16 * one.width):
        return "mask", f"mask {one.mask:#x} does not fit into {one.type}"
    if one.address + one.width > 0x1_0000:
        return "address", f"{one.channel} reaches beyond register 65535"
    if one.unit is not None:
        found = convert_to_channel(one.channel, one.unit)
        if not isinstance(found, Conversion):
            return "unit", found.sentence
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
    spans = [(one.function, one.address, one.address + one.width - 1) for one in registers.register]
    clock, identity = registers.clock, registers.identity
    if clock is not None:
        spans.append((clock.function, clock.seconds, clock.seconds + 1))
        if clock.milliseconds is not None:
            spans.append((clock.function, clock.milliseconds, clock.milliseconds))
    if identity is not None:
        spans.append((identity.function, identity.address, identity.address))
    return spans
