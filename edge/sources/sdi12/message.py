"""SDI-12 messages (specification 1.4, section 4): commands and answers. Pure.

An answer is a line before its CR LF: the sensor's address, then the requested data.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from headland.plain_numbers import is_digits

ADDRESS: Final = r"^[0-9A-Za-z]\Z"
#: Measurements: M and C with the additional ones, and R of a sensor that measures continuously.
MEASURE: Final = r"^(?:M[1-9]?|C[1-9]?|R[0-9])\Z"
#: aD0! to aD9! (section 4.4.7).
MOST_PAGES: Final = 10

#: A sign, and at most 7 digits with at most one point (section 4.4.7); some sensors send more digits than that.
_VALUE: Final = re.compile(r"[+-](?:[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")
_CRC_CHARACTERS: Final = 3
#: Longer than any answer; older noise without an end is discarded.
_LONGEST_LINE: Final = 256


class BadAnswer(StrEnum):
    """Reason why an answer is unusable."""

    CRC = "bad_crc"
    FORM = "bad_form"


class Measuring(NamedTuple):
    """A started measurement: `values` is how many are ready after `ready_s`, or at the sensor's service request."""

    ready_s: float
    values: int


class Identity(NamedTuple):
    """Identification of a sensor."""

    vendor: str
    model: str
    version: str
    serial: str


def crc_of(text: str) -> str:
    """Return an answer's checksum: CRC-16 with 0xA001 from 0, as three characters of six bits (section 4.4.12)."""
    crc = 0
    for byte in text.encode("ascii", "replace"):
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return "".join(chr(0x40 | crc >> shift & 0x3F) for shift in (12, 6, 0))


def measure_command(address: str, measure: str, *, crc: bool) -> str:
    """Return the command that begins `measure` (`M1` becomes `aMC1!` with a checksum)."""
    return f"{address}{measure[0]}{'C' if crc else ''}{measure[1:]}!"


def read_measuring(answer: str) -> Measuring | BadAnswer:
    """Parse `atttn` (M) or `atttnn` (C)."""
    if not 5 <= len(answer) <= 6 or not is_digits(answer[1:]):
        return BadAnswer.FORM
    return Measuring(float(answer[1:4]), int(answer[4:]))


def read_values(answer: str, *, crc: bool) -> list[float] | BadAnswer:
    """Return the values of a data answer; none where the sensor aborted its measurement (`a` alone)."""
    text = answer
    if crc:
        text, checksum = answer[:-_CRC_CHARACTERS], answer[-_CRC_CHARACTERS:]
        if len(answer) <= _CRC_CHARACTERS or crc_of(text) != checksum:
            return BadAnswer.CRC
    values: list[float] = []
    at = 1
    while at < len(text):
        match = _VALUE.match(text, at)
        if match is None:
            return BadAnswer.FORM
        values.append(float(match[0]))
        at = match.end()
    return values


def read_identity(answer: str) -> Identity | BadAnswer:
    """Parse the answer to `aI!`: SDI-12 version 2, vendor 8, model 6, version 3, then up to 13 optional characters."""
    if not 20 <= len(answer) <= 33 or not is_digits(answer[1:3]):
        return BadAnswer.FORM
    return Identity(answer[3:11].strip(), answer[11:17].strip(), answer[17:20].strip(), answer[20:].strip())


class AnswerReader:
    """Extracts answers from the bytes of a half-duplex line.

    NULs and noise of a break or a driver are dropped, the parity bit of a line read as 8N1 too, and the echo of the
    command itself, which many adapters receive. `stray` counts lines of another sensor.
    """

    def __init__(self, address: str, command: str) -> None:
        self._address = address
        self._command = command
        self._text = ""
        self.stray = 0

    def feed(self, data: bytes) -> str | None:
        """Return the answer once it is complete."""
        self._text = self._text[-_LONGEST_LINE:]
        self._text += "".join(chr(byte & 0x7F) for byte in data if 0x20 <= byte & 0x7F < 0x7F or byte & 0x7F == 0x0A)
        while "\n" in self._text:
            line, _, self._text = self._text.partition("\n")
            # An echo has no end of its own: it is in front of the answer.
            line = line.rpartition(self._command)[2] if self._command in line else line
            if line and self._address in ("?", line[0]):
                return line
            self.stray += 1
        return None
