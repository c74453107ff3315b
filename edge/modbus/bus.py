"""Modbus TCP input and output: a request goes out, words or a reason come back."""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from enum import StrEnum
from typing import Final

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from edge.modbus.registers import Read
from headland.errors import RetryLater

#: pymodbus says every failed answer as an error of its own; here they are counted, and said once.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)

_READ_HOLDING: Final = 3
#: A connection attempt ends within a stop's second, whatever a slow device needs to answer.
_CONNECT_MOST_S: Final = 0.8


class BadResponse(StrEnum):
    """Why an answer was of no use; the connection stays."""

    EXCEPTION = "exception_response"
    SHORT = "short_response"


class ModbusBus:
    """One connection to one address; one thread uses it, `interrupt` may be called from another."""

    def __init__(self, host: str, port: int, unit: int, timeout_s: float) -> None:
        self._address = (host, port)
        self._unit = unit
        self._timeout_s = timeout_s
        # Retries are the caller's: it knows what else it could do meanwhile.
        self._client = ModbusTcpClient(host, port=port, timeout=timeout_s, retries=0)

    @property
    def is_open(self) -> bool:
        """Tell whether there is a connection that has not failed."""
        return self._client.connected

    def open(self) -> None:
        """Connect. Raises RetryLater with a sentence."""
        try:
            connection = socket.create_connection(self._address, min(self._timeout_s, _CONNECT_MOST_S))
        except OSError as error:
            raise RetryLater(f"no connection to {self._address[0]}:{self._address[1]}: {error}") from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.socket = connection

    def read(self, read: Read) -> list[int] | BadResponse:
        """Return the words of one request, or why its answer is of no use. Raises RetryLater on a lost device."""
        ask = (
            self._client.read_holding_registers if read.function == _READ_HOLDING else self._client.read_input_registers
        )
        try:
            answer = ask(read.address, count=read.count, device_id=self._unit)
        except (ModbusException, OSError, ValueError, IndexError) as error:
            # What is left in the stream after a bad frame would be taken for the next answer.
            self.close()
            raise RetryLater(f"{self._address[0]}:{self._address[1]} does not answer: {error}") from error
        if answer.isError():
            return BadResponse.EXCEPTION
        words = list(answer.registers)
        return words if len(words) == read.count else BadResponse.SHORT

    def interrupt(self) -> None:
        """Make a `read` under way fail at once."""
        connection = self._client.socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let the connection go; a second call does nothing."""
        self._client.close()  # type: ignore[no-untyped-call] # pymodbus leaves this method untyped
