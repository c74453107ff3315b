"""Client of ports: a bounded number of connections, each call with a deadline and cancelled with its request."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from headland.errors import RetryLater
from headland.runtime.cancellation import cancellable, check_cancelled
from headland.runtime.remote.methods import methods_of
from headland.runtime.remote.wire import ENCODER, Call, CallResult, ConnectionEnded, Hello, exception_of, receive, send

#: How long a call may take where its caller says nothing else [s]: a request is answered within a minute.
CALL_S: Final = 60.0
#: How long a connection may take to begin: the other process may just be starting [s].
_BEGIN_S: Final = 3.0
#: How much longer than the other end this one waits, which says why a call took too long [s].
_GRACE_S: Final = 2.0

_ANSWERS: Final = msgspec.msgpack.Decoder(CallResult)


class PortConnections:
    """Connections to a `PortServer` on the local socket `path`, for any number of threads.

    `client` names the share of the connections that are taken, of which there are `most`. Every call raises RetryLater
    while the other process does not answer: whether it was carried out is not known then.
    """

    def __init__(self, path: Path, client: str, most: int, *, begin_s: float = _BEGIN_S) -> None:
        self._path = path
        self._client = client
        self._begin_s = begin_s
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._in_use: set[socket.socket] = set()
        self._is_closed = False

    def call(
        self,
        protocol: type,
        port: str,
        method: str,
        positional: tuple[Any, ...],
        named: dict[str, Any],
        within_s: float = CALL_S,
        errors: Mapping[str, type[Exception]] = MappingProxyType({}),
    ) -> Any:
        """Call a method of a port and return its result, or raise what it raised."""
        described = methods_of(protocol)[method]
        arguments = msgspec.Raw(described.encode_arguments(positional, named))
        message = ENCODER.encode(Call(port, method, within_s, arguments))
        until_s = time.monotonic() + within_s
        if not self._places.acquire(timeout=within_s):
            raise RetryLater(f"All connections to the process that owns {port} are taken: try again.")
        try:
            answer = _ANSWERS.decode(self._exchange(port, message, until_s))
        finally:
            self._places.release()
        if answer.failure is not None:
            raise exception_of(answer.failure, dict(errors))
        return described.decode_result(answer.result)

    def close(self) -> None:
        """Close all connections; a call under way ends with RetryLater."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for connection in self._in_use:
                _shut(connection)
        for connection in idle:
            connection.close()

    def _exchange(self, port: str, message: bytes, until_s: float) -> bytearray:
        connection = None
        try:
            connection = self._take()
            connection.settimeout(max(0.05, until_s - time.monotonic()) + _GRACE_S)
            with cancellable(partial(_shut, connection)):
                send(connection, message)
                answer = receive(connection)
        except (OSError, ConnectionEnded) as error:
            check_cancelled()
            why = "does not answer in time" if isinstance(error, TimeoutError) else f"is not there ({error})"
            raise RetryLater(f"The process that owns {port} {why}: try again.") from error
        else:
            self._give_back(connection)
            connection = None
            return answer
        finally:
            if connection is not None:
                with self._lock:
                    self._in_use.discard(connection)
                connection.close()

    def _take(self) -> socket.socket:
        """Return a connection that is open, a new one where none is idle; raises OSError and ConnectionEnded."""
        while True:
            with self._lock:
                if self._is_closed:
                    raise ConnectionEnded("it was closed here")
                if not self._idle:
                    break
                connection = self._idle.pop()
                # Nothing is sent without a call: what can be read is the end of a process that has gone.
                if not select.select([connection], [], [], 0)[0]:
                    self._in_use.add(connection)
                    return connection
            connection.close()
        connection = self._connect()
        with self._lock:
            self._in_use.add(connection)
        return connection

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self._begin_s)
            connection.connect(str(self._path))
            send(connection, ENCODER.encode(Hello(self._client)))
            receive(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            self._in_use.discard(connection)
            if not self._is_closed:
                self._idle.append(connection)
                return
        connection.close()


class RemotePort:
    """An object whose methods are those of a port that another process serves.

    `apart` has the connections of methods that wait for long: the others find theirs free.
    """

    def __init__(
        self,
        connections: PortConnections,
        protocol: type,
        port: str,
        errors: Mapping[str, type[Exception]] = MappingProxyType({}),
        within_s: float = CALL_S,
        apart: Mapping[str, PortConnections] = MappingProxyType({}),
    ) -> None:
        self._connections = connections
        self._apart = apart
        self._protocol = protocol
        self._port = port
        self._errors = errors
        self._within_s = within_s

    def __getattr__(self, method: str) -> Any:
        """Return a method of the port."""
        if method.startswith("_") or method not in methods_of(self._protocol):
            raise AttributeError(method)

        connections = self._apart.get(method, self._connections)

        def call(*positional: Any, **named: Any) -> Any:
            return connections.call(self._protocol, self._port, method, positional, named, self._within_s, self._errors)

        return call


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
