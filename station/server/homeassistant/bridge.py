"""Thread that publishes devices and their newest values to Home Assistant over MQTT."""

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
from headland.supervised_thread import SupervisedThread, ThreadStatus
from station.server.homeassistant.discovery import OFFLINE, ONLINE, describe, discovery_topic, expiry_s, value_message

if TYPE_CHECKING:
    from headland.store.port import DeviceRecord, Latest, Store
    from ingest.settings import IngestSettings

_LOGGER = logging.getLogger(__name__)

_PUBLISH_EVERY_S: Final = 2.0
#: Maximum number of queued messages; further values are dropped and counted, and the next value follows.
_MAX_QUEUED: Final = 1000


class HomeAssistantBridge:
    """Publishes committed values, from the station only: it knows the devices of all gateways.

    Discovery messages are retained and published again only when they change. Values are not retained; a value that is
    too old or of bad quality (QARTOD 3 and 4) is not published, and Home Assistant shows the sensor as unavailable.
    """

    def __init__(self, prefix: str, store: Store, organisation: str, broker: IngestSettings) -> None:
        self._prefix = prefix
        self._store = store
        self._organisation = organisation
        self._broker = broker
        self._described: dict[str, bytes] = {}
        self._published_ms: dict[tuple[str, str], int] = {}
        self._counts: Counter[str] = Counter(described=0, said=0, dropped=0)
        self._is_reconnected = threading.Event()
        self._thread = SupervisedThread(
            "home-assistant-bridge", self._publish_if_connected, every_s=_PUBLISH_EVERY_S, waits_first=True
        )
        self._client = self._make_client(broker)

    def start(self) -> None:
        """Start the thread; it waits for a broker that is not reachable."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Publish the status offline and end the thread."""
        self._thread.stop()
        if self._client.is_connected():
            self._client.publish(home_status_topic(), OFFLINE, qos=1, retain=True).wait_for_publish(1.0)
        self._client.disconnect()
        self._client.loop_stop()

    def counters(self) -> Mapping[str, int]:
        """Return the number of published descriptions and values, and of dropped messages."""
        return {f"home_{name}": count for name, count in self._counts.copy().items()}

    def threads(self) -> list[ThreadStatus]:
        """Return the status of the thread."""
        return [self._thread.status()]

    def publish_changes(self) -> None:
        """Publish changes since the last call. Raises HeadlandError while the store is not reachable."""
        if self._is_reconnected.is_set():
            # The broker may have lost its retained messages.
            self._is_reconnected.clear()
            self._described.clear()
            self._published_ms.clear()
            self._client.publish(home_status_topic(), ONLINE, qos=1, retain=True)
        scope = OrgScope(self._store, None, self._organisation, wall_clock_ms(), by="station")
        records = {r.descriptor.device: r for r in scope.store.devices(scope.organisation)}
        for device, samples in read_latest(scope).items():
            if (record := records.get(device)) is not None:
                with self._thread.items.isolate(f"Device {device} of the Home Assistant bridge"):
                    self._describe(record, samples)
                    self._publish_values(record, samples, scope.now_ms)

    def _describe(self, record: DeviceRecord, samples: Mapping[str, Latest]) -> None:
        device = record.descriptor.device
        units = {channel: unit_of(record, channel) for channel in samples}
        message = json.dumps(describe(record, samples, units)).encode()
        if self._described.get(device) != message and self._publish(
            discovery_topic(self._prefix, device), message, retain=True
        ):
            self._described[device] = message
            self._counts["described"] += 1

    def _publish_values(self, record: DeviceRecord, samples: Mapping[str, Latest], now_ms: int) -> None:
        descriptor = record.descriptor
        for channel, sample in samples.items():
            is_old = now_ms - sample.time_ms > expiry_s(record, channel) * 1000
            if (
                is_old
                or sample.quality > MAX_QUALITY
                or self._published_ms.get((descriptor.device, channel)) == sample.time_ms
            ):
                continue
            message = json.dumps(
                value_message(sample, unit_of(record, channel), simulated=sample.key.simulated)
            ).encode()
            if self._publish(home_value_topic(descriptor.device, channel), message, retain=False):
                self._published_ms[descriptor.device, channel] = sample.time_ms
                self._counts["said"] += 1

    def _publish(self, topic: str, message: bytes, *, retain: bool) -> bool:
        sent = self._client.publish(topic, message, qos=1, retain=retain)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            self._counts["dropped"] += 1
        return sent.rc == mqtt.MQTT_ERR_SUCCESS

    def _publish_if_connected(self) -> None:
        if self._client.is_connected():
            self.publish_changes()

    def _make_client(self, broker: IngestSettings) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"home-{self._organisation}",
            protocol=mqtt.MQTTv5,
        )
        client.max_queued_messages_set(_MAX_QUEUED)
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            client.tls_set(None if broker.tls_ca_path is None else str(broker.tls_ca_path))
        client.will_set(home_status_topic(), OFFLINE, qos=1, retain=True)
        client.on_connect = self._on_connect
        # An exception of a callback would end the network thread.
        client.suppress_exceptions = True
        return client

    def _on_connect(self, _client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _LOGGER.warning("The broker refused the connection of the Home Assistant bridge: %s", reason)
        else:
            self._is_reconnected.set()
