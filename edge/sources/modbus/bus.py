"""Modbus bus: sends read requests and returns words, or the reason of a failure."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Final, Literal

from pymodbus.client.base import ModbusBaseSyncClient
from pymodbus.exceptions import ModbusException, ModbusIOException
from pymodbus.framer import FramerRTU, FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.transport import CommParams, CommType

from edge.sources.connection.serial_or_tcp import SerialOrTcpAddress, SerialOrTcpLink
from edge.sources.modbus.registers import BIT_FUNCTIONS, Read
from headland.errors import RetryLater

#: pymodbus logs every failed response as an error; here failures are counted, and logged once.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

#: Exception codes of a Modbus gateway whose unit does not answer (Modbus Application Protocol 1.1b3, section 7).
UNREACHABLE: Final = (0x0A, 0x0B)
#: Twice the longest frame.
_MOST_RECEIVED: Final = 512


@dataclass(frozen=True, slots=True)
class BadResponse:
    """An unusable response; the line remains open. `exception` is the device's code, None for a short response."""

    exception: int | None = None


class NoAnswer(RetryLater):
    """A unit does not answer; others on the line may. `exception` is the code of a gateway that reports it."""

    def __init__(self, sentence: str, exception: int | None = None) -> None:
        super().__init__(sentence)
        self.exception = exception


class ModbusBus:
    """One line and the units on it; one thread uses it, `interrupt` may be called from another."""

    def __init__(self, address: SerialOrTcpAddress, framing: Literal["tcp", "rtu"], timeout_s: float) -> None:
        self._link = SerialOrTcpLink(address)
        self._timeout_s = timeout_s
        self._client = _Client(self._link, framing, timeout_s)

    @property
    def is_open(self) -> bool:
        """Whether the line is open and has not failed."""
        return self._link.is_open

    def open(self) -> None:
        """Connect. Raises RetryLater with a sentence."""
        self._link.open()

    def read(self, unit: int, read: Read) -> list[int] | BadResponse:
        """Return the words (or bits) of one request, or the reason why its response is unusable.

        Raises NoAnswer where the unit is silent or sends garbage, RetryLater where the line is lost.
        """
        try:
            answer = self._ask(unit, read)
        except (ModbusException, ValueError, IndexError, OSError) as error:
            if self._link.address.port is not None:
                # A late response would be read as the next one; a new connection has no late response.
                self.close()
            how = f"is silent for {self._timeout_s:g} s" if isinstance(error, ModbusIOException) else "sends garbage"
            raise NoAnswer(f"unit {unit} at {self._link.address} {how}") from error
        if answer.isError():
            if answer.exception_code in UNREACHABLE:
                raise NoAnswer(f"unit {unit} behind {self._link.address} does not answer", answer.exception_code)
            return BadResponse(answer.exception_code)
        if read.function in BIT_FUNCTIONS:
            # The last byte of the response is padded with bits that were not requested.
            words = [int(bit) for bit in answer.bits][: read.count]
        else:
            words = list(answer.registers)
        return words if len(words) == read.count else BadResponse()

    def interrupt(self) -> None:
        """Make a running `read` fail at once."""
        self._link.interrupt()

    def close(self) -> None:
        """Close the line; a second call does nothing."""
        self._link.close()

    def _ask(self, unit: int, read: Read) -> ModbusPDU:
        client = self._client
        client.expect(unit, read.function)
        match read.function:
            case 1:
                return client.read_coils(read.address, count=read.count, device_id=unit)
            case 2:
                return client.read_discrete_inputs(read.address, count=read.count, device_id=unit)
            case 3:
                return client.read_holding_registers(read.address, count=read.count, device_id=unit)
            case _:
                return client.read_input_registers(read.address, count=read.count, device_id=unit)


class _Client(ModbusBaseSyncClient):
    """pymodbus's framers and messages on our own link, whose waits a stop can end."""

    def __init__(self, link: SerialOrTcpLink, framing: Literal["tcp", "rtu"], timeout_s: float) -> None:
        # The caller retries: it can poll other units meanwhile. pymodbus never closes a "serial" client by itself.
        parameters = CommParams(comm_name="bus", comm_type=CommType.SERIAL, timeout_connect=timeout_s)
        super().__init__(FramerType.SOCKET if framing == "tcp" else FramerType.RTU, 0, parameters, None, None, None)
        self._link = link
        self._framing = framing
        self._wait_s = timeout_s
        self._expected = (0, 0)

    def expect(self, unit: int, function: int) -> None:
        """Set the unit and the function of the next response."""
        self._expected = (unit, function)

    def connect(self) -> bool:
        """Return whether the line is open; the user of the bus opens it."""
        return self._link.is_open

    def send(self, request: bytes, addr: tuple[str, int] | None = None) -> int:
        """Send a request; bytes received before it belong to another one and are discarded."""
        del addr
        self._link.drain()
        self._link.send(request)
        return len(request)

    def recv(self, size: int | None) -> bytes:
        """Return the bytes of a response; from a serial line the expected frame, or nothing.

        pymodbus would read noise before a frame as the start of one, and wait for its end.
        """
        del size
        if self._framing == "tcp":
            return self._link.receive(self._wait_s)
        received = b""
        deadline_s = time.monotonic() + self._wait_s
        while (left_s := deadline_s - time.monotonic()) > 0 and (piece := self._link.receive(left_s)):
            received = (received + piece)[-_MOST_RECEIVED:]
            frame = find_frame(received, *self._expected)
            if frame is not None:
                return frame
        return b""


def find_frame(received: bytes, unit: int, function: int) -> bytes | None:
    """Return the first whole RTU frame in `received` that answers `function` of `unit` and whose checksum is right.

    Modbus over Serial Line 1.02, section 2.5.1: unit, function, data, CRC; the data of a read begin with their length.
    """
    for at in range(len(received) - 4):
        if received[at] != unit or received[at + 1] & 0x7F != function:
            continue
        end = at + (5 if received[at + 1] & 0x80 else 5 + received[at + 2])
        frame = received[at:end]
        if len(frame) == end - at and FramerRTU.compute_CRC(frame[:-2]) == int.from_bytes(frame[-2:], "big"):
            return frame
    return None
