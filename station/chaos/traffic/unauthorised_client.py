"""MQTT client of a malicious gateway with its own login, and the check of what became of its messages."""

from __future__ import annotations

import hashlib
import queue
import random
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from headland.clock import wall_clock_ms
from headland.contract.codec import decode_record
from headland.contract.records import Ack
from headland.contract.topics import ack_topic, data_topic
from headland.errors import PeerRefused, RetryLater
from headland.network.mqtt_client import make_client, make_properties
from station.chaos.slowness import slowness
from station.chaos.traffic.hostile import HostileMessage, make_messages

_TIMEOUT_S: Final = 10.0


@dataclass(slots=True)
class Attack:
    """Messages of one attack: `records` of an epoch, each sent twice in random order."""

    epoch: str
    messages: Sequence[HostileMessage]
    records: int
    acked: int = 0
    foreign_refused: bool | None = None

    @property
    def numbers(self) -> frozenset[int]:
        """Numbers that must be stored."""
        return frozenset(number for message in self.messages for number in message.numbers)

    @property
    def refused(self) -> list[HostileMessage]:
        """Messages that must be in quarantine."""
        return [message for message in self.messages if message.reason is not None]

    def find_mishandled(self, quarantine: Mapping[bytes, str]) -> list[str]:
        """Return a sentence for each message with another outcome in quarantine than expected."""
        sentences = []
        for message in self.messages:
            reason = quarantine.get(_digest(message.topic, message.payload))
            if reason != message.reason:
                sentences.append(
                    f"a message that must be {message.reason or 'stored'} is {reason or 'not in quarantine'}"
                )
        return sentences


class UnauthorisedClient:
    """Connects for an attack and receives its commit acks."""

    def __init__(self, gateway: str, password: str, host: str, port: int, victim: str) -> None:
        self._gateway = gateway
        self._victim = victim
        self._address = (host, port)
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._next_number = 1
        client = make_client(f"edge-{gateway}", gateway, password, most_inflight=20)
        client.on_connect = self._on_connect
        client.on_publish = lambda _client, _data, mid, reason, _properties: self._events.put(("puback", (mid, reason)))
        client.on_message = self._on_ack
        self._client = client

    def attack(self, epoch: str, rng: random.Random, *, tries_foreign_topic: bool) -> Attack:
        """Publish every message twice in random order and wait for the broker's acknowledgements. Raises RetryLater."""
        start_ms = wall_clock_ms()
        messages = make_messages(self._gateway, self._victim, epoch, self._next_number, start_ms, rng)
        records = max(int(message.properties.get("seq", 0)) for message in messages)
        attack = Attack(epoch, messages, records)
        self._next_number = max(attack.numbers) + 1_000
        self._client.connect(*self._address)
        self._client.loop_start()
        self._wait_for("connect")
        twice = [*messages, *messages]
        rng.shuffle(twice)
        for message in twice:
            self._publish(message.topic, message.payload, message.properties)
        for _ in twice:
            self._wait_for("puback")
        if tries_foreign_topic:
            valid = messages[0]
            self._publish(data_topic(self._victim), valid.payload, valid.properties)
            attack.foreign_refused = bool(self._wait_for("puback")[1].is_failure)
        return attack

    def read_acks(self, attack: Attack) -> int:
        """Return the number of the attack's last record that is acknowledged as committed."""
        while not self._events.empty():
            kind, value = self._events.get()
            if kind == "ack" and value.epoch == attack.epoch:
                attack.acked = max(attack.acked, value.seq)
        return attack.acked

    def disconnect(self) -> None:
        """Close the connection; a second call does nothing."""
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, topic: str, payload: bytes, user_properties: Mapping[str, str]) -> None:
        values = {"UserProperty": list(user_properties.items())} if user_properties else {}
        properties = make_properties(PacketTypes.PUBLISH, **values)
        self._client.publish(topic, payload, qos=1, properties=properties)

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        # After every connection: mosquitto closes a connection that published to a foreign topic.
        client.subscribe(ack_topic(self._gateway), options=SubscribeOptions(qos=1))
        self._events.put(("connect", reason))

    def _on_ack(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        ack = decode_record(bytes(message.payload), Ack)
        if isinstance(ack, Ack):
            self._events.put(("ack", ack))

    def _wait_for(self, kind: str) -> Any:
        within_s = _TIMEOUT_S * slowness()
        deadline_s = time.monotonic() + within_s
        others = []
        try:
            while True:
                event, value = self._events.get(timeout=max(0.01, deadline_s - time.monotonic()))
                if event == "connect" and value.is_failure:
                    raise PeerRefused(f"the broker refused the unauthorised client: {value}")
                if event == kind:
                    return value
                others.append((event, value))
        except queue.Empty:
            raise RetryLater(
                f"the unauthorised client received no {kind} from the broker within {within_s:g} s"
            ) from None
        finally:
            for other in others:
                self._events.put(other)


def read_quarantine(path: Path) -> dict[bytes, str]:
    """Return the reason of each quarantined message by its digest; the file may be in use, or just being made."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60.0)) as connection:
        # Ingest makes the file first and its table a moment later: until then nothing is quarantined.
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'refused'").fetchone():
            return {}
        rows = connection.execute("SELECT topic, payload, reason FROM refused").fetchall()
    return {_digest(topic, payload): reason for topic, payload, reason in rows}


def _digest(topic: str, payload: bytes) -> bytes:
    return hashlib.sha256(topic.encode() + b"\0" + payload).digest()
