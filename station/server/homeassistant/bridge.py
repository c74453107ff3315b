"""The thread that tells Home Assistant what the store holds: devices as it discovers them, and their newest values."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from headland.analysis.scope import OrgScope
from headland.analysis.telemetry import MAX_QUALITY, read_latest, unit_of
from headland.clock import wall_clock_ms
from headland.contract.topics import home_status_topic, home_value_topic
from headland.errors import HeadlandError
from station.server.homeassistant.discovery import OFFLINE, ONLINE, describe, discovery_topic, expiry_s, say

if TYPE_CHECKING:
    from headland.store.port import DeviceRecord, Latest, Store
    from ingest.settings import IngestSettings

_LOGGER = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 2.0
#: What waits for the broker; more is dropped, counted, and said again with the next value.
_MOST_WAITING: Final = 1000


class HomeAssistantBridge:
    """Publishes what is committed, from the station alone: there the devices of all gateways are known once.

    Discovery messages are retained and said again only when they change; values are not retained, and one that is too
    old or unfit (QARTOD 3 and 4) is not said: Home Assistant then shows the sensor as unavailable.
    """

    def __init__(self, prefix: str, store: Store, organisation: str, broker: IngestSettings) -> None:
        self._prefix = prefix
        self._store = store
        self._organisation = organisation
        self._broker = broker
        self._described: dict[str, bytes] = {}
        self._said_ms: dict[tuple[str, str], int] = {}
        self._counts: Counter[str] = Counter(described=0, said=0, dropped=0)
        self._stop = threading.Event()
        self._is_new = threading.Event()
        self._thread = threading.Thread(target=self._run, name="home-bridge", daemon=True)
        self._client = self._make_client(broker)

    def start(self) -> None:
        """Begin; a broker that is away is waited for."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Say that nobody says values any more, and end."""
        self._stop.set()
        self._thread.join()
        if self._client.is_connected():
            self._client.publish(home_status_topic(), OFFLINE, qos=1, retain=True).wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def counters(self) -> Mapping[str, int]:
        """Return how many descriptions and values were said, and how many values were dropped."""
        return {f"home_{name}": count for name, count in self._counts.copy().items()}

    def say_news(self) -> None:
        """Publish what changed since the last time. Raises HeadlandError while the store is away."""
        if self._is_new.is_set():
            # After a connection the broker may have lost what it retained.
            self._is_new.clear()
            self._described.clear()
            self._said_ms.clear()
            self._client.publish(home_status_topic(), ONLINE, qos=1, retain=True)
        scope = OrgScope(self._store, None, self._organisation, wall_clock_ms(), by="station")
        records = {r.descriptor.device: r for r in scope.store.devices(scope.organisation)}
        for device, samples in read_latest(scope).items():
            if (record := records.get(device)) is not None:
                self._describe(record, samples)
                self._say_values(record, samples, scope.now_ms)

    def _describe(self, record: DeviceRecord, samples: Mapping[str, Latest]) -> None:
        device = record.descriptor.device
        units = {channel: unit_of(record, channel) for channel in samples}
        message = json.dumps(describe(record, samples, units)).encode()
        if self._described.get(device) != message and self._publish(
            discovery_topic(self._prefix, device), message, retain=True
        ):
            self._described[device] = message
            self._counts["described"] += 1

    def _say_values(self, record: DeviceRecord, samples: Mapping[str, Latest], now_ms: int) -> None:
        told = record.descriptor
        for channel, sample in samples.items():
            is_old = now_ms - sample.time_ms > expiry_s(record, channel) * 1000
            if is_old or sample.quality > MAX_QUALITY or self._said_ms.get((told.device, channel)) == sample.time_ms:
                continue
            message = json.dumps(say(sample, unit_of(record, channel), simulated=told.simulated)).encode()
            if self._publish(home_value_topic(told.device, channel), message, retain=False):
                self._said_ms[told.device, channel] = sample.time_ms
                self._counts["said"] += 1

    def _publish(self, topic: str, message: bytes, *, retain: bool) -> bool:
        sent = self._client.publish(topic, message, qos=1, retain=retain)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            self._counts["dropped"] += 1
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        trouble = ""
        while not self._stop.wait(_LOOK_EVERY_S):
            if not self._client.is_connected():
                continue
            try:
                self.say_news()
                trouble = ""
            except HeadlandError as error:
                if str(error) != trouble:
                    _LOGGER.warning("Home Assistant is told nothing now: %s", error)
                trouble = str(error)

    def _make_client(self, broker: IngestSettings) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"home-{self._organisation}",
            protocol=mqtt.MQTTv5,
        )
        client.max_queued_messages_set(_MOST_WAITING)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            client.tls_set(None if broker.tls_ca_path is None else str(broker.tls_ca_path))
        client.will_set(home_status_topic(), OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        return client

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _LOGGER.warning("The broker does not let Home Assistant's messages in: %s", reason)
        else:
            self._is_new.set()
