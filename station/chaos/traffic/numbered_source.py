"""Modbus/TCP server of counting devices: each response has the next number, which identifies every lost sample.

Registers of each device (unit 1, 2, ...): 0-1 uint32 UTC seconds of its clock, 2 uint16 milliseconds, 10-11 uint32
the number, 12 int16 a temperature (x100) derived from the number. A paused server responds "device busy".
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

#: Register map of a device for its gateway's folder. Without a clock the gateway adds the timestamps.
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
#: Channel of the numbers.
NUMBER_CHANNEL: Final = "number_count"
#: Register maps by file name: for devices with their own clock, and for those with the gateway's timestamps.
REGISTER_MAPS: Final = {"own-clock.toml": _REGISTERS.format(clock=_CLOCK), "no-clock.toml": _REGISTERS.format(clock="")}

#: How long a gateway waits for a response. After a longer pause it may have given up: then it is unknown whether the
#: response was read, although another request follows on the same connection.
ANSWER_WITHIN_S: Final = 10.0
_SURELY_WITHIN_S: Final = 0.9 * ANSWER_WITHIN_S

_READ_HOLDING: Final = 3
_WRONG_FUNCTION, _WRONG_ADDRESS, _BUSY = 1, 2, 6
_REGISTER_COUNT: Final = 13


class NumberedSource:
    """Runs the server in threads, on a free loopback port; unit n is the n-th of `devices`."""

    host: Final = "127.0.0.1"

    def __init__(self, devices: Sequence[DeviceTruth]) -> None:
        self.devices = list(devices)
        self.clock_step_ms = 0
        self._running = threading.Event()
        self._last_ms = dict.fromkeys((truth.device for truth in devices), 0)
        self._connections: set[socket.socket] = set()
        self._server = _Server((self.host, 0), _Connection)
        self._server.source = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="numbers", daemon=True)

    @property
    def port(self) -> int:
        """Port of the server."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Start the server; it sends no numbers before `resume`."""
        self._thread.start()

    def resume(self) -> None:
        """Send numbers from now on."""
        self._running.set()

    def pause(self) -> None:
        """Send no further numbers; responses under way are completed."""
        self._running.clear()

    def stop(self) -> None:
        """Close all connections and stop the server."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            connection.close()
        self._thread.join(2.0)

    def answer(self, unit: int, request: bytes) -> tuple[bytes, int | None]:
        """Return the response to a request's body, and its number where it has one."""
        if len(request) != 5 or request[0] != _READ_HOLDING:
            return bytes((request[0] | 0x80 if request else 0x80, _WRONG_FUNCTION)), None
        address, count = struct.unpack(">HH", request[1:])
        if not 1 <= unit <= len(self.devices) or count < 1 or address + count > _REGISTER_COUNT:
            return bytes((_READ_HOLDING | 0x80, _WRONG_ADDRESS)), None
        if not self._running.is_set():
            return bytes((_READ_HOLDING | 0x80, _BUSY)), None
        truth = self.devices[unit - 1]
        number = truth.record_sent(time.monotonic(), self.clock_step_ms)
        words = self._words(truth.device, number)[2 * address : 2 * (address + count)]
        return bytes((_READ_HOLDING, len(words))) + words, number

    def _words(self, device: str, number: int) -> bytes:
        """Return all registers; no clock repeats a time, even after a step."""
        true_ms = max(wall_clock_ms(), self._last_ms[device] + 1)
        self._last_ms[device] = true_ms
        seconds, milliseconds = divmod(true_ms + self.clock_step_ms, 1000)
        return struct.pack(">IH14xIh", seconds, milliseconds, number, number % 4000)

    def add_connection(self, connection: socket.socket) -> None:
        """Register a connection, to close it with the server."""
        self._connections.add(connection)

    def remove_connection(self, connection: socket.socket) -> None:
        """Unregister a closed connection."""
        self._connections.discard(connection)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    source: NumberedSource


class _Connection(socketserver.BaseRequestHandler):
    """A connection; each request confirms that the response before it was read."""

    def handle(self) -> None:
        """Respond to requests until the client disconnects."""
        server, connection = self.server, self.request
        if not isinstance(server, _Server) or not isinstance(connection, socket.socket):
            return
        source = server.source
        source.add_connection(connection)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        unread: tuple[int, int] | None = None
        asked_s = time.monotonic()
        try:
            while (head := _receive(connection, 7)) is not None:
                transaction, _, length, unit = struct.unpack(">HHHB", head)
                request = _receive(connection, max(0, length - 1))
                if request is None:
                    return
                before_s, asked_s = asked_s, time.monotonic()
                if unread is not None and asked_s - before_s < _SURELY_WITHIN_S:
                    source.devices[unread[0] - 1].note_read(unread[1])
                body, number = source.answer(unit, request)
                unread = None if number is None else (unit, number)
                connection.sendall(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
        except OSError:
            return
        finally:
            source.remove_connection(connection)


def _receive(connection: socket.socket, count: int) -> bytes | None:
    """Return exactly `count` bytes, None where the connection ends earlier."""
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return parts
