"""Modbus frames as RTU and as Modbus TCP: a request, the forms of its answer, and what the answer says. Pure.

RTU as in Modbus over Serial Line 1.02, section 2.5.1; Modbus TCP as in Messaging on TCP/IP 1.0b, section 3.1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pymodbus.framer import FramerRTU

from edge.sources.modbus.bus import BadResponse
from edge.sources.modbus.dtu.settings import Framing
from edge.sources.modbus.registers import BIT_FUNCTIONS, Read

_EXCEPTION: Final = 0x80
#: Bytes of Modbus TCP before the unit.
_MBAP: Final = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """Form of one frame: how it begins, its length in bytes, and whether a checksum ends it."""

    header: bytes
    length: int
    has_checksum: bool

    def begins_with(self, taken: bytes) -> bool:
        """Tell whether a frame of this form may begin with `taken`."""
        return len(taken) <= self.length and self.header[: len(taken)] == taken[: len(self.header)]

    def is_whole(self, frame: bytes) -> bool:
        """Tell whether bytes of the right length are the frame: whether its checksum is right, where it has one."""
        return not self.has_checksum or checksum(frame[:-2]) == frame[-2:]


def checksum(frame: bytes) -> bytes:
    """Return the two bytes that end an RTU frame."""
    return FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def encode_request(framing: Framing, unit: int, read: Read, transaction: int) -> bytes:
    """Return the frame that asks for `read`; `transaction` (0..65535) numbers the requests of Modbus TCP."""
    body = bytes((unit, read.function)) + read.address.to_bytes(2, "big") + read.count.to_bytes(2, "big")
    if framing == "rtu":
        return body + checksum(body)
    return transaction.to_bytes(2, "big") + bytes(2) + len(body).to_bytes(2, "big") + body


def answer_shapes(framing: Framing, unit: int, read: Read, transaction: int) -> tuple[Shape, Shape]:
    """Return the forms of the answer with the words of `read`, and of an exception."""
    size = (read.count + 7) // 8 if read.function in BIT_FUNCTIONS else 2 * read.count
    good, bad = bytes((unit, read.function, size)), bytes((unit, read.function | _EXCEPTION))
    if framing == "rtu":
        return Shape(good, 5 + size, has_checksum=True), Shape(bad, 5, has_checksum=True)
    start = transaction.to_bytes(2, "big") + bytes(2)
    return (
        Shape(start + (3 + size).to_bytes(2, "big") + good, _MBAP + 3 + size, has_checksum=False),
        Shape(start + (3).to_bytes(2, "big") + bad, _MBAP + 3, has_checksum=False),
    )


def decode_answer(framing: Framing, read: Read, frame: bytes) -> list[int] | BadResponse:
    """Return the words (or bits) of a frame that has one of the shapes, or the exception in it."""
    body = frame[:-2] if framing == "rtu" else frame[_MBAP:]
    if body[1] & _EXCEPTION:
        return BadResponse(body[2])
    data = body[3:]
    if read.function in BIT_FUNCTIONS:
        return [data[at // 8] >> at % 8 & 1 for at in range(read.count)]
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, 2 * read.count, 2)]
