"""Serial line as a link."""

from __future__ import annotations

import contextlib
import math
import selectors
from collections.abc import Sequence
from typing import Final

import serial

from edge.sources.mavlink.settings import LinkAddress

_READ_BYTES: Final = 65536
#: The kernel's buffer of a serial line, and the length of a byte on it: 8 bits between start and stop.
_TERMINAL_BYTES: Final = 4096
_BITS_PER_BYTE: Final = 10


class SerialLine:
    """A serial device: a telemetry radio, or an autopilot's USB port."""

    buffer_messages = math.inf
    has_arrivals = False
    arrivals_ms: Sequence[int] | None = None

    def __init__(self, address: LinkAddress) -> None:
        try:
            self._port = serial.Serial(address.host, address.port, timeout=0, write_timeout=0.5, exclusive=True)
        except ValueError as error:
            raise OSError(f"the device refuses {address.port} baud") from error
        except Exception as error:  # termios.error, where the device vanishes while it is opened, is no OSError
            raise OSError(str(error)) from error
        self.buffer_s = _TERMINAL_BYTES * _BITS_PER_BYTE / address.port
        self._selector = selectors.SelectSelector()  # kqueue does not accept every terminal
        self._selector.register(self._port, selectors.EVENT_READ)
        self._peer = address.name

    def receive(self, wait_s: float) -> list[tuple[str, bytes]]:
        """Return the bytes that have come; raises OSError when the device is gone."""
        if not self._selector.select(wait_s):
            return []
        data = bytes(self._port.read(_READ_BYTES))
        if not data:
            raise ConnectionResetError("the serial device is gone")
        return [(self._peer, data)]

    def send(self, peer: str | None, data: bytes) -> None:  # noqa: ARG002 - there is one peer
        """Send; a frame that the line does not accept is dropped."""
        with contextlib.suppress(serial.SerialTimeoutException):
            self._port.write(data)

    def close(self) -> None:
        """Close the device."""
        self._selector.close()
        with contextlib.suppress(OSError):
            self._port.close()
