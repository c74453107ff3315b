"""Fleet of gateways in one thread; each has its own login and connection and sends until all is committed.

A record is a function of the gateway's name and the record number: it can be made again at any time, and these
gateways lose nothing although they have no disk.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes

from headland.clock import wall_clock_ms
from headland.contract.codec import decode_record, encode_batch, encode_record
from headland.contract.records import Ack, Batch, Block, Clock, GatewayStatus
from headland.contract.topics import ack_topic, data_topic, status_topic
from headland.errors import RetryLater
from headland.network.mqtt_client import make_client, make_properties
from headland.units_of_time import MINUTE_MS
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL

EPOCH: Final = "soak"
#: A record covers a simulated minute of a device with a sample every ten seconds.
RECORD_MS: Final = MINUTE_MS
ROWS: Final = 6
_CHANNELS: Final = ("air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s")
POINTS: Final = ROWS * (1 + len(_CHANNELS))

_WINDOW: Final = 5
#: Maximum number of records beyond the commit ack; a real gateway has its spool for that.
_MAX_AHEAD: Final = 40
_RESEND_S: Final = 5.0
_RECONNECT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """Plan of each gateway: records 1..`records`, one per minute from `start_ms` on."""

    host: str
    port: int
    passwords: Mapping[str, str]
    records: int
    start_ms: int


def device_of(gateway: str) -> str:
    """Return the device of a gateway."""
    return f"{gateway}-house"


def make_record(gateway: str, seq: int, start_ms: int) -> bytes:
    """Return the message of a record, with the numbers from (seq - 1) * ROWS + 1 and four more channels."""
    first = (seq - 1) * ROWS + 1
    numbers = [float(first + row) for row in range(ROWS)]
    columns: dict[str, list[float | None]] = {NUMBER_CHANNEL: list(numbers)}
    for index, channel in enumerate(_CHANNELS):
        columns[channel] = [round(15.0 + (number * (index + 1)) % 997 / 50, 2) for number in numbers]
    step_ms = RECORD_MS // ROWS
    block = Block(
        device=device_of(gateway),
        kind="greenhouse",
        site="soak",
        clock=Clock.NTP,
        t0=start_ms + (seq - 1) * RECORD_MS,
        dt=[row * step_ms for row in range(ROWS)],
        c=columns,
        simulated=True,
    )
    return encode_batch(Batch(gw=gateway, epoch=EPOCH, seq=seq, v=1, blocks=[block]))


class FleetGateway:
    """A gateway of the fleet."""

    def __init__(self, gateway: str, plan: FleetPlan) -> None:
        self.gateway = gateway
        self.acked = 0
        self.published = 0
        self.resends = 0
        self._plan = plan
        self._next = 1
        self._in_window = 0
        self._progress_s = time.monotonic()
        self._retry_at_s = 0.0
        self._ready = False
        self._client: Client | None = None

    @property
    def is_done(self) -> bool:
        """Whether all records are committed."""
        return self.acked >= self._plan.records

    @property
    def peer(self) -> socket.socket | None:
        """Socket of the open connection, None without one."""
        connection = None if self._client is None else self._client.socket()
        return connection if isinstance(connection, socket.socket) else None

    @property
    def wants_write(self) -> bool:
        """Whether bytes are waiting to be sent."""
        return self._client is not None and bool(self._client.want_write())

    def connect(self, now_s: float) -> bool:
        """Connect where a retry is due; return whether there is a connection."""
        if now_s < self._retry_at_s:
            return False
        self._retry_at_s = now_s + _RECONNECT_S
        self._ready = False
        client = make_client(f"edge-{self.gateway}", self.gateway, self._plan.passwords[self.gateway])
        client.on_connect = lambda connected, *_: connected.subscribe(ack_topic(self.gateway), qos=1)
        client.on_subscribe = lambda *_: self._start_sending()
        client.on_publish = lambda *_: self._on_puback()
        client.on_message = self._on_ack
        try:
            client.connect(self._plan.host, self._plan.port)
        except OSError:
            return False
        self._client = client
        return True

    def transfer(self, *, readable: bool) -> None:
        """Receive and send bytes."""
        if self._client is None:
            return
        if readable:
            self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()

    def keep_alive(self) -> None:
        """Do the timed work of the connection; call it every few seconds."""
        if self._client is not None:
            self._client.loop_misc()

    def send(self, now_s: float, until: int) -> None:
        """Publish the records that the window, the commit ack and simulated time (`until`, a record number) permit."""
        if not self._ready or self._client is None:
            return
        if self._next > self.acked + 1 and now_s - self._progress_s > _RESEND_S:
            self.resends += 1
            self._rewind(now_s)
        last = min(until, self.acked + _MAX_AHEAD, self._plan.records)
        while self._in_window < _WINDOW and self._next <= last:
            stamp = [("epoch", EPOCH), ("seq", str(self._next))]
            properties = make_properties(PacketTypes.PUBLISH, UserProperty=stamp)
            payload = make_record(self.gateway, self._next, self._plan.start_ms)
            sent = self._client.publish(data_topic(self.gateway), payload, qos=1, properties=properties)
            if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._client = None
                return
            self._next += 1
            self._in_window += 1
            self.published += 1

    def publish_status(self, *, online: bool) -> None:
        """Publish the gateway's retained status."""
        if self._client is None:
            return
        status = GatewayStatus(
            gw=self.gateway, online=online, t=wall_clock_ms(), epoch=EPOCH, acked_seq=self.acked or None
        )
        self._client.publish(status_topic(self.gateway), encode_record(status), qos=1, retain=True)

    def disconnect(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.disconnect()

    def _start_sending(self) -> None:
        self._ready = True
        self._rewind(time.monotonic())

    def _rewind(self, now_s: float) -> None:
        self._next = self.acked + 1
        self._in_window = 0
        self._progress_s = now_s

    def _on_puback(self) -> None:
        self._in_window = max(0, self._in_window - 1)

    def _on_ack(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        ack = decode_record(bytes(message.payload), Ack)
        if isinstance(ack, Ack) and ack.epoch == EPOCH and ack.seq > self.acked:
            self.acked = ack.seq
            self._next = max(self._next, ack.seq + 1)
            self._progress_s = time.monotonic()


class GatewayFleet:
    """All gateways, run by the caller's thread."""

    def __init__(self, plan: FleetPlan) -> None:
        self.gateways = [FleetGateway(gateway, plan) for gateway in plan.passwords]
        self._selector = selectors.DefaultSelector()
        self._peers: dict[FleetGateway, socket.socket] = {}
        self._timed_work_s = 0.0

    def step(self, until: int) -> None:
        """Do one step of all gateways, waiting at most 20 ms for input. `until` is the last record that is due."""
        readable = {key.data for key, _ in self._selector.select(0.02)}
        now_s = time.monotonic()
        is_timed_work_due = now_s - self._timed_work_s > 1.0
        if is_timed_work_due:
            self._timed_work_s = now_s
        for gateway in self.gateways:
            if gateway.peer is None or gateway.peer is not self._peers.get(gateway):
                self._reconnect(gateway, now_s)
                continue
            gateway.transfer(readable=gateway in readable)
            if is_timed_work_due:
                gateway.keep_alive()
            gateway.send(now_s, until)

    def finish(self, within_s: float) -> None:
        """Publish the last status of each gateway and disconnect. Raises RetryLater where it cannot be sent."""
        for gateway in self.gateways:
            gateway.publish_status(online=True)
        deadline_s = time.monotonic() + within_s
        while time.monotonic() < deadline_s and _want_write(self.gateways):
            self.step(0)
        if _want_write(self.gateways):
            raise RetryLater(f"the last status was not sent within {within_s:g} s")
        for gateway in self.gateways:
            gateway.disconnect()
        self._selector.close()

    def _reconnect(self, gateway: FleetGateway, now_s: float) -> None:
        old = self._peers.pop(gateway, None)
        if old is not None:
            self._selector.unregister(old)
        if gateway.peer is None and not gateway.connect(now_s):
            return
        peer = gateway.peer
        if peer is not None:
            self._peers[gateway] = peer
            self._selector.register(peer, selectors.EVENT_READ, gateway)


def _want_write(gateways: Sequence[FleetGateway]) -> bool:
    return any(gateway.wants_write for gateway in gateways)
