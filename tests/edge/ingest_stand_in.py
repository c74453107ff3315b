"""A stand-in for ingest: a persistent subscriber that stores in a dict and acknowledges the contiguous high-water."""

from __future__ import annotations

import threading
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.codec import Decoded, decode_batch, encode_record
from headland.contract.records import Ack, Batch
from headland.contract.topics import ack_topic, data_topic


class StandInIngest:
    """`seen` holds the batches by (epoch, seq); with `acks` false it stores them and sends no acks."""

    def __init__(
        self, host: str, port: int, gateway: str, *, acks: bool = True, login: tuple[str, str] | None = None
    ) -> None:
        self.gateway = gateway
        self.acks = acks
        self.seen: dict[tuple[str, int], Batch] = {}
        self.messages = 0
        self.labels: list[list[tuple[str, str]]] = []
        self._high: dict[str, int] = {}
        self._covered: dict[str, set[int]] = {}
        self.connected = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, "stand-in", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = lambda *_: self.connected.set()
        client.reconnect_delay_set(1, 1)
        if login is not None:
            client.username_pw_set(*login)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
        properties.SessionExpiryInterval = 600
        client.connect(host, port, clean_start=False, properties=properties)
        client.loop_start()
        self._client = client
        assert self.connected.wait(120)

    def high(self, epoch: str) -> int:
        return self._high.get(epoch, 0)

    def acknowledge(self, epoch: str, seq: int) -> None:
        ack = encode_record(Ack(epoch=epoch, seq=seq))
        self._client.publish(ack_topic(self.gateway), ack, qos=1, retain=True)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe(data_topic(self.gateway), qos=1)

    def _on_message(self, client: Client, _userdata: Any, message: Any) -> None:
        self.messages += 1
        self.labels.append(list(message.properties.UserProperty))
        decoded = decode_batch(message.payload)
        assert isinstance(decoded, Decoded), decoded
        batch = decoded.batch
        self.seen[batch.epoch, batch.seq] = batch
        covered = self._covered.setdefault(batch.epoch, set())
        covered.update(range(batch.first or batch.seq, batch.seq + 1))
        high = self._high.get(batch.epoch, 0)
        while high + 1 in covered:
            high += 1
        self._high[batch.epoch] = high
        if self.acks and high:
            self.acknowledge(batch.epoch, high)
