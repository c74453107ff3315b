"""A Modbus/TCP server whose devices count: each answer holds the next number, so every lost one is known by name.

Registers of each device (unit 1, 2, ...): 0-1 uint32 UTC seconds of its clock, 2 uint16 the milliseconds, 10-11 uint32
the number, 12 int16 a temperature (x100) made from the number. While the server is paused it answers "device busy".
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Sequence
from typing import Final

from headland.clock import wall_clock_ms
from station.chaos.traffic.truth import DeviceTruth

#: What is read of a device, for its gateway's folder. Without its clock the gateway stamps the rows.
_REGISTERS: Final = """model = "counting device"
max_gap = 8
{clock}
[[register]]
channel = "number_count"
address = 10
type = "uint32"

[[register]]
channel = "air_temperature_degc"
address = 12
type = "int16"
scale = 0.01
"""
_CLOCK: Final = """[clock]
seconds = 0
milliseconds = 2
"""
#: The channel that holds the numbers.
NUMBER_CHANNEL: Final = "number_count"
#: The register maps by file name: one device has a clock of its own, the other is stamped by its gateway.
REGISTER_MAPS: Final = {"own-clock.toml": _REGISTERS.format(clock=_CLOCK), "no-clock.toml": _REGISTERS.format(clock="")}

_READ_HOLDING: Final = 3
_WRONG_FUNCTION, _WRONG_ADDRESS, _BUSY = 1, 2, 6
_REGISTER_COUNT: Final = 13


class NumberedSource:
    """Owns the server's threads; unit n is the n-th of `devices`. Listens on a free loopback port."""

    host: Final = "127.0.0.1"

    def __init__(self, devices: Sequence[DeviceTruth]) -> None:
        self.devices = list(devices)
        self.clock_step_ms = 0
        self._flowing = threading.Event()
        self._last_ms = dict.fromkeys((truth.device for truth in devices), 0)
        self._connections: set[socket.socket] = set()
        self._server = _Server((self.host, 0), _Conversation)
        self._server.source = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="numbers", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen; nothing is given out before `resume`."""
        self._thread.start()

    def resume(self) -> None:
        """Give out numbers."""
        self._flowing.set()

    def pause(self) -> None:
        """Give out no further number; what is being answered still goes out."""
        self._flowing.clear()

    def stop(self) -> None:
        """End every connection and the server."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            connection.close()
        self._thread.join(2.0)

    def answer(self, unit: int, request: bytes) -> tuple[bytes, int | None]:
        """Return the answer to a request's body, and the number in it where it holds one."""
        if len(request) != 5 or request[0] != _READ_HOLDING:
            return bytes((request[0] | 0x80 if request else 0x80, _WRONG_FUNCTION)), None
        address, count = struct.unpack(">HH", request[1:])
        if not 1 <= unit <= len(self.devices) or count < 1 or address + count > _REGISTER_COUNT:
            return bytes((_READ_HOLDING | 0x80, _WRONG_ADDRESS)), None
        if not self._flowing.is_set():
            return bytes((_READ_HOLDING | 0x80, _BUSY)), None
        truth = self.devices[unit - 1]
        number = truth.say(time.monotonic(), self.clock_step_ms)
        words = self._words(truth.device, number)[2 * address : 2 * (address + count)]
        return bytes((_READ_HOLDING, len(words))) + words, number

    def _words(self, device: str, number: int) -> bytes:
        """Return all registers; no clock tells a time twice, however it was set."""
        true_ms = max(wall_clock_ms(), self._last_ms[device] + 1)
        self._last_ms[device] = true_ms
        seconds, milliseconds = divmod(true_ms + self.clock_step_ms, 1000)
        return struct.pack(">IH14xIh", seconds, milliseconds, number, number % 4000)

    def keep(self, connection: socket.socket) -> None:
        """Remember a connection, to end it with the server."""
        self._connections.add(connection)

    def forget(self, connection: socket.socket) -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    source: NumberedSource


class _Conversation(socketserver.BaseRequestHandler):
    """One connection: a request is the proof that the answer before it was read."""

    def handle(self) -> None:
        """Answer until the other side goes."""
        server, connection = self.server, self.request
        if not isinstance(server, _Server) or not isinstance(connection, socket.socket):
            return
        source = server.source
        source.keep(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        unread: tuple[int, int] | None = None
        try:
            while (head := _receive(connection, 7)) is not None:
                transaction, _, length, unit = struct.unpack(">HHHB", head)
                request = _receive(connection, max(0, length - 1))
                if request is None:
                    return
                if unread is not None:
                    source.devices[unread[0] - 1].note_read(unread[1])
                body, number = source.answer(unit, request)
                unread = None if number is None else (unit, number)
                connection.sendall(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
        except OSError:
            return
        finally:
            source.forget(connection)


def _receive(connection: socket.socket, count: int) -> bytes | None:
    """Return exactly `count` bytes, or None where the connection ends before."""
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return parts
