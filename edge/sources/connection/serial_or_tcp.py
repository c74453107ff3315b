"""Link for bytes in both directions: a serial device, or a TCP connection to one (a serial server, a gateway)."""

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
from headland.plain_numbers import is_digits

Parity = Literal["none", "even", "odd"]

#: Pattern of `url` in a source's settings.
LINK_URL: Final = r"^(?:serial:[^:\n]+(?::[0-9]{3,7})?|tcp:(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})\Z"

_DEFAULT_BAUD: Final = 9600
#: The longest connection attempt: a stop must complete within a second, however slow the device is.
_CONNECT_MOST_S: Final = 0.8
_WRITE_S: Final = 0.8
_READ_BYTES: Final = 4096
_DRAIN_S: Final = 0.1
#: How often a wait checks for an interruption.
_SLICE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class SerialOrTcpAddress:
    """Address of a link: a serial device with its line settings, or (`port` set) a TCP host."""

    host: str
    port: int | None = None
    baud: int = _DEFAULT_BAUD
    parity: Parity = "none"
    data_bits: Literal[7, 8] = 8
    stop_bits: Literal[1, 2] = 1

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def parse_link(
    url: str, parity: Parity = "none", data_bits: Literal[7, 8] = 8, stop_bits: Literal[1, 2] = 1
) -> SerialOrTcpAddress:
    """Return the address in `serial:DEVICE[:BAUD]` or `tcp:HOST:PORT`. Raises ValueError with a sentence."""
    kind, _, rest = url.partition(":")
    if kind == "serial" and rest:
        device, _, baud = rest.partition(":")
        if device and (not baud or is_digits(baud, 8)):
            return SerialOrTcpAddress(
                device, baud=int(baud or _DEFAULT_BAUD), parity=parity, data_bits=data_bits, stop_bits=stop_bits
            )
    elif kind == "tcp":
        host, _, port = rest.rpartition(":")
        if host and is_digits(port, 5) and 0 < int(port) < 65536:
            return SerialOrTcpAddress(host.strip("[]"), int(port))
    raise ValueError(f"{url!r} is not a link: write serial:DEVICE:BAUD, or tcp:HOST:PORT with a port of 1 to 65535")


class SerialOrTcpLink:
    """A link that may be opened many times. One thread uses it; `interrupt` may be called from another.

    A lost device raises RetryLater with a sentence, and closes the link.
    """

    def __init__(self, address: SerialOrTcpAddress) -> None:
        self.address = address
        self._device: serial.Serial | socket.socket | None = None
        self._interrupted = threading.Event()

    @property
    def is_open(self) -> bool:
        """Whether the device is open and has not failed."""
        return self._device is not None

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        return self._interrupted.is_set()

    def open(self) -> None:
        """Open the device. Raises RetryLater where it is not available now."""
        self.close()
        try:
            self._device = self._connect() if self.address.port is not None else self._open_serial()
        except Exception as error:  # termios.error, of a device that disappears while it is opened, is not an OSError
            raise RetryLater(f"no connection to {self.address}: {error}") from error

    def receive(self, wait_s: float) -> bytes:
        """Return the received bytes, waiting at most `wait_s`. Raises RetryLater."""
        device = self._device
        if device is None:
            return b""
        deadline_s = time.monotonic() + wait_s
        try:
            while not select.select([device], [], [], min(_SLICE_S, max(0.0, deadline_s - time.monotonic())))[0]:
                if self._interrupted.is_set() or time.monotonic() >= deadline_s:
                    return b""
            data = device.recv(_READ_BYTES) if isinstance(device, socket.socket) else bytes(device.read(_READ_BYTES))
        except (OSError, ValueError, TypeError) as error:  # pyserial's own errors are OSErrors, or appear as these
            raise self._lose(str(error)) from error
        if not data:
            raise self._lose("the other side closed the connection")
        return data

    def drain(self) -> int:
        """Discard the bytes received so far; return their number. Raises RetryLater.

        From a device that sends without pause it discards the bytes of a tenth of a second.
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
        """Set a serial line to its break state for `break_s`; a TCP connection has none. Raises RetryLater."""
        device = self._device
        if device is None or isinstance(device, socket.socket):
            return
        try:
            device.break_condition = True
            time.sleep(break_s)
            device.break_condition = False
        except Exception as error:  # termios.error is not an OSError
            raise self._lose(str(error)) from error

    def interrupt(self) -> None:
        """Make a running `receive` return within 0.2 s, and every later one return at once."""
        self._interrupted.set()

    def close(self) -> None:
        """Close the device; a second call does nothing."""
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
