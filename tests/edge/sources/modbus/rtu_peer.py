"""Modbus RTU units by the document (Modbus over Serial Line 1.02, section 2.5), written without a library."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def crc16(frame: bytes) -> bytes:
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return struct.pack("<H", crc)


class RtuUnits:
    """Answers requests to `registers` (unit -> address -> word); units that are not named stay silent."""

    def __init__(self, registers: dict[int, dict[int, int]]) -> None:
        self.registers = registers
        self.asked: list[tuple[int, int, int, int]] = []
        self.noise = b""
        self.corrupt = False
        self.split = False
        self._buffer = b""

    def answer(self, data: bytes) -> Iterator[bytes]:
        self._buffer += data
        while len(self._buffer) >= 8:
            request, self._buffer = self._buffer[:8], self._buffer[8:]
            assert crc16(request[:6]) == request[6:]
            unit, function, address, count = struct.unpack(">BBHH", request[:6])
            self.asked.append((unit, function, address, count))
            if unit in self.registers:
                frame = self._respond(unit, function, address, count)
                if self.corrupt:
                    frame = frame[:-1] + bytes([frame[-1] ^ 0xFF])
                frame = self.noise + frame
                yield from (frame[at : at + 1] for at in range(len(frame))) if self.split else [frame]

    def _respond(self, unit: int, function: int, address: int, count: int) -> bytes:
        words = [self.registers[unit].get(address + at) for at in range(count)]
        if any(word is None for word in words):
            body = struct.pack(">BBB", unit, function | 0x80, 2)
        elif function in (1, 2):
            bits = sum(int(bool(word)) << at for at, word in enumerate(words))
            size = (count + 7) // 8
            body = struct.pack(">BBB", unit, function, size) + bits.to_bytes(size, "little")
        else:
            body = struct.pack(f">BBB{count}H", unit, function, 2 * count, *words)
        return body + crc16(body)
