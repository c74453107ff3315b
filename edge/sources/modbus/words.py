"""Decoder of the words in Modbus responses: values, the device's clock, and its identity. Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Final

from edge.sources.modbus.registers import BIT_FUNCTIONS, Read, Register, RegisterMap
from headland.contract.foreign_units import Conversion, convert_to_channel

#: Place of a word (or a bit): (function code, address).
Place = tuple[int, int]
Words = Mapping[Place, int]

_FORMATS: Final[dict[str, str]] = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f",
    "int64": ">q", "uint64": ">Q", "float64": ">d",
}  # fmt: skip


def place_words(read: Read, words: Sequence[int]) -> dict[Place, int]:
    """Return the words of a response by their place."""
    return {(read.function, read.address + index): word for index, word in enumerate(words)}


def decode_values(registers: RegisterMap, words: Words) -> dict[str, float | None]:
    """Return the channels whose words were read, in the map's order; None where the device reports no value."""
    values: dict[str, float | None] = {}
    for register in registers.register:
        low_first = (register.word_order or registers.word_order) == "low_first"
        swap = registers.byte_order == "little" and register.function not in BIT_FUNCTIONS
        bits = _join(words, register.function, register.address, register.width, low_first=low_first, swap=swap)
        if bits is not None:
            values[register.channel] = _decode(register, bits)
    return values


def decode_clock(registers: RegisterMap, words: Words) -> int | None:
    """Return the device's clock in epoch ms, or None where the map has none or its words are missing or impossible."""
    clock = registers.clock
    if clock is None:
        return None
    low_first, swap = registers.word_order == "low_first", registers.byte_order == "little"
    seconds = _join(words, clock.function, clock.seconds, 2, low_first=low_first, swap=swap)
    if clock.milliseconds is None or seconds is None:
        return None if seconds is None else seconds * 1000
    milliseconds = _join(words, clock.function, clock.milliseconds, 1, low_first=False, swap=swap)
    return None if milliseconds is None or milliseconds > 999 else seconds * 1000 + milliseconds


def is_simulator(registers: RegisterMap, words: Words) -> bool:
    """Return whether the device identifies itself as a simulator."""
    identity = registers.identity
    return (
        identity is not None
        and identity.simulated
        and words.get((identity.function, identity.address)) == identity.value
    )


def _join(words: Words, function: int, address: int, width: int, *, low_first: bool, swap: bool) -> int | None:
    """Return `width` words as one number, or None where one of them was not read."""
    parts = [words.get((function, address + index)) for index in range(width)]
    bits = 0
    for part in reversed(parts) if low_first else parts:
        if part is None:
            return None
        bits = bits << 16 | ((part & 0xFF) << 8 | part >> 8 if swap else part)
    return bits


def _decode(register: Register, bits: int) -> float | None:
    if bits == register.sentinel:
        return None
    if register.function in BIT_FUNCTIONS:
        raw: float = bits
    elif register.mask is not None:
        raw = (bits & register.mask) // (register.mask & -register.mask)
    else:
        (raw,) = struct.unpack(_FORMATS[register.type], bits.to_bytes(2 * register.width, "big"))
    if not math.isfinite(raw) or raw in register.invalid:
        return None
    # Dividing by a whole number rounds once (2153 / 100 is 21.53); multiplying by its inverse rounds twice.
    inverse = round(1 / register.scale)
    scaled = raw / inverse if inverse != 0 and register.scale == 1 / inverse else raw * register.scale
    value = float(scaled + register.offset)
    if register.unit is not None:
        conversion = convert_to_channel(register.channel, register.unit)
        if isinstance(conversion, Conversion):
            value = conversion.apply(value)
    return value if math.isfinite(value) else None
