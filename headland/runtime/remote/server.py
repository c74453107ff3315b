"""Server of ports: each connection has a thread, each client a share of the connections, each call a deadline."""

from __future__ import annotations

import logging
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from headland.errors import RetryLater
from headland.runtime.cancellation import CancellationToken, set_token
from headland.runtime.remote.methods import PortMethod, methods_of
from headland.runtime.remote.wire import (
    ENCODER,
    MOST_BYTES,
    Call,
    CallResult,
    ConnectionEnded,
    Failure,
    Hello,
    failure_of,
)
from headland.runtime.remote.wire import receive as receive_frame
from headland.runtime.remote.wire import send as send_frame
from headland.runtime.supervised_thread import SupervisedThread, ThreadStatus

_LOGGER = logging.getLogger(__name__)

#: Connections of a client, each with one call under way; a further one is refused.
CONNECTIONS_OF_CLIENT: Final = 8
_MOST_CONNECTIONS: Final = 256
#: How long a new connection may take to say whose it is [s].
_HELLO_WITHIN_S: Final = 2.0
_HELLO_BYTES: Final = 1024
#: How often the calls under way are looked at: whether somebody still waits for them [s].
_WATCH_EVERY_S: Final = 0.25

_HELLOS: Final = msgspec.msgpack.Decoder(Hello)
_CALLS: Final = msgspec.msgpack.Decoder(Call)


@dataclass(frozen=True, slots=True)
class ServedPort:
    """An object that is called through its protocol class, and what its methods raise beyond the usual."""

    protocol: type
    target: object
    errors: Mapping[str, type[Exception]]


class PortServer:
    """Serves ports by name on a listening local socket, until `stop`."""

    def __init__(self, listening: socket.socket, ports: Mapping[str, ServedPort], name: str = "port") -> None:
        self._listening = listening
        self._ports = ports
        self._name = name
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._connections: dict[socket.socket, SupervisedThread] = {}
        self._running: dict[socket.socket, tuple[CancellationToken, float]] = {}
        self._is_stopped = False
        # The listening socket may be another process's as well: it is not shut down to wake the thread that accepts.
        self._woken, self._wake = socket.socketpair()
        self._counts: Counter[str] = Counter()
        self._accepting = SupervisedThread(f"{name}-accept", self._accept, overdue_after_s=None)
        self._watching = SupervisedThread(f"{name}-watch", self._watch, every_s=_WATCH_EVERY_S)

    def start(self) -> None:
        """Start to accept connections."""
        self._listening.setblocking(False)
        self._accepting.start()
        self._watching.start()

    def stop(self) -> None:
        """End all connections, cancel what runs for them, and close the socket; a second call does nothing."""
        with self._lock:
            if self._is_stopped:
                return
            self._is_stopped = True
            connections = dict(self._connections)
            for token, _ in self._running.values():
                token.cancel()
        for connection in connections:
            _shut(connection)
        self._accepting.stopping.set()
        self._wake.send(b"x")
        self._accepting.join(2)
        self._watching.stop(2)
        for thread in connections.values():
            thread.join(2)
        for own in (self._listening, self._woken, self._wake):
            own.close()

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the threads that accept and watch; those of connections end with them."""
        return [self._accepting.status(), self._watching.status()]

    def counters(self) -> dict[str, int]:
        """Return the calls since the start, what became of them, and the connections."""
        names = ("calls", "calls_failed", "calls_cancelled", "connections_refused")
        counts = {f"{self._name}_{name}": self._counts[name] for name in names}
        return {**counts, f"{self._name}_connections": len(self._connections)}

    def _accept(self) -> None:
        select.select([self._listening, self._woken], [], [])
        try:
            connection, _ = self._listening.accept()
        except BlockingIOError:  # it is to stop, or whoever came has gone
            return
        connection.setblocking(True)
        with self._lock:
            if self._is_stopped or len(self._connections) >= _MOST_CONNECTIONS:
                connection.close()
                return
            serving = _Serving(self, connection)
            thread = SupervisedThread(f"{self._name}-call", serving.step, overdue_after_s=None, finish=serving.finish)
            serving.stopping = thread.stopping
            self._connections[connection] = thread
        thread.start()

    def admit(self, client: str) -> bool:
        """Take a place in a client's share; return whether it has one left."""
        with self._lock:
            if self._taken[client] >= CONNECTIONS_OF_CLIENT:
                self._counts["connections_refused"] += 1
                return False
            self._taken[client] += 1
            return True

    def forget(self, connection: socket.socket, client: str) -> None:
        """Forget a connection that has ended."""
        with self._lock:
            self._connections.pop(connection, None)
            if client:
                self._taken[client] -= 1
                if not self._taken[client]:
                    del self._taken[client]
        connection.close()

    def answer(self, connection: socket.socket, call: Call) -> bytes:
        """Return the answer to a call, whatever it raises."""
        served = self._ports.get(call.port)
        method = None if served is None else methods_of(served.protocol).get(call.method)
        if served is None or method is None:
            return ENCODER.encode(
                CallResult(failure=Failure("ValueError", [f"{call.port}.{call.method} is not served."]))
            )
        token = CancellationToken()
        with self._lock:
            self._running[connection] = token, time.monotonic() + call.within_s
            self._counts["calls"] += 1
        try:
            # In a context of its own: the token is that of this call alone.
            result = copy_context().run(_invoke, token, served.target, call.method, method, call.arguments)
            answer = ENCODER.encode(CallResult(result=msgspec.Raw(ENCODER.encode(result))))
        except BaseException as error:
            self._counts["calls_failed"] += 1
            failure = failure_of(error, dict(served.errors))
            if failure is None:
                _LOGGER.exception("%s.%s failed", call.port, call.method)
                failure = Failure(RetryLater.__name__, [f"{call.port}.{call.method} failed: {error!r}."])
            answer = ENCODER.encode(CallResult(failure=failure))
        finally:
            with self._lock:
                self._running.pop(connection, None)
        if len(answer) > MOST_BYTES:
            sentence = f"The answer has {len(answer)} bytes: ask for less at once."
            return ENCODER.encode(CallResult(failure=Failure("PeerRefused", [sentence])))
        return answer

    def _watch(self) -> None:
        """Cancel the calls for which nobody waits any more: the time is over, or the caller has gone."""
        now_s = time.monotonic()
        with self._lock:
            running = list(self._running.items())
        for connection, (token, until_s) in running:
            if not token.is_cancelled and (now_s > until_s or _is_closed(connection)):
                self._counts["calls_cancelled"] += 1
                token.cancel()


class _Serving:
    """One connection: its hello, and then one call after another."""

    def __init__(self, server: PortServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._client = ""
        self.stopping = threading.Event()

    def step(self) -> None:
        """Answer the next message; a connection that ends or breaks ends the thread."""
        try:
            if not self._client:
                self._greet()
            else:
                call = _CALLS.decode(receive_frame(self._connection))
                send_frame(self._connection, self._server.answer(self._connection, call))
        except (OSError, ConnectionEnded, msgspec.MsgspecError):
            self.stopping.set()

    def finish(self) -> None:
        """Close the connection."""
        self._server.forget(self._connection, self._client)

    def _greet(self) -> None:
        self._connection.settimeout(_HELLO_WITHIN_S)
        client = _HELLOS.decode(receive_frame(self._connection, _HELLO_BYTES)).client
        self._connection.settimeout(None)
        if not client or not self._server.admit(client):
            raise ConnectionEnded(f"{client or 'A client without a name'} has no further connection.")
        self._client = client
        send_frame(self._connection, b"")


def _invoke(token: CancellationToken, target: object, name: str, method: PortMethod, arguments: msgspec.Raw) -> Any:
    set_token(token)
    function = getattr(target, name)
    bound = method.decode_arguments(memoryview(arguments))
    positional, named = _split(method, bound)
    return function(*positional, **named)


def _split(method: PortMethod, bound: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments by position, and those that have a name only: an implementation may name others its way."""
    positional, named = [], {}
    for name, parameter in list(method.signature.parameters.items())[1:]:
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = bound[name]
        else:
            positional.append(bound[name])
    return positional, named


def _is_closed(connection: socket.socket) -> bool:
    """Tell whether the other end has closed; a client sends nothing while it waits."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
