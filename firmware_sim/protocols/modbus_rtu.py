"""A Modbus RTU slave line: bytes of requests in, bytes of answers out. Pure.

Frames and CRC follow "MODBUS over Serial Line" V1.02 (CRC-16, polynomial 0xA001, low byte first); function codes 3 and
4 of the application protocol V1.1b3. All units hang on one line. The silences that part frames on a real line are not
imitated: a request is found by its CRC.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from firmware_sim.protocols.modbus_table import is_readable

_LONGEST_FRAME: Final = 256
_REQUEST: Final = 8
_MOST_REGISTERS: Final = 125
_READS: Final = (3, 4)
#: Function codes whose requests are eight bytes long; 15 and 16 say their length in the seventh byte.
_SHORT: Final = (1, 2, 3, 4, 5, 6)
_LONG: Final = (15, 16)
_ILLEGAL_FUNCTION, _ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 1, 2, 3


class RtuLine:
    """Units on one line; `read_table` gives a unit's registers from 0 on, None where that unit does not answer."""

    def __init__(self, read_table: Callable[[int], list[int] | None]) -> None:
        self._read_table = read_table
        self._heard = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes as they came and return the answers to the requests that are whole now."""
        self._heard += chunk
        answers = []
        while (length := self._request_length()) is not None and len(self._heard) >= length:
            frame = bytes(self._heard[:length])
            if modbus_crc(frame[:-2]) != frame[-2:]:
                del self._heard[0]
                continue
            del self._heard[:length]
            answer = self._answer(frame)
            if answer is not None:
                answers.append(answer)
        return answers

    def _request_length(self) -> int | None:
        """Return how long the request at the start is; bytes that start none are dropped. None: wait for more."""
        while len(self._heard) >= 2:
            function = self._heard[1]
            if function in _SHORT:
                return _REQUEST
            if function in _LONG:
                if len(self._heard) < 7:
                    return None
                length = 9 + self._heard[6]
                if length <= _LONGEST_FRAME:
                    return length
            del self._heard[0]
        return None

    def _answer(self, frame: bytes) -> bytes | None:
        unit, function = frame[0], frame[1]
        table = self._read_table(unit)
        if table is None:
            return None
        address, count = int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        if function not in _READS:
            return _refuse(unit, function, _ILLEGAL_FUNCTION)
        if not 1 <= count <= _MOST_REGISTERS:
            return _refuse(unit, function, _ILLEGAL_VALUE)
        if not is_readable(address, count):
            return _refuse(unit, function, _ILLEGAL_ADDRESS)
        words = b"".join(word.to_bytes(2, "big") for word in table[address : address + count])
        return with_crc(bytes((unit, function, len(words))) + words)


def modbus_crc(frame: bytes) -> bytes:
    """Return the two bytes of the CRC, in the order of the wire."""
    return crc16(0xFFFF, frame).to_bytes(2, "little")


def with_crc(frame: bytes) -> bytes:
    """Return the frame with its CRC behind it."""
    return frame + modbus_crc(frame)


def crc16(start: int, data: bytes) -> int:
    """Return the CRC-16 of polynomial 0xA001 that begins with `start`: 0xFFFF for Modbus, 0 for SDI-12."""
    value = start
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


def _refuse(unit: int, function: int, reason: int) -> bytes:
    return with_crc(bytes((unit, function | 0x80, reason)))
