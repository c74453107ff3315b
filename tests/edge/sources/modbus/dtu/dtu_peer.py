"""A DTU with units behind it: pymodbus's own framers answer, over a connection that it opens to the gateway."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse


def respond(request: ModbusPDU, words: dict[int, dict[int, int]]) -> ModbusPDU | None:
    """Return the answer of units with `words` (unit -> address -> word); None where the unit is silent."""
    unit, count = request.dev_id, request.count
    if unit not in words:
        return None
    registers = [words[unit].get(request.address + at) for at in range(count)]
    if None in registers:
        return ExceptionResponse(request.function_code, 2, unit, request.transaction_id)
    kind = ReadHoldingRegistersResponse if request.function_code == 3 else ReadInputRegistersResponse
    return kind(registers=registers, dev_id=unit, transaction_id=request.transaction_id)  # type: ignore[arg-type]


class DtuPeer:
    """Registers and answers until `stop`; `shape` turns each answer into the pieces that are sent."""

    def __init__(
        self,
        port: int,
        registration: bytes,
        words: dict[int, dict[int, int]],
        *,
        framing: str = "rtu",
        shape: Callable[[bytes], list[bytes]] = lambda answer: [answer],
    ) -> None:
        self.words = words
        self.asked: list[tuple[int, int]] = []
        self.shape = shape
        self.closed = threading.Event()
        decoder = DecodePDU(True)
        self._framer = FramerRTU(decoder) if framing == "rtu" else FramerSocket(decoder)
        self.connection = socket.create_connection(("127.0.0.1", port), 120)
        self.connection.sendall(registration)
        self._thread = threading.Thread(target=self._serve, name="dtu-peer", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def stop(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(120)
        self.connection.close()

    def _serve(self) -> None:
        buffer = b""
        with suppress(OSError):
            while data := self.connection.recv(4096):
                buffer += data
                while buffer:
                    used, request = self._framer.handleFrame(buffer, 0, 0)
                    buffer = buffer[used:]
                    if request is None:
                        break
                    self.asked.append((request.dev_id, request.address))
                    answer = respond(request, self.words)
                    if answer is not None:
                        for piece in self.shape(self._framer.buildFrame(answer)):
                            self.connection.sendall(piece)
        self.closed.set()
