"""Simulated network: connections between a client and the broker that are late, cut or silent."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from station.simulation.agenda import Agenda
from station.simulation.machines.broker import Broker, Packet

#: MQTT 5 section 3.1.2.10: without a packet for one and a half keep-alives of 30 s, a side ends the connection.
_SILENCE_S: Final = 45.0


@dataclass(slots=True)
class Line:
    """A machine's line to the broker. A silent one holds packets back, as TCP sends them again, and nobody is told."""

    least_s: float = 0.02
    most_s: float = 0.2
    is_up: bool = True
    is_silent: bool = False
    connections: list[Connection] = field(default_factory=list)
    held: list[Callable[[], None]] = field(default_factory=list)

    def cut(self) -> None:
        """End every connection at both ends; packets under way are lost."""
        for connection in list(self.connections):
            connection.cut("the connection was reset")

    def silence(self) -> None:
        """Hold packets back from now on; each end notices when its keep-alive is over."""
        self.is_silent = True
        for connection in list(self.connections):
            connection.expect_silence()

    def speak(self) -> None:
        """End the silence: what was held back goes on, where its connection still exists."""
        self.is_silent = False
        held, self.held = self.held, []
        for send in held:
            send()


class Client(Protocol):
    """The client's end of a connection."""

    def arrive(self, packet: Packet) -> None:
        """Receive a packet."""
        ...

    def ended(self, reason: str) -> None:
        """Receive the end of the connection."""
        ...


class Connection:
    """One TCP connection: packets arrive in order or not at all. It is the broker's `Peer` of a client."""

    def __init__(self, agenda: Agenda, rng: random.Random, line: Line, broker: Broker, client: Client) -> None:
        self._agenda = agenda
        self._rng = rng
        self._line = line
        self._broker = broker
        self._client = client
        self._up_s = self._down_s = 0.0
        self._client_open = self._broker_open = True
        line.connections.append(self)

    def send_up(self, packet: Packet) -> None:
        """Send a packet to the broker."""
        if self._client_open:
            self._pass_up(packet)

    def _pass_up(self, packet: Packet) -> None:
        self._up_s = self._late(self._up_s)
        self._agenda.at(self._up_s, self._arrive_up, packet)

    def send(self, packet: Packet) -> None:
        """Send a packet to the client."""
        if self._broker_open:
            self._pass_down(packet)

    def _pass_down(self, packet: Packet) -> None:
        self._down_s = self._late(self._down_s)
        self._agenda.at(self._down_s, self._arrive_down, packet)

    def close(self, reason: str) -> None:
        """End the connection from the broker's side: what was sent before still arrives."""
        if self._broker_open:
            self._broker_open = False
            if self._line.is_silent:
                self._agenda.after(_SILENCE_S, self._end_client, reason)
            else:
                self._agenda.at(self._late(self._down_s), self._end_client, reason)

    def close_up(self) -> None:
        """End the connection from the client's side: what was sent before still arrives."""
        if self._client_open:
            self._client_open = False
            if self._line.is_silent:
                self._agenda.after(_SILENCE_S, self._end_broker)
            else:
                self._agenda.at(self._late(self._up_s), self._end_broker)

    def vanish(self) -> None:
        """End the client without a word, as its machine's power does: the broker notices by the silence."""
        self._client_open = False
        self._agenda.after(_SILENCE_S, self._end_broker)

    def cut(self, reason: str) -> None:
        """End the connection at both ends now."""
        self._end_client(reason)
        self._end_broker()

    def expect_silence(self) -> None:
        """Plan the end of both ends where the line is still silent after a keep-alive."""
        self._agenda.after(_SILENCE_S, self._end_if_silent)

    def expect_freeze(self, is_frozen: Callable[[], bool]) -> None:
        """Plan the end from the broker's side where the client is still frozen after a keep-alive."""
        self._agenda.after(_SILENCE_S, self._end_if_frozen, is_frozen)

    def _end_if_frozen(self, is_frozen: Callable[[], bool]) -> None:
        if is_frozen():
            self.cut("the connection ended: Keep alive timeout")

    def _end_if_silent(self) -> None:
        if self._line.is_silent:
            self.cut("the connection ended: Keep alive timeout")

    def _late(self, not_before_s: float) -> float:
        line = self._line
        return max(not_before_s, self._agenda.now_s + self._rng.uniform(line.least_s, line.most_s))

    def _arrive_up(self, packet: Packet) -> None:
        if self._line.is_silent:
            self._line.held.append(partial(self._pass_up, packet))
        elif self._broker_open:
            self._broker.receive(self, packet)

    def _arrive_down(self, packet: Packet) -> None:
        if self._line.is_silent:
            self._line.held.append(partial(self._pass_down, packet))
        elif self._client_open:
            self._client.arrive(packet)

    def _end_client(self, reason: str) -> None:
        if self._client_open:
            self._client_open = False
            self._client.ended(reason)
        self._forget()

    def _end_broker(self) -> None:
        if self._broker_open:
            self._broker_open = False
            self._broker.lost(self)
        self._forget()

    def _forget(self) -> None:
        if not (self._client_open or self._broker_open) and self in self._line.connections:
            self._line.connections.remove(self)


@dataclass(slots=True)
class Network:
    """Opens connections to the broker."""

    agenda: Agenda
    rng: random.Random
    broker: Broker

    def open(self, line: Line, client: Client) -> Connection:
        """Return a new connection. Raises OSError where the broker cannot be reached."""
        if not line.is_up or line.is_silent:
            raise TimeoutError("timed out")
        if not self.broker.is_up:
            raise ConnectionRefusedError("connection refused")
        return Connection(self.agenda, self.rng, line, self.broker, client)
