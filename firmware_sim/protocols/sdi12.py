"""SDI-12 bus with the sensors of one compartment: bytes of commands in, timed responses out. Pure.

Commands, responses and CRC follow the SDI-12 specification, version 1.4: a!, ?!, aI!, aAb!, aM!, aMn!, aC!, aCn! and
their CRC variants (aMC!, aCC!), aV!, aD0!..aD9!, aR0!..aR9!, aRC0!... Breaks (NUL bytes here) and the 1200 baud timing
are not simulated. All sensors respond to `?!` at once: with several of them the responses collide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_sim.protocols.modbus_rtu import crc16
from firmware_sim.protocols.readings import Readings

#: SDI-12 value for a missing value.
NO_VALUE: Final = -9999.0
_M_CHARACTERS, _C_CHARACTERS = 35, 75
_MAX_COMMAND: Final = 8
_COMMAND: Final = re.compile(
    rb"(?P<address>[0-9A-Za-z?])(?P<verb>|I|V|A[0-9A-Za-z]|MC?[1-9]?|CC?[1-9]?|D[0-9]|RC?[0-9])!"
)


@dataclass(frozen=True, slots=True)
class Probe:
    """A sensor: its identification, its measuring time, and the channels of M and M1."""

    vendor: str
    model: str
    version: str
    serial: str
    wait_s: int
    channels: tuple[str, ...]
    more_channels: tuple[str, ...] = ()


#: Sensors of the bus by address.
PROBES: Final[dict[str, Probe]] = {
    "0": Probe("HEADLAND", "SIMAIR", "100", "A001", 0, ("air_temperature_degc", "relative_humidity_pct"), ("co2_ppm",)),
    "1": Probe("HEADLAND", "SIMSOI", "100", "S001", 1, ("substrate_moisture_pct", "soil_temperature_degc")),
    "2": Probe("HEADLAND", "SIMPAR", "100", "P001", 0, ("par_umol_m2_s",)),
    "3": Probe(
        "HEADLAND", "SIMMET", "100", "M001", 1,
        ("outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s", "global_radiation_w_m2"),
        ("rain_total_mm",),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """Bytes to send after `after_s` seconds; a service request is dropped when another command arrives earlier."""

    after_s: float
    data: bytes
    service_request: bool = False


class Sdi12Bus:
    """Probes on one wire. `read` returns the current readings; `responds` whether the probe at an address responds."""

    def __init__(
        self, probes: dict[str, Probe], read: Callable[[], Readings], responds: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._probes = dict(probes)
        self._read = read
        self._responds = responds
        self._buffer = bytearray()
        self._measured: dict[str, list[bytes]] = {}

    def feed(self, chunk: bytes) -> list[ProbeResponse]:
        """Process received bytes and return the responses to complete commands."""
        self._buffer += bytes(byte for byte in chunk if 0x20 < byte < 0x7F)
        responses: list[ProbeResponse] = []
        while (end := self._buffer.find(b"!")) >= 0:
            command = bytes(self._buffer[max(0, end - _MAX_COMMAND) : end + 1])
            del self._buffer[: end + 1]
            match = _COMMAND.fullmatch(command)
            if match is not None:
                responses += self._execute(match["address"].decode(), match["verb"].decode())
        del self._buffer[:-_MAX_COMMAND]
        return responses

    def _execute(self, address: str, verb: str) -> list[ProbeResponse]:
        if address == "?":
            return [] if verb else self._respond_all()
        probe = self._probes.get(address)
        if probe is None or not self._responds(address):
            return []
        head = address.encode()
        if verb == "":
            return [_line(head)]
        if verb == "I":
            text = f"14{probe.vendor:<8.8}{probe.model:<6.6}{probe.version:<3.3}{probe.serial}"
            return [_line(head + text.encode())]
        if verb[0] == "A":
            return [_line(self._change_address(address, verb[1]))]
        if verb[0] == "D":
            return [_line(self._page(address, int(verb[1])))]
        if verb[0] == "R":
            values = self._values(probe.channels if verb[-1] == "0" else ())
            pages = _pages(address, values, _C_CHARACTERS, crc="C" in verb)
            return [_line(pages[0] if pages else head)]
        return self._measure(address, probe, verb)

    def _respond_all(self) -> list[ProbeResponse]:
        """Return the response to `?!`: one address, or the collision of several."""
        addresses = [ord(address) for address in self._probes if self._responds(address)]
        if not addresses:
            return []
        wire = 0xFF
        for address in addresses:
            wire &= address
        return [_line(bytes((wire,)))]

    def _change_address(self, address: str, new: str) -> bytes:
        if new not in self._probes:
            self._probes[new] = self._probes.pop(address)
            self._measured.pop(address, None)
            return new.encode()
        return address.encode()

    def _measure(self, address: str, probe: Probe, verb: str) -> list[ProbeResponse]:
        """Return the response to M, C or V: time and number of the values; M adds a service request."""
        if verb == "V":
            channels: tuple[str, ...] = ()
        else:
            channels = {"1": probe.more_channels}.get(verb[-1], () if verb[-1].isdigit() else probe.channels)
        concurrent = verb[0] == "C"
        values = self._values(channels)
        limit = _C_CHARACTERS if concurrent else _M_CHARACTERS
        self._measured[address] = _pages(address, values, limit, crc="C" in verb[1:])
        wait_s = probe.wait_s if channels else 0
        count = f"{len(values):02}" if concurrent else str(len(values))
        responses = [_line(f"{address}{wait_s:03}{count}".encode())]
        if wait_s and not concurrent:
            responses.append(ProbeResponse(float(wait_s), address.encode() + b"\r\n", service_request=True))
        return responses

    def _values(self, channels: tuple[str, ...]) -> list[str]:
        readings = self._read()
        return [_signed(readings.get(channel)) for channel in channels]

    def _page(self, address: str, number: int) -> bytes:
        pages = self._measured.get(address, [])
        return pages[number] if number < len(pages) else address.encode()


def sdi12_crc(data: bytes) -> bytes:
    """Return the three characters of the CRC of a response, including its address (specification, section 4.4.12)."""
    value = crc16(0, data)
    return bytes(0x40 | value >> shift & 0x3F for shift in (12, 6, 0))


def _pages(address: str, values: list[str], limit: int, *, crc: bool) -> list[bytes]:
    """Return the responses to D0, D1, ..., each with as many values as fit."""
    pages = [""]
    for value in values:
        if len(pages[-1]) + len(value) > limit:
            pages.append("")
        pages[-1] += value
    lines = [(address + page).encode() for page in pages]
    return [line + sdi12_crc(line) for line in lines] if crc else lines


def _signed(value: float | None) -> str:
    """Return a value with its sign and at most seven digits."""
    number = NO_VALUE if value is None else value
    return f"{number:+.2f}" if abs(number) < 9999 else f"{number:+.0f}"


def _line(data: bytes) -> ProbeResponse:
    return ProbeResponse(0.0, data + b"\r\n")
