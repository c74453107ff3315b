"""Modbus RTU servers on one line: bytes of requests in, bytes of responses out. Pure.

Frames and CRC follow "MODBUS over Serial Line" V1.02 (CRC-16, polynomial 0xA001, low byte first); function codes 3 and
4 of the application protocol V1.1b3. All units share one line. The silence between frames of a real line is not
simulated: a request is recognised by its CRC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_sim.protocols.modbus_table import is_readable

_MAX_FRAME: Final = 256
_REQUEST: Final = 8
_MAX_REGISTERS: Final = 125
_READS: Final = (3, 4)
#: Function codes with requests of eight bytes; 15 and 16 have their length in the seventh byte.
_SHORT: Final = (1, 2, 3, 4, 5, 6)
_LONG: Final = (15, 16)
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3


class RtuLine:
    """Units on one line; `read_table` returns a unit's registers from 0 on, None where the unit does not respond."""

    def __init__(self, read_table: Callable[[int], list[int] | None]) -> None:
        self._read_table = read_table
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Process received bytes and return the responses to complete requests."""
        self._buffer += chunk
        responses = []
        while (length := self._request_length()) is not None and len(self._buffer) >= length:
            frame = bytes(self._buffer[:length])
            if modbus_crc(frame[:-2]) != frame[-2:]:
                del self._buffer[0]
                continue
            del self._buffer[:length]
            response = self._respond(frame)
            if response is not None:
                responses.append(response)
        return responses

    def _request_length(self) -> int | None:
        """Return the length of the first request, None while incomplete; bytes that start no request are dropped."""
        while len(self._buffer) >= 2:
            function = self._buffer[1]
            if function in _SHORT:
                return _REQUEST
            if function in _LONG:
                if len(self._buffer) < 7:
                    return None
                length = 9 + self._buffer[6]
                if length <= _MAX_FRAME:
                    return length
            del self._buffer[0]
        return None

    def _respond(self, frame: bytes) -> bytes | None:
        unit, function = frame[0], frame[1]
        table = self._read_table(unit)
        if table is None:
            return None
        address, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        if function not in _READS:
            return _refuse(unit, function, _ILLEGAL_FUNCTION)
        if not 1 <= count <= _MAX_REGISTERS:
            return _refuse(unit, function, _ILLEGAL_VALUE)
        if not is_readable(address, count):
            return _refuse(unit, function, _ILLEGAL_ADDRESS)
        words = b"".join(word.to_bytes(2, "big") for word in table[address : address + count])
        return with_crc(bytes((unit, function, len(words))) + words)


def modbus_crc(frame: bytes) -> bytes:
    """Return the two bytes of the CRC in transmission order."""
    return crc16(0xFFFF, frame).to_bytes(2, "little")


def with_crc(frame: bytes) -> bytes:
    """Return the frame with its CRC appended."""
    return frame + modbus_crc(frame)


def crc16(start: int, data: bytes) -> int:
    """Return the CRC-16 of polynomial 0xA001 with initial value `start`: 0xFFFF for Modbus, 0 for SDI-12."""
    value = start
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def _refuse(unit: int, function: int, reason: int) -> bytes:
    return with_crc(bytes((unit, function | 0x80, reason)))
