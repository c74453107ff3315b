"""SDI-12 sensors as the specification has them (version 1.4), written without a library: commands in, answers out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field


def crc(text: str) -> str:
    value = 0
    for char in text:
        value ^= ord(char)
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return chr(0x40 | value >> 12) + chr(0x40 | value >> 6 & 0x3F) + chr(0x40 | value & 0x3F)


@dataclass
class OneSensor:
    pages: list[str]
    wait_s: int = 0
    identity: str = "14VENDOR  MODEL1100SN1"
    service_request: bool = False
    dead: bool = False
    wrong_crcs: int = 0


@dataclass
class SensorsOnALine:
    sensors: dict[str, OneSensor]
    asked: list[str] = field(default_factory=list)
    echo: bool = False
    noise: bytes = b""
    split: bool = False
    _buffer: str = ""
    _with_crc: dict[str, bool] = field(default_factory=dict)

    def answer(self, data: bytes) -> Iterator[bytes]:
        self._buffer += data.decode("ascii", "ignore").replace("\0", "")
        while "!" in self._buffer:
            command, _, self._buffer = self._buffer.partition("!")
            self.asked.append(command + "!")
            if self.echo:
                yield command.encode() + b"!"
            for line in self._obey(command):
                out = self.noise + line.encode() + b"\r\n"
                yield from (out[at : at + 1] for at in range(len(out))) if self.split else [out]

    def _obey(self, command: str) -> Iterator[str]:
        if command == "?":
            yield from list(self.sensors)[:1]
            return
        address, verb = command[:1], command[1:]
        sensor = self.sensors.get(address)
        if sensor is None or sensor.dead:
            return
        if verb == "I":
            yield address + sensor.identity
        elif match := re.fullmatch(r"([MC])(C?)[1-9]?", verb):
            self._with_crc[address] = bool(match[2])
            count = sum(len(re.findall(r"[+-]", page)) for page in sensor.pages)
            yield f"{address}{sensor.wait_s:03}{count:0{1 if match[1] == 'M' else 2}}"
            if sensor.service_request and match[1] == "M":
                yield address
        elif match := re.fullmatch(r"(D|RC?)([0-9])", verb):
            page = sensor.pages[int(match[2])] if int(match[2]) < len(sensor.pages) else ""
            text = address + page
            with_crc = self._with_crc.get(address, False) if match[1] == "D" else match[1] == "RC"
            wrong, sensor.wrong_crcs = sensor.wrong_crcs > 0, max(0, sensor.wrong_crcs - 1)
            yield text + ("@" if wrong else crc(text)) if with_crc else text
