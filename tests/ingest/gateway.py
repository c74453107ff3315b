"""A gateway for tests: a paho client that publishes records and receives commit acks."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from headland.contract.codec import decode_record, encode_batch
from headland.contract.records import Ack, Batch, Block, Clock
from headland.contract.topics import ack_topic, data_topic
from tests.waiting import PATIENCE_S, wait_until

T0_MS = 1_790_000_000_000


def block_of(
    values: Mapping[str, list[float | None]],
    t0_ms: int = T0_MS,
    step_ms: int = 100,
    device: str = "gh-1",
    quality: dict[str, list[int]] | None = None,
) -> Block:
    """Return a block of greenhouse rows, one every `step_ms`."""
    rows = max(len(column) for column in values.values())
    return Block(
        device=device,
        kind="greenhouse",
        site="home",
        clock=Clock.NTP,
        t0=t0_ms,
        dt=[row * step_ms for row in range(rows)],
        c=dict(values),
        q=quality or {},
    )


def batch_of(seq: int, *blocks: Block, gateway: str = "gw-1", epoch: str = "e1", first: int | None = None) -> Batch:
    """Return record `seq`; without blocks it has one of two temperatures, at times of its own."""
    own = (block_of({"air_temperature_degc": [20.0, 20.5]}, T0_MS + seq * 1000),)
    return Batch(gw=gateway, epoch=epoch, seq=seq, v=1, first=first, blocks=list(blocks or own))


def properties_of(epoch: str, seq: int, first: int | None = None) -> dict[str, str]:
    """Return the user properties that repeat a batch's mark."""
    mark = {"epoch": epoch, "seq": str(seq)}
    return mark if first is None else {**mark, "first": str(first)}


def topic_and_payload(batch: Batch) -> tuple[str, bytes]:
    """Return where and as what a batch is published."""
    return data_topic(batch.gw), encode_batch(batch)


class Gateway:
    """Connects as `gateway`, keeps every commit ack it hears in `acks`, without its sums."""

    def __init__(self, host: str, port: int, gateway: str = "gw-1") -> None:
        self.gateway = gateway
        self.acks: list[Ack] = []
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{gateway}-{uuid.uuid4().hex[:8]}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async(host, port)

    def __enter__(self) -> Gateway:
        self._client.loop_start()
        assert self._subscribed.wait(120)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_until_connected(self) -> None:
        """Wait for a connection, the first or another."""
        wait_until(self._client.is_connected)

    def send(self, batch: Batch) -> None:
        """Publish a batch with its user properties."""
        topic, payload = topic_and_payload(batch)
        self.publish(topic, payload, properties_of(batch.epoch, batch.seq, batch.first))

    def publish(
        self,
        topic: str,
        payload: bytes,
        properties: Mapping[str, str] | None = None,
        *,
        qos: int = 1,
        retain: bool = False,
    ) -> None:
        """Publish bytes and wait until the broker has them."""
        self.publish_soon(topic, payload, properties, qos=qos, retain=retain).wait_for_publish(120)

    def publish_soon(
        self,
        topic: str,
        payload: bytes,
        properties: Mapping[str, str] | None = None,
        *,
        qos: int = 1,
        retain: bool = False,
    ) -> MQTTMessageInfo:
        """Publish bytes without waiting."""
        wire: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if properties:
            wire.UserProperty = list(properties.items())
        return self._client.publish(topic, payload, qos=qos, retain=retain, properties=wire)

    def wait_for_ack(self, seq: int, epoch: str = "e1", timeout_s: float = PATIENCE_S) -> None:
        """Wait until the last commit ack says `seq` of `epoch`."""
        wait_until(lambda: bool(self.acks) and (self.acks[-1].epoch, self.acks[-1].seq) == (epoch, seq), timeout_s)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe(ack_topic(self.gateway), qos=1)

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        ack = decode_record(bytes(message.payload), Ack)
        assert isinstance(ack, Ack)
        self.acks.append(msgspec.structs.replace(ack, sums=""))
