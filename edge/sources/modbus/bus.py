"""Modbus input and output: a request goes out, words or a reason come back."""

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

from edge.sources.connection.serial_or_tcp import Wire, WireAddress
from edge.sources.modbus.registers import BIT_FUNCTIONS, Read
from headland.errors import RetryLater

#: pymodbus says every failed answer as an error of its own; here they are counted, and said once.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

#: A Modbus gateway says that the unit behind it does not answer (Modbus Application Protocol 1.1b3, section 7).
_UNREACHABLE: Final = (0x0A, 0x0B)
#: Twice the longest frame.
_MOST_HEARD: Final = 512


@dataclass(frozen=True, slots=True)
class BadResponse:
    """An answer of no use; the line stays. `exception` is the device's code, None for an answer too short."""

    exception: int | None = None


class NoAnswer(RetryLater):
    """A unit does not answer; others on the line may. `exception` is the code of a gateway that says so instead."""

    def __init__(self, sentence: str, exception: int | None = None) -> None:
        super().__init__(sentence)
        self.exception = exception


class ModbusBus:
    """One line and the units on it; one thread uses it, `interrupt` may be called from another."""

    def __init__(self, address: WireAddress, framing: Literal["tcp", "rtu"], timeout_s: float) -> None:
        self._wire = Wire(address)
        self._timeout_s = timeout_s
        self._client = _Client(self._wire, framing, timeout_s)

    @property
    def is_open(self) -> bool:
        """Tell whether there is a line that has not failed."""
        return self._wire.is_open

    def open(self) -> None:
        """Connect. Raises RetryLater with a sentence."""
        self._wire.open()

    def read(self, unit: int, read: Read) -> list[int] | BadResponse:
        """Return the words (or bits) of one request, or why its answer is of no use.

        Raises NoAnswer where the unit is silent or answers garbage, RetryLater where the line is lost.
        """
        try:
            answer = self._ask(unit, read)
        except (ModbusException, ValueError, IndexError, OSError) as error:
            if self._wire.address.port is not None:
                # What comes late on a connection would be taken for the next answer; a new one has nothing to come.
                self.close()
            how = f"is silent for {self._timeout_s:g} s" if isinstance(error, ModbusIOException) else "answers nonsense"
            raise NoAnswer(f"unit {unit} at {self._wire.address} {how}") from error
        if answer.isError():
            if answer.exception_code in _UNREACHABLE:
                raise NoAnswer(f"unit {unit} behind {self._wire.address} does not answer", answer.exception_code)
            return BadResponse(answer.exception_code)
        if read.function in BIT_FUNCTIONS:
            # The answer's last byte is filled up with bits that were not asked for.
            words = [int(bit) for bit in answer.bits][: read.count]
        else:
            words = list(answer.registers)
        return words if len(words) == read.count else BadResponse()

    def interrupt(self) -> None:
        """Make a `read` under way fail at once."""
        self._wire.interrupt()

    def close(self) -> None:
        """Let the line go; a second call does nothing."""
        self._wire.close()

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
    """pymodbus's framers and messages on a wire of ours, whose waits a stop can end."""

    def __init__(self, wire: Wire, framing: Literal["tcp", "rtu"], timeout_s: float) -> None:
        # Retries are the caller's: it knows what else it could do meanwhile. Of a "serial" client pymodbus never
        # closes anything by itself.
        parameters = CommParams(comm_name="bus", comm_type=CommType.SERIAL, timeout_connect=timeout_s)
        super().__init__(FramerType.SOCKET if framing == "tcp" else FramerType.RTU, 0, parameters, None, None, None)
        self._wire = wire
        self._framing = framing
        self._wait_s = timeout_s
        self._expected = (0, 0)

    def expect(self, unit: int, function: int) -> None:
        """Say whose answer to what comes next."""
        self._expected = (unit, function)

    def connect(self) -> bool:
        """Tell whether there is a line; who uses the bus opens it."""
        return self._wire.is_open

    def send(self, request: bytes, addr: tuple[str, int] | None = None) -> int:
        """Send a request; what came before it is an answer to another one."""
        del addr
        self._wire.drain()
        self._wire.send(request)
        return len(request)

    def recv(self, size: int | None) -> bytes:
        """Return what has come within the time for an answer; of a serial line the frame that is expected, or nothing.

        pymodbus takes noise before a frame for the beginning of one and then waits for its end.
        """
        del size
        if self._framing == "tcp":
            return self._wire.receive(self._wait_s)
        heard = b""
        deadline_s = time.monotonic() + self._wait_s
        while (left_s := deadline_s - time.monotonic()) > 0 and (piece := self._wire.receive(left_s)):
            heard = (heard + piece)[-_MOST_HEARD:]
            frame = find_frame(heard, *self._expected)
            if frame is not None:
                return frame
        return b""


def find_frame(heard: bytes, unit: int, function: int) -> bytes | None:
    """Return the first whole RTU frame in `heard` that answers `function` of `unit` and whose checksum is right.

    Modbus over Serial Line 1.02, section 2.5.1: unit, function, data, CRC; the data of a read begin with their length.
    """
    for at in range(len(heard) - 4):
        if heard[at] != unit or heard[at + 1] & 0x7F != function:
            continue
        end = at + (5 if heard[at + 1] & 0x80 else 5 + heard[at + 2])
        frame = heard[at:end]
        if len(frame) == end - at and FramerRTU.compute_CRC(frame[:-2]) == int.from_bytes(frame[-2:], "big"):
            return frame
    return None
