"""HTTP connections of the API's server, bounded in number and in the time until a request's head is there."""

from __future__ import annotations

import asyncio
import socket
from itertools import islice
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

#: What a client has to take of an answer in a period [B]: at a slower pace its connection ends.
LEAST_TAKEN_BYTES: Final = 30_000
TAKEN_WITHIN_S: Final = 30.0
#: Bytes that the system holds of an answer before it was sent: more would hide at which pace a client takes it.
_MOST_UNSENT_BYTES: Final = 16_384
#: How long the head of a request may take, from its first byte or from the connection's begin.
HEAD_WITHIN_S: Final = 10.0
#: How long a connection stays open between two requests: longer than a proxy (nginx: 60 s) or a client (httpx: 5 s)
#: keeps one, so that they close it. Otherwise a request is sometimes sent into a connection that is just being ended.
KEEP_ALIVE_S: Final = 75
#: Connections that are accepted, and those that are ended, at once: between two such parts others are served.
AT_ONCE: Final = 8
#: Time between two parts of connections that are ended.
_NEXT_PART_S: Final = 0.02
#: Connections at once: those of live clients (`api.live.places`), and as many others. Each has a file descriptor, which
#: the store, the registry and the broker need as well.
MOST_CONNECTIONS: Final = 3000
_LEAST_CONNECTIONS: Final = 50
#: File descriptors that are left to all else.
_OTHER_FILES: Final = 200


class BoundedProtocol(H11Protocol):
    """Ends a connection whose request's head does not come in time.

    Where there are too many connections, one makes room for the new one: that which has been silent longest since its
    last answer; where there is none, that which has waited longest for a head.
    """

    #: Set by `bounded_protocol`.
    most_connections = MOST_CONNECTIONS
    head_within_s = HEAD_WITHIN_S
    taken_within_s = TAKEN_WITHIN_S
    #: The next look at what a client that does not take all has taken, and what was left for it at the last one.
    _look: asyncio.TimerHandle | None = None
    _left_bytes = 0
    #: Connections without a head, and when each is ended; the first is due first.
    _waiting: dict[BoundedProtocol, float]
    #: Connections between two requests, the longest silent one first.
    _silent: dict[BoundedProtocol, None]
    _ending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head."""
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family != socket.AF_UNIX and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _MOST_UNSENT_BYTES)
        if len(self.connections) > self.most_connections:
            oldest = next(iter(self._silent), None) or next(iter(self._waiting), self)
            oldest.end()
            if oldest is self:
                return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self._silent.pop(self, None)
        self._stop_looking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Look from now on at what the client takes: nothing is written before it has taken most of what is left."""
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        """Write again: the client has taken most of what was left."""
        super().resume_writing()
        self._stop_looking()

    def _look_later(self) -> None:
        self._left_bytes = self.transport.get_write_buffer_size()
        self._look = self.loop.call_later(self.taken_within_s, self._look_at_what_is_left)

    def _look_at_what_is_left(self) -> None:
        if self._left_bytes - self.transport.get_write_buffer_size() < LEAST_TAKEN_BYTES:
            self.end()
        else:
            self._look_later()

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def data_received(self, data: bytes) -> None:
        """Wait for the head of the next request, from its first byte on."""
        self._silent.pop(self, None)
        if self not in self._waiting and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        super().data_received(data)

    def handle_events(self) -> None:
        """Handle what has arrived; with a head, the wait is over."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """Let the connection be silent until its next request."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None and self not in self._waiting:
            self._silent[self] = None

    def _await_head(self) -> None:
        self._waiting[self] = self.loop.time() + self.head_within_s
        self._end_later(self.loop)

    def _stop_waiting(self) -> None:
        self._waiting.pop(self, None)

    @classmethod
    def _end_later(cls, loop: asyncio.AbstractEventLoop) -> None:
        if cls._ending is None and cls._waiting:
            first_due_s = next(iter(cls._waiting.values()))
            cls._ending = loop.call_at(max(first_due_s, loop.time() + _NEXT_PART_S), cls._end_late, loop)

    @classmethod
    def _end_late(cls, loop: asyncio.AbstractEventLoop) -> None:
        """End connections whose head has not come in time: some of them, as each takes a moment, and then others."""
        cls._ending = None
        late = [protocol for protocol, due_s in islice(cls._waiting.items(), AT_ONCE) if due_s <= loop.time()]
        for protocol in late:
            protocol.end()
        cls._end_later(loop)

    def end(self) -> None:
        """End the connection at once."""
        self._stop_waiting()
        self._silent.pop(self, None)
        self._stop_looking()
        self.transport.abort()


def bounded_protocol(
    most_connections: int, head_within_s: float = HEAD_WITHIN_S, taken_within_s: float = TAKEN_WITHIN_S
) -> type[BoundedProtocol]:
    """Return the protocol of one server."""
    members = {
        "most_connections": most_connections,
        "head_within_s": head_within_s,
        "taken_within_s": taken_within_s,
        "_waiting": {},
        "_silent": {},
    }
    return type("ServerProtocol", (BoundedProtocol,), members)


def raise_file_limit() -> int:
    """Raise this process's limit of open files to the most that is allowed; return how many connections fit."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
        except (OSError, ValueError):  # not allowed here: fewer connections fit
            pass
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(_LEAST_CONNECTIONS, min(MOST_CONNECTIONS, soft - _OTHER_FILES))
