"""A DTU with one unit on pymodbus's RTU framer: it connects out, and sends a heartbeat within each answer."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse

from tests.services.foreign_servers.journal import Journal


def main(port: int, journal: Path) -> None:
    """Serve the next number of the journal as uint32 in registers 0 and 1, for ever."""
    numbers = Journal(journal)
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            serve(connection, numbers)
        time.sleep(0.1)


def serve(connection: socket.socket, numbers: Journal) -> None:
    connection.settimeout(None)
    connection.sendall(b"862636050123456\r\nping")
    framer, buffer = FramerRTU(DecodePDU(True)), b""
    while data := connection.recv(4096):
        buffer += data
        used, request = framer.handleFrame(buffer, 0, 0)
        buffer = buffer[used:]
        if request is None:
            continue
        number = numbers.take()
        answer = ReadHoldingRegistersResponse(registers=[number >> 16, number & 0xFFFF], dev_id=request.dev_id)
        frame = framer.buildFrame(answer)
        connection.sendall(frame[:5] + b"ping" + frame[5:] + b"ping")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
