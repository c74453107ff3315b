"""TCP connections of DTUs: one listening port, strangers kept few and short, one connection for each registration."""

from __future__ import annotations

import logging
import selectors
import socket
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from edge.sources.modbus.dtu.line import DtuLine, LineLost
from edge.sources.modbus.dtu.packets import RegistrationScanner
from edge.sources.modbus.dtu.settings import ModbusDtuSettings, read_packet, show_packet
from edge.sources.source import Sink
from headland.errors import RetryLater

_LOGGER = logging.getLogger(__name__)

#: What is read of one connection in a turn, and how many are accepted: nobody keeps the others waiting.
_READ_BYTES: Final = 1024
_MOST_ACCEPTED: Final = 16
_MOST_BACKLOG: Final = 64
#: A stranger's packet may come in pieces: its name is complete after so long [s].
_LINGER_S: Final = 0.5
#: After a failed acceptance, as where no file descriptor is left, the port rests [s].
_REST_S: Final = 1.0
#: Registrations of strangers that are remembered by name.
_MOST_NAMED: Final = 50
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}


@dataclass(slots=True, eq=False)
class _Peer:
    """One connection: who it is from, until when it must register, and its line once it has."""

    connection: socket.socket
    host: str
    scanner: RegistrationScanner
    until_s: float
    line: DtuLine | None = None


@dataclass(slots=True)
class Strangers:
    """Registrations that no `[[source.dtu]]` table has: how often each came."""

    counts: Counter[bytes] = field(default_factory=Counter)

    def add(self, packet: bytes) -> None:
        """Count a registration; beyond fifty different ones a new one has no name."""
        if packet in self.counts or len(self.counts) < _MOST_NAMED:
            self.counts[packet] += 1


class DtuConnections:
    """The listening port and all connections; one thread uses it, and waits only in `turn`."""

    def __init__(self, settings: ModbusDtuSettings, lines: Mapping[bytes, DtuLine], counts: Counter[str]) -> None:
        self._settings = settings
        self._lines = lines
        self._counts = counts
        self._heartbeats = [read_packet(packet) for packet in settings.heartbeat]
        self._selector: selectors.BaseSelector | None = None
        self._listening: socket.socket | None = None
        self._rests_until_s: float | None = None
        self._guests: dict[_Peer, None] = {}
        self._members: dict[DtuLine, _Peer] = {}
        self.strangers = Strangers()

    @property
    def is_open(self) -> bool:
        """Whether the port is open."""
        return self._listening is not None

    def open(self) -> None:
        """Listen. Raises RetryLater with a sentence."""
        host, port = self._settings.host, self._settings.port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listening = socket.create_server((host, port), family=family, backlog=_MOST_BACKLOG)
        except OSError as error:
            raise RetryLater(f"port {port} of {host} cannot be opened: {error.strerror or error}") from error
        listening.setblocking(False)
        self._listening = listening
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, selectors.EVENT_READ)

    def close(self) -> None:
        """Close the port and all connections; a second call does nothing."""
        now_s = time.monotonic()
        peers = [*self._guests, *self._members.values()]
        self._members.clear()
        for peer in peers:
            # The gateway ends: no unit has failed.
            peer.line = None
            self._drop(peer, now_s)
        if self._selector is not None:
            self._selector.close()
        if self._listening is not None:
            self._listening.close()
        self._selector = self._listening = self._rests_until_s = None

    def turn(self, wait_s: float, sink: Sink) -> None:
        """Wait at most `wait_s` for bytes, read them, and send what is due."""
        if self._selector is None or self._listening is None:
            return
        ready = self._selector.select(wait_s)
        now_s = time.monotonic()
        if self._rests_until_s is not None and now_s >= self._rests_until_s:
            self._rests_until_s = None
            self._selector.register(self._listening, selectors.EVENT_READ)
        for key, _ in ready:
            if key.fileobj is self._listening:
                self._accept(now_s)
            elif key.data in self._guests or key.data.line is not None:
                self._read(key.data, now_s, sink)
        for guest in list(self._guests):
            if now_s >= guest.until_s:
                self._refuse(guest, now_s)
        for line in list(self._members):
            self._advance(line, now_s)

    def _accept(self, now_s: float) -> None:
        if self._listening is None or self._selector is None:
            return
        for _ in range(_MOST_ACCEPTED):
            try:
                connection, address = self._listening.accept()
            except BlockingIOError:
                return
            except OSError:
                self._counts["accept_failures"] += 1
                self._rests_until_s = now_s + _REST_S
                self._selector.unregister(self._listening)
                return
            self._counts["connects"] += 1
            self._welcome(connection, str(address[0]), now_s)

    def _welcome(self, connection: socket.socket, host: str, now_s: float) -> None:
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE.items():
                if hasattr(socket, name):
                    connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        scanner = RegistrationScanner(self._lines, self._heartbeats)
        guest = _Peer(connection, host, scanner, now_s + self._settings.registration_s)
        self._guests[guest] = None
        if self._selector is not None:
            self._selector.register(connection, selectors.EVENT_READ, guest)
        if len(self._guests) > self._settings.waiting:
            # The oldest of the host with the most: one host that opens many keeps no other out.
            hosts = Counter(peer.host for peer in self._guests)
            most = max(hosts.values())
            self._counts["crowded_out"] += 1
            self._drop(next(peer for peer in self._guests if hosts[peer.host] == most), now_s)

    def _read(self, peer: _Peer, now_s: float, sink: Sink) -> None:
        try:
            data = peer.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave(peer, now_s)
            return
        line = peer.line
        if line is None:
            line, data = self._register(peer, data, now_s)
        if line is None:
            return
        try:
            self._send(peer, line.take(data, now_s, sink))
        except LineLost as error:
            self._give_up(peer, error, now_s)

    def _register(self, guest: _Peer, data: bytes, now_s: float) -> tuple[DtuLine | None, bytes]:
        """Read a guest's bytes; return its line once it has registered, and the bytes behind the registration."""
        was_stranger = guest.scanner.is_stranger
        rest = guest.scanner.feed(data)
        if guest.scanner.found is None:
            if guest.scanner.is_stranger and not was_stranger:
                guest.until_s = now_s + _LINGER_S
            return None, b""
        line = self._lines[guest.scanner.found]
        older = self._members.get(line)
        if older is not None:
            self._counts["replaced"] += 1
            self._drop(older, now_s)
        self._guests.pop(guest, None)
        guest.line = line
        self._members[line] = guest
        self._counts["registered"] += 1
        line.open()
        return line, rest

    def _advance(self, line: DtuLine, now_s: float) -> None:
        peer = self._members[line]
        try:
            self._send(peer, line.turn(now_s))
        except LineLost as error:
            self._give_up(peer, error, now_s)

    def _send(self, peer: _Peer, request: bytes) -> None:
        """Send a request, which fits into an empty buffer: a peer that takes none is lost. Raises LineLost."""
        try:
            if request and peer.connection.send(request) != len(request):
                raise LineLost("it takes no more bytes")
        except OSError as error:
            raise LineLost(str(error)) from error

    def _give_up(self, peer: _Peer, error: LineLost, now_s: float) -> None:
        self._counts["given_up"] += 1
        _LOGGER.info("%s: a DTU's connection is closed: %s", self._settings.name, error)
        self._drop(peer, now_s)

    def _leave(self, peer: _Peer, now_s: float) -> None:
        """Close a connection whose other side has closed it."""
        if peer.line is None and peer.scanner.shown:
            self._refuse(peer, now_s)
        else:
            self._drop(peer, now_s)

    def _refuse(self, guest: _Peer, now_s: float) -> None:
        """Close a connection that has not registered: name what it sent, if anything."""
        shown = guest.scanner.shown
        if shown:
            self._counts["refused_registration"] += 1
            if shown not in self.strangers.counts:
                _LOGGER.warning("%s refused an unknown registration %s", self._settings.name, show_packet(shown))
            self.strangers.add(shown)
        else:
            self._counts["unregistered"] += 1
        self._drop(guest, now_s)

    def _drop(self, peer: _Peer, now_s: float) -> None:
        self._guests.pop(peer, None)
        if self._selector is not None:
            with suppress(KeyError, ValueError):
                self._selector.unregister(peer.connection)
        with suppress(OSError):
            peer.connection.close()
        line, peer.line = peer.line, None
        if line is not None:
            del self._members[line]
            line.close(now_s)
