"""Simulated MQTT 5 broker, as mosquitto: QoS 1, sessions, retained messages, wills, a state saved each second."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from station.simulation.agenda import Agenda

#: mosquitto's `autosave_interval 1` of `headland up`: a kill loses what changed since the last whole second.
_SAVE_S: Final = 1.0
_PACKET_BYTES: Final = 262_144


@dataclass(frozen=True, slots=True)
class PublishedMessage:
    """A published message with its user properties."""

    topic: str
    payload: bytes
    labels: tuple[tuple[str, str], ...] = ()
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """CONNECT of a client; `is_clean` starts a session that ends with the connection."""

    client_id: str
    is_clean: bool
    receive_maximum: int
    will: PublishedMessage | None = None


@dataclass(frozen=True, slots=True)
class Connack:
    """CONNACK with the broker's limits."""

    session_present: bool
    receive_maximum: int
    packet_bytes: int


@dataclass(frozen=True, slots=True)
class Subscribe:
    """SUBSCRIBE with QoS 1."""

    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suback:
    """SUBACK of `count` filters."""

    count: int


@dataclass(frozen=True, slots=True)
class Publish:
    """PUBLISH with QoS 1, in either direction."""

    mid: int
    message: PublishedMessage


@dataclass(frozen=True, slots=True)
class Puback:
    """PUBACK, in either direction; `has_subscribers` is meant for a publisher."""

    mid: int
    has_subscribers: bool = True


@dataclass(frozen=True, slots=True)
class Disconnect:
    """DISCONNECT of a client that ends on purpose: its will is discarded."""


Packet = Connect | Connack | Subscribe | Suback | Publish | Puback | Disconnect


class Peer(Protocol):
    """The broker's end of a connection."""

    def send(self, packet: Packet) -> None:
        """Send a packet to the client."""
        ...

    def close(self, reason: str) -> None:
        """End the connection from the broker's side."""
        ...


@dataclass(slots=True)
class ClientSession:
    """State of a client; `in_flight` was sent and not acknowledged, `queue` is unsent."""

    client_id: str
    is_clean: bool
    filters: tuple[str, ...] = ()
    in_flight: dict[int, PublishedMessage] = field(default_factory=dict)
    queue: deque[PublishedMessage] = field(default_factory=deque)
    last_mid: int = 0
    receive_maximum: int = 65_535
    peer: Peer | None = None
    will: PublishedMessage | None = None

    def saved(self) -> ClientSession:
        """Return a copy as it is on the broker's disk: without its connection."""
        return replace(self, in_flight=dict(self.in_flight), queue=deque(self.queue), peer=None, will=None)


@dataclass(frozen=True, slots=True)
class _State:
    sessions: dict[str, ClientSession]
    retained: dict[str, PublishedMessage]


class Broker:
    """The broker's process and the state on its disk. `max_queued` 0 is unlimited; above it messages are dropped."""

    def __init__(self, agenda: Agenda, max_queued: int = 0, max_in_flight: int = 1000) -> None:
        self._agenda = agenda
        self._max_queued = max_queued
        self._max_in_flight = max_in_flight
        self.is_up = True
        self.repeats = 0
        self._sessions: dict[str, ClientSession] = {}
        self._retained: dict[str, PublishedMessage] = {}
        self._peers: dict[Peer, ClientSession] = {}
        self._changed_s = 0.0
        self._saved = _State({}, {})

    def receive(self, peer: Peer, packet: Packet) -> None:
        """Handle a packet of a client."""
        if not self.is_up:
            return
        if isinstance(packet, Connect):
            self._connect(peer, packet)
            return
        session = self._peers.get(peer)
        if session is None:
            return
        self._save_before_change()
        match packet:
            case Subscribe():
                session.filters = tuple(dict.fromkeys((*session.filters, *packet.filters)))
                peer.send(Suback(len(packet.filters)))
                for message in list(self._retained.values()):
                    if any(matches(each, message.topic) for each in packet.filters):
                        self._enqueue(session, message)
            case Publish():
                message = packet.message
                self._agenda.note(session.client_id, f"{message.topic} {dict(message.labels)} {len(message.payload)}")
                peer.send(Puback(packet.mid, self._distribute(packet.message)))
            case Puback():
                session.in_flight.pop(packet.mid, None)
                self._deliver(session)
            case Disconnect():
                session.will = None
                self._end(peer)

    def lost(self, peer: Peer) -> None:
        """Note that a client's connection has ended without DISCONNECT: its will is published."""
        if self.is_up:
            self._save_before_change()
            self._end(peer)

    def kill(self) -> None:
        """End the process at once: what changed since the state was saved is lost."""
        self._save_before_change()
        self._stop()

    def stop(self) -> None:
        """End the process in order: its state is saved."""
        self._save()
        self._stop()

    def start(self, *, with_state: bool = True) -> None:
        """Start the process with the saved state, or with none."""
        if self.is_up:
            return
        if not with_state:
            self._saved = _State({}, {})
        self._sessions = {name: session.saved() for name, session in self._saved.sessions.items()}
        self._retained = dict(self._saved.retained)
        self._changed_s = self._agenda.now_s
        self.is_up = True

    def queued(self, client_id: str) -> int:
        """Return how many messages wait for a client or for its acknowledgement."""
        session = self._sessions.get(client_id)
        return 0 if session is None else len(session.queue) + len(session.in_flight)

    def _connect(self, peer: Peer, packet: Connect) -> None:
        self._save_before_change()
        session = self._sessions.get(packet.client_id)
        if session is not None and session.peer is not None:
            old = session.peer
            self._end(old)
            old.close("Session taken over")
            session = self._sessions.get(packet.client_id)
        is_present = session is not None and not packet.is_clean
        if session is None or packet.is_clean:
            session = self._sessions[packet.client_id] = ClientSession(packet.client_id, packet.is_clean)
        session.receive_maximum = min(packet.receive_maximum, self._max_in_flight)
        session.peer, session.will = peer, packet.will
        self._peers[peer] = session
        peer.send(Connack(is_present, self._max_in_flight, _PACKET_BYTES))
        for mid, message in session.in_flight.items():
            peer.send(Publish(mid, message))
        self._deliver(session)

    def _distribute(self, message: PublishedMessage) -> bool:
        """Give a message to every subscriber; return whether there is one."""
        if message.retain:
            if message.payload:
                self._retained[message.topic] = message
            else:
                self._retained.pop(message.topic, None)
        heard = replace(message, retain=False) if message.retain else message
        has_subscribers = False
        for session in list(self._sessions.values()):
            if any(matches(each, message.topic) for each in session.filters):
                has_subscribers = True
                self._enqueue(session, heard)
                if self.repeats and not session.is_clean:
                    self.repeats -= 1
                    self._enqueue(session, heard)
        return has_subscribers

    def _enqueue(self, session: ClientSession, message: PublishedMessage) -> None:
        if self._max_queued and len(session.queue) >= self._max_queued:
            return
        session.queue.append(message)
        self._deliver(session)

    def _deliver(self, session: ClientSession) -> None:
        while session.peer is not None and session.queue and len(session.in_flight) < session.receive_maximum:
            message = session.queue.popleft()
            mid = session.last_mid % 65_535 + 1
            while mid in session.in_flight:
                mid = mid % 65_535 + 1
            session.last_mid = mid
            session.in_flight[mid] = message
            session.peer.send(Publish(mid, message))

    def _end(self, peer: Peer) -> None:
        session = self._peers.pop(peer, None)
        if session is None:
            return
        will, session.peer, session.will = session.will, None, None
        if session.is_clean:
            self._sessions.pop(session.client_id, None)
        if will is not None:
            self._distribute(will)

    def _stop(self) -> None:
        self.is_up = False
        peers = list(self._peers)
        self._peers.clear()
        self._sessions.clear()
        self._retained.clear()
        for peer in peers:
            peer.close("the broker ended")

    def _save_before_change(self) -> None:
        """Save the state where a whole second has passed since the last change."""
        now_s = self._agenda.now_s
        if now_s // _SAVE_S > self._changed_s // _SAVE_S:
            self._save()
        self._changed_s = now_s

    def _save(self) -> None:
        sessions = {name: session.saved() for name, session in self._sessions.items() if not session.is_clean}
        self._saved = _State(sessions, dict(self._retained))


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether a topic matches a filter with `+` and `#` (MQTT 5 section 4.7)."""
    words: Sequence[str] = topic_filter.split("/")
    levels = topic.split("/")
    if words[-1] == "#":
        words, levels = words[:-1], levels[: len(words) - 1]
    return len(words) == len(levels) and all(word in ("+", level) for word, level in zip(words, levels, strict=True))
