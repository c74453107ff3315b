"""Wire format of Protocol Buffers: fields of a message by number, as far as payloads of devices use them. Pure.

Encoding: protobuf.dev/programming-guides/encoding. Groups, which are obsolete, are refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_LONGEST_VARINT: Final = 10
_VARINT: Final = 0
_FIXED_64: Final = 1
_BYTES: Final = 2
_FIXED_32: Final = 5

#: Value of a field: an integer of a varint, or the bytes of any other.
WireValue = int | bytes


def read_fields(data: bytes) -> Iterator[tuple[int, WireValue]]:
    """Yield number and value of each field. Raises ValueError where the bytes are no message."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, kind = tag >> 3, tag & 7
        value: WireValue
        if number == 0:
            raise ValueError("a field has the number 0")
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        elif kind in (_FIXED_32, _FIXED_64):
            size = 4 if kind == _FIXED_32 else 8
        else:
            raise ValueError(f"a field has the unknown kind {kind}")
        if at + size > len(data):
            raise ValueError("a field is cut")
        value = data[at : at + size]
        at += size
        yield number, value


def write_varint(number: int) -> bytes:
    """Return a whole number >= 0 as a varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_field(number: int, value: WireValue) -> bytes:
    """Return a field: an integer as a varint, bytes with their length."""
    if isinstance(value, int):
        return write_varint(number << 3 | _VARINT) + write_varint(value)
    return write_varint(number << 3 | _BYTES) + write_varint(len(value)) + value


def as_float(value: WireValue) -> float:
    """Return a fixed field of 4 or 8 bytes as a floating-point number. Raises ValueError."""
    if isinstance(value, int) or len(value) not in (4, 8):
        raise ValueError("a floating-point number has neither 4 nor 8 bytes")
    return float(struct.unpack("<f" if len(value) == 4 else "<d", value)[0])


def as_int(value: WireValue) -> int:
    """Return the integer of a varint. Raises ValueError."""
    if not isinstance(value, int):
        raise ValueError("a field is no integer")  # noqa: TRY004 - hostile input, not a caller's mistake
    return value


def as_bytes(value: WireValue) -> bytes:
    """Return the bytes of a field. Raises ValueError."""
    if isinstance(value, int):
        raise ValueError("a field has no bytes")  # noqa: TRY004 - hostile input, not a caller's mistake
    return value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(_LONGEST_VARINT):
        if at >= len(data):
            raise ValueError("a number is cut")
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("a number is too long")
