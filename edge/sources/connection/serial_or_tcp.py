"""A line that carries bytes both ways: a serial device, or a TCP connection to one (a serial server, a gateway)."""

from __future__ import annotations

import select
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import serial

from headland.errors import RetryLater

Parity = Literal["none", "even", "odd"]

#: What `url` may look like in a source's settings.
WIRE_URL: Final = r"^(?:serial:[^:\n]+(?::[0-9]{3,7})?|tcp:(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})\Z"

_DEFAULT_BAUD: Final = 9600
#: A connection attempt ends within a stop's second, whatever a slow device needs to answer.
_CONNECT_MOST_S: Final = 0.8
_WRITE_S: Final = 0.8
_READ_BYTES: Final = 4096
_DRAIN_S: Final = 0.1
#: How often a wait looks whether it was interrupted.
_SLICE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class WireAddress:
    """Where a wire leads: a serial device with its line settings, or (`port` set) a TCP host."""

    host: str
    port: int | None = None
    baud: int = _DEFAULT_BAUD
    parity: Parity = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def parse_wire(
    url: str, parity: Parity = "none", data_bits: Literal[7, 8] = 8, stop_bits: Literal[1, 2] = 1
) -> WireAddress:
    """Return where `serial:DEVICE[:BAUD]` or `tcp:HOST:PORT` leads. Raises ValueError with a sentence."""
    kind, _, rest = url.partition(":")
    if kind == "serial" and rest:
        device, _, baud = rest.partition(":")
        if device and (not baud or baud.isdigit()):
            return WireAddress(
                device, baud=int(baud or _DEFAULT_BAUD), parity=parity, data_bits=data_bits, stop_bits=stop_bits
            )
    elif kind == "tcp":
        host, _, port = rest.rpartition(":")
        if host and port.isdigit() and 0 < int(port) < 65536:
            return WireAddress(host.strip("[]"), int(port))
    raise ValueError(f"{url!r} is no line: write serial:DEVICE:BAUD, or tcp:HOST:PORT with a port of 1 to 65535")


class Wire:
    """One line, opened as often as it is needed. One thread uses it; `interrupt` may be called from another.

    A lost device is a RetryLater with a sentence, after which the wire is closed.
    """

    def __init__(self, address: WireAddress) -> None:
        self.address = address
        self._device: serial.Serial | socket.socket | None = None
        self._interrupted = threading.Event()

    @property
    def is_open(self) -> bool:
        """Tell whether there is a device that has not failed."""
        return self._device is not None

    @property
    def interrupted(self) -> bool:
        """Tell whether somebody wants its user to end."""
        return self._interrupted.is_set()

    def open(self) -> None:
        """Open the device. Raises RetryLater where it is not there now."""
        self.close()
        try:
            self._device = self._connect() if self.address.port is not None else self._open_serial()
        except Exception as error:  # termios.error, where a device vanishes while it is opened, is no OSError
            raise RetryLater(f"no connection to {self.address}: {error}") from error

    def receive(self, wait_s: float) -> bytes:
        """Return what has come, waiting at most `wait_s`. Raises RetryLater."""
        device = self._device
        if device is None:
            return b""
        deadline_s = time.monotonic() + wait_s
        try:
            while not select.select([device], [], [], min(_SLICE_S, max(0.0, deadline_s - time.monotonic())))[0]:
                if self._interrupted.is_set() or time.monotonic() >= deadline_s:
                    return b""
            data = device.recv(_READ_BYTES) if isinstance(device, socket.socket) else bytes(device.read(_READ_BYTES))
        except (OSError, ValueError, TypeError) as error:  # pyserial's own errors are OSErrors, or show as these
            raise self._lose(str(error)) from error
        if not data:
            raise self._lose("the other side is gone")
        return data

    def drain(self) -> int:
        """Throw away what has come so far; return how many bytes. Raises RetryLater.

        Of a device that never stops talking it throws away what comes in a tenth of a second.
        """
        dropped = 0
        deadline_s = time.monotonic() + _DRAIN_S
        while time.monotonic() < deadline_s and (data := self.receive(0.0)):
            dropped += len(data)
        return dropped

    def send(self, data: bytes) -> None:
        """Send all of `data`. Raises RetryLater."""
        device = self._device
        if device is None:
            raise self._lose("it is not open")
        try:
            if isinstance(device, socket.socket):
                device.sendall(data)
            else:
                device.write(data)
        except OSError as error:
            raise self._lose(str(error)) from error

    def send_break(self, break_s: float) -> None:
        """Hold a serial line in its break state for `break_s`; a TCP connection has none. Raises RetryLater."""
        device = self._device
        if device is None or isinstance(device, socket.socket):
            return
        try:
            device.break_condition = True
            time.sleep(break_s)
            device.break_condition = False
        except Exception as error:  # termios.error is no OSError
            raise self._lose(str(error)) from error

    def interrupt(self) -> None:
        """Make a `receive` under way return within 0.2 s, and every later one not wait."""
        self._interrupted.set()

    def close(self) -> None:
        """Let the device go; a second call does nothing."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(OSError):
                device.close()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection((self.address.host, self.address.port), _CONNECT_MOST_S)
        connection.settimeout(_WRITE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _open_serial(self) -> serial.Serial:
        address = self.address
        return serial.Serial(
            address.host,
            address.baud,
            bytesize=address.data_bits,
            parity=address.parity[0].upper(),
            stopbits=address.stop_bits,
            timeout=0,
            write_timeout=_WRITE_S,
            exclusive=True,
        )

    def _lose(self, why: str) -> RetryLater:
        self.close()
        return RetryLater(f"{self.address} is lost: {why}")
