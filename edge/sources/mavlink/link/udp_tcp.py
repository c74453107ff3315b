"""Links as endpoints for bytes: UDP in and out, TCP client and server; `open_link` also opens serial lines.

`receive` returns within its time; a lost device is an OSError, after which the source opens the link again.
"""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from itertools import repeat
from typing import Final, Protocol

from edge.sources.mavlink.link.recvmmsg import Datagrams
from edge.sources.mavlink.link.serial import SerialLine
from edge.sources.mavlink.settings import LinkAddress

Chunk = tuple[str, bytes]

#: Enough for half a second of a hundred vehicles while this process is busy.
RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
_DATAGRAM_BYTES: Final = 65536
#: SO_RCVBUFFORCE of Linux, which Python does not name.
_RECEIVE_BUFFER_FORCE: Final = 33
#: Bytes of a socket's buffer that Linux counts for a small datagram.
_KERNEL_BYTES: Final = 832
#: The most datagrams of one `receive`, so that the rest of the loop has its turn.
_BURST: Final = 8000
_READ_BYTES: Final = 65536
_CONNECT_S: Final = 0.8
_SILENT_S: Final = 30.0
_MAX_CLIENTS: Final = 16
_MAX_SENDERS: Final = 256
_BACKLOG: Final = 4
#: Bytes that a sender of datagrams may be sent for each byte of its own, and of frames that wait for that.
_ANSWER_FACTOR: Final = 3
_MAX_BUDGET_BYTES: Final = 65536
_MAX_WAITING: Final = 64


class Link(Protocol):
    """An open endpoint. A peer is a sender of bytes; a link to one address has one peer."""

    #: How many unread messages the kernel's receive buffer holds; infinite where the sender waits.
    buffer_messages: float
    #: After how long the buffer is full at the line's speed; infinite where only the senders set the pace.
    buffer_s: float
    #: Whether the kernel notes when bytes come in.
    has_arrivals: bool
    #: When each chunk of the last `receive` came in (UTC in ms), as the kernel noted it. None where it does not, or
    #: where the reader has set it to None: then what came from a peer is joined.
    arrivals_ms: Sequence[int] | None

    def receive(self, wait_s: float) -> list[Chunk]:
        """Return (peer, bytes) that have come, waiting at most `wait_s`; raises OSError when the link is lost."""
        ...

    def send(self, peer: str | None, data: bytes) -> None:
        """Send to a peer, or to the only one with None; what cannot be sent now is dropped."""
        ...

    def close(self) -> None:
        """Close the endpoint."""
        ...


def open_link(address: LinkAddress) -> Link:
    """Open an endpoint; raises OSError when it is not available."""
    match address.kind:
        case "udpin":
            return UdpServer(address)
        case "udpout":
            return UdpClient(address)
        case "tcp":
            return TcpClient(address)
        case "tcpin":
            return TcpServer(address)
        case "serial":
            return SerialLine(address)


class _Sender:
    """A sender of datagrams: its address, how many bytes it may still be sent, and the frames that wait for that."""

    __slots__ = ("address", "budget_bytes", "waiting")

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.budget_bytes = 0
        self.waiting: deque[bytes] = deque(maxlen=_MAX_WAITING)


class UdpServer:
    """Receives from any sender; each is a peer and can be answered.

    The address of a datagram proves nothing. A peer is sent at most three times the bytes that came from it, as in
    QUIC (RFC 9000, section 8.1), so that nobody can use the gateway to flood another; further frames wait for its next
    datagram, the oldest of more than 64 are dropped.
    """

    buffer_s = math.inf

    def __init__(self, address: LinkAddress) -> None:
        self._socket = _udp_socket(address, bind=True)
        self.buffer_messages = _buffer_messages(self._socket)
        self._selector = _selector(self._socket)
        self._datagrams = Datagrams(self._socket, _BURST)
        self._senders: dict[str, _Sender] = {}
        self.has_arrivals = self._datagrams.has_arrivals
        self.arrivals_ms: Sequence[int] | None = () if self.has_arrivals else None

    def receive(self, wait_s: float) -> list[Chunk]:
        """Return all datagrams that have come, in the order of the first of each sender.

        Those of a sender are joined where `arrivals_ms` is None.
        """
        is_joined = self.arrivals_ms is None
        by_sender = self._datagrams.read(with_arrivals=not is_joined) if self._selector.select(wait_s) else {}
        if is_joined:
            joined = [(address, b"".join(datagrams)) for address, datagrams in by_sender.items()]
            return [(self._note(address, len(data)), data) for address, data in joined]
        chunks: list[Chunk] = []
        self.arrivals_ms = arrivals_ms = []
        for address, datagrams in by_sender.items():
            peer = self._note(address, sum(map(len, datagrams)))
            chunks += zip(repeat(peer), datagrams)
            arrivals_ms += self._datagrams.arrivals_ms[address]
        return chunks

    def send(self, peer: str | None, data: bytes) -> None:
        """Answer a sender, as far as it has sent; a sender that is no longer known is no error."""
        sender = self._senders.get(peer or "")
        if sender is not None:
            sender.waiting.append(data)
            self._send_waiting(sender)

    def close(self) -> None:
        """Close the port."""
        self._selector.close()
        self._socket.close()

    def _note(self, address: tuple[str, int], size: int) -> str:
        """Note that a sender sent so many bytes, and send what waited for that; return its name as a peer."""
        peer = f"{address[0]}:{address[1]}"
        sender = self._senders.get(peer)
        if sender is None:
            if len(self._senders) >= _MAX_SENDERS:
                del self._senders[next(iter(self._senders))]
            sender = self._senders[peer] = _Sender(address)
        sender.budget_bytes = min(sender.budget_bytes + _ANSWER_FACTOR * size, _MAX_BUDGET_BYTES)
        if sender.waiting:
            self._send_waiting(sender)
        return peer

    def _send_waiting(self, sender: _Sender) -> None:
        while sender.waiting and len(sender.waiting[0]) <= sender.budget_bytes:
            data = sender.waiting.popleft()
            sender.budget_bytes -= len(data)
            with contextlib.suppress(OSError):
                self._socket.sendto(data, sender.address)


class UdpClient:
    """Sends to one address and receives only from it; that nobody listens there yet is not an error."""

    buffer_s = math.inf
    has_arrivals = False
    arrivals_ms: Sequence[int] | None = None

    def __init__(self, address: LinkAddress) -> None:
        self._socket = _udp_socket(address, bind=False)
        self.buffer_messages = _buffer_messages(self._socket)
        self._selector = _selector(self._socket)
        self._peer = address.name

    def receive(self, wait_s: float) -> list[Chunk]:
        """Return all datagrams that have come, joined."""
        if not self._selector.select(wait_s):
            return []
        datagrams: list[bytes] = []
        for _ in range(_BURST):
            try:
                datagrams.append(self._socket.recv(_DATAGRAM_BYTES))
            except BlockingIOError:
                break
            except ConnectionError:
                continue
        return [(self._peer, b"".join(datagrams))] if datagrams else []

    def send(self, peer: str | None, data: bytes) -> None:  # noqa: ARG002 - there is one peer
        """Send a datagram."""
        with contextlib.suppress(OSError):
            self._socket.send(data)

    def close(self) -> None:
        """Close the socket."""
        self._selector.close()
        self._socket.close()


class TcpClient:
    """A connection to a server, such as an autopilot's bridge or a simulator."""

    buffer_messages = buffer_s = math.inf
    has_arrivals = False
    arrivals_ms: Sequence[int] | None = None

    def __init__(self, address: LinkAddress) -> None:
        self._socket = socket.create_connection((address.host, address.port), timeout=_CONNECT_S)
        self._socket.setblocking(False)
        self._selector = _selector(self._socket)
        self._peer = address.name

    def receive(self, wait_s: float) -> list[Chunk]:
        """Return the bytes that have come; raises ConnectionError when the other side has closed."""
        if not self._selector.select(wait_s):
            return []
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError("the other side closed the connection")
        return [(self._peer, data)]

    def send(self, peer: str | None, data: bytes) -> None:  # noqa: ARG002 - there is one peer
        """Send; a full buffer drops the frame, a broken connection raises OSError."""
        with contextlib.suppress(BlockingIOError):
            self._socket.send(data)

    def close(self) -> None:
        """Close the connection."""
        self._selector.close()
        self._socket.close()


class TcpServer:
    """Accepts connections; each is a peer, at most 16 at a time: the most silent one leaves its place."""

    buffer_messages = buffer_s = math.inf
    has_arrivals = False
    arrivals_ms: Sequence[int] | None = None

    def __init__(self, address: LinkAddress) -> None:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self._socket = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
        self._socket.setblocking(False)
        self._selector = _selector(self._socket)
        self._clients: dict[str, socket.socket] = {}
        #: When each was heard last; one that never was, when it came.
        self._heard_s: dict[str, float] = {}

    def receive(self, wait_s: float) -> list[Chunk]:
        """Return the bytes of the connections; a connection that closed gives empty bytes, once."""
        chunks: list[Chunk] = []
        for key, _ in self._selector.select(wait_s):
            if key.fileobj is self._socket:
                self._accept()
                continue
            peer = str(key.data)
            try:
                data = self._clients[peer].recv(_READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            self._heard_s[peer] = time.monotonic()
            if not data:
                self._drop(peer)
            chunks.append((peer, data))
        return chunks

    def send(self, peer: str | None, data: bytes) -> None:
        """Send to a connection; a broken one is noticed when it is read."""
        client = self._clients.get(peer or "")
        if client is not None:
            with contextlib.suppress(OSError):
                client.send(data)

    def close(self) -> None:
        """Close all connections and the port."""
        for peer in list(self._clients):
            self._drop(peer)
        self._selector.close()
        self._socket.close()

    def _accept(self) -> None:
        try:
            client, address = self._socket.accept()
        except OSError:
            return
        if len(self._clients) >= _MAX_CLIENTS and not self._drop_silent():
            client.close()
            return
        client.setblocking(False)
        peer = f"{address[0]}:{address[1]}"
        self._clients[peer] = client
        self._heard_s[peer] = time.monotonic()
        self._selector.register(client, selectors.EVENT_READ, peer)

    def _drop_silent(self) -> bool:
        """Drop the connection that is silent for longest; return False where none is for long."""
        peer = min(self._heard_s, key=self._heard_s.__getitem__)
        if time.monotonic() - self._heard_s[peer] < _SILENT_S:
            return False
        self._drop(peer)
        return True

    def _drop(self, peer: str) -> None:
        client = self._clients.pop(peer)
        del self._heard_s[peer]
        self._selector.unregister(client)
        client.close()


def _udp_socket(address: LinkAddress, *, bind: bool) -> socket.socket:
    """Return a non-blocking UDP socket, bound or connected to the address."""
    family, kind, _, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
    endpoint = socket.socket(family, kind)
    try:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a privileged process may exceed net.core.rmem_max
                endpoint.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, RECEIVE_BUFFER_BYTES)
        endpoint.setblocking(False)
        if bind:
            endpoint.bind(place)
        else:
            endpoint.connect(place)
    except OSError:
        endpoint.close()
        raise
    return endpoint


def _buffer_messages(endpoint: socket.socket) -> float:
    return endpoint.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) / _KERNEL_BYTES


def _selector(device: socket.socket) -> selectors.BaseSelector:
    selector = selectors.DefaultSelector()
    selector.register(device, selectors.EVENT_READ)
    return selector
