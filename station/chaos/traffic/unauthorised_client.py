"""The malicious gateway on the wire, with a login of its own; what became of its messages is read afterwards."""

from __future__ import annotations

import hashlib
import queue
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from headland.clock import wall_clock_ms
from headland.contract.codec import decode_record
from headland.contract.records import Ack
from headland.contract.topics import ack_topic, data_topic
from headland.errors import PeerRefused, RetryLater
from station.chaos.traffic.hostile import HostileMessage, make_messages

_ANSWER_S: Final = 10.0


@dataclass(slots=True)
class Attack:
    """What one attack sent: `records` of an epoch, each twice and in no order."""

    epoch: str
    messages: Sequence[HostileMessage]
    records: int
    acked: int = 0
    foreign_refused: bool | None = None
    kept: Counter[str] = field(default_factory=Counter)

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers that must be stored."""
        return frozenset(number for message in self.messages for number in message.numbers)

    @property
    def refused(self) -> list[HostileMessage]:
        """The messages that must be in quarantine."""
        return [message for message in self.messages if message.reason is not None]

    def find_misjudged(self, quarantine: Mapping[bytes, str]) -> list[str]:
        """Return a sentence for each message that is not in quarantine as it should be."""
        found = []
        for message in self.messages:
            kept = quarantine.get(_digest(message.topic, message.payload))
            if kept != message.reason:
                found.append(f"a message that must be {message.reason or 'stored'} is {kept or 'not in quarantine'}")
        return found


class UnauthorisedClient:
    """Connects for one attack and hears the commit acks of it."""

    def __init__(self, gateway: str, password: str, host: str, port: int, victim: str) -> None:
        self._gateway = gateway
        self._victim = victim
        self._address = (host, port)
        self._heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._next_number = 1
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"edge-{gateway}", protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(gateway, password)
        client.max_inflight_messages_set(20)
        client.on_connect = self._take_connection
        client.on_publish = lambda _client, _data, mid, reason, _properties: self._heard.put(("puback", (mid, reason)))
        client.on_message = self._take_ack
        self._client = client

    def attack(self, epoch: str, dice: random.Random, *, tries_foreign_topic: bool) -> Attack:
        """Send every message twice in a shuffled order; return when the broker has them. Raises RetryLater."""
        start_ms = wall_clock_ms()
        messages = make_messages(self._gateway, self._victim, epoch, self._next_number, start_ms, dice)
        records = max(int(message.properties.get("seq", 0)) for message in messages)
        attack = Attack(epoch, messages, records)
        self._next_number = max(attack.numbers) + 1_000
        self._client.connect(*self._address)
        self._client.loop_start()
        self._wait_for("connect")
        twice = [*messages, *messages]
        dice.shuffle(twice)
        for message in twice:
            self._publish(message.topic, message.payload, message.properties)
        for _ in twice:
            self._wait_for("puback")
        if tries_foreign_topic:
            sound = messages[0]
            self._publish(data_topic(self._victim), sound.payload, sound.properties)
            attack.foreign_refused = bool(self._wait_for("puback")[1].is_failure)
        return attack

    def hear_acks(self, attack: Attack) -> int:
        """Return up to where the attack's records are acknowledged as committed."""
        while not self._heard.empty():
            kind, value = self._heard.get()
            if kind == "ack" and value.epoch == attack.epoch:
                attack.acked = max(attack.acked, value.seq)
        return attack.acked

    def leave(self) -> None:
        """End the connection; a second call does nothing."""
        self._client.disconnect()
        self._client.loop_stop()

    def _publish(self, topic: str, payload: bytes, stated: Mapping[str, str]) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho leaves it untyped
        if stated:
            properties.UserProperty = list(stated.items())
        self._client.publish(topic, payload, qos=1, properties=properties)

    def _take_connection(self, client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        # On every connection: mosquitto ends one that tried another's topic.
        client.subscribe(ack_topic(self._gateway), options=SubscribeOptions(qos=1))
        self._heard.put(("connect", reason))

    def _take_ack(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        ack = decode_record(bytes(message.payload), Ack)
        if isinstance(ack, Ack):
            self._heard.put(("ack", ack))

    def _wait_for(self, kind: str) -> Any:
        deadline_s = time.monotonic() + _ANSWER_S
        kept = []
        try:
            while True:
                found, value = self._heard.get(timeout=max(0.01, deadline_s - time.monotonic()))
                if found == "connect" and value.is_failure:
                    raise PeerRefused(f"the broker does not let the intruder in: {value}")
                if found == kind:
                    return value
                kept.append((found, value))
        except queue.Empty:
            raise RetryLater(f"the broker gave the intruder no {kind} within {_ANSWER_S:g} s") from None
        finally:
            for one in kept:
                self._heard.put(one)


def read_quarantine(path: Path) -> dict[bytes, str]:
    """Return the reason of each refused message by its digest; the file may be in use."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)) as connection:
        rows = connection.execute("SELECT topic, payload, reason FROM refused").fetchall()
    return {_digest(topic, payload): reason for topic, payload, reason in rows}


def _digest(topic: str, payload: bytes) -> bytes:
    return hashlib.sha256(topic.encode() + b"\0" + payload).digest()
