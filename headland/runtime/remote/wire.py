"""Frames between processes: MessagePack, with arrays as their bytes.

Both ends are processes of one installation: nothing here has to be read by another version.
"""

from __future__ import annotations

import socket
import struct
from typing import Any, Final, get_args, get_origin

import msgspec
import numpy as np

from headland.errors import DataDamaged, HeadlandError, PeerRefused, RetryLater, SettingsError
from headland.runtime.cancellation import WorkCancelled

#: A call and an answer may have so many bytes: an answer is in the memory of both processes.
MOST_BYTES: Final = 1 << 29
_LENGTH: Final = struct.Struct("!I")

#: Exceptions that the caller's side raises again, by name.
_RAISED: Final[dict[str, type[Exception]]] = {
    each.__name__: each for each in (RetryLater, SettingsError, PeerRefused, DataDamaged, WorkCancelled, ValueError)
}


#: The message of None.
NOTHING: Final = msgspec.Raw(b"\xc0")


class ConnectionEnded(HeadlandError):  # noqa: N818 - it names what happened
    """The other end has closed the connection."""


class Hello(msgspec.Struct, array_like=True):
    """First message of a connection: whose share of the connections it takes."""

    client: str


class Call(msgspec.Struct, array_like=True):
    """A method of a port with its arguments, and the time after which nobody waits for the answer."""

    port: str
    method: str
    within_s: float
    arguments: msgspec.Raw


class Failure(msgspec.Struct, array_like=True):
    """What a call raised: the exception's name and arguments."""

    name: str
    arguments: list[Any]


class CallResult(msgspec.Struct, array_like=True):
    """The result of a call, or what it raised."""

    failure: Failure | None = None
    result: msgspec.Raw = NOTHING


def _encode_other(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).tobytes()
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"{type(value)} does not cross a socket")


def decode_other(kind: Any, value: Any) -> Any:
    """Return an array of its bytes."""
    if get_origin(kind) is np.ndarray:
        _, dtype = get_args(kind)
        # A copy may be changed by its owner.
        return np.frombuffer(value, get_args(dtype)[0]).copy()
    raise NotImplementedError(f"{kind} does not cross a socket")


ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_other)


def failure_of(error: BaseException, more: dict[str, type[Exception]]) -> Failure | None:
    """Return an exception that the caller's side can raise again; None for any other."""
    name = next((each for each, kind in {**_RAISED, **more}.items() if isinstance(error, kind)), None)
    if name is None:
        return None
    arguments = error.to_arguments() if hasattr(error, "to_arguments") else [str(error)]
    return Failure(name, list(arguments))


def exception_of(failure: Failure, more: dict[str, type[Exception]]) -> Exception:
    """Return the exception that a call raised at the other end."""
    return {**_RAISED, **more}[failure.name](*failure.arguments)


def send(connection: socket.socket, message: bytes) -> None:
    """Send a frame; raises OSError."""
    # Two writes would be two packets, and the reader would be woken twice.
    connection.sendall(_LENGTH.pack(len(message)) + message if len(message) < 65_536 else _LENGTH.pack(len(message)))
    if len(message) >= 65_536:
        connection.sendall(message)


def receive(connection: socket.socket, most_bytes: int = MOST_BYTES) -> bytearray:
    """Receive a frame; raises OSError, and ConnectionEnded where the other end has closed."""
    (length,) = _LENGTH.unpack(_receive_exactly(connection, _LENGTH.size))
    if length > most_bytes:
        raise ConnectionEnded(f"A message of {length} bytes is longer than {most_bytes}.")
    return _receive_exactly(connection, length)


def _receive_exactly(connection: socket.socket, length: int) -> bytearray:
    found = bytearray(length)
    view, at = memoryview(found), 0
    while at < length:
        count = connection.recv_into(view[at:])
        if not count:
            raise ConnectionEnded("The other process has closed the connection.")
        at += count
    return found
