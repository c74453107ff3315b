"""Byte links over UDP and TCP, as client or server. A lost peer is no error: the link waits for it."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import suppress
from typing import Protocol

from headland.errors import RetryLater, SettingsError

_LOGGER = logging.getLogger(__name__)

_READ_BYTES = 65536
_MAX_READS = 64
_MAX_WAITING_BYTES = 256 * 1024
_MAX_PEERS = 8
_RETRY_S = 1.0
_LOOK_UP_S = 10.0

Address = tuple[str, int]


class Link(Protocol):
    """A byte link that never blocks; `dropped` counts chunks that no peer accepted."""

    dropped: int

    def send(self, chunk: bytes) -> None:
        """Send whole frames to every peer, or drop and count them."""
        ...

    def receive(self) -> bytes:
        """Return the received bytes, empty without any."""
        ...

    def close(self) -> None:
        """Close the sockets."""
        ...


def open_link(url: str) -> Link:
    """Open the link of a URL: udpout, udpin, tcp or tcpin, followed by `:host:port`.

    Raises SettingsError for another form and RetryLater where the address is not available.
    """
    kind, _, rest = url.partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in {"udpout", "udpin", "tcp", "tcpin"} or not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"{url!r} is not a link: write udpout:HOST:PORT, udpin:…, tcp:… or tcpin:….")
    address = (host, int(port))
    try:
        if kind == "tcp":
            return TcpClient(address)
        if kind == "tcpin":
            return TcpServer(address)
        return Udp(address, bind=kind == "udpin")
    except OSError as error:
        raise RetryLater(f"The simulator cannot open {url}: {error}.") from error


class Udp:
    """A UDP socket: with `bind` it waits for a peer at the address, otherwise it sends to the address.

    A host name is resolved again every ten seconds: the peer may have moved.
    """

    def __init__(self, address: Address, *, bind: bool) -> None:
        self.dropped = 0
        self._target: Address | None = None if bind else address
        self._peer: Address | None = None
        self._look_up_s = 0.0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if bind:
            self._socket.bind(address)

    def send(self, chunk: bytes) -> None:
        """Send one datagram."""
        if self._target is not None and time.monotonic() >= self._look_up_s:
            self._look_up_s = time.monotonic() + _LOOK_UP_S
            with suppress(OSError):
                addresses = socket.getaddrinfo(*self._target, family=socket.AF_INET, type=socket.SOCK_DGRAM)
                self._peer = (str(addresses[0][4][0]), self._target[1])
        if self._peer is None:
            self.dropped += 1
            return
        try:
            self._socket.sendto(chunk, self._peer)
        except OSError:
            self.dropped += 1

    def receive(self) -> bytes:
        """Return the received datagrams as one sequence of bytes."""
        parts: list[bytes] = []
        for _ in range(_MAX_READS):
            try:
                data, sender = self._socket.recvfrom(_READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                # ICMP reports that an earlier datagram was not received; later ones may be.
                continue
            parts.append(data)
            if self._target is None:
                self._peer = sender
        return b"".join(parts)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class _Peer:
    """A connected TCP socket with its output queue."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.waiting = bytearray()

    def send(self, chunk: bytes) -> bool:
        """Queue and send; return False for a full queue, which drops the chunk. Raises OSError for a lost peer."""
        fits = len(self.waiting) + len(chunk) <= _MAX_WAITING_BYTES
        if fits:
            self.waiting += chunk
        with suppress(BlockingIOError):
            sent = self.connection.send(self.waiting)
            del self.waiting[:sent]
        return fits

    def receive(self) -> bytes:
        """Return the received bytes; raises ConnectionError when the peer has closed."""
        try:
            data = self.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("closed by the peer")
        return data


class TcpClient:
    """A TCP connection that is renewed, at most once a second, when it is lost."""

    def __init__(self, address: Address) -> None:
        self.dropped = 0
        self._address = address
        self._peer: _Peer | None = None
        self._next_try_s = 0.0

    def send(self, chunk: bytes) -> None:
        """Send where there is a connection."""
        peer = self._connected()
        try:
            if peer is None or not peer.send(chunk):
                self.dropped += 1
        except OSError:
            self.dropped += 1
            self._disconnect()

    def receive(self) -> bytes:
        """Return the received bytes where there is a connection."""
        peer = self._connected()
        if peer is None:
            return b""
        try:
            return peer.receive()
        except OSError:
            self._disconnect()
            return b""

    def close(self) -> None:
        """Close the connection."""
        self._disconnect()

    def _connected(self) -> _Peer | None:
        if self._peer is None and time.monotonic() >= self._next_try_s:
            self._next_try_s = time.monotonic() + _RETRY_S
            with suppress(OSError):
                self._peer = _Peer(socket.create_connection(self._address, timeout=0.5))
                _LOGGER.info("Connected to %s:%d", *self._address)
        return self._peer

    def _disconnect(self) -> None:
        if self._peer is not None:
            self._peer.connection.close()
            self._peer = None


class TcpServer:
    """A listening TCP socket: it sends to every peer, and the input of all peers is mixed chunk by chunk."""

    def __init__(self, address: Address) -> None:
        self.dropped = 0
        self._listener = socket.create_server(address, backlog=_MAX_PEERS)
        self._listener.setblocking(False)
        self._peers: list[_Peer] = []

    def send(self, chunk: bytes) -> None:
        """Send to every peer and remove lost ones."""
        self._accept()
        if not self._peers:
            self.dropped += 1
        for peer in list(self._peers):
            try:
                if not peer.send(chunk):
                    self.dropped += 1
            except OSError:
                self.dropped += 1
                self._remove(peer)

    def receive(self) -> bytes:
        """Return the received bytes of all peers."""
        self._accept()
        parts: list[bytes] = []
        for peer in list(self._peers):
            try:
                parts.append(peer.receive())
            except OSError:
                self._remove(peer)
        return b"".join(parts)

    def close(self) -> None:
        """Close the listener and every connection."""
        for peer in list(self._peers):
            self._remove(peer)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while len(self._peers) < _MAX_PEERS:
                self._peers.append(_Peer(self._listener.accept()[0]))

    def _remove(self, peer: _Peer) -> None:
        peer.connection.close()
        self._peers.remove(peer)
